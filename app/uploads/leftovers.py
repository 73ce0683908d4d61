"""Files on their way whose upload has gone on without them: a process died before it took them away."""

from asyncio import to_thread
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, tuple_

from app.uploads.files import Files
from app.uploads.models import Upload
from app.uploads.staging import Staging

AGED = timedelta(days=1)
CHUNK = 500
WANTED = ("uploading", "received", "refused")
Key = tuple[str, UUID]


async def remove_leftovers(files: Files, *, now: datetime) -> int:
    """Removes staged files, untouched for a day, of uploads that no longer need them; returns how many."""
    aged = await to_thread(_aged, files.staging, now - AGED)
    removed = 0
    for start in range(0, len(aged), CHUNK):
        some = aged[start : start + CHUNK]
        async with files.database.transaction() as session:
            rows = await session.execute(
                select(Upload.county_code, Upload.id)
                .where(tuple_(Upload.county_code, Upload.id).in_(some))
                .where(Upload.state.in_(WANTED))
            )
            wanted = {(row[0], row[1]) for row in rows}
        for key in some:
            if key not in wanted:
                await files.staging.forget(*key)
                removed += 1
    return removed


def _aged(staging: Staging, before: datetime) -> Sequence[Key]:
    """County and id of files last written before then."""
    found = []
    for path in staging.root.glob("*/*/*/*"):
        try:
            if path.stat().st_mtime < before.timestamp():
                found.append((path.parts[-3], UUID(path.name)))
        except (ValueError, FileNotFoundError):  # not ours, or taken away meanwhile
            continue
    return found
