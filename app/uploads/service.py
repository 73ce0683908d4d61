"""The verbs of uploads that touch no bytes: announce, take back, look at."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from shapely.geometry import Point
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Actor
from app.kit import events
from app.kit.chinese_datums import from_bd09, from_gcj02
from app.uploads import queries
from app.uploads.content_types import group_of
from app.uploads.limits import Limits, limits_of
from app.uploads.models import StoredFile, Upload
from app.uploads.problems import (
    REFUSALS,
    FileRefused,
    FileTypeRefused,
    TooManyUnfinished,
    UploadDiffers,
    UploadFinished,
    UploadGone,
    UploadNotFound,
    UploadTooLong,
)
from app.uploads.protocol import Announced

ENDED = frozenset({"terminated", "expired", "purged"})
"""An upload in these states begins anew when it is announced again."""


async def announce(
    session: AsyncSession, actor: Actor, told: Announced, length_bytes: int, *, now: datetime, zone: ZoneInfo
) -> tuple[Upload, bool]:
    """The upload, and whether it begins now: the same id of the same sender is announced once.

    It belongs to who held the handheld at `taken_at`, as everything that a handheld delivers.
    Raises UploadTooLong, TooManyUnfinished, UploadNotFound (the id is somebody else's), UploadDiffers, and
    for a file that was refused its FileRefused again.
    """
    upload_id = told.upload_id or uuid7()
    known = await queries.find_upload(session, actor.county_code, upload_id, lock=True)
    if known is None:
        row = await _new_row(session, actor, upload_id, told, length_bytes, now, zone)
        is_new = await queries.add_upload(session, row)
        upload = await queries.get_of_sender(session, actor, upload_id)
        if is_new:
            await record(session, actor.event_actor, "upload.announced", upload, {}, now)
            return upload, True
        known = upload  # announced twice at once: the other was first
    if not queries.is_senders(known, actor):
        raise UploadNotFound
    if known.state in ENDED:
        await _begin_anew(session, actor, known, told, length_bytes, now, zone)
        return known, True
    _require_same(known, told, length_bytes)
    if known.state == "refused":
        raise refusal_of(known)
    return known, False


async def terminate(session: AsyncSession, actor: Actor, upload_id: UUID, *, now: datetime) -> Upload:
    """Ends an upload that is not complete; the caller holds its file's lock and removes it after the commit.

    Raises UploadNotFound, UploadGone, UploadFinished.
    """
    upload = await queries.get_of_sender(session, actor, upload_id, lock=True)
    if upload.state in ENDED:
        raise UploadGone(current_state=upload.state)
    if upload.state in ("received", "complete"):
        raise UploadFinished
    upload.state, upload.refusal, upload.expires_at = "terminated", None, None
    upload.touched_at = now
    await record(session, actor.event_actor, "upload.terminated", upload, {}, now)
    return upload


async def look_at(
    session: AsyncSession, actor: Actor, upload_id: UUID, what: str, *, now: datetime
) -> tuple[Upload, StoredFile | None]:
    """An upload in scope. Another's leaves an event: photos show people and places. Raises NotFound."""
    upload, file = await queries.get_visible(session, actor, upload_id)
    if actor.account_id != upload.account_id:
        facts = {"what": what, "role": actor.role}
        await record(session, actor.event_actor, "upload.viewed", upload, facts, now)
    return upload, file


async def describe(session: AsyncSession, actor: Actor, upload_id: UUID, *, now: datetime) -> dict[str, Any]:
    """Everything `schemas.UploadDetailRead` promises. Raises NotFound."""
    upload, file = await look_at(session, actor, upload_id, "metadata", now=now)
    return {
        "upload": upload,
        "file": file,
        "attachments": await queries.list_attachments(session, upload.county_code, upload.id),
    }


def refusal_of(upload: Upload) -> FileRefused:
    """Why it was refused, as it was told first."""
    said = upload.refusal or {}
    kind = next((each for each in REFUSALS if each.code == said.get("code")), FileTypeRefused)
    return kind(**said.get("extra", {}))


async def record(
    session: AsyncSession,
    by: events.EventActor,
    type_: str,
    upload: Upload,
    facts: dict[str, Any],
    now: datetime,
) -> None:
    """An event about an upload."""
    about = {"account_id": str(upload.account_id), "length_bytes": upload.length_bytes}
    await events.record(
        session,
        by,
        type_,
        ("upload", upload.id),
        about | facts,
        county_code=upload.county_code,
        now=now,
        area_id=upload.area_id,
    )


async def _new_row(
    session: AsyncSession,
    actor: Actor,
    upload_id: UUID,
    told: Announced,
    length_bytes: int,
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """Columns of an upload that begins. Raises UploadTooLong, TooManyUnfinished."""
    account_id, area_id = actor.account_id, actor.area_id
    if actor.device_id is not None and told.taken_at is not None:
        held = await queries.find_holder(session, actor.county_code, actor.device_id, told.taken_at)
        account_id, area_id = held or (account_id, area_id)
    limits = await limits_of(session, area_id, now.astimezone(zone).date())
    _require_room(limits, told, length_bytes)
    if await queries.count_unfinished(session, actor) >= limits.unfinished_most:
        raise TooManyUnfinished(most=limits.unfinished_most)
    return {
        "county_code": actor.county_code,
        "id": upload_id,
        "account_id": account_id,
        "device_id": actor.device_id,
        "area_id": area_id,
        "state": "uploading",
        "length_bytes": length_bytes,
        "offset_bytes": 0,
        "claimed_type": told.content_type,
        "claimed_sha256": told.sha256,
        "content_type": None,
        "refusal": None,
        "taken_at": told.taken_at,
        "geom": _point(told),
        "created_at": now,
        "touched_at": now,
        "expires_at": now + limits.unfinished_for,
        "completed_at": None,
    }


async def _begin_anew(
    session: AsyncSession,
    actor: Actor,
    upload: Upload,
    told: Announced,
    length_bytes: int,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """What expired or was taken back, announced again under its id: photos are named by it."""
    for name, value in (await _new_row(session, actor, upload.id, told, length_bytes, now, zone)).items():
        setattr(upload, name, value)
    await record(session, actor.event_actor, "upload.announced", upload, {"again": True}, now)


def _require_room(limits: Limits, told: Announced, length_bytes: int) -> None:
    limit_bytes = limits.length_most(group_of(told.content_type))
    if length_bytes > limit_bytes:
        raise UploadTooLong(length_bytes=length_bytes, limit_bytes=limit_bytes)


def _require_same(known: Upload, told: Announced, length_bytes: int) -> None:
    both = (known.claimed_sha256, told.sha256)
    is_other = None not in both and both[0] != both[1]
    if known.length_bytes != length_bytes or is_other:
        raise UploadDiffers(
            stored_length_bytes=known.length_bytes,
            sent_length_bytes=length_bytes,
            stored_sha256=known.claimed_sha256 and known.claimed_sha256.hex(),
            sent_sha256=told.sha256 and told.sha256.hex(),
        )


def _point(told: Announced) -> Point | None:
    """Where it was taken, CGCS2000."""
    if told.lon is None or told.lat is None:
        return None
    lon, lat = np.array([told.lon]), np.array([told.lat])
    if told.coord_sys == "gcj02":
        lon, lat = from_gcj02(lon, lat)
    elif told.coord_sys == "bd09":
        lon, lat = from_bd09(lon, lat)
    return Point(round(float(lon[0]), 7), round(float(lat[0]), 7))
