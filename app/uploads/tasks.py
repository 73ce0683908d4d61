"""Jobs of uploads: finishing what a dead process left, and the purge. Thumbnails: `thumbnails`."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.uploads import leftovers, purge, removal, thumbnails
from app.uploads.files import files_of

JOBS = (thumbnails.make_thumbnail, removal.remove_files)
"""Those of other modules, so that whoever imports this one has them all."""


@queue.periodic(cron="*/2 * * * *")
@queue.task(name="uploads.finish", queueing_lock="uploads.finish", retry=RETRY, pass_context=True)
async def finish_left_behind(context: JobContext, timestamp: int) -> None:
    """Finishes uploads that have all their bytes and no outcome. `timestamp`: Unix seconds of the tick."""
    files = files_of(settings_of(context), database_of(context))
    await purge.finish_left_behind(files, now=datetime.fromtimestamp(timestamp, UTC))


@queue.periodic(cron="17 * * * *")
@queue.task(name="uploads.purge", queueing_lock="uploads.purge", retry=RETRY, pass_context=True)
async def purge_hourly(context: JobContext, timestamp: int) -> None:
    """Removes what expired and what belongs to nothing. `timestamp`: Unix seconds of the tick."""
    files, now = files_of(settings_of(context), database_of(context)), datetime.fromtimestamp(timestamp, UTC)
    await purge.purge(files, now=now)
    await leftovers.remove_leftovers(files, now=now)
