"""Online rates as people read them: an area now, its day, the areas below it. Of places, never of persons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import area_path, require_area
from app.kit import pagination
from app.patrol.online.rates import DayRate
from app.patrol.online.roster import Stretch, load_roster
from app.patrol.online.service import AreaDay, area_days, counties_below, find_online_day
from app.rules import service as rules
from app.rules.book import Applied
from app.rules.catalogue.judging import HEARD_WITHIN_MIN, PERIOD_ONLINE_RATE_MIN

Level = Literal["county", "township", "community"]
Order = Literal["code", "rate"]


@dataclass(frozen=True, slots=True)
class Share:
    """Numerator, denominator and rate; `rate` is None where nobody is expected, never 0."""

    online: int
    expected: int

    @property
    def rate(self) -> float | None:
        """online ÷ expected."""
        return self.online / self.expected if self.expected else None


@dataclass(frozen=True, slots=True)
class Target:
    """What the area aims at, and whose word that is."""

    rate: float
    source: str

    @classmethod
    def of(cls, applied: Applied) -> "Target":
        """The rule as it applies."""
        return cls(applied.value, applied.source)

    def is_met(self, rate: float | None) -> bool | None:
        """Whether a rate reaches it; None where there is none."""
        return None if rate is None else rate >= self.rate


@dataclass(frozen=True, slots=True)
class LiveRate:
    """An area in the present minute."""

    area_id: UUID
    at: datetime
    heard_within_min: int
    plain: Share
    with_leave: Share
    target: Target


@dataclass(frozen=True, slots=True)
class AreaNow:
    """A line of the table of areas: the area row (id, code, name, level) and its shares now."""

    area: Row[Any]
    plain: Share
    with_leave: Share


@dataclass(frozen=True, slots=True)
class DayOfArea:
    """An area's day with its target. `computed_at` is when; `is_over` False while minutes are missing."""

    day: date
    rates: AreaDay
    target: Target
    computed_at: datetime
    is_over: bool


async def live_rate(
    session: AsyncSession, actor: Actor, area_id: UUID, *, now: datetime, zone: ZoneInfo
) -> LiveRate:
    """How many of the area's full-time inspectors are on line in this minute. Raises NotFound."""
    await require_area(session, actor, area_id)
    stretch = Stretch.at(now, zone)
    applied = (await rules.resolve(session, await area_path(session, area_id), stretch.day)).applied()
    [(plain, with_leave)] = await _shares(session, [area_id], stretch)
    return LiveRate(
        area_id=area_id,
        at=stretch.instant(stretch.first),
        heard_within_min=applied[HEARD_WITHIN_MIN.key].value,
        plain=plain,
        with_leave=with_leave,
        target=Target.of(applied[PERIOD_ONLINE_RATE_MIN.key]),
    )


BELOW = text("""
SELECT a.id, a.county_code, a.level, v.name,
       (SELECT c.code FROM area_code c WHERE c.area_id = a.id AND c.valid @> cast(:day AS date)
         ORDER BY c.code_system DESC LIMIT 1) AS code
  FROM area_closure l
  JOIN area a ON a.id = l.area_id AND a.level = :level
  JOIN area_version v ON v.area_id = a.id AND v.valid @> cast(:day AS date)
 WHERE l.ancestor_id = :area_id
 ORDER BY code NULLS LAST, a.id
""")


async def areas_now(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID,
    level: Level,
    order: Order,
    *,
    cursor: str | None,
    limit: int,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[list[AreaNow], str | None]:
    """One page of the areas of a level in `area_id`, by code, or by rate (highest first, unknown last).

    Raises NotFound, BadCursor.
    """
    await require_area(session, actor, area_id)
    stretch = Stretch.at(now, zone)
    asked = {"area_id": area_id, "level": level, "day": stretch.day}
    found = (await session.execute(BELOW, asked)).all()
    shares = await _shares(session, [row.id for row in found], stretch)
    lines = [AreaNow(row, *share) for row, share in zip(found, shares, strict=True)]
    return pagination.page_of(lines, lambda line: _key(line, order), cursor, limit)


def _key(line: AreaNow, order: Order) -> list[Any]:
    named = [line.area.code or "~", str(line.area.id)]  # those without a code last
    if order == "code":
        return named
    rate = line.plain.rate
    return [rate is None, -(rate or 0.0), *named]


async def _shares(
    session: AsyncSession, areas: Sequence[UUID], stretch: Stretch
) -> list[tuple[Share, Share]]:
    """The shares of `areas` in a stretch of one minute, without and with leave."""
    if not areas:
        return []
    book = await rules.rule_book(session)
    roster = await load_roster(session, await counties_below(session, areas), areas, stretch, book)
    counted = roster.counts()
    columns = (counted.online, counted.expected, counted.online_with_leave, counted.expected_with_leave)
    return [
        (Share(online, expected), Share(online_with, expected_with))
        for online, expected, online_with, expected_with in zip(
            *(c[:, 0].tolist() for c in columns), strict=True
        )
    ]


async def day_of_area(
    session: AsyncSession, actor: Actor, area_id: UUID, day: date, *, now: datetime, zone: ZoneInfo
) -> DayOfArea:
    """The area's day: as kept when it is over, else computed up to the present minute. Raises NotFound."""
    await require_area(session, actor, area_id)
    applied = (await rules.resolve(session, await area_path(session, area_id), day)).applied()
    target = Target.of(applied[PERIOD_ONLINE_RATE_MIN.key])
    stretch = Stretch.up_to(day, now, zone)
    kept = await find_online_day(session, area_id, day) if stretch.is_whole_day else None
    if kept is not None and kept.computed_at >= stretch.instant(stretch.last):
        rates = AreaDay(
            area_id,
            DayRate(kept.minutes, kept.rate_sum, kept.quarters),
            DayRate(kept.minutes_with_leave, kept.rate_sum_with_leave, kept.quarters_with_leave),
        )
        return DayOfArea(day, rates, target, kept.computed_at, True)
    [rates] = await area_days(session, [area_id], stretch)
    return DayOfArea(day, rates, target, now, stretch.is_whole_day)
