"""The headers of tus 1.0 (https://tus.io/protocols/resumable-upload): read strictly, in words of our own.

Core and the extensions creation, creation-with-upload, checksum, expiration and termination. An upload of
unknown length (Upload-Defer-Length) and concatenation are refused: no handheld needs them.
"""

import hashlib
import math
import re
import zlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Protocol
from uuid import UUID

from app.uploads.content_types import MEDIA_TYPE

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
ALGORITHMS = ("sha1", "sha256", "crc32")
PIECE_TYPE = "application/offset+octet-stream"
METADATA_MAX_BYTES = 4096
LENGTH_DIGITS = 15
FIRST_YEAR, LAST_YEAR = 2000, 2100
COORD_SYSTEMS = ("wgs84", "cgcs2000", "gcj02", "bd09")


class HeaderError(ValueError):
    """A header that cannot be understood; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a sender tells of a file before it comes. None: not told.

    sha256    of the whole file, 32 bytes
    taken_at  UTC, whole milliseconds
    lon, lat  degrees in `coord_sys`; both or neither
    """

    upload_id: UUID | None = None
    sha256: bytes | None = None
    content_type: str | None = None
    taken_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    coord_sys: str = "wgs84"


class Digest(Protocol):
    """What grows with the bytes of a piece."""

    def update(self, data: bytes, /) -> object:
        """More bytes."""

    def digest(self) -> bytes:
        """Of all so far."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a piece must come to: `algorithm` is one of ALGORITHMS."""

    algorithm: str
    expected: bytes

    def started(self) -> Digest:
        """A digest to feed with the piece."""
        return _Crc32() if self.algorithm == "crc32" else hashlib.new(self.algorithm, usedforsecurity=False)


class _Crc32:
    """As zlib and PNG know it, big-endian."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def number(headers: Mapping[str, str], name: str) -> int:
    """A header that is a whole number from 0. Raises HeaderError."""
    text = headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= LENGTH_DIGITS):
        raise HeaderError(f"{name} must be a whole number, 0 or more")
    return int(text)


def length(headers: Mapping[str, str]) -> int:
    """Upload-Length of a creation. Raises HeaderError."""
    if "upload-defer-length" in headers:
        raise HeaderError("Upload-Defer-Length is not supported: tell the length in Upload-Length")
    if "upload-concat" in headers:
        raise HeaderError("Upload-Concat is not supported: send one upload for a file")
    found = number(headers, "upload-length")
    if found == 0:
        raise HeaderError("Upload-Length must be 1 or more: an empty file is no evidence")
    return found


def checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Upload-Checksum of a piece, None without one. Raises HeaderError."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise HeaderError(f"Upload-Checksum: the algorithm must be one of {', '.join(ALGORITHMS)}")
    try:
        expected = b64decode(encoded, validate=True)
    except (Base64Error, ValueError) as error:
        raise HeaderError("Upload-Checksum is not base64") from error
    found = Checksum(algorithm, expected)
    if len(expected) != len(found.started().digest()):
        raise HeaderError(f"Upload-Checksum is no {algorithm}: it has another length")
    return found


def announced(headers: Mapping[str, str]) -> Announced:
    """Upload-Metadata, as far as it concerns us; keys that we don't know are passed over.

    `filename` among them: names of people stand in it. Raises HeaderError.
    """
    text = headers.get("upload-metadata", "")
    if len(text) > METADATA_MAX_BYTES:
        raise HeaderError(f"Upload-Metadata is longer than {METADATA_MAX_BYTES} bytes")
    told = dict(_pair(part) for part in text.split(",") if part.strip())
    lon, lat = _degrees(told, "lon", 180), _degrees(told, "lat", 90)
    if (lon is None) != (lat is None):
        raise HeaderError("Upload-Metadata: lon and lat belong together")
    coord_sys = told.get("coord_sys", "wgs84")
    if coord_sys not in COORD_SYSTEMS:
        raise HeaderError(f"Upload-Metadata: coord_sys must be one of {', '.join(COORD_SYSTEMS)}")
    return Announced(
        _uuid(told.get("upload_id")),
        _sha256(told.get("sha256")),
        # `filetype` is what browsers' clients call it
        _media_type(told.get("content_type") or told.get("filetype")),
        _instant(told.get("taken_at")),
        lon,
        lat,
        coord_sys,
    )


def written(told: Mapping[str, str]) -> str:
    """Upload-Metadata of these keys and values."""
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in told.items())


def http_date(instant: datetime) -> str:
    """As Upload-Expires wants it (RFC 9110)."""
    return format_datetime(instant.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _pair(part: str) -> tuple[str, str]:
    key, _, encoded = part.strip().partition(" ")
    try:
        return key, b64decode(encoded.strip(), validate=True).decode()
    except (Base64Error, ValueError) as error:
        raise HeaderError(f"Upload-Metadata: the value of {key[:40]} is not base64 of UTF-8 text") from error


def _uuid(text: str | None) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise HeaderError("Upload-Metadata: upload_id is no UUID") from error


def _sha256(text: str | None) -> bytes | None:
    if not text:
        return None
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise HeaderError("Upload-Metadata: sha256 must be 64 hexadecimal digits")
    return digest


def _media_type(text: str | None) -> str | None:
    if not text:
        return None
    if not MEDIA_TYPE.fullmatch(text.lower()):
        raise HeaderError("Upload-Metadata: content_type is no media type such as image/jpeg")
    return text.lower()


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None or not FIRST_YEAR <= found.year < LAST_YEAR:
            raise ValueError
        found = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise HeaderError("Upload-Metadata: taken_at must be RFC 3339 with an offset") from error
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def _degrees(told: Mapping[str, str], name: str, most: float) -> float | None:
    text = told.get(name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise HeaderError(f"Upload-Metadata: {name} must be degrees between -{most:g} and {most:g}")
    return value


_OF_TUS = re.compile(r"/api/v1/uploads(/[0-9A-Fa-f-]{36})?")


def is_tus(method: str, path: str) -> bool:
    """Whether a request is one of tus: its body may be long, and HEAD is not the head of a GET."""
    match = _OF_TUS.fullmatch(path)
    if match is None:
        return False
    return method == "POST" or (match[1] is not None and method in ("PATCH", "HEAD"))
