"""What is due and overdue, and the share that is done: duties read, judged by `duty`, told."""

from collections.abc import AsyncIterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.scope import counties_of, require_area
from app.kit import pagination
from app.kit.clock import day_start
from app.kit.pagination import BadCursor
from app.staffing.queries import get_inspector
from app.visits import categories, duty_queries
from app.visits.duty import Listed, Month, Standing, Status, Tally, standing
from app.visits.duty_queries import NOBODY, DutyScope
from app.visits.parameters import VisitRules, load_rules

CHUNK = 5000
"""Most subjects that are read and judged at a time: about a second."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A subject's month as read, and how it stands. `per_month`: what a whole month asks for."""

    row: Row[Any]
    month: Month
    designations: Sequence[tuple[str, str, date, date | None, int | None]]
    standing: Standing
    per_month: int

    def told(self) -> dict[str, Any]:
        """What everybody is told of it; restricted categories unnamed."""
        return {
            "subject_id": self.row.id,
            "subject_name": self.row.name,
            "kind": self.designations[0][0],
            "categories": sorted({categories.shown(category) for _, category, *_ in self.designations}),
            "area_id": self.row.area_id,
            "grid_id": self.row.grid_id,
            "month": self.month.name,
            "required": self.standing.required,
            "counted": self.standing.counted,
            "unproven": self.row.unproven,
            "status": self.standing.status,
            "due_on": self.month.end - timedelta(days=1),
            "last_visit_on": self.row.last_visit_on,
            "next_visit_on": self.row.next_visit_on,
            "lon": self.row.lon,
            "lat": self.row.lat,
        }


async def list_due(
    session: AsyncSession,
    actor: Actor,
    month: Month,
    *,
    area_id: UUID | None,
    grid_id: UUID | None,
    inspector_id: UUID | None,
    status: Status | None,
    cursor: str | None,
    limit: int,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of duties by subject: an inspector's own grids, a supervisor's area or a part of it.

    Raises NotFound for an area or inspector outside the actor's scope, BadCursor.
    """
    at = _reference(month, now, zone)
    scope = await _scope(session, actor, area_id, grid_id, inspector_id, at)
    today, found = now.astimezone(zone).date(), list[Duty]()
    async for each in stream_duties(
        session, scope, month, after=_after(cursor), today=today, chunk=limit + 1
    ):
        if each.standing.status == status or (status is None and each.standing.status != "not_required"):
            found.append(each)
        if len(found) > limit:
            break
    kept, following = pagination.page(found, limit, lambda each: (each.row.id,))
    return await _with_inspectors(session, kept, at), following


async def visit_rate(
    session: AsyncSession, actor: Actor, area_id: UUID, month: Month, *, today: date
) -> dict[str, Any]:
    """Everything `schemas.AreaRate` promises. Raises NotFound outside the actor's scope."""
    await require_area(session, actor, area_id)
    scope = DutyScope(await counties_of(session, actor), area_id)
    whole, grids = Tally(), dict[UUID | None, Tally]()
    async for each in stream_duties(session, scope, month, after=None, today=today):
        whole.add(each.standing.status)
        grids.setdefault(each.row.grid_id, Tally()).add(each.standing.status)
    codes = await duty_queries.grid_codes(session, [grid_id for grid_id in grids if grid_id])
    parts = [_rate(grid_id, codes.get(grid_id) if grid_id else None, t) for grid_id, t in grids.items()]
    parts.sort(key=lambda part: part["grid_code"] or "")
    return _rate(None, None, whole) | {"area_id": area_id, "month": month.name, "grids": parts}


async def stream_duties(
    session: AsyncSession,
    scope: DutyScope,
    month: Month,
    *,
    after: UUID | None,
    today: date,
    chunk: int = CHUNK,
) -> AsyncIterator[Duty]:
    """The duties of a scope in a month by subject, read and judged chunk by chunk."""
    while True:
        rows = await duty_queries.list_duties(session, scope, month, after=after, limit=chunk)
        for each in await judged(session, rows, month, today):
            yield each
        if len(rows) < chunk:
            return
        after, chunk = rows[-1].id, CHUNK


async def judged(session: AsyncSession, rows: Sequence[Row[Any]], month: Month, today: date) -> list[Duty]:
    """Duties as `duty_queries.list_duties` reads them, each with how it stands on `today`."""
    rules = await load_rules(session, {row.area_id for row in rows}, month.first)
    absent: set[UUID] = set()
    for county_code in sorted({row.county_code for row in rows}):
        grids = {row.grid_id for row in rows if row.county_code == county_code and row.grid_id}
        absent |= await duty_queries.absent_grids(session, county_code, grids, month)
    return [_duty(row, month, rules[row.area_id], absent, today) for row in rows]


async def _with_inspectors(
    session: AsyncSession, duties: Sequence[Duty], at: datetime
) -> list[dict[str, Any]]:
    """Everything `schemas.DueRead` promises."""
    served: dict[UUID, list[UUID]] = {}
    for county_code in sorted({each.row.county_code for each in duties}):
        grids = {d.row.grid_id for d in duties if d.row.county_code == county_code and d.row.grid_id}
        served |= await duty_queries.serving(session, county_code, grids, at)
    return [each.told() | {"inspector_ids": served.get(each.row.grid_id or NOBODY, [])} for each in duties]


def _duty(
    row: Row[Any],
    month: Month,
    rules: VisitRules,
    absent: Set[UUID],
    today: date,
) -> Duty:
    designations = [duty_queries.parsed(each) for each in row.designations]
    listed = [
        Listed(since, until, own or rules.per_month[category])
        for _, category, since, until, own in designations
    ]
    stands = standing(
        listed,
        row.days,
        month,
        rules.partial_month,
        excused=rules.excuse_absence and row.grid_id in absent,
        today=today,
    )
    return Duty(row, month, designations, stands, max(each.per_month for each in listed))


async def _scope(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID | None,
    grid_id: UUID | None,
    inspector_id: UUID | None,
    at: datetime,
) -> DutyScope:
    """What was asked for, inside what the actor may see."""
    if area_id is not None:
        await require_area(session, actor, area_id)
    if actor.role is Role.INSPECTOR:
        inspector_id = inspector_id or actor.account_id
    grids: set[UUID] | None = None
    if inspector_id is not None:
        inspector = await get_inspector(session, actor, inspector_id)
        grids = await duty_queries.grids_of(session, inspector.county_code, inspector_id, at)
    if grid_id is not None:
        grids = {grid_id} if grids is None else grids & {grid_id}
    # an inspector may serve a grid of another community: his appointment is scope enough
    inside = None if actor.role is Role.INSPECTOR else actor.area_id
    return DutyScope(await counties_of(session, actor), area_id or inside, grids)


def _reference(month: Month, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant that tells who serves a grid in a month: its last one, or now while it runs."""
    return min(now, day_start(month.end, zone) - timedelta(milliseconds=1))


def _after(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(pagination.values_of(cursor, 1)[0])
    except (ValueError, AttributeError, TypeError) as error:
        raise BadCursor from error


def _rate(grid_id: UUID | None, code: str | None, tally: Tally) -> dict[str, Any]:
    return {
        "grid_id": grid_id,
        "grid_code": code,
        "required": tally.required,
        "done": tally.done,
        "due": tally.due,
        "overdue": tally.overdue,
        "excused": tally.excused,
        "share": tally.share,
    }
