"""All bytes are there: is it the file that was announced, is it one that is taken, and where does it rest?

Every step can be repeated: a process that dies between them leaves an upload that is `received`, and whoever
asks for it next, or the sweep, finishes it.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

import structlog
from shapely.geometry import Point
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.events import SYSTEM
from app.kit.jobs import defer
from app.uploads import content_types, pictures, queries
from app.uploads.comparison import compare
from app.uploads.exif_checks import check_attachments
from app.uploads.files import Files
from app.uploads.limits import Limits, limits_of
from app.uploads.models import StoredFile, Upload
from app.uploads.pictures import Picture, TooManyPixels, UnreadablePicture
from app.uploads.problems import (
    FileDigestDiffers,
    FileRefused,
    FileTooLong,
    FileTypeRefused,
    OffsetDiffers,
    PictureTooLarge,
    PictureUnreadable,
)
from app.uploads.service import record, refusal_of
from app.uploads.staging import StagedFile, on_disk
from app.uploads.store import file_key
from app.uploads.thumbnails import make_thumbnail

log = structlog.get_logger("wangge.uploads")


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file turned out to be."""

    digest: bytes
    media_type: str
    picture: Picture | None


class _Vanished(Exception):
    """The content that we meant to share was purged meanwhile."""


async def finish(
    files: Files, county_code: str, upload_id: UUID, staged: StagedFile, *, now: datetime
) -> None:
    """Makes an upload that is `received` complete; the caller holds its file's lock.

    Raises FileRefused, also for one that was refused before; OffsetDiffers when bytes were lost with a disk: they
    are sent again; and Unavailable when the store is away: then it stays `received` and is finished later.
    """
    async with files.database.transaction() as session:
        upload = await queries.find_upload(session, county_code, upload_id)
        if upload is None or upload.state not in ("received", "refused"):
            return
        limits = await limits_of(session, upload.area_id, now.astimezone(files.zone).date())
    if upload.state == "refused":
        raise refusal_of(upload)
    if await staged.size() < upload.length_bytes:
        await _reopen(files, upload, await staged.size(), limits, now)
    try:
        examined = await _examine(staged, upload, limits, files.zone)
    except FileRefused as refusal:
        await _refuse(files, upload, refusal, limits, now)
        raise
    for share in (True, False):
        with suppress(_Vanished):
            await _complete(files, upload, staged, examined, limits, now, share=share)
            break
    await staged.remove()


async def finish_later(files: Files, county_code: str, upload_id: UUID, *, now: datetime) -> None:
    """`finish` for whoever does not hold the lock. Raises as it does, and UploadBusy."""
    async with files.staging.locked(county_code, upload_id) as staged:
        await finish(files, county_code, upload_id, staged, now=now)


async def _examine(staged: StagedFile, upload: Upload, limits: Limits, zone: tzinfo) -> Examined:
    """Looks at the bytes. Raises FileRefused."""
    digest = await staged.digest()
    if upload.claimed_sha256 is not None and digest != upload.claimed_sha256:
        raise FileDigestDiffers(claimed_sha256=upload.claimed_sha256.hex(), actual_sha256=digest.hex())

    def head() -> bytes:
        with staged.path.open("rb") as file:
            return file.read(content_types.HEAD_BYTES)

    media_type = content_types.found(await on_disk(head))
    if media_type is None:
        raise FileTypeRefused
    limit_bytes = limits.length_most(content_types.group_of(media_type))
    if upload.length_bytes > limit_bytes:
        raise FileTooLong(content_type=media_type, length_bytes=upload.length_bytes, limit_bytes=limit_bytes)
    try:
        picture = await on_disk(pictures.look_into, staged.path, media_type, limits.pixels_most, zone)
    except TooManyPixels as error:
        raise PictureTooLarge(pixels=error.pixels, limit_pixels=limits.pixels_most) from error
    except UnreadablePicture as error:
        raise PictureUnreadable from error
    return Examined(digest, media_type, picture)


async def _reopen(files: Files, upload: Upload, size: int, limits: Limits, now: datetime) -> None:
    """Goes on from what is left. Raises OffsetDiffers, which tells the sender from where."""
    async with files.database.transaction() as session:
        known = await queries.find_upload(session, upload.county_code, upload.id, lock=True)
        if known is not None and known.state == "received":
            known.state, known.offset_bytes = "uploading", size
            known.touched_at, known.expires_at = now, now + limits.unfinished_for
            await record(session, SYSTEM, "upload.reopened", known, {"offset_bytes": size}, now)
    raise OffsetDiffers(headers={"Upload-Offset": str(size)}, upload_offset=size)


async def _refuse(files: Files, upload: Upload, refusal: FileRefused, limits: Limits, now: datetime) -> None:
    async with files.database.transaction() as session:
        known = await queries.find_upload(session, upload.county_code, upload.id, lock=True)
        if known is None or known.state != "received":
            return
        known.state, known.refusal = "refused", {"code": refusal.code, "extra": refusal.extra}
        known.touched_at, known.expires_at = now, now + limits.refused_for
        await record(session, SYSTEM, "upload.refused", known, {"code": refusal.code}, now)
    await files.staging.set_aside(upload.county_code, upload.id)


async def _complete(
    files: Files,
    upload: Upload,
    staged: StagedFile,
    examined: Examined,
    limits: Limits,
    now: datetime,
    *,
    share: bool,
) -> None:
    """Stores the content, unless the county has it, and commits. Raises _Vanished."""
    key = file_key(upload.county_code, examined.digest, upload.id, upload.created_at)
    async with files.database.transaction() as session:
        has_it = share and await _find_file(session, upload.county_code, examined.digest) is not None
    if not has_it:
        await files.store.keep(key, staged.path)  # outside any transaction: it may be far away
    async with files.database.transaction() as session:
        known = await queries.find_upload(session, upload.county_code, upload.id, lock=True)
        if known is None or known.state != "received":
            return
        if not has_it:
            await _add_file(session, upload, examined, key, now)
        # locked until the commit, so that the purge finds it in use
        file = await _find_file(session, upload.county_code, examined.digest)
        if file is None:
            raise _Vanished
        _describe(known, examined, limits)
        known.state, known.expires_at = "complete", None
        known.completed_at = known.touched_at = now
        known.digest = examined.digest
        await _tell(session, known, now)
        if file.thumbnail_state == "pending":
            await defer(session, make_thumbnail, county_code=upload.county_code, digest=examined.digest.hex())
    if not has_it and file.key != key:
        await files.store.delete(key)  # the same content came twice at once


async def _find_file(session: AsyncSession, county_code: str, digest: bytes) -> StoredFile | None:
    found: StoredFile | None = await session.scalar(
        select(StoredFile)
        .where(StoredFile.county_code == county_code, StoredFile.digest == digest)
        .with_for_update(read=True, key_share=True)
    )
    return found


async def _add_file(
    session: AsyncSession, upload: Upload, examined: Examined, key: str, now: datetime
) -> None:
    row = {
        "county_code": upload.county_code,
        "digest": examined.digest,
        "key": key,
        "length_bytes": upload.length_bytes,
        "content_type": examined.media_type,
        "thumbnail_state": "none" if examined.picture is None else "pending",
        "stored_at": now,
    }
    await session.execute(insert(StoredFile).values(row).on_conflict_do_nothing())


def _describe(upload: Upload, examined: Examined, limits: Limits) -> None:
    """What the file says of itself, and how far that is from what its sender said."""
    upload.content_type, picture = examined.media_type, examined.picture
    if picture is None:
        return
    upload.width_px, upload.height_px = picture.width_px, picture.height_px
    upload.exif_taken_at = picture.taken_at
    if picture.lon is not None and picture.lat is not None:
        upload.exif_geom = Point(round(picture.lon, 7), round(picture.lat, 7))
    difference = compare(
        queries.claimed(upload.exif_taken_at, upload.exif_geom),
        queries.claimed(upload.taken_at, upload.geom),
        limits.tolerance,
    )
    upload.exif_distance_m, upload.exif_difference_s = difference.distance_m, difference.difference_s
    upload.flags = list(difference.flags)


async def _tell(session: AsyncSession, upload: Upload, now: datetime) -> None:
    await session.flush()  # the comparison below reads the row
    await check_attachments(session, upload.county_code, [upload.id])
    owners = await queries.list_attachments(session, upload.county_code, upload.id)
    facts: dict[str, Any] = {
        "content_type": upload.content_type,
        "sha256": (upload.digest or b"").hex(),
        "flags": upload.flags,
        "owners": [[each.owner_kind, str(each.owner_id)] for each in owners],
    }
    await record(session, SYSTEM, "upload.completed", upload, facts, now)
