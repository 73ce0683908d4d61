"""What the fleet broke, and must not break again: each has a part of its own that fails first."""

import asyncio
import os
import signal
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from app import worker
from app.commands import up
from app.kit.cluster_home import ClusterError
from app.kit.problems import Unavailable
from app.kit.processes import wait_until
from app.kit.supervisor import EARLY_DEATHS_MAX, Supervisor
from app.patrol import writer as writer_module
from app.patrol.writer import CoalescingWriter
from tests.kit.test_supervisor import member, pid_of


def test_who_is_killed_from_outside_is_started_again_however_often() -> None:
    api = member("API")
    supervisor = Supervisor([api], lambda _: None)
    supervisor.start()
    for _ in range(EARLY_DEATHS_MAX + 1):
        os.kill(pid_of(api), signal.SIGKILL)
        assert wait_until(lambda: api.ended() is not None, 5)
        supervisor.watch_once()
    assert api.ended() is None
    supervisor.stop()


class StuckCluster:
    """A database that cannot start until its disk is freed."""

    def __init__(self) -> None:
        self.is_full, self.runs, self.tried = True, False, 0

    def running_pid(self) -> int | None:
        return 1 if self.runs else None

    def start(self) -> str:
        self.tried += 1
        if self.is_full:
            raise ClusterError("the database did not start: No space left on device")
        self.runs = True
        return ""


def test_a_database_that_cannot_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "DATABASE_POLL_S", 0.0)
    cluster = StuckCluster()
    guard = up.DatabaseGuard(cluster)  # type: ignore[arg-type]
    guard()
    guard()
    assert cluster.tried == 2
    cluster.is_full = False
    guard()
    guard()
    assert (cluster.runs, cluster.tried) == (True, 3)


async def test_jobs_begin_again_after_the_queue_lost_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's worker ends without an error when its connection breaks."""
    monkeypatch.setattr(worker, "AFTER_ERROR_S", 0.0)
    stop = asyncio.Event()

    class Queue:
        runs = 0

        async def run_worker_async(self, **_: Any) -> None:
            self.runs += 1
            if self.runs == 2:
                raise psycopg.OperationalError("gone")
            if self.runs == 3:
                stop.set()

    queue = Queue()
    async with asyncio.timeout(5):
        await worker.run_jobs(queue, {}, stop)  # type: ignore[arg-type]
    assert queue.runs == 3


class DiskFull(psycopg.errors.DiskFull):
    """As PostgreSQL says it."""


async def test_the_writer_knows_that_it_was_refused_and_forgets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    is_full = True

    async def work(items: Sequence[int]) -> Sequence[int]:
        if is_full:
            raise OperationalError("INSERT", None, DiskFull("could not extend file"))
        return items

    writer: CoalescingWriter[int, int] = CoalescingWriter(work, queue_max=10, group_max=2)
    writer.start()
    assert not writer.is_refused()
    with pytest.raises(Unavailable):
        await writer.submit(1)
    assert writer.is_refused()
    monkeypatch.setattr(writer_module, "REFUSED_FOR_S", 0.0)
    assert not writer.is_refused()
    monkeypatch.undo()
    assert writer.is_refused()
    is_full = False
    assert await writer.submit(2) == 2
    assert not writer.is_refused()
    await writer.close()
