"""The average patrol distance of an area (S4-08): every inspector-day that was expected counts, walked or not."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import area_path, counties_of, require_area
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
    walked_days: int
    distance_m: float
    distance_basis: str
    average_m: float | None
    target_m: int
    is_met: bool | None


# A day is expected when a shift asks for presence on it; it counts with 0 m when nothing was ever heard.
# Today is left out: it isn't over.
AVERAGE = text("""
WITH expected AS (
    SELECT DISTINCT s.county_code, s.inspector_id, s.service_day
      FROM effective_shift s
      JOIN day_kind k ON k.code = s.kind AND k.expects_presence
      JOIN account a ON a.id = s.inspector_id
     WHERE s.county_code = ANY(:counties) AND s.service_day BETWEEN :day_from AND :day_to
       AND s.service_day < :today
       AND a.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :area_id)
)
SELECT count(DISTINCT e.inspector_id) AS inspectors, count(*) AS expected_days,
       count(*) FILTER (WHERE cast(f.figures ->> 'fixes' AS bigint) > 0) AS walked_days,
       coalesce(sum(cast(f.figures ->> :metres AS numeric)), 0) AS distance_m
  FROM expected e
  LEFT JOIN day_figures f ON f.county_code = e.county_code AND f.inspector_id = e.inspector_id
       AND f.service_day = e.service_day
""")


async def average_distance(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID,
    day_from: date,
    day_to: date,
    *,
    today: date,
) -> AverageDistance:
    """Metres per expected inspector-day from `day_from` to `day_to` (both included), figures as last computed.

    Target and basis are the area's rules of `day_to`. Raises NotFound outside the actor's area, PeriodTooLong.
    """
    if not 0 <= (day_to - day_from).days < PERIOD_MAX_DAYS:
        raise PeriodTooLong(max_days=PERIOD_MAX_DAYS)
    await require_area(session, actor, area_id)
    applied = await rules.resolve(session, await area_path(session, area_id), day_to)
    basis, target_m = applied[DISTANCE_BASIS], applied[PERIOD_DISTANCE_MIN_M]
    asked: dict[str, Any] = {
        "counties": await counties_of(session, actor),
        "area_id": area_id,
        "day_from": day_from,
        "day_to": day_to,
        "today": today,
        "metres": "in_grid_distance_m" if basis == "in_grid" else "distance_m",
    }
    row = (await session.execute(AVERAGE, asked)).one()
    average_m = round(float(row.distance_m) / row.expected_days, 1) if row.expected_days else None
    return AverageDistance(
        area_id=area_id,
        day_from=day_from,
        day_to=day_to,
        inspectors=row.inspectors,
        expected_days=row.expected_days,
        walked_days=row.walked_days,
        distance_m=float(row.distance_m),
        distance_basis=basis,
        average_m=average_m,
        target_m=target_m,
        is_met=None if average_m is None else average_m >= target_m,
    )
