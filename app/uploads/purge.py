"""What goes by itself: unfinished uploads that nobody goes on with, refused files, files that nothing names.

Everything asks the database what is due and may die anywhere and be run again. What an appeal names, and what
a legal hold covers, stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import EPOCH
from app.kit.events import SYSTEM
from app.kit.jobs import defer
from app.patrol.retention.locks import purge_alone
from app.rules.catalogue.uploads import ORPHAN_DAYS
from app.uploads.files import Files
from app.uploads.finishing import finish_later
from app.uploads.limits import limits_of
from app.uploads.models import StoredFile, Upload
from app.uploads.problems import FileRefused, OffsetDiffers, UploadBusy
from app.uploads.removal import remove_files
from app.uploads.service import record

log = structlog.get_logger("wangge.uploads")
CHUNK = 200
LEFT_BEHIND_FOR = timedelta(minutes=1)
"""A sender that waits for its answer has it by then."""

DUE = text("""
SELECT county_code, id FROM upload
 WHERE state IN ('uploading', 'refused') AND expires_at < :now
 ORDER BY touched_at, county_code, id LIMIT :limit
""")
LEFT_BEHIND = text("""
SELECT county_code, id FROM upload WHERE state = 'received' AND touched_at < :before
 ORDER BY touched_at LIMIT :limit
""")
# an appeal names its evidence in its own row, from a time before there were attachments
ORPHANS = text("""
SELECT u.county_code, u.id, u.area_id, u.completed_at FROM upload u
 WHERE u.state = 'complete' AND u.completed_at < :before
   AND (u.completed_at, u.id) > (:after_at, :after_id)
   AND NOT EXISTS (SELECT FROM attachment a WHERE a.county_code = u.county_code AND a.upload_id = u.id)
   AND NOT EXISTS (SELECT FROM appeal p WHERE p.county_code = u.county_code
                      AND p.inspector_id = u.account_id AND p.evidence ? u.id::text)
   AND NOT EXISTS (SELECT FROM legal_hold h
                    WHERE h.county_code = u.county_code AND h.released_at IS NULL
                      AND h.days @> cast(coalesce(u.taken_at, u.created_at) AT TIME ZONE :zone AS date)
                      AND (h.inspector_id = u.account_id OR h.inspector_id IS NULL
                           AND u.area_id IN (SELECT c.area_id FROM area_closure c WHERE c.ancestor_id = h.area_id)))
 ORDER BY u.completed_at, u.id LIMIT :limit
""")
UNUSED = text("""
DELETE FROM stored_file f
 WHERE f.county_code = :county_code AND f.digest = ANY(:digests)
   AND NOT EXISTS (SELECT FROM upload u WHERE u.county_code = f.county_code AND u.digest = f.digest)
RETURNING key, thumbnail_key
""")


@dataclass(frozen=True, slots=True)
class Purged:
    """How many uploads went, and how many stored files with them."""

    expired: int
    orphans: int
    files: int


async def finish_left_behind(files: Files, *, now: datetime) -> int:
    """Finishes uploads whose process died between the last byte and the answer; returns how many."""
    async with files.database.transaction() as session:
        found = await session.execute(LEFT_BEHIND, {"before": now - LEFT_BEHIND_FOR, "limit": CHUNK})
        due = found.all()
    done = 0
    for county_code, upload_id in due:
        try:
            await finish_later(files, county_code, upload_id, now=now)
            done += 1
        except (FileRefused, OffsetDiffers, UploadBusy) as problem:
            log.info("not finished", upload_id=str(upload_id), code=problem.code)
    return done


async def purge(files: Files, *, now: datetime) -> Purged:
    """Everything that is due, in small transactions; every removal leaves an event."""
    expired = await _expire(files, now)
    orphans, removed = await _purge_orphans(files, now)
    return Purged(expired, orphans, removed)


async def _expire(files: Files, now: datetime) -> int:
    total = 0
    while True:
        async with files.database.transaction() as session:
            due = (await session.execute(DUE, {"now": now, "limit": CHUNK})).all()
            for upload in await _locked(session, [(row.county_code, row.id) for row in due]):
                was = upload.state
                upload.state, upload.refusal, upload.expires_at = "expired", None, None
                facts = {"was": was, "offset_bytes": upload.offset_bytes}
                await record(session, SYSTEM, "upload.expired", upload, facts, now)
        for county_code, upload_id in due:
            await files.staging.forget(county_code, upload_id)
        total += len(due)
        if len(due) < CHUNK:
            return total


async def _purge_orphans(files: Files, now: datetime) -> tuple[int, int]:
    """Complete uploads that nothing ever named, each by the rule of its area; how many, and stored files."""
    uploads = removed = 0
    terms: dict[str, Any] = {
        "before": now - timedelta(days=ORPHAN_DAYS.minimum),
        "after_at": EPOCH,
        "after_id": UUID(int=0),
        "zone": files.zone.key,
        "limit": CHUNK,
    }
    while True:
        async with files.database.transaction() as session:
            rows = (await session.execute(ORPHANS, terms)).all()
        for county_code in sorted({row.county_code for row in rows}):
            async with files.database.transaction() as session:
                await purge_alone(session, county_code)
                # looked at afresh: a hold or an attachment may have come meanwhile
                again = (await session.execute(ORPHANS, terms)).all()
                mine = [row for row in again if row.county_code == county_code]
                due = [row.id for row in mine if await _is_due(session, row, files.zone, now)]
                removed += await _forget(session, county_code, due, now)
            uploads += len(due)
        if len(rows) < CHUNK:
            return uploads, removed
        terms |= {"after_at": rows[-1].completed_at, "after_id": rows[-1].id}


async def _is_due(session: AsyncSession, row: Row[Any], zone: ZoneInfo, now: datetime) -> bool:
    limits = await limits_of(session, row.area_id, now.astimezone(zone).date())
    return bool(row.completed_at < now - limits.orphans_for)


async def _forget(session: AsyncSession, county_code: str, ids: Sequence[UUID], now: datetime) -> int:
    """Purges the uploads, and their content where nothing else has the same; returns how many contents.

    The store is emptied by a job of the same transaction.
    """
    digests = []
    for upload in await _locked(session, [(county_code, each) for each in ids]):
        digests.append(upload.digest)
        facts = {"sha256": (upload.digest or b"").hex()}
        upload.state, upload.digest = "purged", None
        await record(session, SYSTEM, "upload.purged", upload, facts, now)
    # locked first: whoever is about to share one of them has committed when the deletion looks
    mine = (StoredFile.county_code == county_code, StoredFile.digest.in_(digests))
    await session.execute(
        select(StoredFile.digest).where(*mine).order_by(StoredFile.digest).with_for_update()
    )
    rows = (await session.execute(UNUSED, {"county_code": county_code, "digests": digests})).all()
    keys = [key for row in rows for key in row if key is not None]
    if keys:
        await defer(session, remove_files, keys=keys)
    return len(rows)


async def _locked(session: AsyncSession, keys: Sequence[tuple[str, UUID]]) -> Sequence[Upload]:
    """The uploads, locked in the order of their keys."""
    wanted = (
        select(Upload)
        .where(tuple_(Upload.county_code, Upload.id).in_(keys))
        .order_by(Upload.county_code, Upload.id)
        .with_for_update()
    )
    return (await session.scalars(wanted)).all()
