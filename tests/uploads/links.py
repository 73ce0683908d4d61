"""A link that breaks: a TCP proxy that cuts long requests in the middle, or swallows their answer."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections import Counter
from typing import Literal

Break = Literal["announcement", "before", "after"]
"""The announcement's answer is lost; a piece is cut on its way; a piece's answer is lost."""
LONG_BYTES = 300_000
"""A request is a piece once it is longer; questions are never cut."""


class BadLink:
    """Breaks connections as planned, one after the other, and then behaves."""

    def __init__(self, port: int, plan: list[Break]) -> None:
        self._port = port
        self._plan = list(plan)
        self.done: Counter[Break] = Counter()
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Listens; the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """No new connections."""
        assert self._server is not None
        self._server.close()

    async def _serve(self, client: StreamReader, to_client: StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        link = _Link(self, to_client, to_server)
        both = [asyncio.create_task(each) for each in (link.forward(client), link.answer(server))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for writer in (to_client, to_server):
            writer.transport.abort()
        for each in both:
            each.cancel()
        await asyncio.gather(*both, return_exceptions=True)

    def breaks(self, kind: Break) -> bool:
        """Whether the next planned break is of this kind; then it is done."""
        if self._plan[:1] != [kind]:
            return False
        self.done[self._plan.pop(0)] += 1
        return True


class _Link:
    def __init__(self, bad: BadLink, to_client: StreamWriter, to_server: StreamWriter) -> None:
        self._bad, self._to_client, self._to_server = bad, to_client, to_server
        self._asked, self._is_announcement = 0, False

    async def forward(self, client: StreamReader) -> None:
        while data := await client.read(65_536):
            if self._asked == 0:
                self._is_announcement = data.startswith(b"POST")
            self._asked += len(data)
            if self._asked > LONG_BYTES and self._bad.breaks("before"):
                raise ConnectionResetError
            self._to_server.write(data)
            await self._to_server.drain()
        raise ConnectionResetError

    async def answer(self, server: StreamReader) -> None:
        while data := await server.read(65_536):
            if self._is_announcement and self._bad.breaks("announcement"):
                raise ConnectionResetError
            if self._asked > LONG_BYTES and self._bad.breaks("after"):
                raise ConnectionResetError
            self._to_client.write(data)
            await self._to_client.drain()
            self._asked = 0
        raise ConnectionResetError
