"""A whole service of one's own in a temporary data directory, removed afterwards; for benches and tests."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from app.kit.cluster import Cluster
from app.kit.probe import is_ready
from app.kit.processes import wait_until

ROOT = Path(__file__).parents[2]
PREFIX = "wangge-private-"
READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 90.0

Around = Callable[[Path], AbstractContextManager[object]]


class ServiceFailedError(Exception):
    """The service did not start; the text holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class PrivateService:
    """A running service. `data_dir` holds its database and keys, `log` what it prints."""

    base_url: str
    data_dir: Path
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def database_url(self) -> str:
        """URL of its database, reachable from this machine only."""
        return Cluster(self.data_dir).url()


def _as_it_is(_data_dir: Path) -> AbstractContextManager[object]:
    return nullcontext()


@contextmanager
def private_service(
    settings: Mapping[str, str] | None = None, *, around: Around = _as_it_is
) -> Iterator[PrivateService]:
    """Starts `wangge up` on a free port with the demo county; `settings` are WANGGE_ variables.

    around: entered with the new data directory before the start, left once nothing runs there any more.
    Raises ServiceFailedError. The end of the block stops everything and deletes the data.
    """
    data_dir = Path(tempfile.mkdtemp(prefix=PREFIX))
    data_dir.chmod(0o711)  # so that the database's user gets through
    try:
        with around(data_dir):
            yield from _served(data_dir, dict(settings or {}))
    finally:
        shutil.rmtree(data_dir)


def _served(data_dir: Path, settings: dict[str, str]) -> Iterator[PrivateService]:
    port = free_port()
    log = data_dir / "service.log"
    service = PrivateService(f"http://127.0.0.1:{port}", data_dir, log, _start(data_dir, port, log, settings))
    try:
        if not wait_until(
            lambda: is_ready(service.base_url) or service.process.poll() is not None, READY_TIMEOUT_S
        ):
            raise ServiceFailedError(f"not ready after {READY_TIMEOUT_S:.0f} s:\n{end_of(log)}")
        if service.process.poll() is not None:
            raise ServiceFailedError(end_of(log))
        yield service
    finally:
        _stop(service)


def _start(data_dir: Path, port: int, log: Path, settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANGGE_")}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "WANGGE_HOST": "127.0.0.1",
        "WANGGE_DEMO_FORTNIGHT": "false",
    } | settings
    environment |= {"WANGGE_DATA_DIR": str(data_dir), "WANGGE_PORT": str(port)}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "app", "up"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _stop(service: PrivateService) -> None:
    service.process.terminate()
    try:
        service.process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        service.process.kill()
        service.process.wait()
    Cluster(service.data_dir).destroy()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_of(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
