"""Slow and endless request headers are cut; ordinary and slow but honest requests are not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from app.kit import header_guard
from app.kit.listening import open_sockets
from app.kit.serving import uvicorn_settings

DEADLINE_S = 0.4
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(header_guard, "HEADERS_DEADLINE_S", DEADLINE_S)
    listener = open_sockets("127.0.0.1", 0, 1)[0]
    server = uvicorn.Server(uvicorn.Config(echo, **uvicorn_settings() | {"lifespan": "off"}))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server._serve([listener]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    await running


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return await reader.read()


async def test_headers_that_trickle_in(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    trickle = asyncio.create_task(drip(writer))
    assert (await until_closed(reader)).startswith(b"HTTP/1.1 408 ")
    trickle.cancel()


async def drip(writer: asyncio.StreamWriter) -> None:
    for n in range(1000):
        await asyncio.sleep(0.05)
        writer.write(f"X-{n}: y\r\n".encode())


async def test_a_connection_that_says_nothing(port: int) -> None:
    reader, _ = await asyncio.open_connection("127.0.0.1", port)
    assert (await until_closed(reader)).startswith(b"HTTP/1.1 408 ")


async def test_headers_without_end(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n" + b"X-Y: " + b"z" * 40_000)
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(b"z" * 40_000)
    assert (await until_closed(reader)).startswith(b"HTTP/1.1 431 ")


async def test_an_honest_request_may_take_its_time_for_the_body(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):  # and the connection may rest between two requests
        writer.write(REQUEST)
        await asyncio.sleep(DEADLINE_S * 1.5)
        writer.write(b"ok")
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(DEADLINE_S * 1.5)
    writer.close()


async def test_headers_in_two_packets(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST[:20])
    await asyncio.sleep(DEADLINE_S / 4)
    writer.write(REQUEST[20:] + b"ok")
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
    await asyncio.sleep(DEADLINE_S * 1.5)
    writer.write(REQUEST + b"ok")
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
    writer.close()
