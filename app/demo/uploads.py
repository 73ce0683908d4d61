"""A photo of the demo inspector, with its thumbnail, attached to his submission."""

import hashlib
import io
from datetime import datetime, time

from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base
from shapely.geometry import Point
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.examples import DEMO_LATITUDE, DEMO_LONGITUDE
from app.kit import events
from app.kit.ids import (
    DEMO_COMMUNITY,
    DEMO_COUNTY_CODE,
    DEMO_DAY,
    DEMO_DEVICE,
    DEMO_INSPECTOR,
    DEMO_SUBMISSION,
    DEMO_UPLOAD,
)
from app.settings import Settings
from app.uploads.attachments import Claim, attach_many
from app.uploads.models import StoredFile, Upload
from app.uploads.pictures import small_copy
from app.uploads.store import file_key, store_of

SIZE = (1280, 960)
THUMBNAIL_PX = 480
TAKEN_AT = time(9, 40)


async def load(session: AsyncSession, settings: Settings, *, now: datetime) -> None:
    """Draws the photo, keeps it in the store that the settings name, and attaches it."""
    taken_at = datetime.combine(DEMO_DAY, TAKEN_AT, settings.zone)
    content = _photo(taken_at)
    digest = hashlib.sha256(content).digest()
    key = file_key(DEMO_COUNTY_CODE, digest, DEMO_UPLOAD, taken_at)
    store = store_of(settings)
    await store.keep_bytes(key, content)
    await store.keep_bytes(f"{key}.jpg", small_copy(content, THUMBNAIL_PX))
    session.add(
        StoredFile(
            county_code=DEMO_COUNTY_CODE,
            digest=digest,
            key=key,
            length_bytes=len(content),
            content_type="image/jpeg",
            thumbnail_state="made",
            thumbnail_key=f"{key}.jpg",
            stored_at=taken_at,
        )
    )
    await session.flush()  # the upload refers to it
    session.add(_upload(digest, len(content), taken_at))
    await session.flush()
    claim = Claim(
        DEMO_SUBMISSION,
        [DEMO_UPLOAD],
        taken_at,
        DEMO_LONGITUDE,
        DEMO_LATITUDE,
        inspector_id=DEMO_INSPECTOR,
        device_id=DEMO_DEVICE,
    )
    await attach_many(session, DEMO_COUNTY_CODE, "submission", [claim])
    await events.record(
        session,
        events.SYSTEM,
        "upload.completed",
        ("upload", DEMO_UPLOAD),
        {"content_type": "image/jpeg", "sha256": digest.hex(), "flags": [], "owners": []},
        county_code=DEMO_COUNTY_CODE,
        area_id=DEMO_COMMUNITY,
        now=now,
    )


def _upload(digest: bytes, length_bytes: int, taken_at: datetime) -> Upload:
    place = Point(DEMO_LONGITUDE, DEMO_LATITUDE)
    return Upload(
        county_code=DEMO_COUNTY_CODE,
        id=DEMO_UPLOAD,
        account_id=DEMO_INSPECTOR,
        device_id=DEMO_DEVICE,
        area_id=DEMO_COMMUNITY,
        state="complete",
        length_bytes=length_bytes,
        offset_bytes=length_bytes,
        claimed_type="image/jpeg",
        claimed_sha256=digest,
        content_type="image/jpeg",
        digest=digest,
        taken_at=taken_at,
        geom=place,
        exif_taken_at=taken_at,
        exif_geom=place,
        exif_distance_m=0.0,
        exif_difference_s=0,
        width_px=SIZE[0],
        height_px=SIZE[1],
        created_at=taken_at,
        touched_at=taken_at,
        completed_at=taken_at,
    )


def _photo(taken_at: datetime) -> bytes:
    """A house under the sky, as a handheld's camera would label it."""
    image = Image.new("RGB", SIZE, (150, 200, 235))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 700, *SIZE), fill=(110, 150, 90))
    draw.rectangle((380, 420, 900, 800), fill=(225, 210, 185))
    draw.polygon([(340, 420), (640, 240), (940, 420)], fill=(165, 70, 55))
    draw.rectangle((590, 600, 700, 800), fill=(95, 65, 45))
    for left in (440, 760):
        draw.rectangle((left, 500, left + 90, 580), fill=(90, 120, 150))
    exif = Image.Exif()
    tags = exif.get_ifd(IFD.Exif)
    tags[Base.DateTimeOriginal] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    tags[Base.OffsetTimeOriginal] = "+08:00"
    gps = exif.get_ifd(IFD.GPSInfo)
    gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E", (DEMO_LONGITUDE, 0.0, 0.0)
    gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N", (DEMO_LATITUDE, 0.0, 0.0)
    made = io.BytesIO()
    image.save(made, "JPEG", quality=85, exif=exif)
    return made.getvalue()
