"""The job that loads the fortnight once, in the background of the first start."""

import structlog
from procrastinate import JobContext

from app.demo.fortnight.loading import load_fortnight
from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.patrol.periods.tasks import PERIODS_LOCK

log = structlog.get_logger("wangge.demo")


# deferred with the county, before anything else with this lock: no month is sealed without its days
@queue.task(
    name="demo.load_fortnight",
    queueing_lock="demo.load_fortnight",
    lock=PERIODS_LOCK,
    retry=RETRY,
    pass_context=True,
)
async def load(context: JobContext) -> None:
    """Loads what is missing of the demo's fortnight."""
    days = await load_fortnight(database_of(context), settings_of(context).zone)
    log.info("fortnight loaded", days=days)
