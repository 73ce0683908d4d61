"""Jobs that keep the house: months of the partitioned tables, jobs of dead workers."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.kit.jobs import RETRY, database_of, queue, rescue_stalled
from app.kit.partitions import PARTITIONED, ensure_months


@queue.periodic(cron="17 * * * *")
@queue.task(name="kit.ensure_months", queueing_lock="kit.ensure_months", retry=RETRY, pass_context=True)
async def ensure_all_months(context: JobContext, timestamp: int) -> None:
    """Makes the coming months of every partitioned table. `timestamp`: Unix seconds of the tick."""
    today = datetime.fromtimestamp(timestamp, UTC).date()
    for table in PARTITIONED:
        async with database_of(context).transaction() as session:
            await ensure_months(session, today, table)


@queue.periodic(cron="* * * * *")
@queue.task(name="kit.rescue_stalled", queueing_lock="kit.rescue_stalled", pass_context=True)
async def rescue(context: JobContext, timestamp: int) -> None:
    """Hands jobs of dead workers back to the queue."""
    await rescue_stalled(context.app)
