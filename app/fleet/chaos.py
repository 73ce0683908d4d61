"""kill -9 at random moments under load, and a full disk once. The supervisor has to put things right."""

import asyncio
import math
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from app.fleet import small_disk
from app.kit.cluster import Cluster
from app.kit.private_service import PrivateService
from app.kit.processes import send

PARTS = ("API", "worker", "database")
FOLLOWS_SHARE = 0.35
"""Share of the kills that come shortly after another one, while things are still being put right."""
FOLLOWS_S = (0.2, 3.0)
FULL_S, FULL_MOST_S = 6.0, 30.0
WATCH_EVERY_S = 0.15
SOON_S = 60.0


@dataclass
class Suffered:
    """What the service went through. disk_full: "done", or "skipped: why"."""

    kills: Counter[str] = field(default_factory=Counter)
    disk_full: str = "not asked for"
    unready_when_full: bool | None = None
    ready_after_full: bool | None = None
    unready_spells: int = 0
    unready_longest_s: float = 0.0


class Watch:
    """Asks for readiness all the time. `is_ready` is None before the first answer."""

    def __init__(self, base_url: str, suffered: Suffered) -> None:
        self._url, self._suffered = f"{base_url}/health/ready", suffered
        self.is_ready: bool | None = None

    async def run(self) -> None:
        """Until cancelled."""
        since = time.monotonic()
        async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
            while True:
                ready = await self._ask(client)
                if self.is_ready is not False and not ready:
                    self._suffered.unready_spells += 1
                    since = time.monotonic()
                if not ready:
                    lasted = time.monotonic() - since
                    self._suffered.unready_longest_s = max(self._suffered.unready_longest_s, lasted)
                self.is_ready = ready
                await asyncio.sleep(WATCH_EVERY_S)

    async def _ask(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(self._url)).status_code == 200
        except httpx.TransportError:
            return False


class Chaos:
    """`progress` tells which share of the uploads is acknowledged; kills happen as it grows, so under load."""

    def __init__(
        self,
        service: PrivateService,
        kills: int,
        seed: int,
        progress: Callable[[], float],
        watch: Watch,
        suffered: Suffered,
        fills_disk: bool,
    ) -> None:
        self._service, self._cluster = service, Cluster(service.data_dir)
        self._progress, self._watch, self.suffered = progress, watch, suffered
        self._rng = random.Random(f"chaos/{seed}")  # noqa: S311 - a plan of kills, no secret
        self._kills, self._fills_disk = kills, fills_disk

    async def run(self) -> None:
        """Kills, and fills the disk at about half time; returns when all of it has happened."""
        moments = sorted(self._rng.uniform(0.03, 0.9) for _ in range(self._kills))
        full_after = self._kills // 2 if self._fills_disk else -1
        for number, moment in enumerate(moments):
            if number == full_after:
                await self._fill_disk()
            if number and self._rng.random() < FOLLOWS_SHARE:
                await asyncio.sleep(self._rng.uniform(*FOLLOWS_S))
            else:
                await until(lambda moment=moment: self._progress() >= moment)  # type: ignore[misc]
            await self._kill(self._rng.choice(PARTS))

    async def _kill(self, part: str) -> None:
        """kill -9; one that is dead already is waited for."""
        while True:
            pids = await asyncio.to_thread(self._pids, part)
            if pids:
                break
            await asyncio.sleep(0.1)
        send(self._rng.choice(pids), signal.SIGKILL)
        self.suffered.kills[part] += 1

    def _pids(self, part: str) -> list[int]:
        if part == "database":
            pid = self._cluster.running_pid()
            return [pid] if pid else []
        return members_of(self._service, "serve" if part == "API" else "worker")

    async def _fill_disk(self) -> None:
        """Full for some seconds, and until readiness says so; then free again, and ready again."""
        data_dir = self._service.data_dir
        await until(lambda: self._watch.is_ready is True, SOON_S)
        began = time.monotonic()
        self.suffered.unready_when_full = False
        try:
            while (lasted := time.monotonic() - began) < FULL_MOST_S:
                await asyncio.to_thread(small_disk.fill, data_dir)
                if self._watch.is_ready is False:
                    self.suffered.unready_when_full = True
                if lasted > FULL_S and self.suffered.unready_when_full:
                    break
                await asyncio.sleep(0.2)
        finally:
            small_disk.clear(data_dir)
        self.suffered.disk_full = "done"
        await until(lambda: self._watch.is_ready is True, SOON_S)
        self.suffered.ready_after_full = self._watch.is_ready is True


async def until(condition: Callable[[], bool], most_s: float = math.inf) -> None:
    """Waits for a condition, at most so long."""
    end = time.monotonic() + most_s
    while True:
        if condition() or time.monotonic() > end:
            return
        await asyncio.sleep(0.05)


def members_of(service: PrivateService, command: str) -> list[int]:
    """Pids of the supervisor's children that run this command."""
    found = []
    root = Path(f"/proc/{service.process.pid}")
    for each in (root / "task" / root.name / "children").read_text().split():
        try:
            words = Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")
        except FileNotFoundError:  # it has just died
            continue
        if command.encode() in words:
            found.append(int(each))
    return found


def bound_wal(database_url: str) -> None:
    """Keeps the write-ahead log of a small disk small."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET min_wal_size = '96MB'")
        connection.execute(f"ALTER SYSTEM SET max_wal_size = '{small_disk.WAL_MAX_MB}MB'")
        connection.execute("SELECT pg_reload_conf()")
