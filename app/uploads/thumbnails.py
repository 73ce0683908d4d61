"""Small copies of photos, made by the worker: the sender's answer does not wait for a decoder."""

from asyncio import to_thread
from datetime import UTC, datetime

import structlog
from procrastinate import JobContext
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.uploads import pictures
from app.uploads.files import Files, files_of
from app.uploads.limits import limits_of
from app.uploads.models import StoredFile, Upload
from app.uploads.store import FileMissing

log = structlog.get_logger("wangge.uploads")


@queue.task(name="uploads.thumbnail", retry=RETRY, pass_context=True)
async def make_thumbnail(context: JobContext, county_code: str, digest: str) -> None:
    """Makes the thumbnail of a stored picture, once. `digest`: hexadecimal."""
    files = files_of(settings_of(context), database_of(context))
    await add_thumbnail(files, county_code, bytes.fromhex(digest), now=datetime.now(UTC))


async def add_thumbnail(files: Files, county_code: str, digest: bytes, *, now: datetime) -> None:
    """Decodes the picture, keeps its small copy beside it. A picture that can't be decoded gets none."""
    async with files.database.transaction() as session:
        file = await _find_pending(session, county_code, digest)
        if file is None:
            return
        area_id = await session.scalar(
            select(Upload.area_id).where(Upload.county_code == county_code, Upload.digest == digest).limit(1)
        )
        limits = await limits_of(session, area_id, now.astimezone(files.zone).date())
    key = f"{file.key}.jpg"
    try:
        small = await to_thread(pictures.small_copy, await files.store.read(file.key), limits.thumbnail_px)
    except (pictures.UnreadablePicture, FileMissing) as error:
        log.warning("no thumbnail", key=file.key, error=type(error).__name__)
        await _settle(files, file, "failed", None)
        return
    await files.store.keep_bytes(key, small)
    if not await _settle(files, file, "made", key):
        await files.store.delete(key)  # the photo was purged meanwhile


async def _find_pending(session: AsyncSession, county_code: str, digest: bytes) -> StoredFile | None:
    found: StoredFile | None = await session.scalar(
        select(StoredFile).where(
            StoredFile.county_code == county_code,
            StoredFile.digest == digest,
            StoredFile.thumbnail_state == "pending",
        )
    )
    return found


async def _settle(files: Files, file: StoredFile, state: str, key: str | None) -> bool:
    """Whether the content is still there."""
    async with files.database.transaction() as session:
        result = await session.execute(
            update(StoredFile)
            .where(
                StoredFile.county_code == file.county_code,
                StoredFile.digest == file.digest,
                StoredFile.key == file.key,
            )
            .values(thumbnail_state=state, thumbnail_key=key)
            .execution_options(synchronize_session=False)
        )
        return bool(result.rowcount == 1)  # type: ignore[attr-defined]
