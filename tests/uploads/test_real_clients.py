"""tuspy and tus-js-client against a real server, over a link that breaks before and after the server acted."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from sqlalchemy import text
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from app.identity.actor import Role
from app.kit.db import Database
from app.kit.serving import uvicorn_settings
from app.uploads.files import Files, files_of
from tests.factories import identity
from tests.factories.uploads import UPLOADS, Sender, large_photo
from tests.uploads.links import BadLink, Break

JS = Path(__file__).parent / "js"
LENGTH = 20_000_000
TEN_BREAKS: list[Break] = ["announcement", "before", "after", "before", "before", "after"] + ["before"] * 4
NPM_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, an inspector's token, and where files lie."""

    port: int
    token: str
    database: Database
    files: Files

    async def state(self, upload_id: UUID) -> tuple[str, str]:
        """State and digest of an upload."""
        async with self.database.transaction() as session:
            row = (
                await session.execute(
                    text("SELECT state, digest FROM upload WHERE id = :id"), {"id": upload_id}
                )
            ).one()
            return row.state, row.digest.hex()


@pytest.fixture
async def service(fresh_database: Database, tmp_path: Path) -> AsyncIterator[Service]:
    app = identity.app_over(fresh_database)
    app.state.files = files_of(identity.settings().model_copy(update={"data_dir": tmp_path}), fresh_database)
    async with fresh_database.transaction() as session:
        county = await identity.county(session, "330921")
        inspector = await identity.account(session, county.community, Role.INSPECTOR)
        device = await identity.device(session, county.community)
        await identity.binding(session, device, inspector)
        pair = await identity.login(app, session, inspector, device)
    server = uvicorn.Server(uvicorn.Config(app, **uvicorn_settings() | {"lifespan": "off", "port": 0}))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield Service(
        server.servers[0].sockets[0].getsockname()[1], pair.access_token, fresh_database, app.state.files
    )
    server.should_exit = True
    await serving


@dataclass(frozen=True, slots=True)
class File:
    """A photo of 20 MB on the handheld."""

    path: Path
    sha256: str


@pytest.fixture
def file(tmp_path: Path) -> File:
    content = large_photo(LENGTH)
    (tmp_path / "photo.jpg").write_bytes(content)
    return File(tmp_path / "photo.jpg", sha256(content).hexdigest())


@pytest.mark.parametrize(("piece_bytes", "has_checksum"), [(2_500_000, False), (1_200_000, True)])
async def test_tuspy_uploads_20_mb_through_ten_broken_connections(
    service: Service, file: File, monkeypatch: pytest.MonkeyPatch, piece_bytes: int, has_checksum: bool
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    link = BadLink(service.port, TEN_BREAKS)
    client = TusClient(
        f"http://127.0.0.1:{await link.open()}{UPLOADS}", headers={"Authorization": f"Bearer {service.token}"}
    )
    upload_id = uuid4()

    def upload() -> None:
        uploader = client.uploader(
            str(file.path),
            chunk_size=piece_bytes,
            metadata={"upload_id": str(upload_id), "sha256": file.sha256},
            retries=40,
            retry_delay=0.03,  # type: ignore[arg-type] - it only sleeps so long
            upload_checksum=has_checksum,
        )
        with pytest.raises(TusCommunicationError):
            uploader.create_url()  # its answer is lost
        uploader.upload()

    await asyncio.to_thread(upload)
    link.close()
    assert sum(link.done.values()) == len(TEN_BREAKS)
    assert await service.state(upload_id) == ("complete", file.sha256)


async def test_tus_js_client_uploads_20_mb_through_ten_broken_connections(
    service: Service, file: File
) -> None:
    modules = await _installed()
    link = BadLink(service.port, TEN_BREAKS)
    upload_id = uuid4()
    told = {
        "endpoint": f"http://127.0.0.1:{await link.open()}{UPLOADS}",
        "path": str(file.path),
        "headers": {"Authorization": f"Bearer {service.token}"},
        "metadata": {"upload_id": str(upload_id), "sha256": file.sha256, "filename": "photo.jpg"},
        "chunkSize": 2_500_000,
    }
    said = await _run("node", str(modules / "upload.mjs"), json.dumps(told))
    link.close()
    assert json.loads(said)["url"].endswith(f"{UPLOADS}/{upload_id}")
    assert sum(link.done.values()) == len(TEN_BREAKS)
    assert await service.state(upload_id) == ("complete", file.sha256)


async def test_a_broken_connection_keeps_what_arrived(service: Service, tmp_path: Path) -> None:
    content = large_photo(3_000_000)
    upload_id = uuid4()
    link = BadLink(service.port, ["before"])
    base_url = f"http://127.0.0.1:{await link.open()}"
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=10) as client:
        sender = Sender(client, {"Authorization": f"Bearer {service.token}"})
        location = (await sender.announce(len(content), upload_id)).headers["location"]
        with pytest.raises(httpx.TransportError):
            await sender.piece(location, 0, content)
        offset = 0
        for _ in range(100):
            if offset := int((await sender.head(location)).headers["upload-offset"]):
                break
            await asyncio.sleep(0.02)
        assert 200_000 < offset < len(content)
        assert (await sender.piece(location, offset, content[offset:])).status_code == 204
    link.close()
    assert await service.state(upload_id) == ("complete", sha256(content).hexdigest())


async def _installed() -> Path:
    """tus-js-client in a folder outside the repository, installed once for each lock file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are needed to drive tus-js-client; they are not on the PATH")
    lock = sha256(b"".join(path.read_bytes() for path in sorted(JS.iterdir()))).hexdigest()[:16]
    ready = Path(tempfile.gettempdir()) / f"wangge-tus-js-{os.getuid()}-{lock}"
    if not ready.exists():
        aside = Path(tempfile.mkdtemp(dir=ready.parent))
        shutil.copytree(JS, aside, dirs_exist_ok=True)
        try:
            await _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=aside)
        except AssertionError as error:
            shutil.rmtree(aside)
            pytest.skip(f"npm could not install tus-js-client: {error}")
        with suppress(OSError):  # another worker was first
            os.rename(aside, ready)
    return ready


async def _run(*command: str, cwd: Path | None = None) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(NPM_TIMEOUT_S):
        said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()[-800:]
    return said.decode()


async def test_announced_and_sent_twice_at_once_is_one_upload(service: Service) -> None:
    content, upload_id = large_photo(2_000_000), uuid4()
    base_url = f"http://127.0.0.1:{service.port}"
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=10) as client:
        sender = Sender(client, {"Authorization": f"Bearer {service.token}"})
        announced = await asyncio.gather(*(sender.announce(len(content), upload_id) for _ in range(6)))
        assert {(each.status_code, each.headers["location"]) for each in announced} == {
            (201, f"{UPLOADS}/{upload_id}")
        }
        location = announced[0].headers["location"]
        sent = await asyncio.gather(*(sender.piece(location, 0, content) for _ in range(4)))
        statuses = sorted(each.status_code for each in sent)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {409, 423}
    assert await service.state(upload_id) == ("complete", sha256(content).hexdigest())
    async with service.database.transaction() as session:
        types = await session.scalars(
            text("SELECT type FROM event WHERE subject_id = :id ORDER BY ord"), {"id": upload_id}
        )
        assert list(types) == ["upload.announced", "upload.completed"]


async def test_the_same_content_at_once_is_stored_once(service: Service) -> None:
    content = large_photo(1_000_000)
    base_url = f"http://127.0.0.1:{service.port}"
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=10) as client:
        sender = Sender(client, {"Authorization": f"Bearer {service.token}"})
        answers = await asyncio.gather(*(sender.send(content) for _ in range(5)))
    assert {each.status_code for each in answers} == {204}
    async with service.database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM stored_file")) == 1
    root = service.files.store.root  # type: ignore[attr-defined]
    assert sum(path.is_file() for path in root.rglob("*")) == 1
