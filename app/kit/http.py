"""What every request passes: id, limits, decompression, metrics, and errors turned into problems."""

import asyncio
import re
import time
import zlib
from collections.abc import Callable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

import structlog
import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid6 import uuid7

from app.kit import metrics
from app.kit.errors import problem_response
from app.kit.logs import request_id_var
from app.kit.problems import BadRequest, BodyTooLarge, InternalError, Problem, UnsupportedMediaType

log = structlog.get_logger("wangge.http")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
BODY_DEADLINE_S = 60
QUIET_ROUTES = {"/health/live", "/health/ready", "/metrics"}


class Gateway:
    """ASGI middleware around the whole application; one layer, because each costs every request.

    is_streamed    by method and path: whose handler reads and bounds its body itself and knows HEAD from GET
    longer_bodies  by method and path: what may be longer than `body_max_bytes`, and how long
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_max_bytes: int,
        is_streamed: Callable[[str, str], bool] = lambda *_: False,
        longer_bodies: Mapping[tuple[str, str], int] = MappingProxyType({}),
    ) -> None:
        self.app = app
        self.body_max_bytes = body_max_bytes
        self.is_streamed = is_streamed
        self.longer_bodies = longer_bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection event; only HTTP is touched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        route = scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))
        is_streamed = self.is_streamed(*route)
        if scope["method"] == "HEAD" and not is_streamed:
            # as GET, without the body: a copy, because the server frames its answer by the method it read
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid7().hex
        token = request_id_var.set(request_id)
        watched = _Watched(scope, send, request_id)
        try:
            try:
                if not is_streamed:
                    most = max(self.body_max_bytes, self.longer_bodies.get(route, 0))
                    receive = await _body(headers, receive, most)
            except Problem as problem:
                await problem_response(problem, headers, scope["path"])(scope, receive, watched.send)
                return
            await self.app(scope, receive, watched.send)
        except Exception:
            # answered here and not further out, where the server would also cut the connection
            log.exception("unhandled", path=scope["path"])
            if watched.is_answering:
                raise
            await problem_response(InternalError(), headers, scope["path"])(scope, receive, watched.send)
        finally:
            watched.done()
            request_id_var.reset(token)


async def _body(headers: Headers, receive: Receive, most_bytes: int) -> Receive:
    """Reads the whole body within the limits, decompresses it, and hands it on as one message.

    Raises BodyTooLarge, UnsupportedMediaType or BadRequest (broken compression, client too slow).
    """
    declared = headers.get("content-length")
    if declared is None and "transfer-encoding" not in headers:
        return receive
    if declared is not None and declared.isdecimal() and int(declared) > most_bytes:
        raise BodyTooLarge(limit_bytes=most_bytes)
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            body = await _read(receive, most_bytes)
    except TimeoutError as error:
        raise BadRequest(reason="the body did not arrive in time") from error
    body = _decompressed(body, headers.get("content-encoding", "identity").strip().lower(), most_bytes)
    return _replay(body, receive)


async def _read(receive: Receive, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(reason="the connection broke before the body was complete")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most_bytes:
            raise BodyTooLarge(limit_bytes=most_bytes)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head


class _Watched:
    """Adds the request id to the answer, and reports the request when it is over."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope, self._send, self._request_id = scope, send, request_id
        self._started_s = time.perf_counter()
        self._status = 500
        self.is_answering = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self.is_answering = message["status"], True
            MutableHeaders(scope=message)["x-request-id"] = self._request_id
        await self._send(message)

    def done(self) -> None:
        took_s = time.perf_counter() - self._started_s
        route = getattr(self._scope.get("route"), "path", "none")
        metrics.REQUEST_S.labels(self._scope["method"], route, self._status).observe(took_s)
        if route not in QUIET_ROUTES:
            log.debug(
                "request",
                method=self._scope["method"],
                route=route,
                status=self._status,
                took_ms=round(took_s * 1000, 1),
            )


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def once() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _decompressed(body: bytes, encoding: str, limit_bytes: int) -> bytes:
    if encoding in ("", "identity"):
        return body
    try:
        if encoding == "gzip":
            return _gunzipped(body, limit_bytes)
        if encoding == "zstd":
            decompressor = zstandard.ZstdDecompressor(max_window_size=8 << 20)
            # across frames, so that what follows the first is not passed over in silence
            with decompressor.stream_reader(body, read_across_frames=True) as reader:
                plain = reader.read(limit_bytes + 1)
            if len(plain) > limit_bytes:
                raise BodyTooLarge(limit_bytes=limit_bytes)
            return plain
    except (zlib.error, zstandard.ZstdError) as error:
        raise BadRequest(reason=f"broken {encoding} data") from error
    raise UnsupportedMediaType(got=encoding[:40])


def _gunzipped(body: bytes, limit_bytes: int) -> bytes:
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    plain = member.decompress(body, limit_bytes + 1)
    if len(plain) > limit_bytes:
        raise BodyTooLarge(limit_bytes=limit_bytes)
    if not member.eof:
        raise BadRequest(reason="broken gzip data: it ends too early")
    if member.unused_data:
        raise BadRequest(reason="broken gzip data: something follows it")
    return plain
