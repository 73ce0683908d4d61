"""Photos that wait to be uploaded, and the tus client that carries them over a bad link, piece by piece."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.handheld.activated import Handheld
from app.handheld.api import API, Refused
from app.handheld.store import Store

PIECE_BYTES = 256 * 1024
"""Small enough that a piece gets through on a bad link; each one that does is kept."""
TUS = {"Tus-Resumable": "1.0.0"}
OFFSET_DIFFERS, GONE = 409, (404, 410)
RESTARTS_MOST = 3
LOGIN_ENDED = {"account_disabled", "account_not_approved", "device_needed"}
OF_THE_PHOTO = {400, 403, 409, 413, 415, 422, 460}


@dataclass(frozen=True, slots=True)
class Photo:
    """A file that waits. location: where the service wants it, None before it was announced."""

    id: str
    path: Path
    length_bytes: int
    sha256: str
    metadata: Mapping[str, str]
    location: str | None


class Photos:
    """The queue of photos; a file stays on the handheld until the service has all of it."""

    def __init__(self, store: Store, calls: Handheld) -> None:
        self._store, self._calls = store, calls

    def add(self, upload_id: str, path: Path, metadata: Mapping[str, str]) -> None:
        """Keeps a file for upload. metadata: content_type, taken_at, lon, lat … as docs/sync.md names them."""
        content = path.read_bytes()
        with self._store.change() as change:
            change.execute(
                "INSERT OR IGNORE INTO photo (id, path, length_bytes, sha256, metadata) VALUES (?, ?, ?, ?, ?)",
                [
                    upload_id,
                    str(path),
                    len(content),
                    hashlib.sha256(content).hexdigest(),
                    json.dumps(dict(metadata)),
                ],
            )

    def waiting(self) -> list[Photo]:
        """Those without an outcome, oldest first."""
        rows = self._store.reading.execute(
            "SELECT id, path, length_bytes, sha256, metadata, location FROM photo WHERE outcome IS NULL "
            "ORDER BY rowid"
        ).fetchall()
        return [
            Photo(id_, Path(path), length, sha256, json.loads(metadata), location)
            for id_, path, length, sha256, metadata, location in rows
        ]

    async def send(self) -> int:
        """Uploads everything that waits, each from where it stopped; returns how many were finished.

        A photo that the service refuses is noted with the problem's code and not sent again; so is one whose file
        is gone (`file_missing`) or another than it was (`file_changed`). Raises Unreachable: what got through stays
        there, and the next call goes on.
        """
        finished = 0
        for photo in self.waiting():
            flaw = _flaw(photo)
            if flaw is not None:
                self._settle(photo, flaw)
                continue
            try:
                await self._send(photo)
                self._settle(photo, "complete")
                finished += 1
            except Refused as refusal:
                if refusal.status == 401 or refusal.code in LOGIN_ENDED:
                    raise  # the login has ended, not the photo
                if refusal.status in OF_THE_PHOTO:
                    self._settle(photo, refusal.code)  # anything else may pass: it waits
        return finished

    async def _send(self, photo: Photo) -> None:
        location, offset = photo.location, 0
        for _ in range(RESTARTS_MOST):
            if location is None:
                location, offset = await self._announce(photo), 0
            try:
                offset = await self._offset(location)
                await self._pieces(photo, location, offset)
                return
            except Refused as refusal:
                if refusal.status not in GONE:
                    raise
                location = None  # it expired: announced again under the same id
        raise Refused(410, "upload_gone", "the service forgot the upload again and again")

    async def _announce(self, photo: Photo) -> str:
        metadata = {"upload_id": photo.id, "sha256": photo.sha256, **photo.metadata}
        pairs = ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in metadata.items())
        headers = {**TUS, "Upload-Length": str(photo.length_bytes), "Upload-Metadata": pairs}
        answer = await self._calls.request("POST", "/uploads", headers=headers)
        location = httpx.URL(answer.headers["location"]).path.removeprefix(API)
        with self._store.change() as change:
            change.execute("UPDATE photo SET location = ? WHERE id = ?", [location, photo.id])
        return location

    async def _offset(self, location: str) -> int:
        answer = await self._calls.request("HEAD", location, headers=TUS)
        return int(answer.headers["upload-offset"])

    async def _pieces(self, photo: Photo, location: str, offset: int) -> None:
        with photo.path.open("rb") as file:
            while offset < photo.length_bytes:
                file.seek(offset)
                piece = file.read(PIECE_BYTES)
                headers = {
                    **TUS,
                    "Upload-Offset": str(offset),
                    "Content-Type": "application/offset+octet-stream",
                    "Upload-Checksum": f"sha256 {b64encode(hashlib.sha256(piece).digest()).decode()}",
                }
                try:
                    answer = await self._calls.request("PATCH", location, headers=headers, content=piece)
                    offset = int(answer.headers["upload-offset"])
                except Refused as refusal:
                    if refusal.status != OFFSET_DIFFERS:
                        raise
                    offset = await self._offset(location)  # an answer was lost, not the piece

    def _settle(self, photo: Photo, outcome: str) -> None:
        with self._store.change() as change:
            change.execute("UPDATE photo SET outcome = ? WHERE id = ?", [outcome, photo.id])

    def outcomes(self) -> dict[str, str | None]:
        """What became of every photo: `complete`, the code of the problem, or None while it waits."""
        return dict(self._store.reading.execute("SELECT id, outcome FROM photo").fetchall())


def _flaw(photo: Photo) -> str | None:
    """Why the file cannot be sent any more, or None."""
    try:
        content = photo.path.read_bytes()
    except OSError:
        return "file_missing"
    return None if hashlib.sha256(content).hexdigest() == photo.sha256 else "file_changed"
