"""What photos say of themselves, compared with what those say that name them."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.uploads.comparison import Claimed, Tolerance, compare
from app.uploads.limits import limits_of
from app.uploads.models import Attachment, Upload
from app.uploads.queries import claimed


async def check_attachments(session: AsyncSession, county_code: str, upload_ids: Iterable[UUID]) -> None:
    """Notes the differences on every attachment of those uploads that are complete and say something."""
    asked = list(upload_ids)
    if not asked:
        return
    tolerances: dict[UUID, Tolerance] = {}
    wanted = (
        select(Attachment, Upload)
        .join(Upload, and_(Upload.county_code == Attachment.county_code, Upload.id == Attachment.upload_id))
        .where(Attachment.county_code == county_code, Attachment.upload_id.in_(asked))
        .where(Upload.state == "complete")
        .where(or_(Upload.exif_taken_at.is_not(None), Upload.exif_geom.is_not(None)))
        .order_by(Attachment.owner_kind, Attachment.owner_id, Attachment.upload_id)
    )
    for attachment, upload in (await session.execute(wanted)).all():
        if upload.area_id not in tolerances:
            limits = await limits_of(session, upload.area_id, upload.created_at.date())
            tolerances[upload.area_id] = limits.tolerance
        said = claimed(attachment.claimed_at, attachment.claimed_geom)
        difference = compare(said_by_file(upload), said, tolerances[upload.area_id])
        attachment.exif_distance_m = difference.distance_m
        attachment.exif_difference_s = difference.difference_s
        attachment.flags = list(difference.flags)


def said_by_file(upload: Upload) -> Claimed:
    """The file's own side."""
    return claimed(upload.exif_taken_at, upload.exif_geom)
