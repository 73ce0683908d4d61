"""Jobs: what became overdue for collection, and what reviewers sent back."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate import JobContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.cycles import CHUNK, sweep_cycles
from app.collection.assignments.reviews import sweep_reviews
from app.kit.db import Database
from app.kit.jobs import RETRY, database_of, queue, settings_of

COUNTIES = text("SELECT DISTINCT county_code FROM area WHERE level = 'county' ORDER BY county_code")


@queue.periodic(cron="11 * * * *")
@queue.task(name="tasks.sweep_cycles", queueing_lock="tasks.sweep_cycles", retry=RETRY, pass_context=True)
async def sweep_all_cycles(context: JobContext, timestamp: int) -> None:
    """Opens and closes tasks of collection cycles. `timestamp`: Unix seconds of the tick."""
    now = datetime.fromtimestamp(timestamp, UTC)
    zone = settings_of(context).zone
    await each_county(
        database_of(context), lambda session, county: sweep_cycles(session, county, now=now, zone=zone)
    )


@queue.periodic(cron="*/5 * * * *")
@queue.task(name="tasks.sweep_reviews", queueing_lock="tasks.sweep_reviews", retry=RETRY, pass_context=True)
async def sweep_all_reviews(context: JobContext, timestamp: int) -> None:
    """Opens, reopens and closes tasks by what reviewers decided. `timestamp`: Unix seconds of the tick."""
    now = datetime.fromtimestamp(timestamp, UTC)
    zone: ZoneInfo = settings_of(context).zone
    await each_county(
        database_of(context), lambda session, county: sweep_reviews(session, county, now=now, zone=zone)
    )


async def each_county(
    database: Database, work: Callable[[AsyncSession, str], Awaitable[int]], *, full: int = CHUNK
) -> None:
    """A transaction for each chunk of each county: nobody waits for the whole sweep. full: a chunk's most."""
    async with database.transaction() as session:
        counties = list(await session.scalars(COUNTIES))
    for county_code in counties:
        more = True
        while more:
            async with database.transaction() as session:
                more = await work(session, county_code) >= full
