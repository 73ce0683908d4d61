"""Files with personal data rest sealed: a piece of the plain file is one line, and none can be taken away.

Memory is bounded by a piece. The place that a line is sealed for names its number and whether it is the last,
so lines can't be left out, swapped or cut off.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from app.kit.crypto import SealError, Vault

PIECE_BYTES = 256 << 10


class Store(Protocol):
    """Where files rest: a folder, or any S3-compatible store."""

    async def put(self, key: str, path: Path) -> None:
        """Stores the file at `path` under `key`, whole or not at all."""

    def stream(self, key: str) -> AsyncIterator[bytes]:
        """Its content, piece by piece. Raises FileNotFoundError."""

    async def delete(self, key: str) -> None:
        """Removes it; nothing happens when it is gone already."""


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """Files of one purpose ("export", "import"), each bound to the row that it belongs to."""

    store: Store
    vault: Vault
    purpose: str

    async def keep(self, row_id: UUID, path: Path) -> str:
        """Seals the file at `path` into the store and returns its key. `path` is left as it is."""
        key = f"{self.purpose}s/{row_id}"
        sealed = path.with_name(path.name + ".sealed")
        await asyncio.to_thread(self._seal, row_id, path, sealed)
        try:
            await self.store.put(key, sealed)
        finally:
            await asyncio.to_thread(sealed.unlink)
        return key

    async def open(self, row_id: UUID, key: str) -> AsyncIterator[bytes]:
        """The plain content, piece by piece. Raises FileNotFoundError, SealError when it was changed or cut."""
        number, waiting = 0, b""
        async for piece in self.store.stream(key):
            *lines, waiting = (waiting + piece).split(b"\n")
            for line in lines:
                yield self._opened(line, number, row_id, is_last=False)
                number += 1
        yield self._opened(waiting, number, row_id, is_last=True)

    async def read(self, row_id: UUID, key: str) -> bytes:
        """All of a small file."""
        return b"".join([piece async for piece in self.open(row_id, key)])

    def _seal(self, row_id: UUID, path: Path, sealed: Path) -> None:
        with path.open("rb") as plain, sealed.open("wb") as out:
            number, piece = 0, plain.read(PIECE_BYTES)
            while True:
                following = plain.read(PIECE_BYTES)
                place = self._place(number, is_last=not following)
                out.write(self.vault.encrypt(b64encode(piece).decode(), place, row_id).encode())
                if not following:
                    return
                out.write(b"\n")
                number, piece = number + 1, following

    def _opened(self, line: bytes, number: int, row_id: UUID, *, is_last: bool) -> bytes:
        try:
            text = line.decode("ascii")
        except UnicodeDecodeError as error:
            raise SealError(f"{self.purpose} {row_id}: line {number} is damaged") from error
        return b64decode(self.vault.decrypt(text, self._place(number, is_last=is_last), row_id))

    def _place(self, number: int, *, is_last: bool) -> str:
        return f"{self.purpose}.file/{number}/{'last' if is_last else 'more'}"
