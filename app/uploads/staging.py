"""Files on their way: one for each upload, locked by whoever appends, cut to what is recorded before it grows.

The lock is the kernel's: a killed process leaves none behind. The offset in the database is the truth; what a
crash left beyond it is cut off, and what a lost disk took away is noticed and sent again.
"""

import fcntl
import hashlib
import os
from asyncio import CancelledError, ensure_future, shield, to_thread, wait
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog

from app.kit.problems import Unavailable
from app.settings import Settings
from app.uploads.problems import UploadBusy
from app.uploads.store import flush_folder, make_private_folder

log = structlog.get_logger("wangge.uploads")
P = ParamSpec("P")
T = TypeVar("T")
HASH_BYTES = 1 << 20
FOLDER = "uploads"
UNFINISHED, REFUSED = "unfinished", "refused"


def staging_of(settings: Settings) -> "Staging":
    """The staging area that the settings name."""
    return Staging(settings.upload_dir or settings.data_dir / FOLDER)


class Staging:
    """A folder of unfinished files, and beside it one of those that were refused."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def path_of(self, county_code: str, upload_id: UUID, folder: str = UNFINISHED) -> Path:
        """Where an upload lies; spread by the end of its id, because ids begin with their time."""
        return self.root / folder / county_code / upload_id.hex[-2:] / upload_id.hex

    @asynccontextmanager
    async def locked(self, county_code: str, upload_id: UUID) -> AsyncIterator["StagedFile"]:
        """The file of an upload, ours alone until the block ends. Raises UploadBusy, Unavailable."""
        path = self.path_of(county_code, upload_id)
        descriptor = await on_disk(_open_locked, path)
        try:
            yield StagedFile(path, descriptor)
        finally:
            os.close(descriptor)

    async def size_of(self, county_code: str, upload_id: UUID) -> int:
        """Bytes that lie there, 0 without a file."""
        path = self.path_of(county_code, upload_id)
        return await to_thread(lambda: path.stat().st_size if path.exists() else 0)

    async def set_aside(self, county_code: str, upload_id: UUID) -> None:
        """Moves a refused file to where people look for it."""
        target = self.path_of(county_code, upload_id, REFUSED)

        def move() -> None:
            make_private_folder(target.parent)
            with suppress(FileNotFoundError):
                self.path_of(county_code, upload_id).rename(target)
                flush_folder(target.parent)

        await on_disk(move)

    async def forget(self, county_code: str, upload_id: UUID) -> None:
        """Removes whatever lies there of an upload."""

        def remove() -> None:
            for folder in (UNFINISHED, REFUSED):
                self.path_of(county_code, upload_id, folder).unlink(missing_ok=True)

        await on_disk(remove)


class StagedFile:
    """An open, locked file. Everything that touches the disk runs in a thread."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    async def size(self) -> int:
        """Bytes that lie there."""
        return os.fstat(self._descriptor).st_size

    async def cut(self, length: int) -> None:
        """Drops what lies beyond `length` and goes on from there."""

        def cut() -> None:
            os.ftruncate(self._descriptor, length)
            os.lseek(self._descriptor, length, os.SEEK_SET)

        await on_disk(cut)

    async def append(self, data: bytes, seen_by: Callable[[bytes], object] | None = None) -> None:
        """Writes at the end; `seen_by` gets the bytes, too."""

        def write() -> None:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            if seen_by is not None:
                seen_by(data)

        await on_disk(write)

    async def flush(self) -> None:
        """On disk when this returns."""
        await on_disk(os.fsync, self._descriptor)

    async def digest(self) -> bytes:
        """SHA-256 of all of it, 32 bytes."""

        def digest() -> bytes:
            content = hashlib.sha256()
            with self.path.open("rb") as file:
                while piece := file.read(HASH_BYTES):
                    content.update(piece)
            return content.digest()

        return await on_disk(digest)

    async def remove(self) -> None:
        """Takes the file away."""
        await on_disk(lambda: self.path.unlink(missing_ok=True))


def _open_locked(path: Path) -> int:
    make_private_folder(path.parent)
    while True:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # somebody may have removed or moved the file before we had the lock: then it is another one now
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                if is_new:
                    flush_folder(path.parent)
                return descriptor
        except BlockingIOError as error:
            os.close(descriptor)
            raise UploadBusy from error
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


async def on_disk(work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """`work` in a thread. Raises Unavailable when the disk is full or away: the sender keeps his file."""
    running = ensure_future(to_thread(work, *args, **options))
    try:
        return await shield(running)
    except CancelledError:
        # a thread can't be stopped: its file must not be closed (and its number given away) under it
        while not running.done():
            with suppress(CancelledError):
                await wait({running})
        raise
    except OSError as error:
        log.error("staging unavailable", error=error.strerror, path=str(error.filename))
        raise Unavailable from error
