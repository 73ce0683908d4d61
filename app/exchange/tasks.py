"""The nightly purge of item receipts."""

from datetime import UTC, datetime

import structlog
from procrastinate import JobContext

from app.exchange import purge
from app.kit.jobs import RETRY, database_of, queue, settings_of

log = structlog.get_logger("wangge.exchange")


@queue.periodic(cron="10 18 * * *")  # UTC: 02:10 in China
@queue.task(
    name="exchange.purge_receipts", queueing_lock="exchange.purge_receipts", retry=RETRY, pass_context=True
)
async def purge_receipts(context: JobContext, timestamp: int) -> None:
    """Deletes receipts past their retention. `timestamp`: Unix seconds of the tick."""
    now = datetime.fromtimestamp(timestamp, UTC)
    for county_code, count in (
        await purge.purge(database_of(context), now=now, zone=settings_of(context).zone)
    ).items():
        if count:
            log.info("item receipts purged", county_code=county_code, receipts=count)
