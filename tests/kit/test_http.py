"""What every request passes: request ids, limits, compression, and errors as problems."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
import pytest
import uvicorn
import zstandard
from fastapi import FastAPI, Request
from pydantic import BaseModel
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.kit import errors, http, serving
from app.kit.http import Gateway
from app.kit.problems import TooManyRequests

LIMIT = 1000
Message = MutableMapping[str, Any]


class Person(BaseModel):
    """A body."""

    name: str
    age: int


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.put("/echo")
    @app.post("/echo")
    async def echo(request: Request) -> dict[str, Any]:
        body = await request.body()
        return {"bytes": len(body), "text": body[:20].decode("latin-1")}

    @app.post("/people")
    async def people(person: Person) -> Person:
        return person

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret detail")

    @app.get("/pool")
    async def pool() -> None:
        raise PoolTimeout("no connection")

    @app.get("/busy")
    async def busy() -> None:
        raise TooManyRequests(headers={"Retry-After": "3"})

    errors.install(app)
    app.add_middleware(Gateway, body_max_bytes=LIMIT, longer_bodies={("PUT", "/echo"): 3 * LIMIT})
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def call(
    app: FastAPI, messages: list[Message], headers: list[tuple[bytes, bytes]]
) -> tuple[int, bytes]:
    """Status and body of POST /echo whose body comes as `messages`; a None waits for ever."""
    scope = {
        "type": "http", "method": "POST", "path": "/echo", "raw_path": b"/echo", "query_string": b"",
        "headers": headers, "http_version": "1.1", "scheme": "http", "server": ("test", 80),
        "client": ("test", 1), "root_path": "",
    }  # fmt: skip
    waiting, sent = list(messages), []

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:])


def piece(body: bytes, *, more: bool = True) -> Message:
    """One message of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


CHUNKED = [(b"transfer-encoding", b"chunked")]


class TestRequestId:
    async def test_a_good_one_is_kept(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/echo", headers={"X-Request-Id": "handheld-7.A_b"})
        assert answer.headers["x-request-id"] == "handheld-7.A_b"

    @pytest.mark.parametrize("bad", ["short", "x" * 65, "with space 123", "r\xe9sum\xe9-of-it", ""])
    async def test_a_bad_one_is_replaced(self, client: httpx.AsyncClient, bad: str) -> None:
        named = httpx.Headers({"X-Request-Id": bad}, encoding="latin-1")
        answer = await client.post("/echo", headers=named)
        assert answer.headers["x-request-id"] != bad
        assert http.REQUEST_ID.fullmatch(answer.headers["x-request-id"])

    async def test_every_refusal_has_one(self, client: httpx.AsyncClient) -> None:
        answers = [
            await client.get("/broken"),
            await client.get("/nowhere"),
            await client.post("/echo", content=b"x" * 2000),
            await client.post("/people", json={}),
        ]
        assert [a.status_code for a in answers] == [500, 404, 413, 422]
        assert len({a.headers["x-request-id"] for a in answers}) == 4


class TestLimits:
    @pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
    async def test_the_declared_length(self, client: httpx.AsyncClient, size: int, status: int) -> None:
        assert (await client.post("/echo", content=b"x" * size)).status_code == status

    @pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
    async def test_an_undeclared_length(self, app: FastAPI, size: int, status: int) -> None:
        in_one = [piece(b"x" * size, more=False)]
        in_many = [*(piece(b"x") for _ in range(size)), piece(b"", more=False)]
        assert (await call(app, in_one, CHUNKED))[0] == status
        assert (await call(app, in_many, CHUNKED))[0] == status

    @pytest.mark.parametrize(("size", "status"), [(3 * LIMIT, 200), (3 * LIMIT + 1, 413)])
    async def test_a_route_with_a_limit_of_its_own(
        self, client: httpx.AsyncClient, size: int, status: int
    ) -> None:
        assert (await client.put("/echo", content=b"x" * size)).status_code == status
        assert (await client.post("/echo", content=b"x" * size)).status_code == 413

    async def test_a_length_that_lies(self, app: FastAPI) -> None:
        said = [(b"content-length", b"5")]
        assert (await call(app, [piece(b"x" * 2000, more=False)], said))[0] == 413

    @pytest.mark.parametrize("nonsense", [b"-1", b"abc", b"\xb2", b"1e9", b""])
    async def test_a_length_that_is_no_number(self, app: FastAPI, nonsense: bytes) -> None:
        status, _ = await call(app, [piece(b"x", more=False)], [(b"content-length", nonsense)])
        assert status < 500

    async def test_a_body_that_never_ends_is_cut(self, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "BODY_DEADLINE_S", 0.05)
        status, body = await call(app, [piece(b"x"), piece(b"y")], CHUNKED)
        assert (status, b"did not arrive" in body) == (400, True)

    async def test_a_client_that_goes_away(self, app: FastAPI) -> None:
        status, _ = await call(app, [piece(b"x"), {"type": "http.disconnect"}], CHUNKED)
        assert status == 400


class TestCompression:
    @pytest.mark.parametrize("encoding", ["gzip", "GZIP", " zstd ", "identity"])
    async def test_is_undone_before_the_router(self, client: httpx.AsyncClient, encoding: str) -> None:
        plain = b"hello" * 100
        packed = {"gzip": gzip.compress, "zstd": zstandard.compress, "identity": bytes}[
            encoding.strip().lower()
        ](plain)
        answer = await client.post("/echo", content=packed, headers={"Content-Encoding": encoding})
        assert answer.json() == {"bytes": 500, "text": "hellohellohellohello"}

    @pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
    async def test_the_limit_counts_the_plain_bytes(self, client: httpx.AsyncClient, size: int) -> None:
        for packed, encoding in (
            (gzip.compress(b"x" * size), "gzip"),
            (zstandard.compress(b"x" * size), "zstd"),
        ):
            answer = await client.post("/echo", content=packed, headers={"Content-Encoding": encoding})
            assert answer.status_code == (200 if size == LIMIT else 413)

    async def test_a_window_that_would_eat_the_memory(self, client: httpx.AsyncClient) -> None:
        parameters = zstandard.ZstdCompressionParameters(window_log=27)
        stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        packed = stream.compress(b"x" * 500) + stream.flush()
        answer = await client.post("/echo", content=packed, headers={"Content-Encoding": "zstd"})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")

    async def test_raw_deflate_is_no_gzip(self, client: httpx.AsyncClient) -> None:
        packed = zlib.compress(b"x" * 100)
        answer = await client.post("/echo", content=packed, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 400

    async def test_many_empty_members_cost_nothing(self, client: httpx.AsyncClient) -> None:
        packed = gzip.compress(b"") * 40
        answer = await client.post("/echo", content=packed, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 400


class TestErrors:
    async def test_the_unexpected_says_nothing_of_itself(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/broken")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "internal_error"
        assert "secret" not in answer.text

    @pytest.mark.parametrize(
        ("accepted", "word"),
        [
            ("en", "cannot"), ("en-GB,en;q=0.9", "cannot"), ("zh-CN,zh", "无法"), ("fr,en", "cannot"),
            ("", "无法"), ("*", "无法"),
        ],
    )  # fmt: skip
    async def test_the_language_of_the_caller(
        self, client: httpx.AsyncClient, accepted: str, word: str
    ) -> None:
        answer = await client.post(
            "/people",
            content=b"{",
            headers={"Content-Type": "application/json", "Accept-Language": accepted},
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
        assert word in answer.json()["detail"]

    async def test_validation_names_the_fields_and_never_the_values(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/people", json={"name": 13812345678, "age": "thirteen-secret"})
        found = answer.json()
        assert {e["field"] for e in found["errors"]} == {"body.name", "body.age"}
        assert "13812345678" not in answer.text
        assert "secret" not in answer.text

    async def test_wrong_address_and_method(self, client: httpx.AsyncClient) -> None:
        found = [(await client.get(p)).json()["code"] for p in ("/nowhere", "/echo")]
        assert found == ["not_found", "method_not_allowed"]

    async def test_a_full_pool_is_503_and_headers_of_problems_are_sent(
        self, client: httpx.AsyncClient
    ) -> None:
        full, busy = await client.get("/pool"), await client.get("/busy")
        assert (full.status_code, full.json()["code"]) == (503, "unavailable")
        assert int(full.headers["retry-after"]) > 0
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "3")
        assert busy.headers["cache-control"] == "no-store"


class TestHead:
    """HEAD is GET without the body, as monitors and proxies expect; OPTIONS names what an address takes."""

    async def test_answers_as_get_does_without_the_body(self, client: httpx.AsyncClient) -> None:
        for path in ("/busy", "/pool", "/nowhere", "/openapi.json"):
            got, head = await client.get(path), await client.head(path)
            assert (head.status_code, head.content) == (got.status_code, b""), path
            for name in ("content-type", "content-length", "retry-after"):
                assert head.headers.get(name) == got.headers.get(name), (path, name)
            assert head.headers["x-request-id"]

    async def test_a_post_has_none(self, client: httpx.AsyncClient) -> None:
        head = await client.head("/echo")
        assert (head.status_code, head.headers["allow"]) == (405, "POST")

    async def test_options_name_the_methods(self, client: httpx.AsyncClient) -> None:
        answer = await client.options("/echo")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")

    async def test_a_real_server_frames_it(self, app: FastAPI) -> None:
        config = uvicorn.Config(app, **serving.uvicorn_settings())
        server = uvicorn.Server(config)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            running = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                head = await client.head("/openapi.json")
                got = await client.get("/openapi.json")  # on the same connection
            server.should_exit = True
            await running
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(got.content))
