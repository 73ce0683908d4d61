"""The nightly comparison: asks the database which days changed, and compares each in a transaction of its own."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from procrastinate import JobContext

from app.kit.db import Database
from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.patrol.integrity import print_store
from app.patrol.integrity.comparison import compare_day
from app.rules import service as rules
from app.rules.catalogue.integrity import REPLAY_DAYS_BACK

log = structlog.get_logger("wangge.integrity")


async def compare_due(database: Database, *, now: datetime, zone: ZoneInfo) -> int:
    """Compares every county's day that is over and changed since; returns how many. Idempotent."""
    today = now.astimezone(zone).date()
    async with database.transaction() as session:
        back = (await rules.resolve(session, (), today))[REPLAY_DAYS_BACK]
        first = today - timedelta(days=back)
        await print_store.purge_prints(session, before=first - timedelta(days=back))
        due = await print_store.list_due(session, first=first, last=today - timedelta(days=1))
    for county_code, service_day in due:
        async with database.transaction() as session:
            changed = await compare_day(session, county_code, service_day, now=now)
        log.info("day compared", county_code=county_code, service_day=str(service_day), changed=changed)
    return len(due)


# From 00:40 to 06:40 in Shanghai: a tick that finds nothing costs one query.
@queue.periodic(cron="40 16-22 * * *")
@queue.task(
    name="patrol.compare_tracks", queueing_lock="patrol.compare_tracks", retry=RETRY, pass_context=True
)
async def compare_tracks(context: JobContext, timestamp: int) -> None:
    """Finds repeated tracks and handhelds that move as one. `timestamp`: Unix seconds."""
    now = datetime.fromtimestamp(timestamp, UTC)
    await compare_due(database_of(context), now=now, zone=settings_of(context).zone)
