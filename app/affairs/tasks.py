"""The job that notes the end of affairs."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.affairs.service import end_what_is_over
from app.kit.jobs import RETRY, database_of, queue


@queue.periodic(cron="5 * * * *")
@queue.task(
    name="affairs.end_what_is_over",
    queueing_lock="affairs.end_what_is_over",
    lock="affairs.end_what_is_over",
    retry=RETRY,
    pass_context=True,
)
async def end_affairs(context: JobContext, timestamp: int) -> None:
    """Ends affairs whose last day has passed. `timestamp`: Unix seconds of the tick."""
    now = datetime.fromtimestamp(timestamp, UTC)
    async with database_of(context).transaction() as session:
        await end_what_is_over(session, now=now)
