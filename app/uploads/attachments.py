"""What uploads belong to. A submission, a visit or a task names photos by id; they may arrive before or after.

    await attach_many(session, county_code, "submission", [Claim(submission_id, upload_ids, at, lon, lat,
                      inspector_id=…, device_id=…)])
    missing = await missing_of(session, county_code, "submission", [submission_id])

`upload.completed` is recorded when a file is there; its data names `owners`: [[owner_kind, owner_id], …].
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry import Point
from sqlalchemy import and_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.uploads.exif_checks import check_attachments
from app.uploads.models import Attachment, Upload

CHUNK = 1000
# the same file may have been uploaded under another id
SHARED = text("""
SELECT a.owner_id, a.upload_id
  FROM attachment a LEFT JOIN upload u ON u.county_code = a.county_code AND u.id = a.upload_id
 WHERE a.county_code = :county_code AND a.owner_kind = :owner_kind AND a.owner_id = ANY(:owner_ids)
   AND EXISTS (
       SELECT FROM attachment o
        WHERE o.county_code = a.county_code AND o.owner_kind = a.owner_kind AND o.owner_id <> a.owner_id
          AND o.upload_id IN (SELECT a.upload_id UNION ALL
                              SELECT s.id FROM upload s WHERE s.county_code = u.county_code AND s.digest = u.digest))
 ORDER BY a.owner_id, a.upload_id
""")


@dataclass(frozen=True, slots=True)
class Claim:
    """Who names which uploads, and what is said about them.

    owner_id      of the submission, visit, … that names them
    at, lon, lat  when and where they were taken, as the owner says: UTC; degrees, CGCS2000
    inspector_id  who named them, device_id with which handheld: `GET /uploads/missing` tells those
    """

    owner_id: UUID
    upload_ids: Sequence[UUID]
    at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    inspector_id: UUID | None = None
    device_id: UUID | None = None


async def attach_many(
    session: AsyncSession, county_code: str, owner_kind: str, claims: Sequence[Claim]
) -> None:
    """Notes which uploads belong to what, set-based; what was noted before stays as it is.

    The uploads need not exist yet. The caller's own event covers the rows.
    """
    rows = [
        _row(county_code, owner_kind, claim, upload_id)
        for claim in sorted(claims, key=lambda c: c.owner_id)
        for upload_id in sorted(set(claim.upload_ids))
    ]
    for start in range(0, len(rows), CHUNK):
        statement = insert(Attachment).values(rows[start : start + CHUNK]).on_conflict_do_nothing()
        await session.execute(statement)
    await check_attachments(session, county_code, {row["upload_id"] for row in rows})


async def missing_of(
    session: AsyncSession, county_code: str, owner_kind: str, owner_ids: Iterable[UUID]
) -> dict[UUID, list[UUID]]:
    """Of each owner the named uploads that are not complete, by id; owners that miss nothing are left out."""
    wanted = (
        select(Attachment.owner_id, Attachment.upload_id)
        .outerjoin(
            Upload,
            and_(
                Upload.county_code == Attachment.county_code,
                Upload.id == Attachment.upload_id,
                Upload.state == "complete",
            ),
        )
        .where(
            Attachment.county_code == county_code,
            Attachment.owner_kind == owner_kind,
            Attachment.owner_id.in_(list(owner_ids)),
            Upload.id.is_(None),
        )
        .order_by(Attachment.owner_id, Attachment.upload_id)
    )
    missing: dict[UUID, list[UUID]] = {}
    for owner_id, upload_id in await session.execute(wanted):
        missing.setdefault(owner_id, []).append(upload_id)
    return missing


async def shared_of(
    session: AsyncSession, county_code: str, owner_kind: str, owner_ids: Iterable[UUID]
) -> dict[UUID, list[UUID]]:
    """Of each owner the uploads whose file others of its kind name, too, by id: for a person to look at."""
    asked = {"county_code": county_code, "owner_kind": owner_kind, "owner_ids": list(owner_ids)}
    shared: dict[UUID, list[UUID]] = {}
    for owner_id, upload_id in await session.execute(SHARED, asked):
        shared.setdefault(owner_id, []).append(upload_id)
    return shared


async def uploads_of(
    session: AsyncSession, county_code: str, owner_kind: str, owner_ids: Iterable[UUID]
) -> dict[UUID, list[UUID]]:
    """All uploads that each owner names, whether they are there or not, by id."""
    wanted = (
        select(Attachment.owner_id, Attachment.upload_id)
        .where(
            Attachment.county_code == county_code,
            Attachment.owner_kind == owner_kind,
            Attachment.owner_id.in_(list(owner_ids)),
        )
        .order_by(Attachment.owner_id, Attachment.upload_id)
    )
    named: dict[UUID, list[UUID]] = {}
    for owner_id, upload_id in await session.execute(wanted):
        named.setdefault(owner_id, []).append(upload_id)
    return named


def _row(county_code: str, owner_kind: str, claim: Claim, upload_id: UUID) -> dict[str, Any]:
    located = claim.lon is not None and claim.lat is not None
    return {
        "county_code": county_code,
        "owner_kind": owner_kind,
        "owner_id": claim.owner_id,
        "upload_id": upload_id,
        "inspector_id": claim.inspector_id,
        "device_id": claim.device_id,
        "claimed_at": claim.at,
        "claimed_geom": Point(claim.lon, claim.lat) if located else None,
    }
