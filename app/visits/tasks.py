"""Jobs of visits: pictures that arrive late prove visits that waited for them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate import JobContext

from app.kit.db import Database
from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.visits.service import PROVE_CHUNK, prove_late


async def prove_all(database: Database, *, now: datetime, zone: ZoneInfo) -> int:
    """Proves what can be proven by now, a chunk a transaction; returns how many visits."""
    proven = 0
    while True:
        async with database.transaction() as session:
            done = await prove_late(session, now=now, zone=zone)
        proven += done
        if done < PROVE_CHUNK:
            return proven


@queue.periodic(cron="* * * * *")
@queue.task(name="visits.prove_late", queueing_lock="visits.prove_late", retry=RETRY, pass_context=True)
async def prove(context: JobContext, timestamp: int) -> None:
    """Every minute. `timestamp`: Unix seconds of the tick."""
    await prove_all(
        database_of(context), now=datetime.fromtimestamp(timestamp, UTC), zone=settings_of(context).zone
    )
