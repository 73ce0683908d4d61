"""The checks as answers."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import require_area
from app.rules import service as rules
from app.staffing.checks import queries
from app.staffing.checks.schemas import DeviceCoverageRead, RuleSourceRead, StaffingCheckRead
from app.staffing.checks.standard import PARAMETERS, StaffingStandard, staffing_standard


async def check_staffing(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID,
    at: datetime,
    *,
    zone: ZoneInfo,
    only_violations: bool,
    cursor: str | None,
    limit: int,
) -> tuple[list[StaffingCheckRead], str | None]:
    """One page of the grids in an area by code, each against the rules of its own place. Raises NotFound."""
    await require_area(session, actor, area_id)
    day = at.astimezone(zone).date()
    book = await rules.rule_book(session)
    standards: dict[tuple[UUID, str], StaffingStandard] = {}
    for area in await queries.list_grid_areas(session, area_id):
        applied = book.resolve(area.path, day)
        for grid_class in PARAMETERS:
            standards[area.area_id, grid_class] = staffing_standard(applied, grid_class)
    rows, following = await queries.list_staffed(
        session,
        _columns(standards),
        area_id=area_id,
        at=at,
        day=day,
        only_violations=only_violations,
        cursor=cursor,
        limit=limit,
    )
    return [_check(row, standards[row.area_id, row.grid_class]) for row in rows], following


async def check_devices(
    session: AsyncSession, actor: Actor, area_id: UUID, at: datetime, *, cursor: str | None, limit: int
) -> tuple[list[DeviceCoverageRead], str | None]:
    """One page of the people in an area without the handheld that their post takes. Raises NotFound."""
    await require_area(session, actor, area_id)
    rows, following = await queries.list_uncovered(
        session, area_id=area_id, at=at, cursor=cursor, limit=limit
    )
    return [DeviceCoverageRead.model_validate(row) for row in rows], following


def _columns(standards: dict[tuple[UUID, str], StaffingStandard]) -> dict[str, list[Any]]:
    return {
        "areas": [area_id for area_id, _ in standards],
        "classes": [grid_class for _, grid_class in standards],
        "least": [s.full_time_min for s in standards.values()],
        "most": [s.full_time_max for s in standards.values()],
        "people": [s.persons_min for s in standards.values()],
    }


def _check(row: Any, standard: StaffingStandard) -> StaffingCheckRead:
    return StaffingCheckRead(
        grid_id=row.grid_id,
        code=row.code,
        name=row.name,
        grid_class=row.grid_class,
        full_time=row.full_time,
        persons=row.persons,
        absent_count=row.absent_count,
        full_time_min=standard.full_time_min,
        full_time_max=standard.full_time_max,
        persons_min=standard.persons_min,
        verdict=row.verdict,
        sources=[RuleSourceRead(key=key, source=source) for key, source in standard.sources.items()],
    )
