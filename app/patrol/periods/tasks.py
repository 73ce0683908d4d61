"""The job that keeps periods: every hour, because a night that was missed shall not cost a day."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.patrol.periods.closing import keep_periods

PERIODS_LOCK = "patrol.periods"
"""Jobs with this lock run one after the other, in the order in which they were deferred."""


@queue.periodic(cron="7 * * * *")
@queue.task(
    name="patrol.keep_periods",
    queueing_lock="patrol.keep_periods",
    lock=PERIODS_LOCK,
    retry=RETRY,
    pass_context=True,
)
async def keep_all_periods(context: JobContext, timestamp: int) -> None:
    """Judges what is due, computes online rates, closes and seals periods. `timestamp`: Unix seconds of the tick."""
    now = datetime.fromtimestamp(timestamp, UTC)
    await keep_periods(database_of(context), now=now, zone=settings_of(context).zone)
