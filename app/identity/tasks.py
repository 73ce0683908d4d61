"""Attempts at guessing are forgotten when they no longer lock anybody out."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.identity.attempts import purge_attempts
from app.identity.lockout import purge_known_addresses
from app.kit.jobs import RETRY, database_of, queue


@queue.periodic(cron="29 * * * *")
@queue.task(
    name="identity.purge_attempts", queueing_lock="identity.purge_attempts", retry=RETRY, pass_context=True
)
async def purge(context: JobContext, timestamp: int) -> None:
    """Deletes counters that are over. `timestamp`: Unix seconds of the tick."""
    async with database_of(context).transaction() as session:
        now = datetime.fromtimestamp(timestamp, UTC)
        await purge_attempts(session, now=now)
        await purge_known_addresses(session, now=now)
