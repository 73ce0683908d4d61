"""The server's HTTP protocol, which also cuts connections whose request headers trickle in or never end.

uvicorn waits for headers as long as a client likes: a few thousand half-open requests would take all sockets.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEADERS_DEADLINE_S = 15.0
HEADERS_MAX_BYTES = 64 << 10


class GuardedProtocol(HttpToolsProtocol):
    """Headers have a deadline, counted from the connection or their first byte, and a size. Bodies: kit.http."""

    _in_headers = False
    _header_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_headers:  # not with this packet: nearly every request comes in one
            self._header_bytes += len(data)
            if self._header_bytes > HEADERS_MAX_BYTES:
                self._cut(431)
            elif self._deadline is None:
                self._begin()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._header_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._end()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._deadline = self.loop.call_later(HEADERS_DEADLINE_S, self._cut, 408)

    def _end(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self, status: int) -> None:
        self._end()
        if not self.transport.is_closing():
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
