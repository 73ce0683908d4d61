"""Looking into a picture: its size, what its EXIF says, and a small copy without any of that."""

import io
import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from PIL.ExifTags import GPS, IFD, Base

from app.uploads.content_types import PICTURES

FORMATS = ("JPEG", "PNG", "WEBP")
"""No other decoder is ever let near a file."""
JPEG_QUALITY = 80
FIRST_YEAR, LAST_YEAR = 2000, 2100


class UnreadablePicture(ValueError):
    """It begins like a picture and is none, or is broken."""


class TooManyPixels(ValueError):
    """Decoding it could take all memory. `pixels`: how many it says it has, at least."""

    def __init__(self, pixels: int) -> None:
        super().__init__(f"{pixels} pixels")
        self.pixels = pixels


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture says of itself. None: it is silent (messengers strip it), or says nonsense.

    width_px, height_px  as stored, before its orientation is applied
    taken_at             UTC, whole seconds
    lon, lat             degrees, WGS84
    """

    width_px: int
    height_px: int
    taken_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None


def look_into(path: Path, media_type: str, pixels_most: int, zone: tzinfo) -> Picture | None:
    """What the file says, from its header alone; None for a type that is kept unseen.

    zone: of EXIF times that name none. Raises UnreadablePicture, TooManyPixels.
    """
    if media_type not in PICTURES:
        return None
    with path.open("rb") as file:
        try:
            with Image.open(file, formats=FORMATS) as image:
                width, height = image.size
                if width * height > pixels_most:
                    raise TooManyPixels(width * height)
                return _described(image, width, height, zone)
        except Image.DecompressionBombError as error:
            raise TooManyPixels(2 * (Image.MAX_IMAGE_PIXELS or 0)) from error
        except TooManyPixels:
            raise
        except Exception as error:  # a decoder raises whatever its author thought of
            raise UnreadablePicture(type(error).__name__) from error


def small_copy(content: bytes, side_px: int) -> bytes:
    """A JPEG whose longer side is `side_px` at most: upright, without EXIF, profiles and comments.

    Raises UnreadablePicture.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            image.draft("RGB", (side_px, side_px))  # a JPEG is then decoded at a fraction of its size
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((side_px, side_px))
            made = io.BytesIO()
            _opaque(upright).save(made, "JPEG", quality=JPEG_QUALITY)
            return made.getvalue()
    except Exception as error:
        raise UnreadablePicture(type(error).__name__) from error


def _opaque(image: Image.Image) -> Image.Image:
    """As plain RGB on white, in an image of its own that carries no metadata along."""
    layer = image.convert("RGBA")
    plain = Image.new("RGB", layer.size, "white")
    plain.paste(layer, mask=layer.getchannel("A"))
    return plain


def _described(image: Image.Image, width: int, height: int, zone: tzinfo) -> Picture:
    taken_at, lon, lat = None, None, None
    with suppress(Exception):  # broken EXIF is silent EXIF: the photo itself may be fine
        exif = image.getexif()
        taken_at = _taken_at(exif.get_ifd(IFD.Exif), zone)
        lon, lat = _position(exif.get_ifd(IFD.GPSInfo))
    return Picture(width, height, taken_at, lon, lat)


def _taken_at(tags: dict[Any, Any], zone: tzinfo) -> datetime | None:
    text = tags.get(Base.DateTimeOriginal)
    if not isinstance(text, str):
        return None
    with suppress(ValueError, OverflowError):
        local = datetime.strptime(text.strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - its zone comes next
        if FIRST_YEAR <= local.year < LAST_YEAR:
            return local.replace(tzinfo=_offset(tags.get(Base.OffsetTimeOriginal)) or zone).astimezone(UTC)
    return None


def _offset(text: object) -> tzinfo | None:
    """Of `+08:00`."""
    if not isinstance(text, str):
        return None
    with suppress(ValueError):
        sign = -1 if text.startswith("-") else 1
        hours, minutes = text.strip("\0 ")[1:].split(":")
        return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
    return None


def _position(tags: dict[Any, Any]) -> tuple[float | None, float | None]:
    try:
        lat = _degrees(tags[GPS.GPSLatitude], tags.get(GPS.GPSLatitudeRef), "S", 90)
        lon = _degrees(tags[GPS.GPSLongitude], tags.get(GPS.GPSLongitudeRef), "W", 180)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None, None
    if lon == lat == 0:  # what phones write that had no fix
        return None, None
    return lon, lat


def _degrees(parts: Any, reference: object, negative: str, most: float) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or value > most:
        raise ValueError
    return -value if str(reference).strip("\0 ").upper() == negative else value
