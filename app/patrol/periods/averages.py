"""The average patrol distance (S4-08) of an area over any stretch of days; the same figures as periods have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import area_path, counties_of, require_area
from app.patrol.periods import queries
from app.patrol.periods.figures import Span, compute_figures
from app.patrol.problems import PeriodTooLong
from app.rules import service as rules
from app.rules.catalogue.judging import DISTANCE_BASIS, PERIOD_DISTANCE_MIN_M

PERIOD_MAX_DAYS = 92


@dataclass(frozen=True, slots=True)
class AverageDistance:
    """Numerator, denominator and outcome; `average_m` is None where nobody was expected, never 0."""

    area_id: UUID
    day_from: date
    day_to: date
    inspectors: int
    expected_days: int
    expected_whole_days: float
    walked_days: int
    distance_m: float
    distance_basis: str
    average_m: float | None
    target_m: int
    is_met: bool | None


async def average_distance(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID,
    day_from: date,
    day_to: date,
    *,
    today: date,
    zone: ZoneInfo,
) -> AverageDistance:
    """Metres per whole expected day from `day_from` to `day_to` (both included), figures as last computed.

    Target and basis are the area's rules of `day_to`. Raises NotFound outside the actor's area, PeriodTooLong.
    """
    if not 0 <= (day_to - day_from).days < PERIOD_MAX_DAYS:
        raise PeriodTooLong(max_days=PERIOD_MAX_DAYS)
    await require_area(session, actor, area_id)
    applied = await rules.resolve(session, await area_path(session, area_id), day_to)
    target_m = applied[PERIOD_DISTANCE_MIN_M]
    rows = [
        row
        for county_code in await counties_of(session, actor)
        for row in await _of_county(session, county_code, area_id, (day_from, day_to), today, zone)
    ]
    whole_days = float(sum(row.expected_whole_days for row in rows))
    distance_m = float(sum(row.distance_m for row in rows))
    average_m = round(distance_m / whole_days, 1) if whole_days else None
    return AverageDistance(
        area_id=area_id,
        day_from=day_from,
        day_to=day_to,
        inspectors=sum(row.inspectors for row in rows),
        expected_days=sum(row.expected_days for row in rows),
        expected_whole_days=whole_days,
        walked_days=sum(row.walked_days for row in rows),
        distance_m=distance_m,
        distance_basis=applied[DISTANCE_BASIS],
        average_m=average_m,
        target_m=target_m,
        is_met=None if average_m is None else average_m >= target_m,
    )


async def _of_county(
    session: AsyncSession,
    county_code: str,
    area_id: UUID,
    days: tuple[date, date],
    today: date,
    zone: ZoneInfo,
) -> Sequence[Row[Any]]:
    """The area's figures in a county; of a city the county's own."""
    found = await queries.find_area(session, area_id)
    subject = area_id if found and found[0] != "city" else await queries.county_area(session, county_code)
    if subject is None or (found and found[0] != "city" and found[1] != county_code):
        return []
    span = Span.of(county_code, *days, today=today)
    return await compute_figures(session, span, "county", [subject], zone=zone)
