"""A file of codes as the next version of a code table: all of it or nothing, since a version is a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue import code_tables
from app.collection.catalogue.schemas import CodeTableCreate, ValueCreate
from app.collection.imports.cell_values import ASTRAY, Remark
from app.collection.imports.problems import ImportHeadings
from app.collection.imports.rows import RowOutcome, RowResult, refused
from app.collection.imports.tables import Line, Table
from app.exchange.items import Desk
from app.kit.problems import NotFound

CODE, NAME_ZH, NAME_EN, PARENT = "代码", "中文名称", "英文名称", "上级代码"
HEADINGS = (CODE, NAME_ZH, NAME_EN, PARENT)
FIELDS = {CODE: "code", NAME_ZH: "name_zh", NAME_EN: "name_en", PARENT: "parent"}


@dataclass(frozen=True, slots=True)
class CodeTableImporter:
    """Imports the codes of one table. source: where they come from, as the version will say."""

    code: str
    source: str
    chunk_rows: int | None = None

    def check_headings(self, table: Table) -> None:
        """Raises ImportHeadings."""
        unknown = [heading[:40] for heading in table.headings if heading not in HEADINGS]
        missing = [heading for heading in HEADINGS[:3] if heading not in table.headings]
        if unknown or missing:
            raise ImportHeadings(unknown=unknown[:20], missing=missing, repeated=[])

    async def take(
        self, session: AsyncSession, desk: Desk, lines: Sequence[Line], *, apply: bool
    ) -> list[RowResult]:
        """See `rows.Importer`. With one wrong row nothing is published: half a table would refuse good records."""
        known = await self._known(session, desk)
        before = {value.code: value for value in known["values"]} if known else {}
        results, values = [], []
        for line in lines:
            read = _read(line)
            if isinstance(read, RowResult):
                results.append(read)
                continue
            values.append(read)
            results.append(RowResult(line.number, _outcome(read, before.get(read.code))))
        results = self._compare(lines, results, values)
        same = len(before) == len(values) and all(r.outcome == "unchanged" for r in results)
        if apply and values and not same and all(r.outcome != "refused" for r in results):
            body = CodeTableCreate(
                based_on=known["version"] if known else None,
                name_zh=known["name_zh"] if known else self.code,
                name_en=known["name_en"] if known else self.code,
                source=self.source,
                values=values,
            )
            today = desk.now.astimezone(desk.zone).date()
            await code_tables.publish_table(session, desk.actor, self.code, body, today=today, now=desk.now)
        return results

    def _compare(
        self, lines: Sequence[Line], results: list[RowResult], values: Sequence[ValueCreate]
    ) -> list[RowResult]:
        """The rows with what is wrong between them: a code that stands twice, a parent that is not there."""
        good = [at for at, result in enumerate(results) if result.outcome != "refused"]
        for fault in code_tables.code_faults(values):
            at = good[int(fault["pointer"].split("/")[2])]
            results[at] = refused(lines[at], Remark(CODE, fault["code"], fault["zh"], fault["en"]))
        return results

    async def _known(self, session: AsyncSession, desk: Desk) -> dict[str, Any] | None:
        try:
            return await code_tables.get_table(session, desk.actor.county_code, self.code, None)
        except NotFound:
            return None


def _outcome(value: ValueCreate, before: Any) -> RowOutcome:
    if before is None:
        return "new"
    now = (value.name_zh, value.name_en, value.parent)
    return "unchanged" if now == (before.name_zh, before.name_en, before.parent) else "changed"


def _read(line: Line) -> ValueCreate | RowResult:
    if line.is_astray:
        return refused(line, ASTRAY)
    cells = {field: _text(line.cells.get(heading)) for heading, field in FIELDS.items()}
    try:
        return ValueCreate(**{name: text for name, text in cells.items() if text})
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors()}
        remarks = [
            Remark(heading, "wrong_cell", "缺失或格式不符", "is missing or has the wrong form")
            for heading, name in FIELDS.items()
            if name in wrong
        ]
        return refused(line, *remarks)


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()
