"""Photos that are generated, and a small tus client that says exactly what a test wants."""

import hashlib
import io
import random
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

UPLOADS = "/api/v1/uploads"
PIECE = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}


def photo(
    width: int = 64,
    height: int = 48,
    *,
    taken: datetime | None = None,
    at: tuple[float, float] | None = None,
    orientation: int | None = None,
    kind: str = "JPEG",
    seed: int = 0,
) -> bytes:
    """A small picture, its left half red; with EXIF time (its own offset) and position where given."""
    image = Image.new("RGB", (width, height), (seed % 256, seed // 256 % 256, 200))
    image.paste((220, 30, 30), (0, 0, width // 2, height))
    exif = Image.Exif()
    if orientation is not None:
        exif[Base.Orientation] = orientation
    if taken is not None:
        tags = exif.get_ifd(IFD.Exif)
        tags[Base.DateTimeOriginal] = taken.strftime("%Y:%m:%d %H:%M:%S")
        offset = taken.strftime("%z")
        tags[Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:5]}"
    if at is not None:
        lon, lat = at
        gps = exif.get_ifd(IFD.GPSInfo)
        gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E" if lon >= 0 else "W", (abs(lon), 0.0, 0.0)
        gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N" if lat >= 0 else "S", (abs(lat), 0.0, 0.0)
    made = io.BytesIO()
    image.save(made, kind, exif=exif, **({"comment": str(seed)} if kind == "JPEG" else {}))
    return made.getvalue()


def large_photo(length: int, seed: int = 1) -> bytes:
    """A JPEG of exactly so many bytes: behind its end comes noise, as behind a motion photo's."""
    start = photo(seed=seed)
    return start + random.Random(seed).randbytes(length - len(start))


def metadata(**told: str) -> str:
    """Upload-Metadata."""
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in told.items())


def sha256(content: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def checksum(content: bytes, algorithm: str = "sha256") -> str:
    """Upload-Checksum."""
    return f"{algorithm} {b64encode(hashlib.new(algorithm, content).digest()).decode()}"


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who uploads."""

    client: httpx.AsyncClient
    headers: dict[str, str]

    async def announce(
        self,
        length: int,
        upload_id: UUID | None = None,
        *,
        headers: dict[str, str] | None = None,
        **told: str,
    ) -> httpx.Response:
        """POST; `told` goes into Upload-Metadata."""
        told = {"upload_id": str(upload_id or uuid4()), **told}
        sent = TUS | {"Upload-Length": str(length), "Upload-Metadata": metadata(**told)} | (headers or {})
        return await self.client.post(UPLOADS, headers=self.headers | sent)

    async def piece(self, location: str, offset: int, content: Any, **headers: str) -> httpx.Response:
        """PATCH."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = TUS | {"Upload-Offset": str(offset), "Content-Type": PIECE} | named
        return await self.client.patch(location, content=content, headers=self.headers | sent)

    async def head(self, location: str) -> httpx.Response:
        """HEAD."""
        return await self.client.head(location, headers=self.headers | TUS)

    async def delete(self, location: str) -> httpx.Response:
        """DELETE."""
        return await self.client.delete(location, headers=self.headers | TUS)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """GET below the uploads."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(f"{UPLOADS}{path}", headers=self.headers | named)

    async def send(self, content: bytes, upload_id: UUID | None = None, **told: str) -> httpx.Response:
        """All of it, in one piece; the answer to the last request."""
        answer = await self.announce(len(content), upload_id, **told)
        if answer.status_code != 201:
            return answer
        return await self.piece(answer.headers["location"], 0, content)
