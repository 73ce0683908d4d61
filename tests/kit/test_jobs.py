"""Jobs: enqueued with the transaction or not at all, rescued from dead workers, months made ahead."""

import asyncio
import contextlib
import os
import signal
from calendar import timegm
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from procrastinate import App, Blueprint
from sqlalchemy import text

from app import worker
from app.kit import events, jobs
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.jobs import defer, open_queue, rescue_stalled
from app.kit.partitions import PARTITIONED, ensure_months
from app.kit.tasks import ensure_all_months
from tests.factories import identity

done: list[int] = []
tests = Blueprint()


@tests.task(name="note")
async def note(n: int) -> None:
    done.append(n)


@tests.task(name="locked", queueing_lock="locked")
async def locked() -> None:
    done.append(-1)


jobs.queue.add_tasks_from(tests, namespace="test")


@pytest.fixture
async def queue(fresh_url: str) -> AsyncIterator[App]:
    done.clear()
    async with open_queue(fresh_url) as app:
        yield app


async def work(queue: App, database: Database) -> None:
    """A worker that ends when nothing waits."""
    await queue.run_worker_async(
        wait=False, install_signal_handlers=False, additional_context={"database": database}
    )


async def statuses(database: Database) -> list[str]:
    """Of our jobs; a worker adds those of the ticks by itself."""
    ours = text("SELECT status::text FROM procrastinate_jobs WHERE task_name LIKE 'test:%' ORDER BY id")
    async with database.transaction() as session:
        return list(await session.scalars(ours))


class TestEnqueued:
    async def test_a_commit_leaves_a_job_that_runs(self, queue: App, fresh_database: Database) -> None:
        async with fresh_database.transaction() as session:
            await defer(session, note, n=7)
            assert await statuses(fresh_database) == []  # nobody sees it before the commit
        await work(queue, fresh_database)
        assert done == [7]
        assert await statuses(fresh_database) == ["succeeded"]

    async def test_a_rollback_leaves_no_job(self, queue: App, fresh_database: Database) -> None:
        with pytest.raises(RuntimeError, match="no"):
            await self.failing(fresh_database)
        await work(queue, fresh_database)
        assert (done, await statuses(fresh_database)) == ([], [])

    async def failing(self, database: Database) -> None:
        async with database.transaction() as session:
            await defer(session, note, n=8)
            raise RuntimeError("no")


async def die_with(database: Database, *, worker_is_listed: bool, silent_s: int) -> None:
    """Leaves the waiting jobs as a worker does that is killed while it does them."""
    async with database.transaction() as session:
        worker = await session.scalar(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat) "
                "VALUES (now() - :silent * interval '1 second') RETURNING id"
            ),
            {"silent": silent_s},
        )
        await session.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :w WHERE status = 'todo'"),
            {"w": worker},
        )
        if not worker_is_listed:
            await session.execute(text("DELETE FROM procrastinate_workers WHERE id = :w"), {"w": worker})


class TestRescue:
    @pytest.mark.parametrize("listed", [True, False], ids=["worker listed", "worker pruned"])
    async def test_a_dead_workers_job_runs_again(
        self, queue: App, fresh_database: Database, listed: bool
    ) -> None:
        async with fresh_database.transaction() as session:
            await defer(session, note, n=9)
        await die_with(fresh_database, worker_is_listed=listed, silent_s=120)
        assert await rescue_stalled(queue) == 1
        await work(queue, fresh_database)
        assert done == [9]

    async def test_a_slow_workers_job_is_left_alone(self, queue: App, fresh_database: Database) -> None:
        async with fresh_database.transaction() as session:
            await defer(session, note, n=9)
        await die_with(fresh_database, worker_is_listed=True, silent_s=20)
        assert await rescue_stalled(queue) == 0
        assert await statuses(fresh_database) == ["doing"]

    async def test_a_stalled_job_whose_successor_waits_already_holds_up_no_other(
        self, queue: App, fresh_database: Database
    ) -> None:
        """Two jobs with one queueing lock can't both wait: the stalled one is given up for the newer."""
        async with fresh_database.transaction() as session:
            await defer(session, locked)
            await defer(session, note, n=3)
        await die_with(fresh_database, worker_is_listed=True, silent_s=120)
        async with fresh_database.transaction() as session:
            await defer(session, locked)
        await rescue_stalled(queue)
        await work(queue, fresh_database)
        assert sorted(done) == [-1, 3]
        assert "doing" not in await statuses(fresh_database)
        assert await rescue_stalled(queue) == 0


class TestPeriodic:
    async def test_ticks_are_enqueued_and_done(self, queue: App, fresh_database: Database) -> None:
        names = {task.task.name for task in queue.periodic_registry.periodic_tasks.values()}
        assert {"kit.ensure_months", "kit.rescue_stalled"} <= names

    async def test_the_months_ahead_are_made(self, queue: App, fresh_database: Database) -> None:
        async with fresh_database.transaction() as session:
            for table in PARTITIONED:
                children = await session.scalars(
                    text(
                        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = cast(:t AS regclass)"
                    ),
                    {"t": table},
                )
                for child in list(children):
                    await session.execute(text(f"DROP TABLE {child}"))
        made = await self.made_at(queue, fresh_database)
        assert {name for name in made if name.startswith("event_y")} == {
            "event_y2031m08", "event_y2031m09", "event_y2031m10", "event_y2031m11", "event_y2031m12",
            "event_y2032m01", "event_y2032m02",
        }  # fmt: skip
        assert len(made) == 14
        assert await self.made_at(queue, fresh_database) == made

    async def made_at(self, queue: App, database: Database) -> set[str]:
        """Months around the end of 2031; a tick of the real clock, which may come meanwhile, makes others."""
        made = await self.run_at(queue, database, date(2031, 11, 30))
        return {name for name in made if "_y2031" in name or "_y2032" in name}

    async def run_at(self, queue: App, database: Database, day: date) -> set[str]:
        """Runs the job for a tick on `day`; the months that exist then."""
        async with database.transaction() as session:
            await defer(session, ensure_all_months, timestamp=timegm(day.timetuple()))
        await work(queue, database)
        async with database.transaction() as session:
            found = await session.scalars(
                text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = ANY(:t)"),
                {"t": [await self.oid(session, table) for table in PARTITIONED]},
            )
            return set(found)

    async def oid(self, session: Any, table: str) -> int:
        return int(await session.scalar(text(f"SELECT '{table}'::regclass::oid")))

    async def test_two_makers_at_once(self, fresh_database: Database) -> None:
        async def make() -> list[str]:
            async with fresh_database.transaction() as session:
                return await ensure_months(session, date(2035, 6, 1), "event")

        made = await asyncio.gather(*(make() for _ in range(4)), return_exceptions=True)
        assert not [m for m in made if isinstance(m, BaseException)], made
        assert len([name for each in made for name in each]) == 7


class TestWorker:
    async def test_the_worker_seals_folds_and_stops(self, fresh_url: str, fresh_database: Database) -> None:
        async with fresh_database.transaction() as session:
            await events.record(
                session, events.SYSTEM, "x.y", ("x", uuid4()), {}, county_code="330921", now=utc_now()
            )
        running = asyncio.create_task(worker.run(identity.settings(), fresh_url))
        async with asyncio.timeout(15):
            while True:
                async with fresh_database.transaction() as session:
                    if await session.scalar(text("SELECT count(*) FROM event WHERE seq IS NOT NULL")):
                        break
                await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(15):
            with contextlib.suppress(asyncio.CancelledError):
                await running
        assert running.done()
