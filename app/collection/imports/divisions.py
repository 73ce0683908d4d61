"""Rows of an official division list: codes are dated aliases, so a merger changes names and codes, never keys.

A row is matched by its code, else by the code that it had before (`曾用代码`), else it is a new area. From the
import's effective day on the area has the row's name, its place in the tree and its code.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas import founding, tree
from app.areas.models import Area, AreaCode, AreaVersion
from app.areas.schemas import AreaChange, AreaCodeGive
from app.collection.imports.cell_values import ASTRAY, Remark
from app.collection.imports.problems import ImportHeadings
from app.collection.imports.rows import RowResult, refused
from app.collection.imports.tables import Line, Table
from app.exchange.items import Desk
from app.identity.scope import visible_to
from app.kit.db import savepoint
from app.kit.problems import Problem, for_constraint

CODE, NAME, LEVEL, PARENT, BEFORE = "区划代码", "名称", "级别", "上级代码", "曾用代码"
HEADINGS = (CODE, NAME, LEVEL, PARENT, BEFORE)
LEVELS: Mapping[str, str] = {
    "市": "city",
    "区县": "county",
    "乡镇": "township",
    "街道": "township",
    "社区": "community",
    "村": "community",
}
ORDER = ("city", "county", "township", "community")
OFFICIAL = re.compile(r"[1-9][0-9]{11}")


@dataclass(frozen=True, slots=True)
class Division:
    """A row, read."""

    line: Line
    code: str
    name: str
    level: str
    parent: str
    before: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An area as it is on the effective day."""

    id: UUID
    level: str
    name: str
    parent_id: UUID | None


@dataclass(frozen=True, slots=True)
class DivisionImporter:
    """Imports a list of one code system, in force from a day on. All rows together: a child needs its parent."""

    code_system: str
    effective_on: date
    today: date
    chunk_rows: int | None = None

    def check_headings(self, table: Table) -> None:
        """Raises ImportHeadings."""
        unknown = [heading[:40] for heading in table.headings if heading not in HEADINGS]
        missing = [heading for heading in HEADINGS[:4] if heading not in table.headings]
        if unknown or missing:
            raise ImportHeadings(unknown=unknown[:20], missing=missing, repeated=[])

    async def take(
        self, session: AsyncSession, desk: Desk, lines: Sequence[Line], *, apply: bool
    ) -> list[RowResult]:
        """See `rows.Importer`. A dry run writes into a savepoint that is taken back."""
        results: dict[int, RowResult] = {}
        divisions: list[Division] = []
        seen: set[str] = set()
        for line in lines:
            read = _read(line)
            if isinstance(read, Division) and read.code in seen:
                read = refused(line, Remark(CODE, "repeated_in_file", "代码重复", "stands twice"))
            if isinstance(read, RowResult):
                results[line.number] = read
            else:
                seen.add(read.code)
                divisions.append(read)
        divisions.sort(key=lambda each: (ORDER.index(each.level), each.line.number))
        if apply:
            await self._take_all(session, desk, divisions, results)
        else:
            with suppress(_DryRunError):
                async with savepoint(session):
                    await self._take_all(session, desk, divisions, results)
                    raise _DryRunError
        return [results[line.number] for line in lines]

    async def _take_all(
        self,
        session: AsyncSession,
        desk: Desk,
        divisions: Sequence[Division],
        results: dict[int, RowResult],
    ) -> None:
        for division in divisions:
            try:
                async with savepoint(session):
                    results[division.line.number] = await self._take(session, desk, division)
            except (Problem, IntegrityError) as error:
                problem = error if isinstance(error, Problem) else _problem_of(error)
                zh, en = (problem.body(language, "")["detail"] for language in ("zh", "en"))
                results[division.line.number] = refused(division.line, Remark("", problem.code, zh, en))

    async def _take(self, session: AsyncSession, desk: Desk, division: Division) -> RowResult:
        parent = await self._find(session, desk, division.parent)
        if parent is None:
            return refused(
                division.line, Remark(PARENT, "parent_not_found", "上级代码不在辖区内", "is not in your area")
            )
        known = await self._find(session, desk, division.code)
        renamed = known is None and division.before is not None
        if known is None and division.before is not None:
            known = await self._find(session, desk, division.before)
            if known is None:
                return refused(
                    division.line, Remark(BEFORE, "before_not_found", "曾用代码不存在", "is nobody's code")
                )
        if known is None:
            await founding.found_area(
                session,
                desk.actor,
                founding.NewArea(
                    division.code,
                    self.code_system,
                    division.name,
                    division.level,
                    parent.id,
                    self.effective_on,
                ),
                now=desk.now,
            )
            return RowResult(division.line.number, "new")
        if known.level != division.level:
            return refused(
                division.line,
                Remark(LEVEL, "level_differs", "与已有区划级别不同", "differs from the level on file"),
            )
        return await self._change(session, desk, division, known, parent, renamed)

    async def _change(
        self,
        session: AsyncSession,
        desk: Desk,
        division: Division,
        known: Standing,
        parent: Standing,
        renamed: bool,
    ) -> RowResult:
        reason = f"区划导入 {self.code_system}"
        name = division.name if division.name != known.name else None
        moved = parent.id if parent.id != known.parent_id else None
        if name or moved:
            change = AreaChange(name=name, parent_id=moved, valid_from=self.effective_on, reason=reason)
            await tree.change_area(session, desk.actor, known.id, change, today=self.today, now=desk.now)
        if renamed:
            code = AreaCodeGive(
                code_system=self.code_system, code=division.code, valid_from=self.effective_on, reason=reason
            )
            await tree.give_code(session, desk.actor, known.id, code, now=desk.now)
            await session.flush()  # the rows below name their parent by it
        return RowResult(division.line.number, "changed" if name or moved or renamed else "unchanged")

    async def _find(self, session: AsyncSession, desk: Desk, code: str) -> Standing | None:
        statement: Any = (
            select(Area.id, Area.level, AreaVersion.name, AreaVersion.parent_id)
            .join(AreaCode, AreaCode.area_id == Area.id)
            .join(
                AreaVersion,
                (AreaVersion.area_id == Area.id) & AreaVersion.valid.contains(self.effective_on),
            )
            .where(
                AreaCode.code_system == self.code_system,
                AreaCode.code == code,
                AreaCode.valid.contains(self.effective_on),
                visible_to(desk.actor, Area),
            )
        )
        row = (await session.execute(statement)).one_or_none()
        return None if row is None else Standing(*row)


def _problem_of(error: IntegrityError) -> Problem:
    """What a violated constraint means."""
    diagnosis = getattr(error.orig, "diag", None)
    return for_constraint(getattr(diagnosis, "constraint_name", None))()


class _DryRunError(Exception):
    """Takes a dry run back."""


def _read(line: Line) -> Division | RowResult:
    if line.is_astray:
        return refused(line, ASTRAY)
    cells = {heading: _text(line.cells.get(heading)) for heading in HEADINGS}
    remarks = [
        Remark(heading, "wrong_code", "应为 12 位区划代码", "must be a division code of 12 digits")
        for heading in (CODE, PARENT, BEFORE)
        if (cells[heading] or heading != BEFORE) and not OFFICIAL.fullmatch(cells[heading])
    ]
    level = LEVELS.get(cells[LEVEL], cells[LEVEL])
    if level not in ORDER:
        remarks.append(Remark(LEVEL, "wrong_level", "级别应为市、区县、乡镇、街道、社区或村", "is no level"))
    if not 1 <= len(cells[NAME]) <= 100:
        remarks.append(Remark(NAME, "wrong_name", "名称为 1 至 100 个字", "must have 1 to 100 characters"))
    if remarks:
        return refused(line, *remarks)
    return Division(line, cells[CODE], cells[NAME], level, cells[PARENT], cells[BEFORE] or None)


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()
