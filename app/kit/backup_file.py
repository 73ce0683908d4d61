"""The file of a backup: a tar archive (any `tar` reads it) and, behind its end, the SHA-256 of all before.

It appears whole or not at all: written beside its place under another name, flushed to disk, renamed.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

CHUNK_BYTES = 1 << 20
MARK = b"wangge-backup sha256:"
TRAILER_BYTES = len(MARK) + 64 + 1
END_OF_TAR = bytes(1024)


class BackupError(Exception):
    """No backup can be made or read here; the text tells the person at the keyboard why."""


@contextmanager
def writing(path: Path) -> Iterator["BackupWriter"]:
    """A writer whose file stands at `path` when the block ends, mode 0600; nothing when the block raises.

    Raises FileExistsError when `path` is taken: a backup never overwrites another.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists already; a backup never overwrites another file")
    aside = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    descriptor = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield BackupWriter(file)
            _seal(file)
        os.link(aside, path)  # unlike a rename, never over what came there meanwhile
        _flush_directory(path.parent)
    finally:
        aside.unlink()


class BackupWriter:
    """Appends members."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add(self, name: str, content: bytes) -> None:
        """Appends a member whose content is known."""
        self.add_stream(name, io.BytesIO(content))

    def add_stream(self, name: str, source: IO[bytes]) -> int:
        """Appends a member of unknown length, read until its end; returns its bytes."""
        begin = self._file.tell()
        self._file.write(bytes(tarfile.BLOCKSIZE))  # its length is known afterwards
        size = 0
        while chunk := source.read(CHUNK_BYTES):
            self._file.write(chunk)
            size += len(chunk)
        self._file.write(bytes(-size % tarfile.BLOCKSIZE))
        end = self._file.tell()
        member = tarfile.TarInfo(name)
        if len(name.encode()) > tarfile.LENGTH_NAME:
            raise ValueError(f"{name} is too long for the one block that is kept for it")
        member.size, member.mode = size, 0o600
        self._file.seek(begin)
        self._file.write(member.tobuf(tarfile.GNU_FORMAT))
        self._file.seek(end)
        return size


class BackupFile:
    """A backup to read from. Whoever wants to trust it calls `check` first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> None:
        """Reads the whole file. Raises BackupError unless it is as it was written."""
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            digest = _digest(file, size - TRAILER_BYTES) if size > TRAILER_BYTES else b""
            trailer = file.read(TRAILER_BYTES)
        if not trailer.startswith(MARK):
            raise BackupError(f"{self.path} is no backup, or was cut short")
        if trailer != _trailer(digest):
            raise BackupError(f"{self.path} was damaged or changed: its SHA-256 is another")

    def read(self, name: str, limit_bytes: int = 16 << 20) -> bytes | None:
        """A small member, or None."""
        with self._opened() as archive:
            try:
                member = archive.extractfile(name)
            except KeyError:
                return None
            return member.read(limit_bytes) if member else None

    def copy(self, name: str, write: Callable[[bytes], object]) -> None:
        """Hands a large member on in pieces. Raises BackupError when there is none."""
        with self._opened() as archive:
            try:
                member = archive.extractfile(name)
            except KeyError:
                member = None
            if member is None:
                raise BackupError(f"{self.path} holds no {name}")
            while chunk := member.read(CHUNK_BYTES):
                write(chunk)

    def members(self, prefix: str) -> Iterator[tuple[str, IO[bytes]]]:
        """Name and content of the members whose names begin with `prefix`; read each before the next."""
        with self._opened() as archive:
            for member in archive:
                if member.isfile() and member.name.startswith(prefix):
                    content = archive.extractfile(member)
                    assert content is not None  # noqa: S101 - it is a file
                    yield member.name, content

    @contextmanager
    def _opened(self) -> Iterator[tarfile.TarFile]:
        try:
            with tarfile.open(self.path, "r:") as archive:
                yield archive
        except tarfile.TarError as error:
            raise BackupError(f"{self.path} is no backup: {error}") from error


def write_private(path: Path, content: bytes) -> None:
    """A small new file, mode 0600, on disk when this returns. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _flush_directory(path.parent)


def _seal(file: BinaryIO) -> None:
    file.write(END_OF_TAR)
    file.flush()
    size = file.tell()
    file.seek(0)
    trailer = _trailer(_digest(file, size))
    file.seek(size)
    file.write(trailer)
    file.flush()
    os.fsync(file.fileno())


def _digest(file: BinaryIO, size: int) -> bytes:
    content = hashlib.sha256()
    while size > 0 and (chunk := file.read(min(CHUNK_BYTES, size))):
        content.update(chunk)
        size -= len(chunk)
    return content.digest()


def _trailer(digest: bytes) -> bytes:
    return MARK + digest.hex().encode() + b"\n"


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
