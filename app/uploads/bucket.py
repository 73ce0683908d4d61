"""A bucket of an S3-compatible store."""

from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, S3Store

from app.kit.problems import Unavailable
from app.settings import Settings
from app.uploads.store import PIECE_BYTES, FileMissing

log = structlog.get_logger("wangge.uploads")
T = TypeVar("T")
RETRY_FOR = timedelta(seconds=20)
RETRIES_MOST = 4


def bucket_of(settings: Settings) -> "Bucket":
    """The bucket that WANGGE_FILE_STORE names, with its own credentials and no others of the machine."""
    name, _, prefix = (settings.file_store or "").removeprefix("s3://").partition("/")
    endpoint, secret = settings.file_store_endpoint, settings.file_store_secret_key
    options: dict[str, str] = {"endpoint": endpoint} if endpoint else {}
    store = S3Store(
        name,
        prefix=prefix or None,
        region=settings.file_store_region,
        access_key_id=settings.file_store_access_key or "",
        secret_access_key=secret.get_secret_value() if secret else "",
        virtual_hosted_style_request=False,
        disable_bulk_delete=True,  # one key at a time needs none, and not every store knows it
        client_options={"allow_http": (endpoint or "").startswith("http://")},
        retry_config={"max_retries": RETRIES_MOST, "retry_timeout": RETRY_FOR},
        **options,  # type: ignore[arg-type]
    )
    return Bucket(store)


class Bucket:
    """See FileStore. An object appears whole or not at all; the store answers when it is safe."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def keep(self, key: str, path: Path) -> None:
        """See FileStore."""
        await _reached(obstore.put_async(self._store, key, path))

    async def keep_bytes(self, key: str, content: bytes) -> None:
        """See FileStore."""
        await _reached(obstore.put_async(self._store, key, content))

    async def read(self, key: str) -> bytes:
        """See FileStore."""
        found = await _reached(obstore.get_async(self._store, key))
        return bytes(await _reached(found.bytes_async()))

    async def open(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """See FileStore."""
        found = await _reached(obstore.get_async(self._store, key, options={"range": (start, end)}))

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

        return pieces()

    async def delete(self, key: str) -> None:
        """See FileStore."""
        try:
            await _reached(obstore.delete_async(self._store, key))
        except FileMissing:
            return


async def _reached(answer: Awaitable[T]) -> T:
    """Raises FileMissing, Unavailable."""
    try:
        return await answer
    except FileNotFoundError as error:
        raise FileMissing from error
    except (BaseError, OSError) as error:
        log.error("file store unavailable", error=type(error).__name__)
        raise Unavailable from error
