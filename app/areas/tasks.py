"""A dated move in the area tree takes effect on its day, because the closure is compared with it every hour."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.areas.closure import rebuild
from app.kit.jobs import RETRY, database_of, queue, settings_of


@queue.periodic(cron="3 * * * *")
@queue.task(
    name="areas.rebuild_closure", queueing_lock="areas.rebuild_closure", retry=RETRY, pass_context=True
)
async def rebuild_closure(context: JobContext, timestamp: int) -> None:
    """Brings who-is-within-whom to today's tree; writes only differences. `timestamp`: Unix seconds of the tick."""
    today = datetime.fromtimestamp(timestamp, UTC).astimezone(settings_of(context).zone).date()
    async with database_of(context).transaction() as session:
        await rebuild(session, today)
