"""What the rule book says about uploads of a place."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.scope import area_path
from app.rules import service as rules
from app.rules.catalogue import uploads as rule
from app.uploads.comparison import Tolerance
from app.uploads.content_types import Group

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """largest_bytes: by group of types; 0: none of it is taken."""

    largest_bytes: dict[Group, int]
    pixels_most: int
    thumbnail_px: int
    unfinished_most: int
    unfinished_for: timedelta
    refused_for: timedelta
    orphans_for: timedelta
    tolerance: Tolerance

    def length_most(self, group: Group | None) -> int:
        """Bytes of a file of this group; of an unknown one as much as any may have."""
        return max(self.largest_bytes.values()) if group is None else self.largest_bytes[group]


async def limits_of(session: AsyncSession, area_id: UUID | None, day: date) -> Limits:
    """What applies in an area on a day; without an area what applies everywhere."""
    path = [] if area_id is None else await area_path(session, area_id)
    applied = await rules.resolve(session, path, day)
    return Limits(
        {
            "photo": round(applied[rule.PHOTO_MAX_MB] * MEGABYTE),
            "document": round(applied[rule.DOCUMENT_MAX_MB] * MEGABYTE),
            "recording": round(applied[rule.RECORDING_MAX_MB] * MEGABYTE),
        },
        applied[rule.PHOTO_MAX_MEGAPIXELS] * MEGABYTE,
        applied[rule.THUMBNAIL_PX],
        applied[rule.UNFINISHED_MOST],
        timedelta(days=applied[rule.UNFINISHED_DAYS]),
        timedelta(days=applied[rule.REFUSED_DAYS]),
        timedelta(days=applied[rule.ORPHAN_DAYS]),
        Tolerance(applied[rule.EXIF_DISTANCE_M], applied[rule.EXIF_DIFFERENCE_S]),
    )
