"""A folder and a bucket, behind the same interface. The bucket's server checks that requests are signed."""

import errno
import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import pytest
import uvicorn
from obstore.store import MemoryStore
from pydantic import SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.kit.problems import Unavailable
from app.settings import Settings
from app.uploads.bucket import Bucket, bucket_of
from app.uploads.store import FileMissing, FileStore, Folder, store_of

ACCESS_KEY, SECRET = "wangge-test", "a-secret-of-the-bucket-for-tests-only"
KEY = "330921/ab/abcdef-0123-18f"
LARGE = os.urandom(11 << 20)
"""Longer than one part of a multipart upload."""


class S3Server:
    """As much of S3 as the client uses, refusing what AWS Signature 4 does not cover."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.refused = 0
        self.requests: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        body = await request.body()
        self.requests.append(f"{request.method} {request.url.query.partition('=')[0]}")
        if not self._is_signed(request, body):
            self.refused += 1
            answer = Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403)
        else:
            answer = self._answer(request, body)
        await answer(scope, receive, send)

    def _is_signed(self, request: Request, body: bytes) -> bool:
        """AWS Signature Version 4, computed by its own description."""
        given = request.headers.get("authorization", "")
        if not given.startswith("AWS4-HMAC-SHA256 "):
            return False
        fields = dict(part.strip().split("=", 1) for part in given.partition(" ")[2].split(","))
        access_key, day, region, service, end = fields["Credential"].split("/")
        said = request.headers["x-amz-content-sha256"]
        if access_key != ACCESS_KEY or said not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
            return False
        names = fields["SignedHeaders"].split(";")
        query = sorted(
            (quote(unquote(k), safe="-_.~"), quote(unquote(v), safe="-_.~"))
            for k, _, v in (each.partition("=") for each in request.url.query.split("&") if each)
        )
        canonical = "\n".join(
            [
                request.method,
                quote(unquote(request.url.path), safe="/-_.~"),
                "&".join(f"{k}={v}" for k, v in query),
                *(f"{name}:{request.headers[name].strip()}" for name in names),
                "",
                fields["SignedHeaders"],
                said,
            ]
        )
        scope = f"{day}/{region}/{service}/{end}"
        to_sign = "\n".join(
            [
                "AWS4-HMAC-SHA256",
                request.headers["x-amz-date"],
                scope,
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )
        key = f"AWS4{SECRET}".encode()
        for part in (day, region, service, end):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.new(key, to_sign.encode(), "sha256").hexdigest(), fields["Signature"])

    def _answer(self, request: Request, body: bytes) -> Response:
        name, asked = unquote(request.url.path), request.query_params
        match request.method:
            case "POST" if "uploads" in asked:
                self.parts["1"] = {}
                return _xml("InitiateMultipartUploadResult", Bucket="photos", Key=name, UploadId="1")
            case "POST" if "uploadId" in asked:
                self.objects[name] = b"".join(
                    part for _, part in sorted(self.parts[asked["uploadId"]].items())
                )
                return _xml("CompleteMultipartUploadResult", Bucket="photos", Key=name, ETag='"1"')
            case "PUT" if "partNumber" in asked:
                self.parts[asked["uploadId"]][int(asked["partNumber"])] = body
                return Response(headers={"ETag": f'"{asked["partNumber"]}"'})
            case "PUT":
                self.objects[name] = body
                return Response(headers={"ETag": '"1"'})
            case "DELETE":
                self.objects.pop(name, None)
                return Response(status_code=204)
            case "GET" if name in self.objects:
                return _ranged(self.objects[name], request.headers.get("range"))
        return Response("<Error><Code>NoSuchKey</Code></Error>", 404)


def _ranged(content: bytes, asked: str | None) -> Response:
    told = {"ETag": '"1"', "Last-Modified": "Fri, 20 Nov 2026 04:00:00 GMT"}
    if asked is None:
        return Response(content, headers=told)
    start, end = (int(each) for each in asked.removeprefix("bytes=").split("-"))
    told["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    return Response(content[start : end + 1], 206, headers=told)


def _xml(name: str, **fields: str) -> Response:
    inside = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items())
    return Response(f"<{name}>{inside}</{name}>", media_type="application/xml")


@pytest.fixture
async def s3() -> AsyncIterator[tuple[S3Server, str]]:
    import asyncio

    app = S3Server()
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield app, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


def bucket_settings(endpoint: str, secret: str = SECRET) -> Settings:
    return Settings(
        file_store="s3://photos/wangge",
        file_store_endpoint=endpoint,
        file_store_access_key=ACCESS_KEY,
        file_store_secret_key=SecretStr(secret),
    )


async def read_all(store: FileStore, key: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in await store.open(key, start, end)])


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, s3: tuple[S3Server, str]) -> FileStore:
    if request.param == "folder":
        return store_of(Settings(file_store=str(tmp_path / "store")))
    if request.param == "memory":
        return Bucket(MemoryStore())
    return store_of(bucket_settings(s3[1]))


async def test_keeps_reads_and_deletes(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LARGE)
    await store.keep(KEY, tmp_path / "a")
    await store.keep(KEY, tmp_path / "a")  # tried again after a crash
    await store.keep_bytes(f"{KEY}.jpg", b"small")
    assert await store.read(f"{KEY}.jpg") == b"small"
    assert await read_all(store, KEY, 0, len(LARGE)) == LARGE
    assert await read_all(store, KEY, 5_000_000, 9_000_001) == LARGE[5_000_000:9_000_001]
    for _ in range(2):
        await store.delete(KEY)
    with pytest.raises(FileMissing):
        await store.read(KEY)
    with pytest.raises(FileMissing):
        await store.open(KEY, 0, 10)
    assert await store.read(f"{KEY}.jpg") == b"small"


async def test_a_bucket_gets_whole_signed_objects_under_its_prefix(
    s3: tuple[S3Server, str], tmp_path: Path
) -> None:
    server, endpoint = s3
    (tmp_path / "a").write_bytes(LARGE)
    await bucket_of(bucket_settings(endpoint)).keep(KEY, tmp_path / "a")
    assert server.objects == {f"/photos/wangge/{KEY}": LARGE}
    assert server.refused == 0
    assert any("partNumber" in each for each in server.requests), "sent in parts, none of them all in memory"


async def test_a_wrong_secret_or_an_absent_bucket_is_unavailable_and_nothing_is_kept(
    s3: tuple[S3Server, str],
) -> None:
    server, endpoint = s3
    with pytest.raises(Unavailable):
        await bucket_of(bucket_settings(endpoint, "another-secret")).keep_bytes(KEY, b"x")
    assert (server.objects, server.refused > 0) == ({}, True)


async def test_a_folder_links_what_it_can_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    store = Folder(tmp_path / "store")
    await store.keep(KEY, tmp_path / "a")
    assert (tmp_path / "a").stat().st_nlink == 2
    assert [path.name for path in (tmp_path / "store/330921/ab").iterdir()] == [Path(KEY).name]
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(Unavailable):
        await Folder(tmp_path / "store").keep_bytes(KEY, b"x")


async def test_a_full_disk_is_unavailable_and_nothing_half_done_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a").write_bytes(b"content")
    store = Folder(tmp_path / "store")
    with monkeypatch.context() as disk:
        disk.setattr("os.link", full)
        disk.setattr("os.fsync", lambda d: full() if os.path.isfile(f"/proc/self/fd/{d}") else None)
        for keeping in (store.keep(KEY, tmp_path / "a"), store.keep_bytes(KEY, b"content")):
            with pytest.raises(Unavailable):
                await keeping
    assert list((tmp_path / "store/330921/ab").iterdir()) == []
    await store.keep(KEY, tmp_path / "a")
    assert await store.read(KEY) == b"content"


def test_a_bucket_without_keys_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="WANGGE_FILE_STORE_ACCESS_KEY"):
        Settings(file_store="s3://photos")
