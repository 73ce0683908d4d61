"""Jobs of presence: the online rates of areas, today's every hour, those of the last days every night."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from procrastinate import JobContext
from sqlalchemy import text

from app.kit.db import Database
from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.patrol.online.service import compute_online_days
from app.rules import service as rules
from app.rules.catalogue.presence import RECOMPUTE_DAYS

COUNTIES = text("SELECT DISTINCT county_code FROM area ORDER BY county_code")


async def compute_days(database: Database, days: Sequence[date], *, now: datetime, zone: ZoneInfo) -> int:
    """Computes `days` for all counties, one county and day a transaction; returns rows written."""
    async with database.transaction() as session:
        counties = list(await session.scalars(COUNTIES))
    written = 0
    for county_code in counties:
        for day in days:
            async with database.transaction() as session:
                written += await compute_online_days(session, county_code, [day], now=now, zone=zone)
    return written


@queue.periodic(cron="3 * * * *")
@queue.task(
    name="presence.compute_today", queueing_lock="presence.compute_today", retry=RETRY, pass_context=True
)
async def compute_today(context: JobContext, timestamp: int) -> None:
    """The minutes of today that are over. `timestamp`: Unix seconds of the tick."""
    now, zone = datetime.fromtimestamp(timestamp, UTC), settings_of(context).zone
    await compute_days(database_of(context), [now.astimezone(zone).date()], now=now, zone=zone)


@queue.periodic(cron="23 17 * * *")  # UTC: half past one at night in China
@queue.task(
    name="presence.compute_last_days",
    queueing_lock="presence.compute_last_days",
    retry=RETRY,
    pass_context=True,
)
async def compute_last_days(context: JobContext, timestamp: int) -> None:
    """Yesterday and the days before: rosters are corrected late. `timestamp`: Unix seconds of the tick."""
    now, zone = datetime.fromtimestamp(timestamp, UTC), settings_of(context).zone
    today = now.astimezone(zone).date()
    async with database_of(context).transaction() as session:
        days_back = (await rules.resolve(session, (), today))[RECOMPUTE_DAYS]
    days = [today - timedelta(days=n) for n in range(days_back, 0, -1)]
    await compute_days(database_of(context), days, now=now, zone=zone)
