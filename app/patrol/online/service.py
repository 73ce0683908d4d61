"""Online rates of areas: the days that are kept, one area's day, and how it stands now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area
from app.patrol.online import rates
from app.patrol.online.models import OnlineDay
from app.patrol.online.rates import MINUTES, DayRate, Ints
from app.patrol.online.roster import Stretch, load_roster
from app.rules import service as rules

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class AreaDay:
    """An area's rates of a calendar day, without and with leave, as far as the day has passed."""

    area_id: UUID
    plain: DayRate
    with_leave: DayRate


AREAS = text("SELECT id FROM area WHERE county_code = :county_code ORDER BY id")
# A city's areas have a home code of their own, and its inspectors those of their counties.
COUNTIES = text("""
SELECT DISTINCT b.county_code FROM area_closure c JOIN area b ON b.id = c.area_id WHERE c.ancestor_id = ANY(:areas)
""")


async def compute_online_days(
    session: AsyncSession, county_code: str, days: Iterable[date], *, now: datetime, zone: ZoneInfo
) -> int:
    """Computes and keeps `online_day` of every area with that home code, for each of `days`; returns rows written.

    Minutes that are not over at `now` are left out; a day after today gets no row. What was there is replaced: a
    corrected roster changes the past, signals never do, because they are kept by server time.
    """
    areas = list(await session.scalars(AREAS, {"county_code": county_code}))
    written = 0
    for day in sorted(set(days)):
        stretch = Stretch.up_to(day, now, zone)
        if areas and stretch.length:
            found = await area_days(session, areas, stretch)
            await _store(session, county_code, day, found, now)
            written += len(found)
    return written


async def area_days(session: AsyncSession, areas: Sequence[UUID], stretch: Stretch) -> list[AreaDay]:
    """The rates of `areas`, in their order, in a stretch of minutes of one day."""
    counties = await counties_below(session, areas)
    book = await rules.rule_book(session)
    counted = (await load_roster(session, counties, areas, stretch, book)).counts()
    plain = _whole_day(counted.online, counted.expected, stretch)
    with_leave = _whole_day(counted.online_with_leave, counted.expected_with_leave, stretch)
    return [AreaDay(*each) for each in zip(areas, plain, with_leave, strict=True)]


async def counties_below(session: AsyncSession, areas: Sequence[UUID]) -> list[str]:
    """Home codes of everything that lies in `areas`: naming them keeps a query within its counties."""
    return list(await session.scalars(COUNTIES, {"areas": list(areas)}))


def _whole_day(online: Ints, expected: Ints, stretch: Stretch) -> list[DayRate]:
    rate = np.full((len(online), MINUTES), np.nan)
    rate[:, stretch.first : stretch.last] = rates.rates(online, expected)
    return [rates.day_rate(each) for each in rate]


async def _store(
    session: AsyncSession, county_code: str, day: date, found: Sequence[AreaDay], now: datetime
) -> None:
    for start in range(0, len(found), ROWS_AT_ONCE):
        statement = insert(OnlineDay).values(
            [
                {
                    "county_code": county_code,
                    "area_id": each.area_id,
                    "day": day,
                    "minutes": each.plain.minutes,
                    "rate_sum": each.plain.rate_sum,
                    "minutes_with_leave": each.with_leave.minutes,
                    "rate_sum_with_leave": each.with_leave.rate_sum,
                    "quarters": each.plain.quarters,
                    "quarters_with_leave": each.with_leave.quarters,
                    "computed_at": now,
                }
                for each in found[start : start + ROWS_AT_ONCE]
            ]
        )
        key = {"county_code", "area_id", "day"}
        replaced = {c.name: c for c in statement.excluded if c.name not in key}
        await session.execute(statement.on_conflict_do_update(constraint="pk_online_day", set_=replaced))


async def find_online_day(session: AsyncSession, area_id: UUID, day: date) -> OnlineDay | None:
    """The kept day of an area, or None when none was computed."""
    county = select(Area.county_code).where(Area.id == area_id).scalar_subquery()
    found: OnlineDay | None = await session.scalar(
        select(OnlineDay).where(
            OnlineDay.county_code == county, OnlineDay.area_id == area_id, OnlineDay.day == day
        )
    )
    return found
