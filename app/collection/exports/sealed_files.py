"""Files with personal data rest sealed: a piece of the plain file is one line, and none can be taken away.

Memory is bounded by a piece. The place that a line is sealed for names its number and whether it is the last,
so lines can't be left out, swapped or cut off.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from app.kit.crypto import SealError, Vault
from app.uploads.store import FileStore

PIECE_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a sealed file rests. stored_bytes: its length there."""

    key: str
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """Files of one purpose ("export", "import"), each bound to the row that it belongs to.

    A key is written down before its file is kept, so that a file that nobody finished is found and deleted.
    """

    store: FileStore
    vault: Vault
    purpose: str

    def new_key(self, county_code: str, row_id: UUID) -> str:
        """A key that was never given before."""
        return f"{self.purpose}s/{county_code}/{row_id}/{uuid4().hex}"

    async def keep(self, key: str, row_id: UUID, path: Path) -> Kept:
        """Seals the file at `path` into the store. `path` is left as it is. Raises Unavailable."""
        sealed = path.with_name(path.name + ".sealed")
        try:
            await asyncio.to_thread(self._seal, row_id, path, sealed)
            await self.store.keep(key, sealed)
            return Kept(key, (await asyncio.to_thread(sealed.stat)).st_size)
        finally:
            await asyncio.to_thread(sealed.unlink, missing_ok=True)

    async def open(self, row_id: UUID, kept: Kept) -> AsyncIterator[bytes]:
        """The plain content, piece by piece. Raises FileMissing; pieces raise SealError when it was changed or cut."""
        return self._pieces(row_id, await self.store.open(kept.key, 0, kept.stored_bytes))

    async def read(self, row_id: UUID, kept: Kept) -> bytes:
        """All of a small file."""
        return b"".join([piece async for piece in await self.open(row_id, kept)])

    async def _pieces(self, row_id: UUID, stored: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        number, waiting = 0, b""
        async for piece in stored:
            *lines, waiting = (waiting + piece).split(b"\n")
            for line in lines:
                yield self._opened(line, number, row_id, is_last=False)
                number += 1
        yield self._opened(waiting, number, row_id, is_last=True)

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
