"""Bytes that come in: streamed to disk, flushed, then counted. What is counted is there, whatever happens.

A piece with a checksum counts as a whole or not at all. One without counts as far as it came, so a broken
connection costs nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import ClientDisconnect

from app.identity.actor import Actor
from app.kit.problems import BadRequest
from app.uploads import queries
from app.uploads.files import Files
from app.uploads.finishing import finish
from app.uploads.limits import limits_of
from app.uploads.models import Upload
from app.uploads.problems import ChecksumDiffers, OffsetDiffers, PieceTooLong, UploadGone
from app.uploads.protocol import Checksum, Digest
from app.uploads.service import ENDED, refusal_of
from app.uploads.staging import StagedFile

WRITE_BYTES = 1 << 20
"""Collected in memory before a thread writes them."""
COUNT_EVERY_BYTES = 4 << 20
"""A process that is killed loses no more of a long piece."""
SILENCE_S = 30.0
PIECE_DEADLINE_S = 900.0


@dataclass(frozen=True, slots=True)
class Piece:
    """What a request brings. length_bytes: None where it comes in chunks of unknown number."""

    offset_bytes: int
    length_bytes: int | None
    checksum: Checksum | None
    stream: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload stands after a request. expires_at: None once it is complete."""

    offset_bytes: int
    expires_at: datetime | None


async def require_sender(files: Files, actor: Actor, upload_id: UUID) -> None:
    """Raises UploadNotFound for a stranger, before he learns anything else and before any byte is touched."""
    async with files.database.transaction() as session:
        await queries.get_of_sender(session, actor, upload_id)


async def append(files: Files, actor: Actor, upload_id: UUID, piece: Piece, *, now: datetime) -> Progress:
    """Appends a piece; the last one also finishes the file. The caller has asked `require_sender`.

    Raises UploadNotFound, UploadGone, OffsetDiffers, UploadBusy, PieceTooLong, ChecksumDiffers, FileRefused,
    Unavailable.
    """
    async with files.staging.locked(actor.county_code, upload_id) as staged:
        writing = await _begun(files, actor, upload_id, piece, staged, now)
        if writing.upload.state == "uploading":
            await writing.take(piece)
        if writing.offset_bytes < writing.upload.length_bytes:
            return Progress(writing.offset_bytes, writing.expires_at)
        await finish(files, actor.county_code, upload_id, staged, now=now)
        return Progress(writing.offset_bytes, None)


async def _begun(
    files: Files, actor: Actor, upload_id: UUID, piece: Piece, staged: StagedFile, now: datetime
) -> "_Writing":
    """Compares the piece with what is there, under the file's lock, and cuts the file to what is counted."""
    async with files.database.transaction() as session:
        upload = await queries.get_of_sender(session, actor, upload_id, lock=True)
        if upload.state in ENDED:
            raise UploadGone(current_state=upload.state)
        if upload.state == "refused":
            raise refusal_of(upload)
        if upload.state == "uploading":
            # a restored database, or a lost disk: what is gone is sent again
            upload.offset_bytes = min(upload.offset_bytes, await staged.size())
        limits = await limits_of(session, upload.area_id, now.astimezone(files.zone).date())
    if piece.offset_bytes != upload.offset_bytes:
        offset = str(upload.offset_bytes)
        raise OffsetDiffers(headers={"Upload-Offset": offset}, upload_offset=upload.offset_bytes)
    left = upload.length_bytes - upload.offset_bytes
    if (piece.length_bytes or 0) > left:
        raise PieceTooLong(limit_bytes=left)
    if upload.state == "uploading":
        await staged.cut(upload.offset_bytes)
    return _Writing(files, upload, staged, now, now + limits.unfinished_for)


class _Writing:
    """One piece on its way to the disk. offset_bytes: what is counted."""

    def __init__(
        self, files: Files, upload: Upload, staged: StagedFile, now: datetime, expires_at: datetime
    ) -> None:
        self._files, self.upload, self._staged = files, upload, staged
        self._now, self.expires_at = now, expires_at
        self.offset_bytes = self._written = upload.offset_bytes

    async def take(self, piece: Piece) -> None:
        """Reads the piece to its end, or to where it breaks off. Raises ChecksumDiffers, PieceTooLong."""
        digest = piece.checksum.started() if piece.checksum else None
        try:
            await self._read(piece.stream, digest)
        except (ClientDisconnect, TimeoutError) as error:
            if digest is None:
                await self._count()
            raise BadRequest(reason="the connection broke before the piece was complete") from error
        if digest is not None and piece.checksum and digest.digest() != piece.checksum.expected:
            await self._staged.cut(self.offset_bytes)
            raise ChecksumDiffers
        await self._count()

    async def _read(self, stream: AsyncIterator[bytes], digest: Digest | None) -> None:
        seen_by = digest.update if digest else None
        pending = bytearray()
        try:
            async for chunk in _patient(stream):
                pending += chunk
                self._refuse_excess(len(pending))
                if len(pending) >= WRITE_BYTES:
                    await self._write(pending, seen_by)
                    if digest is None and self._written - self.offset_bytes >= COUNT_EVERY_BYTES:
                        await self._count()
        except (ClientDisconnect, TimeoutError):
            await self._write(pending, seen_by)
            raise
        await self._write(pending, seen_by)

    def _refuse_excess(self, pending: int) -> None:
        if self._written + pending > self.upload.length_bytes:
            raise PieceTooLong(limit_bytes=self.upload.length_bytes - self.offset_bytes)

    async def _write(self, pending: bytearray, seen_by: Callable[[bytes], object] | None) -> None:
        if pending:
            data = bytes(pending)
            pending.clear()
            await self._staged.append(data, seen_by)
            self._written += len(data)

    async def _count(self) -> None:
        """Flushes, then commits the offset. Raises UploadGone when it was ended meanwhile."""
        if self._written == self.offset_bytes:
            return
        await self._staged.flush()
        async with self._files.database.transaction() as session:
            is_ours = await queries.advance(
                session,
                self.upload,
                self.offset_bytes,
                self._written,
                now=self._now,
                expires_at=self.expires_at,
            )
        if not is_ours:
            raise UploadGone(current_state="ended")
        self.offset_bytes = self._written


async def _patient(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream's chunks. Raises TimeoutError when none comes for long, or they trickle for very long."""
    until = asyncio.get_running_loop().time() + PIECE_DEADLINE_S
    while asyncio.get_running_loop().time() < until:
        try:
            async with asyncio.timeout(SILENCE_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        yield chunk
    raise TimeoutError
