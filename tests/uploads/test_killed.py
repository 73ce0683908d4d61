"""An API process that is killed while a photo arrives: what was counted stays, the rest is sent again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import httpx

from app.identity.actor import Role
from app.kit.db import Database
from tests.factories import identity
from tests.factories.uploads import Sender, large_photo
from tests.uploads.conftest import state_of

LENGTH = 16_000_000
SERVE = """
import sys
from pathlib import Path
import uvicorn
from app.kit.db import Database
from app.kit.serving import uvicorn_settings
from app.uploads.files import files_of
from tests.factories import identity
database = Database.connect(sys.argv[1], pool_size=4)
app = identity.app_over(database)
app.state.files = files_of(identity.settings().model_copy(update={"data_dir": Path(sys.argv[2])}), database)
config = uvicorn.Config(app, **uvicorn_settings() | {"lifespan": "off", "port": 0})
class Told(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)
Told(config).run()
"""


class Service:
    """A process of its own, which can be killed as the kernel kills."""

    def __init__(self, url: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, url, str(folder)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )

    async def address(self) -> str:
        """Where it listens."""
        assert self.process.stdout is not None
        port = await asyncio.to_thread(self.process.stdout.readline)
        return f"http://127.0.0.1:{int(port)}"

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


async def test_a_killed_process_keeps_what_was_counted_and_another_takes_the_rest(
    fresh_database: Database, fresh_url: str, tmp_path: Path
) -> None:
    app = identity.app_over(fresh_database)
    async with fresh_database.transaction() as session:
        county = await identity.county(session, "330921")
        inspector = await identity.account(session, county.community, Role.INSPECTOR)
        device = await identity.device(session, county.community)
        await identity.binding(session, device, inspector)
        pair = await identity.login(app, session, inspector, device)
    headers = {"Authorization": f"Bearer {pair.access_token}"}
    content, upload_id = large_photo(LENGTH), uuid4()
    location = f"/api/v1/uploads/{upload_id}"

    service = Service(fresh_url, tmp_path)
    try:
        async with httpx.AsyncClient(base_url=await service.address(), trust_env=False, timeout=30) as client:
            sender = Sender(client, headers)
            assert (await sender.announce(LENGTH, upload_id)).status_code == 201
            sending = asyncio.create_task(sender.piece(location, 0, _slowly(content)))
            while not (await state_of(fresh_database, upload_id)).offset_bytes:  # noqa: ASYNC110 - in another process
                await asyncio.sleep(0.02)
            service.kill()
            assert isinstance(
                (await asyncio.gather(sending, return_exceptions=True))[0], httpx.TransportError
            )
    finally:
        service.kill()
    left = await state_of(fresh_database, upload_id)
    assert (left.state, 0 < left.offset_bytes < LENGTH) == ("uploading", True)

    service = Service(fresh_url, tmp_path)
    try:
        async with httpx.AsyncClient(base_url=await service.address(), trust_env=False, timeout=30) as client:
            sender = Sender(client, headers)
            offset = int((await sender.head(location)).headers["upload-offset"])
            assert offset == left.offset_bytes
            assert (await sender.piece(location, offset, content[offset:])).status_code == 204
    finally:
        service.kill()
    done = await state_of(fresh_database, upload_id)
    assert (done.state, done.digest) == ("complete", sha256(content).digest())
    paths = await asyncio.to_thread(lambda: [each for each in tmp_path.rglob("*") if each.is_file()])
    [kept] = [each for each in paths if each.stat().st_size == LENGTH]
    assert sha256(kept.read_bytes()).digest() == done.digest


async def _slowly(content: bytes) -> AsyncIterator[bytes]:
    """As a handheld sends: in parts, the last of which comes long after the process was killed."""
    part = 500_000
    for start in range(0, len(content), part):
        yield content[start : start + part]
        await asyncio.sleep(0.05)
