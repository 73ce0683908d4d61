"""The nightly work on periods: everything due is judged, online rates are computed, periods are sealed in time.

Each step asks the database what is due, in a transaction of its own: run twice, it changes nothing the second time;
not run for a week, it makes up for it.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import system_actor
from app.identity.scope import area_path
from app.kit.db import Database
from app.patrol.fold_store import SHARDS, note_absent
from app.patrol.online.service import compute_online_days
from app.patrol.periods import queries
from app.patrol.periods.models import Period
from app.patrol.periods.problems import PeriodNotSettled, PeriodSealed
from app.patrol.periods.sealing import Seal, begin_closing, note_periods, seal
from app.patrol.periods.service import due_to_seal
from app.patrol.tasks import CHUNK, fold_due
from app.rules import service as rules
from app.rules.catalogue.periods import SEAL_WAIT_H

log = structlog.get_logger("wangge.periods")
DAYS_BACK = 7
"""How far back planned days without any upload are looked for beside those of periods that are not sealed."""
# Where nothing was ever planned or walked there are no periods either. Noted periods are never deleted, so the
# earliest day is only looked for until the first run.
BEGINNINGS = text("""
SELECT c.county_code, coalesce(
           (SELECT max(last_day) + 1 FROM period p WHERE p.county_code = c.county_code AND p.kind = 'day'),
           least((SELECT min(service_day) FROM shift s WHERE s.county_code = c.county_code),
                 (SELECT min(service_day) FROM patrol_day d WHERE d.county_code = c.county_code))) AS first_day,
       (SELECT min(first_day) FROM period p WHERE p.county_code = c.county_code AND p.status <> 'sealed') AS open_from
  FROM (SELECT DISTINCT county_code FROM area WHERE level = 'county') c ORDER BY 1
""")
DUE = text("""
SELECT (SELECT count(*) FROM patrol_day WHERE pending)
       + (SELECT count(*) FROM day_figures WHERE status = 'provisional' AND service_day < :today)
""")
MISSING_RATES = text("""
SELECT cast(g AS date) AS day FROM generate_series(cast(:first AS date), cast(:last AS date), interval '1 day') g
 WHERE NOT EXISTS (SELECT FROM online_day o WHERE o.county_code = :county_code AND o.day = cast(g AS date)
                      AND o.computed_at >= (cast(g AS date) + 1)::timestamp AT TIME ZONE :zone)
 ORDER BY 1
""")


async def keep_periods(database: Database, *, now: datetime, zone: ZoneInfo) -> int:
    """Does all that is due in every county; returns how many periods were sealed."""
    today = now.astimezone(zone).date()
    async with database.transaction() as session:
        counties = (await session.execute(BEGINNINGS)).all()
    for county in counties:
        await _note(database, county, today, now)
    await _fold_everything(database, now, zone)
    sealed = 0
    for county in counties:
        sealed += await _close_county(database, county.county_code, now, zone)
    return sealed


async def _note(
    database: Database, county: Row[tuple[str, date | None, date | None]], today: date, now: datetime
) -> None:
    """Periods up to the one that runs, and a day for whoever was planned and never heard."""
    async with database.transaction() as session:
        if county.first_day is not None:
            await note_periods(session, county.county_code, county.first_day, today)
        await begin_closing(session, county.county_code, today)
        first = min(county.open_from or today, today - timedelta(days=DAYS_BACK))
        last = today - timedelta(days=1)
        await note_absent(session, first=first, last=last, now=now, county_code=county.county_code)


async def _fold_everything(database: Database, now: datetime, zone: ZoneInfo) -> None:
    """Folds all that is due; as many rounds as that takes, for a night shift that still runs is due all the time."""
    async with database.transaction() as session:
        due = int(await session.scalar(DUE, {"today": now.astimezone(zone).date()}) or 0)
    for _ in range(due // CHUNK + 2 * SHARDS):
        # a second ahead: days that were noted just now are due, days that are put off now are not met again
        if not await fold_due(database, now=now + timedelta(seconds=1), zone=zone, refold_every_s=1):
            return


async def _close_county(database: Database, county_code: str, now: datetime, zone: ZoneInfo) -> int:
    today = now.astimezone(zone).date()
    async with database.transaction() as session:
        closing = list(
            await session.scalars(
                select(Period)
                .where(Period.county_code == county_code, Period.status == "closing")
                .order_by(Period.first_day, Period.last_day)
            )
        )
        due = [period for period in closing if now >= await due_to_seal(session, period, zone)]
        missing = await _missing_rates(session, closing, today, zone)
    # before the seal the rates are computed once more: leave that was filed late changes who was expected
    days = {*missing, *(day for period in due if period.kind != "day" for day in _days(period))}
    for day in sorted(days):
        async with database.transaction() as session:
            await compute_online_days(session, county_code, [day], now=now, zone=zone)
    return sum([await _seal_due(database, period, now, zone) for period in due])


async def _missing_rates(
    session: AsyncSession, closing: Sequence[Period], today: date, zone: ZoneInfo
) -> list[date]:
    if not closing:
        return []
    asked = {
        "county_code": closing[0].county_code,
        "first": min(period.first_day for period in closing),
        "last": today - timedelta(days=1),
        "zone": zone.key,
    }
    return list(await session.scalars(MISSING_RATES, asked))


def _days(period: Period) -> list[date]:
    return [
        period.first_day + timedelta(days=n) for n in range((period.last_day - period.first_day).days + 1)
    ]


async def _seal_due(database: Database, period: Period, now: datetime, zone: ZoneInfo) -> bool:
    """Seals one period; waits for days that are not judged yet, but not for ever."""
    by = Seal(system_actor(period.county_code), None)
    try:
        async with database.transaction() as session:
            waited_long = now >= await _wait_until(session, period, zone)
            await seal(
                session, by, period.county_code, period.id, now=now, zone=zone, with_waiting=waited_long
            )
    except PeriodNotSettled as waits:
        log.warning("period not sealed yet", period_id=str(period.id), **waits.extra)
        return False
    except PeriodSealed:
        return False
    return True


async def _wait_until(session: AsyncSession, period: Period, zone: ZoneInfo) -> datetime:
    county = await queries.county_area(session, period.county_code)
    path = await area_path(session, county) if county else []
    wait_h = (await rules.resolve(session, path, period.last_day))[SEAL_WAIT_H]
    return await due_to_seal(session, period, zone) + timedelta(hours=wait_h)
