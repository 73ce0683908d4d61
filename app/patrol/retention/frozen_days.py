"""A day as it explained itself before its fixes went: packing it, and answering from it.

The document is JSON with sorted keys, zstd-compressed; its SHA-256 is in the row and in the event log.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import gpxpy.gpx
import orjson
import zstandard
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Account
from app.patrol.day_reader import DayKey
from app.patrol.retention.models import FrozenExplanation

FORMAT = 1
MAX_BYTES = 64 * 2**20
"""Nobody froze more than this; a damaged frame must not ask for all memory."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A document as it is stored. `digest`: SHA-256 of its JSON."""

    document: bytes
    digest: bytes


def pack(document: dict[str, Any]) -> Packed:
    """`document` as bytes, the same for equal documents."""
    content = orjson.dumps(document | {"format": FORMAT}, option=orjson.OPT_SORT_KEYS)
    return Packed(zstandard.ZstdCompressor(level=10).compress(content), hashlib.sha256(content).digest())


def unpack(document: bytes) -> dict[str, Any]:
    """What `pack` packed. Raises ValueError for bytes that it did not make."""
    try:
        content = zstandard.ZstdDecompressor().decompress(document, max_output_size=MAX_BYTES)
    except zstandard.ZstdError as error:
        raise ValueError("not a frozen explanation") from error
    found: dict[str, Any] = orjson.loads(content)
    return found


def is_intact(document: bytes, digest: bytes) -> bool:
    """Whether the stored bytes still are what was frozen."""
    try:
        content = zstandard.ZstdDecompressor().decompress(document, max_output_size=MAX_BYTES)
    except zstandard.ZstdError:
        return False
    return hashlib.sha256(content).digest() == digest


@dataclass(frozen=True, slots=True)
class FrozenDay:
    """A frozen day as the endpoints show it; `inputs_changed` tells of later changes that it leaves aside."""

    key: DayKey
    area_id: UUID
    display_name: str
    frozen_at: datetime
    purged_at: datetime | None
    digest: bytes
    inputs_changed: bool
    content: dict[str, Any]

    @property
    def status(self) -> str:
        """As judged before it was frozen."""
        status: str = self.content["figures"]["status"]
        return status

    def document(self, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """As `shown_days.LiveDay.document`, as it was when it was frozen."""
        return {
            "inspector_id": self.key.inspector_id,
            "display_name": self.display_name,
            "service_day": self.key.service_day,
            "computed_at": self.frozen_at,
            "figures": self.content["figures"],
            "sentences": self.content["sentences"],
            "frozen": {
                "frozen_at": self.frozen_at,
                "purged_at": self.purged_at,
                "digest": self.digest.hex(),
                "inputs_changed": self.inputs_changed,
            },
        }

    def explanation(self, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """As `shown_days.LiveDay.explanation`."""
        # days that were frozen before visits counted have no `work`
        return self.document(now=now, zone=zone) | {"work": []} | dict(self.content["explanation"])

    def geojson(self, *, with_points: bool) -> dict[str, Any]:
        """The simplified track; single fixes are gone, so there are no points to show."""
        track: dict[str, Any] = self.content["track"]
        return track

    def gpx(self, name: str) -> str:
        """GPX 1.1 of the simplified track: places without times, the verdict as each point's comment."""
        gpx = gpxpy.gpx.GPX()
        gpx.creator = "Wangge"
        track = gpxpy.gpx.GPXTrack(name=name)
        gpx.tracks.append(track)
        for feature in self.content["track"]["features"]:
            verdict = feature["properties"]["verdict"]
            points = [
                gpxpy.gpx.GPXTrackPoint(latitude=place[1], longitude=place[0], comment=verdict)
                for place in _places(feature["geometry"])
            ]
            track.segments.append(gpxpy.gpx.GPXTrackSegment(points))
        return gpx.to_xml()


def _places(geometry: dict[str, Any]) -> list[list[float]]:
    coordinates: list[Any] = geometry["coordinates"]
    return [coordinates] if geometry["type"] == "Point" else coordinates


async def find_frozen_day(session: AsyncSession, key: DayKey) -> FrozenDay | None:
    """The day as it was frozen, or None while it isn't."""
    row = (
        await session.execute(
            select(FrozenExplanation, Account.display_name)
            .join(Account, Account.id == FrozenExplanation.inspector_id)
            .where(
                FrozenExplanation.county_code == key.county_code,
                FrozenExplanation.inspector_id == key.inspector_id,
                FrozenExplanation.service_day == key.service_day,
            )
        )
    ).first()
    if row is None:
        return None
    stored: FrozenExplanation = row[0]
    changed = await session.scalar(CHANGED, key._asdict() | {"input_version": stored.input_version})
    return FrozenDay(
        key,
        stored.area_id,
        row.display_name,
        stored.frozen_at,
        stored.purged_at,
        stored.digest,
        bool(changed),
        unpack(stored.document),
    )


CHANGED = text("""
SELECT input_version > :input_version FROM patrol_day
 WHERE county_code = :county_code AND inspector_id = :inspector_id AND service_day = :service_day
""")
