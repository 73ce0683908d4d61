"""Readiness over HTTP: it tells falling ingest and a silent worker, and refuses only what it can't serve."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app import worker
from app.kit import migrations
from app.kit.db import Database
from app.kit.partitions import PARTITIONED
from app.kit.revision import newest_revision
from app.operations.readiness import NotReady, Readiness, months_ahead
from app.operations.sweeps import SweepMark
from tests.factories import identity, staffing
from tests.factories.patrol import ZONE, Beat, Clock, Handheld, batch, walk


@pytest.fixture(autouse=True)
def impatient(app: FastAPI, database: Database, tmp_path: Path) -> None:
    """Measured at every question."""
    app.state.readiness = Readiness(
        database, zone=ZONE, disk=tmp_path, queue_share=app.state.ingestor.queue_share, fresh_s=0
    )


@pytest.fixture
async def alive(database: Database, clock: Clock) -> None:
    """A worker that has caught up."""
    for name in ("seal", "fold"):
        await SweepMark(database, name).ran(clock.now, caught_up=True)


async def ready(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/health/ready")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def without_disk(client: httpx.AsyncClient) -> list[str]:
    """Reasons but the machine's own."""
    return [r for r in (await ready(client))["reasons"] if r != "disk_low"]


class TestReady:
    async def test_a_service_that_is_well(self, client: httpx.AsyncClient, alive: None) -> None:
        assert await without_disk(client) == []

    async def test_no_worker_is_degraded_and_serves(self, client: httpx.AsyncClient) -> None:
        said = await ready(client)
        assert said["status"] == "degraded"
        assert "worker_silent" in said["reasons"]

    async def test_a_worker_that_falls_silent(
        self, client: httpx.AsyncClient, alive: None, clock: Clock
    ) -> None:
        clock.now += timedelta(seconds=91)
        assert await without_disk(client) == ["worker_silent"]

    async def test_nothing_but_codes_without_a_login(self, client: httpx.AsyncClient, alive: None) -> None:
        assert set(await ready(client)) == {"status", "reasons", "checked_at"}

    async def test_an_older_schema_is_refused(
        self, client: httpx.AsyncClient, alive: None, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '0006'"))
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["why"]) == (503, "schema_older")
        assert "Retry-After" in answer.headers

    async def test_a_newer_schema_is_degraded(
        self, client: httpx.AsyncClient, alive: None, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert await without_disk(client) == ["schema_newer"]

    async def test_a_database_with_a_full_disk_is_refused(
        self, app: FastAPI, client: httpx.AsyncClient, database: Database, tmp_path: Path
    ) -> None:
        """It can be read, so only the writer knows."""
        refused = [True]
        app.state.readiness = Readiness(
            database, zone=ZONE, disk=tmp_path, queue_share=lambda: 0, is_refused=refused.pop, fresh_s=0
        )
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["why"]) == (503, "database_refuses_writes")
        refused.append(False)
        await ready(client)

    async def test_no_database_is_refused_soon(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        nowhere = Database.connect("postgresql://nobody@/nothing?host=/nonexistent")
        app.state.readiness = Readiness(nowhere, zone=ZONE, disk=Path("/"), queue_share=lambda: 0)
        async with asyncio.timeout(8):
            answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["why"]) == (503, "database_unreachable")
        assert (await client.get("/health/live")).status_code == 200
        metrics = (await client.get("/metrics")).text
        assert "wangge_ready 0.0" in metrics
        await nowhere.close()

    async def test_an_empty_database_is_refused(self, app: FastAPI, database: Database, clock: Clock) -> None:
        async with database.transaction() as session:
            await session.execute(text("DROP TABLE alembic_version"))
        with pytest.raises(NotReady, match="schema_older"):
            await app.state.readiness.current(clock.now)

    async def test_months_that_are_missing(
        self, client: httpx.AsyncClient, alive: None, database: Database, clock: Clock
    ) -> None:
        async with database.transaction() as session:
            assert await months_ahead(session, clock.now) == 3
            following = (clock.now.replace(day=1) + timedelta(days=32)).strftime("y%Ym%m")
            await session.execute(text(f"DROP TABLE fix_batch_{following}"))
            assert await months_ahead(session, clock.now) == 2
            ahead = clock.now.replace(year=clock.now.year + 3)
            assert await months_ahead(session, ahead) == 0
        assert len(PARTITIONED) == 2


class TestFallingIngest:
    @pytest.fixture
    async def usual(self, database: Database, beat: Beat, clock: Clock) -> AsyncIterator[list[Any]]:
        """Twelve inspectors on duty all day for four days; on the three before, all were heard at noon."""
        people = []
        async with database.transaction() as session:
            for _ in range(12):
                person = await identity.account(session, beat.county.community, identity.Role.INSPECTOR)
                people.append(person)
                for back in range(4):
                    day = beat.day - timedelta(days=back)
                    await staffing.shift(session, person, beat.at("08:00", day), beat.at("17:00", day))
                    if back:
                        await self.hear(session, person, day, 12 * 60 - 3)
        return people

    async def hear(self, session: Any, person: Any, day: Any, minute: int) -> None:
        await session.execute(
            text(
                "INSERT INTO patrol_day (county_code, inspector_id, service_day, area_id, heard) "
                "VALUES (:c, :i, :d, :a, set_bit(0::bit(1440), :m, 1))"
            ),
            {"c": person.county_code, "i": person.id, "d": day, "a": person.area_id, "m": minute},
        )

    async def heard(self, database: Database, people: list[Any], beat: Beat, minute: int) -> None:
        async with database.transaction() as session:
            for person in people:
                await self.hear(session, person, beat.day, minute)

    async def test_half_of_them_silent_is_told(
        self, usual: list[Any], client: httpx.AsyncClient, alive: None, database: Database, beat: Beat
    ) -> None:
        await self.heard(database, usual[:5], beat, 12 * 60 - 2)
        assert await without_disk(client) == ["ingest_falling"]

    async def test_most_of_them_heard_is_well(
        self, usual: list[Any], client: httpx.AsyncClient, alive: None, database: Database, beat: Beat
    ) -> None:
        await self.heard(database, usual[:6], beat, 12 * 60 - 2)
        assert await without_disk(client) == []

    async def test_what_was_heard_before_the_window_does_not_count(
        self, usual: list[Any], client: httpx.AsyncClient, alive: None, database: Database, beat: Beat
    ) -> None:
        await self.heard(database, usual, beat, 12 * 60 - 10)
        assert await without_disk(client) == ["ingest_falling"]

    async def test_nobody_on_duty_is_no_alarm(
        self, usual: list[Any], client: httpx.AsyncClient, alive: None, clock: Clock, beat: Beat
    ) -> None:
        clock.now = beat.at("18:00")
        assert "ingest_falling" not in (await ready(client))["reasons"]

    async def test_an_upload_is_heard(
        self, handheld: Handheld, admin: Handheld, beat: Beat, alive: None
    ) -> None:
        await handheld.send(batch(walk(beat.at("11:50"), 60)))
        status = (await admin.get("/operations/status")).json()
        assert (status["handhelds_heard"], status["handhelds_expected"]) == (1, 2)


class TestStatus:
    async def test_figures_for_those_who_run_it(self, admin: Handheld, alive: None) -> None:
        status = (await admin.get("/operations/status")).json()
        assert status["months_ahead"] == 3
        assert {s["name"]: s["lag_s"] for s in status["sweeps"]} == {"fold": 0, "seal": 0}
        assert status["disk_free_mib"] > 0

    async def test_for_nobody_else(
        self, handheld: Handheld, supervisor: Handheld, client: httpx.AsyncClient
    ) -> None:
        for who in (handheld, supervisor):
            assert (await who.get("/operations/status")).status_code == 403
        assert (await client.get("/api/v1/operations/status")).status_code == 401

    async def test_metrics_say_the_same(self, client: httpx.AsyncClient, alive: None, clock: Clock) -> None:
        clock.now += timedelta(seconds=200)
        families = {f.name: f for f in text_string_to_metric_families((await client.get("/metrics")).text)}
        degraded = {s.labels["reason"]: s.value for s in families["wangge_degraded"].samples}
        assert (degraded["worker_silent"], degraded["partitions_short"]) == (1, 0)
        silent = {s.labels["sweep"]: s.value for s in families["wangge_sweep_silent_seconds"].samples}
        assert silent == {"seal": 200, "fold": 200}
        assert families["wangge_ready"].samples[0].value == 1


class TestCache:
    async def test_a_crowd_of_probes_costs_one_measurement(
        self, app: FastAPI, database: Database, alive: None, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        readiness = Readiness(database, zone=ZONE, disk=Path("/"), queue_share=lambda: 0)
        measured = 0
        original = readiness._measured

        async def counted(now: datetime) -> Any:
            nonlocal measured
            measured += 1
            return await original(now)

        monkeypatch.setattr(readiness, "_measured", counted)
        await asyncio.gather(*(readiness.current(clock.now) for _ in range(20)))
        assert measured == 1

    async def test_a_database_that_died_is_told_at_once(self, fresh_url: str, clock: Clock) -> None:
        database = Database.connect(fresh_url)
        readiness = Readiness(database, zone=ZONE, disk=Path("/"), queue_share=lambda: 0)
        await readiness.current(clock.now)
        readiness._database = Database.connect("postgresql://nobody@/nothing?host=/nonexistent")
        with pytest.raises(NotReady):
            await readiness.current(clock.now)
        await readiness._database.close()
        await database.close()


def test_the_newest_revision_is_the_migrations_own() -> None:
    assert newest_revision() == migrations.newest()


class TestMarks:
    async def test_a_sweep_that_does_not_catch_up_is_seen(self, database: Database, clock: Clock) -> None:
        stop, rounds = asyncio.Event(), 0

        async def work() -> int:
            nonlocal rounds
            rounds += 1
            if rounds == 3:
                stop.set()
            return 7

        await SweepMark(database, "seal").ran(clock.now - timedelta(hours=1), caught_up=True)
        await worker.sweep(worker.Sweep("seal", work, 0.0, full=7), SweepMark(database, "seal"), stop)
        async with database.transaction() as session:
            row = (await session.execute(text("SELECT ran_at, caught_up_at FROM worker_sweep"))).one()
        assert row.caught_up_at == clock.now - timedelta(hours=1)
        assert row.ran_at > clock.now
        assert rounds == 3

    async def test_of_two_workers_the_latest_counts(self, database: Database, clock: Clock) -> None:
        for ago in (0, 30):
            await SweepMark(database, "fold").ran(clock.now - timedelta(seconds=ago), caught_up=True)
        async with database.transaction() as session:
            row = (await session.execute(text("SELECT ran_at, caught_up_at FROM worker_sweep"))).one()
        assert (row.ran_at, row.caught_up_at) == (clock.now, clock.now)
