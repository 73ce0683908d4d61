"""The nightly purge."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.patrol.retention import purge


@queue.periodic(cron="40 18 * * *")  # UTC: 02:40 in China, when nobody uploads
@queue.task(name="retention.purge", queueing_lock="retention.purge", retry=RETRY, pass_context=True)
async def purge_nightly(context: JobContext, timestamp: int) -> None:
    """Freezes and removes whatever is past its retention. `timestamp`: Unix seconds of the tick."""
    now = datetime.fromtimestamp(timestamp, UTC)
    await purge.purge(database_of(context), now=now, zone=settings_of(context).zone)
