"""What ingest notes beside the fixes: last position, skew; a storm of uploads; a server clock that jumps."""

import json
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.kit.clock import from_ms, to_ms
from app.kit.db import Database
from app.kit.events import SYSTEM
from app.patrol.arrival import read_arrival
from app.patrol.day_reader import DayKey, read_days
from app.patrol.ingest import Answer, ingest_group
from app.patrol.online.pace import Pace
from app.patrol.tasks import fold_due
from app.rules.catalogue import presence
from app.rules.catalogue.judging import FIXES_PER_DAY_MAX
from app.rules.service import Decision, set_value
from tests.factories import patrol as make
from tests.factories.areas import SINCE
from tests.factories.patrol import Beat, Clock, Handheld, batch, walk
from tests.patrol.conftest import count, stored_fixes
from tests.patrol_online.conftest import Office

LAST = text("SELECT last_fix_at, last_longitude_e7, last_latitude_e7, last_accuracy_dm FROM patrol_day")


async def days(database: Database) -> list[dict[str, Any]]:
    """All patrol days."""
    async with database.transaction() as session:
        found = await session.execute(text("SELECT * FROM patrol_day ORDER BY inspector_id, service_day"))
        return [dict(row._mapping) for row in found]


class TestLastPosition:
    async def test_it_is_the_last_stored_fix_on_duty(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        fixes = walk(beat.at("09:00"), 60)
        off_duty = walk(beat.at("07:00"), 20)
        await handheld.send(
            batch(
                [
                    *fixes[::-1],
                    *off_duty,
                    {**fixes[0], "recorded_at": to_ms(beat.at("11:50")), "longitude": 999},
                ]
            )
        )
        [day] = await days(database)
        last = fixes[-1]
        assert (
            day["last_fix_at"],
            day["last_longitude_e7"],
            day["last_latitude_e7"],
            day["last_accuracy_dm"],
        ) == (
            from_ms(last["recorded_at"]),
            round(last["longitude"] * 1e7),
            round(last["latitude"] * 1e7),
            60,
        )

    async def test_an_older_batch_does_not_move_it_back_and_beats_leave_it(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        await handheld.send(batch(walk(beat.at("10:00"), 60)))
        [before] = await days(database)
        await handheld.send(batch(walk(beat.at("09:00"), 60, north_m=50)))
        await handheld.send(batch(beats=[to_ms(beat.at("11:00"))]))
        [after] = await days(database)
        assert [before[n] for n in before if n.startswith("last_")] == [
            after[n] for n in after if n.startswith("last_")
        ]
        assert after["last_fix_at"] == beat.at("10:01:00")

    async def test_it_belongs_to_whoever_held_the_handheld(
        self, beat: Beat, database: Database, clock: Clock
    ) -> None:
        """After a handover the old holder's backlog moves the old holder's position."""
        async with database.transaction() as session:
            await session.execute(
                text(
                    "UPDATE device_binding SET valid = tstzrange(lower(valid), :at) WHERE device_id = :device"
                ),
                {"at": beat.at("10:00"), "device": beat.device.id},
            )
            await session.execute(
                text(
                    "UPDATE device_binding SET valid = tstzrange(lower(valid), :at) WHERE device_id = :device"
                ),
                {"at": beat.at("10:00"), "device": beat.other_device.id},
            )
            await session.execute(
                text(
                    "INSERT INTO device_binding (county_code, id, device_id, inspector_id, valid) "
                    "VALUES (:county, :id, :device, :inspector, tstzrange(:at, NULL))"
                ),
                {
                    "county": make.COUNTY,
                    "id": uuid4(),
                    "device": beat.device.id,
                    "inspector": beat.colleague.id,
                    "at": beat.at("10:00"),
                },
            )
            body = batch([*walk(beat.at("09:50"), 60), *walk(beat.at("10:30"), 60, north_m=100)])
            arrival = read_arrival(make.COUNTY, beat.device.id, json.dumps(body).encode())
            await ingest_group(session, [arrival], now=clock.now, zone=make.ZONE)
        last = {d["inspector_id"]: d["last_fix_at"] for d in await days(database)}
        assert last == {beat.inspector.id: beat.at("09:51"), beat.colleague.id: beat.at("10:31")}

    async def test_any_order_and_grouping_leaves_the_same(
        self, beat: Beat, database: Database, clock: Clock
    ) -> None:
        fixes = [f for n in range(6) for f in walk(beat.at(f"09:{n}0"), 30, north_m=n)]
        twin = fixes[-1] | {"latitude": fixes[-1]["latitude"] + 1e-5}
        bodies = [batch([f]) for f in [*fixes, twin]]
        found = set()
        for seed in range(6):
            random = Random(seed)
            mixed = [b | {"batch_id": str(uuid4())} for b in random.sample(bodies, len(bodies))]
            async with database.transaction() as session:
                await session.execute(text("DELETE FROM patrol_day"))
                while mixed:
                    group = [mixed.pop() for _ in range(min(len(mixed), random.randint(1, 5)))]
                    # the twin comes from the same handheld in another batch, as a contradiction
                    arrivals = [
                        read_arrival(make.COUNTY, beat.device.id, json.dumps(b).encode()) for b in group
                    ]
                    await ingest_group(session, arrivals, now=clock.now, zone=make.ZONE)
                found.add(tuple((await session.execute(LAST)).one()))
        assert len(found) == 1
        assert found.pop()[2] == round(twin["latitude"] * 1e7)


class TestSkew:
    @pytest.mark.parametrize(
        ("off_s", "offset_ms", "noted"),
        [
            (29.0, 0, None),
            (-31.0, 0, -31_000),
            (7200.0, -7_200_000, None),
            (7200.0, 0, 7_200_000),
            (1e13, 0, 2**31 - 1),
        ],
    )
    async def test_the_corrected_clock_is_compared(
        self,
        handheld: Handheld,
        beat: Beat,
        database: Database,
        clock: Clock,
        off_s: float,
        offset_ms: int,
        noted: int | None,
    ) -> None:
        sent_at = min(to_ms(clock.now) + int(off_s * 1000), 2**53)
        answer = await handheld.send(
            batch(walk(beat.at("09:00"), 60), sent_at=sent_at, clock_offset_ms=offset_ms)
        )
        assert answer.status_code == 200
        async with database.transaction() as session:
            assert await session.scalar(text("SELECT server_skew_ms FROM fix_batch")) == noted

    async def test_it_leaves_no_trace_in_the_figures(
        self, beat: Beat, database: Database, office: Office, clock: Clock
    ) -> None:
        said = []
        for off in (timedelta(0), timedelta(hours=5)):
            async with database.transaction() as session:
                await session.execute(text("DELETE FROM fix_batch"))
                await session.execute(text("DELETE FROM patrol_day"))
            handheld = await office.of(beat.inspector, beat.device)
            await handheld.send(batch(walk(beat.at("09:00"), 1200), sent_at=to_ms(clock.now + off)))
            figures = (await handheld.get("/my-day")).json()["figures"]
            said.append({k: v for k, v in figures.items() if k not in {"computed_at", "versions"}})
        assert said[0] == said[1]
        assert said[0]["distance_m"] > 1000


class TestStorm:
    async def test_500_uploads_of_one_handheld_cost_neighbours_nothing_and_nothing_is_lost(
        self, app: FastAPI, handheld: Handheld, office: Office, beat: Beat, database: Database
    ) -> None:
        ticks = [0.0]
        app.state.ingestor._pace = Pace(lambda: ticks[0])
        neighbour = await office.of(beat.colleague, beat.other_device)
        start = beat.at("08:30")
        waiting = [batch(walk(start + timedelta(seconds=n), 0)) for n in range(500)]
        rounds = 0
        refused: list[dict[str, Any]] = waiting
        while refused:
            rounds += 1
            answers = [await handheld.send(body) for body in refused]
            assert {a.status_code for a in answers} <= {200, 429}
            wait_s = 0
            for answer in answers:
                if answer.status_code == 429:
                    said = answer.json()
                    assert said["code"] == "uploads_too_frequent"
                    wait_s = max(wait_s, int(answer.headers["Retry-After"]))
                    assert said["retry_after_s"] == int(answer.headers["Retry-After"])
            if rounds == 1:
                assert sum(a.status_code == 200 for a in answers) == presence.UPLOADS_PER_MINUTE_MAX.default
                assert (await neighbour.send(batch(walk(beat.at("09:00"), 60)))).status_code == 200
            refused = [body for body, a in zip(refused, answers, strict=True) if a.status_code == 429]
            ticks[0] += wait_s
        assert 2 < rounds < 20
        assert await stored_fixes(database) == 500 + 7
        assert await count(database, "batch_receipt") == 501

    async def test_the_rule_of_the_area_decides(
        self, app: FastAPI, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        ticks = [0.0]
        app.state.ingestor._pace = Pace(lambda: ticks[0])
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, presence.UPLOADS_PER_MINUTE_MAX.key, 10)
        said = [
            (await handheld.send(batch(beats=[to_ms(beat.at("09:00")) + n]))).status_code for n in range(14)
        ]
        # the first upload is taken before the rule is known
        assert said[:10] == [200] * 10
        assert said[11:] == [429] * 3

    async def test_beats_every_100_ms_are_bounded_by_the_batch(self, handheld: Handheld, beat: Beat) -> None:
        beats = [to_ms(beat.at("09:00")) + n * 100 for n in range(2000)]
        answer = await handheld.send(batch(beats=beats))
        assert (answer.status_code, answer.json()["beats_stored"]) == (200, 2000)
        assert answer.json()["next_upload_after_s"] >= 60
        assert (await handheld.send(batch(beats=[*beats, beats[-1] + 100]))).status_code == 422

    def test_a_quiet_handheld_is_forgotten_and_starts_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from app.patrol.online import pace

        monkeypatch.setattr(pace, "FORGET_AT", 3)
        ticks = [0.0]
        kept = Pace(lambda: ticks[0])
        for key in "abc":
            assert kept.wait_s(key, 10) == 0
        ticks[0] = 61.0
        assert kept.wait_s("d", 10) == 0
        assert list(kept._buckets) == ["d"]


class TestServerClockJumpsBack:
    async def test_nothing_is_lost_or_doubled(
        self, beat: Beat, database: Database, office: Office, clock: Clock
    ) -> None:
        """At 11:00 the clock falls back to 09:30 and goes on from there; the day comes out as if it had not."""
        clock.now = beat.at("11:00")
        handheld = await office.of(beat.inspector, beat.device)
        early = batch(walk(beat.at("09:00"), 3600), beats=[to_ms(beat.at("10:30"))])
        assert (await handheld.send(early)).json()["outcome"] == "stored"
        assert await fold_due(database, now=clock.now, zone=make.ZONE, refold_every_s=0) == 1
        clock.now = beat.at("09:30")
        handheld = await office.of(beat.inspector, beat.device)  # a token from the future is refreshed
        again = (await handheld.send(early)).json()
        assert again["outcome"] == "duplicate"
        late = batch(walk(beat.at("09:15"), 3600, north_m=20), sent_at=to_ms(beat.at("10:20")))
        said = (await handheld.send(late)).json()
        # what lies ahead of the server's clock is refused for now, with the advice to send it again
        assert [(r["disposition"], r["send_again"]) for r in said["results"]] == [
            ("stored", False),
            ("future", True),
        ]
        keep = late["fixes"][said["results"][1]["first"] :]
        [day] = await days(database)
        assert day["pending"]
        assert day["last_fix_at"] == beat.at("10:00:00")
        heard = {n for n, bit in enumerate(str(day["heard"])) if bit == "1"}
        assert heard == {11 * 60, 9 * 60 + 30}
        assert await fold_due(database, now=clock.now, zone=make.ZONE) == 1, (
            "a fold from the future keeps nothing waiting"
        )
        clock.now = beat.at("12:00")
        handheld = await office.of(beat.inspector, beat.device)
        assert (await handheld.send(batch(keep))).status_code == 200
        assert await stored_fixes(database) == len(early["fixes"]) + len(late["fixes"])
        after = (await handheld.get("/my-day")).json()["figures"]
        assert await self._straight(beat, database, office, clock, [early, late]) == {
            k: v for k, v in after.items() if k not in {"computed_at", "versions"}
        }

    async def _straight(
        self, beat: Beat, database: Database, office: Office, clock: Clock, bodies: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The figures of the same day under a clock that never jumped."""
        async with database.transaction() as session:
            for table in ("fix_batch", "batch_receipt", "day_figures", "patrol_day"):
                await session.execute(text(f"DELETE FROM {table}"))
        handheld = await office.of(beat.inspector, beat.device)
        for body in bodies:
            assert (await handheld.send(body)).json()["results"][0]["disposition"] == "stored"
        figures = (await handheld.get("/my-day")).json()["figures"]
        return {k: v for k, v in figures.items() if k not in {"computed_at", "versions"}}

    async def test_the_pace_of_a_handheld_is_measured_by_another_clock(
        self, handheld: Handheld, beat: Beat, clock: Clock
    ) -> None:
        for moment in ("12:00", "11:40", "11:59", "11:45"):
            clock.now = beat.at(moment)
            answer = await handheld.send(batch(beats=[to_ms(beat.at("09:00"))]))
            assert answer.status_code == 200, answer.text


async def test_answers_are_typed(beat: Beat, database: Database, clock: Clock) -> None:
    """A group of a state, beats and fixes is one of answers only."""
    async with database.transaction() as session:
        bodies = [batch(state={}), batch(beats=[to_ms(beat.at("09:00"))]), batch(walk(beat.at("09:00"), 60))]
        arrivals = [read_arrival(make.COUNTY, beat.device.id, json.dumps(b).encode()) for b in bodies]
        answers = await ingest_group(session, arrivals, now=clock.now, zone=make.ZONE)
    assert all(isinstance(a, Answer) for a in answers)


async def test_heartbeats_without_end_are_not_all_read(
    handheld: Handheld, beat: Beat, database: Database, clock: Clock
) -> None:
    """A handheld that beats every 100 ms for hours costs the folder no more than the day's bound."""
    async with database.transaction() as session:
        everywhere = Decision(FIXES_PER_DAY_MAX.key, None, SINCE, None, 10_000, "test")
        await set_value(
            session, SYSTEM, everywhere, county_code=make.COUNTY, area_path=[], now=clock.now, today=None
        )
    for n in range(8):
        beats = [to_ms(beat.at("08:10")) + (n * 2000 + m) * 100 for m in range(2000)]
        assert (await handheld.send(batch(beats=beats))).json()["beats_stored"] == 2000
    async with database.transaction() as session:
        key = DayKey(make.COUNTY, beat.inspector.id, beat.day)
        record = (await read_days(session, [key], make.ZONE))[key]
    assert len(record.inputs.beats_ms) == 10_000
