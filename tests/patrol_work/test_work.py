"""Visits and submissions as inputs of a patrol day: they count like a late fix, in any order."""

import asyncio
import json
import re
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database
from app.patrol.arrival import read_arrival
from app.patrol.day_reader import DayKey
from app.patrol.folder import fold_days
from app.patrol.ingest import ingest_group
from app.patrol.retention.freezing import freeze_days
from app.patrol.work.credits import NewWork, WorkKind, credit, withdraw
from tests.factories import patrol as make
from tests.factories import staffing
from tests.factories.patrol import Beat, Clock, Handheld, batch, walk
from tests.patrol import conftest as patrol

app, beat, client, clock, handheld = (
    patrol.app,
    patrol.beat,
    patrol.client,
    patrol.clock,
    patrol.handheld,
)


def work(beat: Beat, start: str, end: str, kind: WorkKind = "visit", work_id: UUID | None = None) -> NewWork:
    """An interval of the inspector on the day."""
    return NewWork(make.COUNTY, beat.inspector.id, work_id or uuid4(), kind, beat.at(start), beat.at(end))


async def give(database: Database, clock: Clock, *new: NewWork, take_back: bool = False) -> None:
    async with database.transaction() as session:
        verb = withdraw if take_back else credit
        await verb(session, new, zone=make.ZONE, now=clock.now)


async def days(database: Database) -> dict[Any, tuple[int, bool]]:
    """(input version, pending) of every patrol day."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT service_day, input_version, pending FROM patrol_day ORDER BY 1")
        )
        return {row[0]: (row[1], row[2]) for row in rows}


async def figures(session: AsyncSession, beat: Beat, now: datetime) -> dict[str, Any]:
    """The day's figures, without the input version."""
    key = DayKey(make.COUNTY, beat.inspector.id, beat.day)
    folded = (await fold_days(session, [key], now=now, zone=make.ZONE))[key]
    found: dict[str, Any] = json.loads(msgspec.json.encode(folded.figures))
    del found["versions"]["input_version"]
    return found


class TestCredit:
    async def test_a_day_on_duty_is_opened_and_each_interval_raises_it_once(
        self, database: Database, beat: Beat, clock: Clock
    ) -> None:
        visit = work(beat, "09:00", "09:40")
        await give(database, clock, visit)
        assert await days(database) == {beat.day: (1, True)}
        await give(database, clock, visit, visit)
        assert await days(database) == {beat.day: (1, True)}
        await give(database, clock, work(beat, "10:00", "10:05", "submission"))
        assert await days(database) == {beat.day: (2, True)}

    async def test_work_off_duty_opens_no_day(self, database: Database, beat: Beat, clock: Clock) -> None:
        await give(database, clock, work(beat, "06:00", "06:30"))
        assert await days(database) == {}
        async with database.transaction() as session:
            await staffing.patrol_days(session, beat.inspector, [beat.day])
        await give(database, clock, work(beat, "06:00", "06:30"))
        assert await days(database) == {beat.day: (2, True)}

    async def test_nothing_counts_before_it_happened(
        self, database: Database, beat: Beat, clock: Clock
    ) -> None:
        clock.now = beat.at("10:10")
        await give(database, clock, work(beat, "10:00", "12:00"), work(beat, "11:00", "11:10"))
        async with database.transaction() as session:
            found = await figures(session, beat, clock.now + timedelta(days=2))
        assert found["work_s"] == 600

    async def test_a_night_shift_owns_its_morning(self, database: Database, beat: Beat, clock: Clock) -> None:
        night = beat.day - timedelta(days=3)
        async with database.transaction() as session:
            start = beat.at("22:00", night)
            await staffing.shift(session, beat.inspector, start, start + timedelta(hours=8))
        at = beat.at("02:00", night + timedelta(days=1))
        new = NewWork(make.COUNTY, beat.inspector.id, uuid4(), "visit", at, at + timedelta(minutes=30))
        await give(database, clock, new)
        assert list(await days(database)) == [night]
        async with database.transaction() as session:
            key = DayKey(make.COUNTY, beat.inspector.id, night)
            folded = await fold_days(session, [key], now=clock.now, zone=make.ZONE)
        assert folded[key].figures["work_s"] == 1800

    async def test_what_is_withdrawn_counts_no_more_and_is_not_credited_again(
        self, database: Database, beat: Beat, clock: Clock
    ) -> None:
        visit = work(beat, "09:00", "09:40")
        await give(database, clock, visit)
        await give(database, clock, visit, take_back=True)
        await give(database, clock, visit)
        await give(database, clock, visit, take_back=True)
        assert await days(database) == {beat.day: (2, True)}
        async with database.transaction() as session:
            assert (await figures(session, beat, clock.now + timedelta(days=2)))["work_s"] == 0


class TestFigures:
    async def test_an_overlong_visit_counts_for_what_the_rules_allow(
        self, database: Database, beat: Beat, clock: Clock
    ) -> None:
        clock.now = beat.at("12:59")
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, "patrol.fold.visit_max_s", 3600)
        await give(database, clock, work(beat, "08:30", "12:30"), work(beat, "10:00", "12:30", "submission"))
        async with database.transaction() as session:
            found = await figures(session, beat, clock.now + timedelta(days=2))
        assert found["work_s"] == 2 * 3600
        assert found["patrol_s"] == found["online_s"] == 2 * 3600

    async def test_a_late_visit_revises_a_judged_day(
        self, database: Database, beat: Beat, clock: Clock
    ) -> None:
        later = clock.now + timedelta(days=2)
        for start, end in (("08:30", "08:40"), ("09:00", "10:00")):
            await give(database, clock, work(beat, start, end))
            async with database.transaction() as session:
                await figures(session, beat, later)
        async with database.transaction() as session:
            found = await session.execute(
                text("SELECT revision, figures -> 'work_s' FROM day_judgement ORDER BY revision")
            )
            assert [tuple(row) for row in found] == [(1, 600), (2, 4200)]
            types = await session.scalars(
                text("SELECT type FROM event WHERE type LIKE 'patrol_day%' ORDER BY ord")
            )
            assert list(types) == ["patrol_day.judged", "patrol_day.revised"]

    async def test_a_frozen_day_stays_as_it_is_and_says_that_more_came(
        self, database: Database, beat: Beat, clock: Clock, handheld: Handheld
    ) -> None:
        await give(database, clock, work(beat, "09:00", "09:30"))
        key = DayKey(make.COUNTY, beat.inspector.id, beat.day)
        async with database.transaction() as session:
            later = clock.now + timedelta(days=2)
            await freeze_days(session, [key], tolerance_m=5, now=later, zone=make.ZONE)
        path = f"/patrol-days/{beat.inspector.id}/{beat.day}/explanation"
        before = (await handheld.get(path)).json()
        await give(database, clock, work(beat, "10:00", "10:30"))
        after = (await handheld.get(path)).json()
        assert before["figures"]["work_s"] == after["figures"]["work_s"] == 1800
        assert (before["frozen"]["inputs_changed"], after["frozen"]["inputs_changed"]) == (False, True)
        assert len(after["work"]) == 1

    async def test_the_day_tells_of_it_in_plain_words(
        self, database: Database, beat: Beat, clock: Clock, handheld: Handheld
    ) -> None:
        await give(
            database,
            clock,
            work(beat, "07:30", "08:20"),
            work(beat, "09:00", "09:30"),
            work(beat, "09:20", "09:40", "submission"),
        )
        path = f"/patrol-days/{beat.inspector.id}/{beat.day}"
        told = (await handheld.get(f"{path}/explanation")).json()
        assert [each["kind"] for each in told["work"]] == ["visit", "visit", "submission"]
        assert told["work"][0]["start_at"] == f"{beat.day}T00:00:00Z"  # the shift begins at 08:00
        [said] = [s for s in told["sentences"] if s["code"] == "work"]
        assert said["zh"] == "走访 2 次、采集 1 次,共 1 小时,计入在线和巡查时长"
        page = await handheld.get(f"{path}/page")
        assert "走访 2 次" in re.sub(r"<[^>]*>", "", page.text)


@pytest.mark.requirement("S4-18")
async def test_any_order_and_repetition_of_work_and_fixes(
    database: Database, beat: Beat, clock: Clock
) -> None:
    intervals = [
        work(beat, "08:20", "08:50"),
        work(beat, "08:40", "09:10", "submission"),
        work(beat, "07:50", "08:05"),
        work(beat, "11:30", "12:00"),
        work(beat, "09:00", "11:59"),
    ]
    voided = intervals[3]
    fixes = walk(beat.at("09:30"), 3600, every_s=30)
    batches = [fixes[n : n + 30] for n in range(0, len(fixes), 30)]
    deeds: list[tuple[str, Any]] = [("work", each) for each in intervals]
    deeds += [("fixes", json.dumps(batch(each)).encode()) for each in batches]
    later = clock.now + timedelta(days=2)

    async def do(session: AsyncSession, kind: str, content: Any) -> None:
        if kind == "work":
            await credit(session, [content], zone=make.ZONE, now=clock.now)
        elif kind == "fixes":
            arrival = read_arrival(make.COUNTY, beat.device.id, content)
            await ingest_group(session, [arrival], now=clock.now, zone=make.ZONE)
        else:
            await figures(session, beat, later)

    async def figures_after(order: list[tuple[str, Any]]) -> dict[str, Any]:
        async with database.sessions() as session:
            await session.begin()
            for deed in order:
                await do(session, *deed)
            await withdraw(session, [voided], zone=make.ZONE, now=clock.now)
            found = await figures(session, beat, later)
            await session.rollback()
        return found

    expected = await figures_after(deeds)
    assert (
        expected["work_s"] == 3600 * 3 + 60 * 39 + 60 * 5
    )  # 08:20 to 11:59, and the five minutes after 08:00
    loop = asyncio.get_running_loop()

    @settings(max_examples=10, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(seed=st.integers(0, 2**32), folds=st.integers(0, 2))
    def any_order(seed: int, folds: int) -> None:
        randomness = Random(seed)
        order = [*deeds, *(d for d in deeds if randomness.random() < 0.3), *[("fold", None)] * folds]
        randomness.shuffle(order)
        found = asyncio.run_coroutine_threadsafe(figures_after(order), loop).result()
        assert found == expected

    await asyncio.to_thread(any_order)  # hypothesis wants no loop of its own thread
