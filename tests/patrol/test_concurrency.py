"""Several processes, many requests at once: stored once, answered alike, acknowledged after the commit only."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import islice
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from app.kit.db import Database, driver_connection
from app.patrol import ingestor as ingestor_module
from app.patrol import writer as writer_module
from app.patrol.arrival import Arrival, read_arrival
from app.patrol.ingest import Answer, ingest_group
from app.patrol.problems import BatchDiffers
from app.patrol.writer import CoalescingWriter, QueueFull
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld, batch, press, walk
from tests.patrol.conftest import count, stored_fixes


@pytest.fixture
async def beat(fresh_database: Database, clock: Clock) -> Beat:
    async with fresh_database.transaction() as session:
        return await make.beat(session, clock.now)


@asynccontextmanager
async def process(
    database: Database, beat: Beat, clock: Clock, **limits: int
) -> AsyncIterator[tuple[FastAPI, Handheld]]:
    """One API process over the database, with the beat's handheld signed in."""
    app = make.app_at(database, clock, **limits)
    app.state.ingestor.start()
    async with identity.client_of(app) as client:
        yield app, await make.sign_in(app, client, database, beat.inspector, beat.device, at=clock.now)
    await app.state.ingestor.close()


def told(answer: httpx.Response) -> dict[str, Any]:
    """The part of an answer that never changes."""
    body = answer.json()
    return {name: body[name] for name in ("batch_id", "results", "presses", "beats_stored", "reports_stored")}


class TestOnce:
    async def test_twenty_copies_at_once_over_two_processes(
        self, fresh_url: str, fresh_database: Database, beat: Beat, clock: Clock
    ) -> None:
        other = Database.connect(fresh_url)
        body = batch(
            walk(beat.at("09:00"), 600),
            beats=[make.to_ms(beat.at("09:30"))],
            presses=[press("off", beat.at("12:00"))],
            reports=[{"at": make.to_ms(beat.at("09:20")), "cause": "no_signal"}],
        )
        async with process(fresh_database, beat, clock) as (_, one), process(other, beat, clock) as (_, two):
            answers = await asyncio.gather(*(h.send(body) for h in [one, two] * 10))
        await other.close()
        assert [a.status_code for a in answers] == [200] * 20, [a.text for a in answers]
        assert sum(a.json()["outcome"] == "stored" for a in answers) == 1
        assert all(told(a) == told(answers[0]) for a in answers)
        assert told(answers[0])["presses"][0]["disposition"] == "stored"
        assert await stored_fixes(fresh_database) == 61
        for table in ("batch_receipt", "fix_batch", "duty_press"):
            assert await count(fresh_database, table) == 1
        assert await count(fresh_database, "event WHERE type = 'duty.pressed_off'") == 1

    async def test_two_retries_in_one_group(
        self, fresh_database: Database, beat: Beat, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sizes = group_sizes(monkeypatch)
        body = batch(walk(beat.at("09:00"), 600))
        async with process(fresh_database, beat, clock) as (_, handheld):
            answers = await asyncio.gather(*(handheld.send(body) for _ in range(12)))
        assert max(sizes) > 1
        assert all(told(a) == told(answers[0]) for a in answers)
        assert sum(a.json()["outcome"] == "stored" for a in answers) == 1
        assert await stored_fixes(fresh_database) == 61

    async def test_different_content_under_one_id_at_once(
        self, fresh_database: Database, beat: Beat, clock: Clock
    ) -> None:
        batch_id = uuid4()
        bodies = [batch(walk(beat.at("09:00"), 10 * n), batch_id=batch_id) for n in range(1, 11)]
        async with process(fresh_database, beat, clock) as (_, handheld):
            answers = await asyncio.gather(*(handheld.send(b) for b in bodies))
        assert sorted(a.status_code for a in answers) == [200] + [409] * 9
        winner = next(a.json() for a in answers if a.status_code == 200)
        assert await stored_fixes(fresh_database) == winner["results"][0]["last"] + 1

    async def test_two_handhelds_with_one_batch_id_are_told_their_own_days(
        self, fresh_database: Database, beat: Beat, clock: Clock
    ) -> None:
        async with process(fresh_database, beat, clock) as (app, one):
            two = await make.sign_in(
                app, one.client, fresh_database, beat.colleague, beat.other_device, at=clock.now
            )
            await two.send(batch(walk(beat.at("09:00"), 100)))
            assert (await two.get("/my-day", day=beat.day)).json()["figures"]["fixes"] == 11
        body = json.dumps(batch(walk(beat.at("10:00"), 100))).encode()
        arrivals = [read_arrival(make.COUNTY, d.id, body) for d in (beat.device, beat.other_device)]
        async with fresh_database.transaction() as session:
            first, second = await ingest_group(session, arrivals, now=clock.now, zone=make.ZONE)
        assert isinstance(first, Answer)
        assert isinstance(second, BatchDiffers)
        assert first.day is not None
        assert first.day.figures is None  # and not those of the colleague


def group_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Records the size of each group that ingest is given."""
    sizes: list[int] = []

    async def measured(session: Any, arrivals: Sequence[Arrival], **more: Any) -> Any:
        sizes.append(len(arrivals))
        return await ingest_group(session, arrivals, **more)

    monkeypatch.setattr(ingestor_module, "ingest_group", measured)
    return sizes


def breaking(monkeypatch: pytest.MonkeyPatch, errors: list[Any]) -> list[int]:
    """Each group meets the next of `errors` after it was written, before its commit; records group sizes."""
    sizes: list[int] = []

    async def broken(session: Any, arrivals: Sequence[Arrival], **more: Any) -> Any:
        sizes.append(len(arrivals))
        answers = await ingest_group(session, arrivals, **more)
        if errors and (error := errors.pop(0)) is not None:
            if isinstance(error, str):
                await (await driver_connection(session)).execute(error)
            else:
                raise error
        return answers

    monkeypatch.setattr(ingestor_module, "ingest_group", broken)
    return sizes


class TestPoison:
    async def test_a_poisoned_upload_costs_no_other(
        self, fresh_database: Database, beat: Beat, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        poison = uuid4()
        sizes: list[int] = []

        async def poisoned(session: Any, arrivals: Sequence[Arrival], **more: Any) -> Any:
            sizes.append(len(arrivals))
            answers = await ingest_group(session, arrivals, **more)
            if any(a.batch_id == poison for a in arrivals):
                await (await driver_connection(session)).execute("SELECT 1 / 0")
            return answers

        monkeypatch.setattr(ingestor_module, "ingest_group", poisoned)
        bodies = [batch(walk(beat.at("09:00"), 10, north_m=n)) for n in range(40)]
        bodies.insert(17, batch(walk(beat.at("10:00"), 10), batch_id=poison))
        async with process(fresh_database, beat, clock) as (_, handheld):
            answers = await asyncio.gather(*(handheld.send(b) for b in bodies))
            assert max(sizes) > 2
            assert [n for n, a in enumerate(answers) if a.status_code != 200] == [17]
            assert answers[17].status_code in (422, 500)
            assert await stored_fixes(fresh_database) == 80
            assert await count(fresh_database, f"batch_receipt WHERE batch_id = '{poison}'") == 0
            monkeypatch.setattr(ingestor_module, "ingest_group", ingest_group)
            assert (await handheld.send(bodies[17])).json()["outcome"] == "stored"

    @pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
    async def test_a_deadlock_is_tried_again(
        self,
        fresh_database: Database,
        beat: Beat,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
        sqlstate: str,
    ) -> None:
        raising = f"DO $$ BEGIN RAISE 'no luck' USING ERRCODE = '{sqlstate}'; END $$"
        sizes = breaking(monkeypatch, [raising, raising])
        async with process(fresh_database, beat, clock) as (_, handheld):
            answer = await handheld.send(batch(walk(beat.at("09:00"), 100)))
        assert (answer.status_code, answer.json()["outcome"]) == (200, "stored")
        assert len(sizes) == 3
        assert await stored_fixes(fresh_database) == 11

    async def test_a_real_deadlock_is_tried_again(
        self, fresh_database: Database, beat: Beat, clock: Clock
    ) -> None:
        """Two transactions that want each other's rows: whoever loses, the upload is stored."""
        async with process(fresh_database, beat, clock) as (_, handheld):
            await handheld.send(batch(walk(beat.at("09:00"), 10)))
            body = batch(walk(beat.at("10:00"), 100))
            async with fresh_database.engine.connect() as connection:
                await connection.execute(text("SELECT 1 FROM patrol_day FOR UPDATE"))
                sending = asyncio.create_task(handheld.send(body))
                await asyncio.sleep(0.3)  # it has its receipt now and waits for the day
                clash = connection.execute(
                    text(
                        "INSERT INTO batch_receipt SELECT county_code, cast(:id AS uuid), device_id, received_at, "
                        "digest, fix_count, beats_stored, reports_stored, result FROM batch_receipt LIMIT 1"
                    ),
                    {"id": body["batch_id"]},
                )
                with suppress(OperationalError, IntegrityError):
                    await clash
                await connection.rollback()
            assert (await sending).json()["outcome"] == "stored"
        assert await stored_fixes(fresh_database) == 13


class TestNoAckWithoutCommit:
    async def test_a_failing_commit_is_503_and_leaves_nothing(
        self, fresh_database: Database, beat: Beat, clock: Clock
    ) -> None:
        async with process(fresh_database, beat, clock) as (_, handheld):
            body = batch(walk(beat.at("09:00"), 100))

            def fail(_connection: object) -> None:
                raise OperationalError("COMMIT", None, psycopg.OperationalError("disk full"))

            event.listen(fresh_database.engine.sync_engine, "commit", fail)
            answer = await handheld.send(body)
            event.remove(fresh_database.engine.sync_engine, "commit", fail)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            for table in ("batch_receipt", "fix_batch", "patrol_day"):
                assert await count(fresh_database, table) == 0
            assert (await handheld.send(body)).json()["outcome"] == "stored"

    async def test_a_swallowed_error_is_5xx_and_leaves_nothing(
        self, fresh_database: Database, beat: Beat, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def swallowing(session: Any, arrivals: Sequence[Arrival], **more: Any) -> Any:
            answers = await ingest_group(session, arrivals, **more)
            with suppress(DBAPIError):
                await session.execute(text("SELECT 1 / 0"))
            return answers

        monkeypatch.setattr(ingestor_module, "ingest_group", swallowing)
        async with process(fresh_database, beat, clock) as (_, handheld):
            answer = await handheld.send(batch(walk(beat.at("09:00"), 100)))
        assert (answer.status_code, answer.json()["code"]) == (500, "transaction_aborted")
        assert await count(fresh_database, "batch_receipt") == 0

    async def test_the_database_goes_away_under_a_group(
        self, fresh_database: Database, beat: Beat, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sizes = breaking(monkeypatch, ["SELECT pg_terminate_backend(pg_backend_pid())"])
        bodies = [batch(walk(beat.at("09:00"), 10, north_m=n)) for n in range(30)]
        async with process(fresh_database, beat, clock) as (_, handheld):
            answers = await asyncio.gather(*(handheld.send(b) for b in bodies))
            lost = [n for n, a in enumerate(answers) if a.status_code != 200]
            assert {a.status_code for a in answers} <= {200, 503}, [a.text for a in answers]
            assert len(lost) == sizes[0]  # the group is not split: that would not help
            assert all(answers[n].headers["retry-after"] for n in lost)
            assert await count(fresh_database, "batch_receipt") == 30 - len(lost)
            again = await asyncio.gather(*(handheld.send(bodies[n]) for n in lost))
            assert {a.json()["outcome"] for a in again} == {"stored"}

    async def test_a_full_queue_is_503_with_retry_after_and_nothing_half_stored(
        self, fresh_database: Database, beat: Beat, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate = asyncio.Event()

        async def gated(session: Any, arrivals: Sequence[Arrival], **more: Any) -> Any:
            await gate.wait()
            return await ingest_group(session, arrivals, **more)

        monkeypatch.setattr(ingestor_module, "ingest_group", gated)
        bodies = [batch(walk(beat.at("09:00"), 10, north_m=n)) for n in range(40)]
        async with process(fresh_database, beat, clock, queue_max=4, group_max=2) as (_, handheld):
            sending = [asyncio.create_task(handheld.send(b)) for b in bodies]
            for done in islice(asyncio.as_completed(sending), 30):
                await done
            gate.set()
            answers = await asyncio.gather(*sending)
            refused = [n for n, a in enumerate(answers) if a.status_code == 503]
            assert {a.status_code for a in answers} == {200, 503}
            assert all(answers[n].json()["code"] == "ingest_busy" for n in refused)
            waits = {int(answers[n].headers["retry-after"]) for n in refused}
            assert len(waits) > 1  # jittered: they do not all come back at once
            assert await count(fresh_database, "batch_receipt") == 40 - len(refused)
            assert await stored_fixes(fresh_database) == 2 * (40 - len(refused))
            while refused:
                again = [(n, await handheld.send(bodies[n])) for n in refused]
                refused = [n for n, a in again if a.status_code != 200]
        assert await stored_fixes(fresh_database) == 80


class TestWriter:
    async def test_close_drains_what_waits_and_takes_nothing_more(self) -> None:
        written: list[int] = []

        async def work(items: Sequence[int]) -> Sequence[int]:
            await asyncio.sleep(0.01)
            written.extend(items)
            return [n * 10 for n in items]

        writer: CoalescingWriter[int, int] = CoalescingWriter(work, queue_max=100, group_max=3)
        writer.start()
        waiting = [asyncio.create_task(writer.submit(n)) for n in range(50)]
        await asyncio.sleep(0.015)
        closing = asyncio.create_task(writer.close())
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await writer.submit(99)
        await closing
        assert sorted(written) == list(range(50))
        assert await asyncio.gather(*waiting) == [n * 10 for n in range(50)]

    async def test_a_client_that_hangs_up_disturbs_nobody(self) -> None:
        gate = asyncio.Event()

        async def work(items: Sequence[int]) -> Sequence[int]:
            await gate.wait()
            return items

        writer: CoalescingWriter[int, int] = CoalescingWriter(work, queue_max=100, group_max=10)
        writer.start()
        waiting = [asyncio.create_task(writer.submit(n)) for n in range(5)]
        await asyncio.sleep(0)
        waiting[2].cancel()
        gate.set()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        await writer.close()
        assert [d for d in done if isinstance(d, int)] == [0, 1, 3, 4]

    async def test_bisecting_finds_all_the_bad_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writer_module, "BACKOFF_S", 0)
        bad = {0, 7, 8, 31}

        async def work(items: Sequence[int]) -> Sequence[int]:
            if bad & set(items):
                raise ValueError(sorted(bad & set(items)))
            return items

        writer: CoalescingWriter[int, int] = CoalescingWriter(work, queue_max=100, group_max=32, lanes=1)
        waiting = [asyncio.create_task(writer.submit(n)) for n in range(32)]
        await asyncio.sleep(0)
        writer.start()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        await writer.close()
        assert {n for n, d in enumerate(done) if isinstance(d, ValueError)} == bad
        assert {str(d) for d in done if isinstance(d, ValueError)} == {"[0]", "[7]", "[8]", "[31]"}

    async def test_an_endless_deadlock_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writer_module, "BACKOFF_S", 0)
        tries = []

        async def work(items: Sequence[int]) -> Sequence[int]:
            tries.append(1)
            raise DBAPIError.instance(None, None, psycopg.errors.DeadlockDetected(), psycopg.Error)  # type: ignore[misc]

        writer: CoalescingWriter[int, int] = CoalescingWriter(work, queue_max=9, group_max=9)
        writer.start()
        with pytest.raises(OperationalError):
            await writer.submit(1)
        await writer.close()
        assert len(tries) == writer_module.RETRIES + 1
