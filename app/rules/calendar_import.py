"""Storing a calendar file: every line gets its own result, one bad line never fails its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.kit import events
from app.kit.events import EventActor
from app.rules import queries
from app.rules.calendar_file import FileRow
from app.rules.calendar_seed import SUBJECT
from app.rules.editions import new_edition
from app.rules.models import ListedDay
from app.rules.problems import YearNeedsEverywhere

RowStatus = Literal["stored", "unchanged", "rejected"]


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one line."""

    line: int
    day: date | None
    status: RowStatus
    reason_zh: str | None
    reason_en: str | None


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """Where the lines apply (None: everywhere), who says so, and which year they publish, if any."""

    area_id: UUID | None
    source: str
    publishes_year: int | None
    provisional: bool


async def import_days(
    session: AsyncSession,
    actor: EventActor,
    order: ImportOrder,
    rows: Sequence[FileRow],
    *,
    county_code: str,
    now: datetime,
) -> list[RowResult]:
    """Stores the readable rows and records one event with what they replaced; results in the file's order.

    The caller has checked that `actor` may decide for the area. Raises YearNeedsEverywhere.
    """
    if order.publishes_year is not None and order.area_id is not None:
        raise YearNeedsEverywhere
    await new_edition(session, "calendar")  # first: two imports at once take turns
    readable = [row for row in rows if row.day is not None]
    before = await queries.find_listed(session, order.area_id, [row.day for row in readable if row.day])
    columns = {row.line: _columns(row, order) for row in readable}
    changed = [row for row in readable if row.day and not _same(before.get(row.day), columns[row.line])]
    await queries.upsert_listed(session, [columns[row.line] for row in changed])
    if order.publishes_year is not None:
        year = {"year": order.publishes_year, "source": order.source, "recorded_at": now}
        await queries.upsert_year(session, year)
    await events.record(
        session,
        actor,
        "work_calendar.imported",
        ("work_calendar", order.area_id or SUBJECT),
        {
            "source": order.source,
            "publishes_year": order.publishes_year,
            "days": [_told(row, before) for row in changed],
        },
        county_code=county_code,
        area_id=order.area_id,
        now=now,
    )
    stored = {row.line for row in changed}
    return [_result(row, row.line in stored) for row in rows]


def _columns(row: FileRow, order: ImportOrder) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "day": row.day,
        "area_id": order.area_id,
        "kind": str(row.kind),
        "name": row.name,
        "source": order.source,
        "provisional": order.provisional,
    }


def _same(stored: ListedDay | None, columns: dict[str, Any]) -> bool:
    compared = ("kind", "name", "source", "provisional")
    return stored is not None and all(getattr(stored, name) == columns[name] for name in compared)


def _told(row: FileRow, before: dict[date, ListedDay]) -> dict[str, str | None]:
    stored = before.get(row.day) if row.day else None
    return {"day": str(row.day), "kind": str(row.kind), "before": stored.kind if stored else None}


def _result(row: FileRow, stored: bool) -> RowResult:
    if row.refusal is not None:
        return RowResult(row.line, None, "rejected", *row.refusal)
    return RowResult(row.line, row.day, "stored" if stored else "unchanged", None, None)
