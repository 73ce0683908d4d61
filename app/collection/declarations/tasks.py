"""The nightly purge of declarations."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.collection.assignments.tasks import each_county
from app.collection.declarations.purge import CHUNK, purge
from app.kit.jobs import RETRY, database_of, queue, settings_of


@queue.periodic(cron="20 18 * * *")  # UTC: 02:20 in China
@queue.task(name="declarations.purge", queueing_lock="declarations.purge", retry=RETRY, pass_context=True)
async def purge_declarations(context: JobContext, timestamp: int) -> None:
    """Deletes what retention no longer allows. `timestamp`: Unix seconds of the tick."""
    now, zone = datetime.fromtimestamp(timestamp, UTC), settings_of(context).zone
    await each_county(
        database_of(context), lambda session, county: purge(session, county, now=now, zone=zone), full=CHUNK
    )
