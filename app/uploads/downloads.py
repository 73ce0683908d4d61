"""Content on its way out: one range of one file, under headers that keep a browser from running anything."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import structlog
from starlette.responses import Response, StreamingResponse

from app.uploads.content_types import EXTENSIONS, PICTURES
from app.uploads.files import Files
from app.uploads.models import StoredFile
from app.uploads.problems import FileNotThere, RangeNotSatisfiable
from app.uploads.ranges import Span, Unsatisfiable, asked_span
from app.uploads.store import FileMissing

log = structlog.get_logger("wangge.uploads")
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Headers of a download: Range, If-None-Match, If-Range."""

    range: str | None
    known_tags: str | None
    range_tag: str | None


async def send_content(files: Files, upload_id: UUID, file: StoredFile, asked: Asked) -> Response:
    """The file, or the range that was asked for; 304 when its ETag is the known one.

    Raises RangeNotSatisfiable, FileNotThere, Unavailable.
    """
    tag = f'"{file.digest.hex()}"'
    if tag in (part.strip() for part in (asked.known_tags or "").split(",")):
        return Response(status_code=304, headers={"ETag": tag, **SAFE})
    is_other = asked.range_tag is not None and asked.range_tag.strip() != tag
    try:
        span = asked_span(None if is_other else asked.range, file.length_bytes)
    except Unsatisfiable as error:
        there = {"Content-Range": f"bytes */{file.length_bytes}"}
        raise RangeNotSatisfiable(headers=there, length_bytes=file.length_bytes) from error
    part = span or Span(0, file.length_bytes)
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Content-Length": str(part.end - part.start),
        "Content-Disposition": _disposition(upload_id, file.content_type),
        **SAFE,
    }
    if span is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{file.length_bytes}"
    pieces = await _opened(files, file, part)
    return StreamingResponse(pieces, 206 if span else 200, headers=headers, media_type=file.content_type)


async def send_thumbnail(files: Files, key: str, tag: str) -> Response:
    """A small JPEG. Raises FileNotThere, Unavailable."""
    try:
        content = await files.store.read(key)
    except FileMissing as error:
        log.error("thumbnail missing from the store", key=key)
        raise FileNotThere(current_state="missing") from error
    return Response(content, media_type="image/jpeg", headers={"ETag": tag, **SAFE})


async def _opened(files: Files, file: StoredFile, part: Span) -> AsyncIterator[bytes]:
    try:
        return await files.store.open(file.key, part.start, part.end)
    except FileMissing as error:
        log.error("file missing from the store", key=file.key)
        raise FileNotThere(current_state="missing") from error


def _disposition(upload_id: UUID, media_type: str) -> str:
    """Pictures are shown, everything else is saved; the name is ours, so nothing needs escaping."""
    kind = "inline" if media_type in PICTURES else "attachment"
    return f'{kind}; filename="{upload_id}.{EXTENSIONS[media_type]}"'
