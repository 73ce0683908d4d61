"""Where complete files rest: a folder, or any S3-compatible store, behind one small interface.

A key is given once and never again, so nothing that is read can change, and what is deleted stays deleted.
"""

import os
import shutil
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, ParamSpec, Protocol, TypeVar
from uuid import UUID, uuid4

import structlog

from app.kit.clock import to_ms
from app.kit.problems import Unavailable
from app.settings import Settings

log = structlog.get_logger("wangge.uploads")
P = ParamSpec("P")
T = TypeVar("T")
PIECE_BYTES = 256 * 1024
FOLDER = "files"


class FileMissing(Exception):
    """The store has nothing under a key that it should have."""


def file_key(county_code: str, digest: bytes, upload_id: UUID, announced_at: datetime) -> str:
    """Where content goes that an upload brought: the same when that is tried again, another if announced anew.

    Short enough for one block of a backup.
    """
    name = digest.hex()
    return f"{county_code}/{name[:2]}/{name[:32]}-{upload_id.hex[-12:]}-{to_ms(announced_at):x}"


class FileStore(Protocol):
    """What the domain asks of a store. Keys are relative paths of letters, digits, `.`, `-`, `_` and `/`.

    Every method raises Unavailable when the store can't be reached or is full.
    """

    async def keep(self, key: str, path: Path) -> None:
        """Keeps the content of a local file; on disk, whole, when this returns."""

    async def keep_bytes(self, key: str, content: bytes) -> None:
        """The same for what is in memory."""

    async def read(self, key: str) -> bytes:
        """All of it. Raises FileMissing."""

    async def open(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes from `start` up to, not including, `end`, in pieces. Raises FileMissing before the first."""

    async def delete(self, key: str) -> None:
        """Removes it; no error where nothing is."""


def store_of(settings: Settings) -> FileStore:
    """The store that the settings name."""
    where = settings.file_store
    if where is not None and where.startswith("s3://"):
        from app.uploads.bucket import bucket_of  # its library is loaded where it is used only

        return bucket_of(settings)
    return Folder(Path(where) if where else settings.data_dir / FOLDER)


class Folder:
    """A folder: files appear whole or not at all, and are on disk before anybody is told."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    async def keep(self, key: str, path: Path) -> None:
        """See FileStore. The file is linked where the file system allows, else copied."""
        await _on_disk(self._keep, key, path)

    async def keep_bytes(self, key: str, content: bytes) -> None:
        """See FileStore."""
        await _on_disk(self._write, key, content)

    async def read(self, key: str) -> bytes:
        """See FileStore."""
        return await _on_disk((self.root / key).read_bytes)

    async def open(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """See FileStore."""
        file = await _on_disk((self.root / key).open, "rb")

        async def pieces() -> AsyncIterator[bytes]:
            with file:
                await to_thread(file.seek, start)
                left = end - start
                while left > 0 and (piece := await to_thread(file.read, min(PIECE_BYTES, left))):
                    left -= len(piece)
                    yield piece

        return pieces()

    async def delete(self, key: str) -> None:
        """See FileStore."""
        with suppress(FileMissing):
            await _on_disk((self.root / key).unlink)

    def _keep(self, key: str, path: Path) -> None:
        aside = self._aside(key)
        try:
            os.link(path, aside)
        except OSError:  # another file system, or one without links
            with path.open("rb") as source, _private(aside) as copy:
                shutil.copyfileobj(source, copy, PIECE_BYTES)
        self._move_into_place(aside, key)

    def _write(self, key: str, content: bytes) -> None:
        aside = self._aside(key)
        with _private(aside) as file:
            file.write(content)
        self._move_into_place(aside, key)

    def _aside(self, key: str) -> Path:
        target = self.root / key
        make_private_folder(target.parent)
        return target.with_name(f".{target.name}.{uuid4().hex}")

    def _move_into_place(self, aside: Path, key: str) -> None:
        target = self.root / key
        os.replace(aside, target)
        aside.unlink(missing_ok=True)  # a rename between two links to one file does nothing
        flush_folder(target.parent)


def make_private_folder(folder: Path) -> None:
    """Makes a folder, mode 0700, and those above it; on disk when this returns."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    """Puts the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """A new file, on disk when the block ends; none when it fails: a full disk gets no fuller."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _on_disk(work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """`work` in a thread. Raises FileMissing, Unavailable."""
    try:
        return await to_thread(work, *args, **options)
    except FileNotFoundError as error:
        raise FileMissing(str(error.filename)) from error
    except OSError as error:
        log.error("file store unavailable", error=error.strerror, path=str(error.filename))
        raise Unavailable from error
