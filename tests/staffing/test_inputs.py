"""What ingest and folder read, and how they learn of changes."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Account
from app.kit.clock import to_ms
from app.kit.db import Database, savepoint
from app.rules import service as rules
from app.staffing.duty import DutyRules, Press
from app.staffing.duty_rules import duty_rules
from app.staffing.expectation import day_expectation
from app.staffing.inputs import (
    DaySpan,
    NewPress,
    load_appointments,
    load_day_kinds,
    load_duty,
    mark_changed,
    mark_changed_spans,
    store_presses,
)
from tests.factories import staffing as make
from tests.factories.staffing import ZONE
from tests.identity.conftest import World, build_world
from tests.staffing.conftest import Grids

DAY = date(2026, 11, 20)


def at(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=ZONE) + timedelta(days=days)


class TestLoading:
    async def test_shifts_and_presses_of_many_in_one_call(self, session: AsyncSession, world: World) -> None:
        for inspector in (world.inspector, world.colleague):
            await make.shift(session, inspector, at(8, 30), at(11, 30))
        await make.shift(session, world.inspector, at(14), at(17, 30), "training")
        await make.press(session, world.colleague, world.device.id, "on", at(8, 20))
        spans = [DaySpan(a.id, DAY, DAY) for a in (world.inspector, world.colleague)]
        found = await load_duty(session, "330921", spans, ZONE)
        mine, theirs = found[world.inspector.id], found[world.colleague.id]
        assert sorted((s.kind, s.on_duty) for s in mine.shifts) == [("training", False), ("work", True)]
        assert (len(theirs.shifts), theirs.presses) == (1, [Press(to_ms(at(8, 20)), "on")])
        assert mine.shifts[0].service_day == DAY

    async def test_only_what_may_matter_to_the_days(self, session: AsyncSession, inspector: Account) -> None:
        for days in (-5, -3, 0, 3, 5):
            await make.shift(session, inspector, at(8, 30, days=days), at(11, 30, days=days))
        (found,) = (await load_duty(session, "330921", [DaySpan(inspector.id, DAY, DAY)], ZONE)).values()
        assert {s.service_day.day for s in found.shifts} == {17, 20, 23}

    async def test_a_cancelled_shift_is_not_planned(self, session: AsyncSession, inspector: Account) -> None:
        shift = await make.shift(session, inspector, at(8, 30), at(11, 30))
        shift.cancelled_at = datetime.now(UTC)
        await session.flush()
        found = await load_duty(session, "330921", [DaySpan(inspector.id, DAY, DAY)], ZONE)
        assert found[inspector.id].shifts == []
        await make.shift(session, inspector, at(9), at(10))  # and its time is free again

    async def test_an_inspector_asked_for_twice_has_everything_once(
        self, session: AsyncSession, inspector: Account
    ) -> None:
        await make.shift(session, inspector, at(8, 30), at(11, 30))
        spans = [DaySpan(inspector.id, DAY, DAY), DaySpan(inspector.id, DAY, DAY + timedelta(days=1))]
        assert len((await load_duty(session, "330921", spans, ZONE))[inspector.id].shifts) == 1

    async def test_nobody_asked_for(self, session: AsyncSession) -> None:
        assert await load_duty(session, "330921", [], ZONE) == {}
        assert await load_appointments(session, "330921", [], ZONE) == {}

    async def test_own_grids_with_substitutes_to_the_hour(
        self, session: AsyncSession, inspector: Account, grids: Grids
    ) -> None:
        await make.appointment(session, inspector, grids.one, at(0, days=-300))
        await make.appointment(session, inspector, grids.two, at(14), at(17), "substitute")
        await make.appointment(session, inspector, grids.two, at(0, days=-20), at(0, days=-10), "substitute")
        (found,) = (
            await load_appointments(session, "330921", [DaySpan(inspector.id, DAY, DAY)], ZONE)
        ).values()
        assert [(a.grid_id, a.role) for a in found] == [(grids.one, "full_time"), (grids.two, "substitute")]
        assert found[0].end_ms is None
        assert (found[1].start_ms, found[1].end_ms) == (to_ms(at(14)), to_ms(at(17)))

    async def test_duty_rules_are_those_of_the_book(self, session: AsyncSession) -> None:
        assert duty_rules(await rules.resolve(session, [], DAY)) == DutyRules()

    async def test_day_kinds_are_data(self, session: AsyncSession, inspector: Account) -> None:
        kinds = await load_day_kinds(session)
        assert {"work", "half_day", "rest", "leave", "training", "meeting", "secondment", "typhoon"} <= set(
            kinds
        )
        await make.shift(session, inspector, at(8, 30), at(11, 30), "typhoon")
        found = await load_duty(session, "330921", [DaySpan(inspector.id, DAY, DAY)], ZONE)
        assert day_expectation(found[inspector.id].shifts, kinds).state == "excused"


class TestPresses:
    def new(self, world: World, **change: object) -> NewPress:
        values = {
            "id": uuid4(),
            "inspector_id": world.inspector.id,
            "device_id": world.device.id,
            "kind": "on",
            "pressed_at": at(8, 30),
            "received_at": at(9),
        }
        return NewPress(**values | change)  # type: ignore[arg-type]

    async def test_each_is_stored_once(self, session: AsyncSession, world: World) -> None:
        press, other = self.new(world), self.new(world, kind="off", pressed_at=at(11))
        assert await store_presses(session, "330921", [press]) == {press.id: "stored"}
        later = self.new(world, id=press.id, received_at=at(12))
        assert await store_presses(session, "330921", [later, other]) == {
            press.id: "duplicate",
            other.id: "stored",
        }
        assert await session.scalar(text("SELECT count(*) FROM duty_press")) == 2
        assert await store_presses(session, "330921", []) == {}

    @pytest.mark.parametrize("change", [{"kind": "off"}, {"pressed_at": at(8, 31)}])
    async def test_other_content_under_the_same_id_changes_nothing(
        self, session: AsyncSession, world: World, change: dict[str, object]
    ) -> None:
        press = self.new(world)
        await store_presses(session, "330921", [press])
        other = self.new(world, id=press.id, **change)
        assert await store_presses(session, "330921", [other]) == {press.id: "conflict"}
        kept = (await session.execute(text("SELECT kind, pressed_at FROM duty_press"))).one()
        assert (kept.kind, kept.pressed_at) == ("on", at(8, 30))

    async def test_two_retries_at_once_are_one(self, fresh_database: Database) -> None:
        async with fresh_database.transaction() as session:
            world = await build_world(session)
        presses = [self.new(world, id=uuid4()) for _ in range(20)]

        async def send(order: list[NewPress]) -> list[str]:
            async with fresh_database.transaction() as session:
                return sorted((await store_presses(session, "330921", order)).values())

        answers = await asyncio.gather(send(presses), send(presses[::-1]), send(presses[5:]))
        results = [result for answer in answers for result in answer]
        assert (results.count("stored"), results.count("duplicate")) == (20, 35)


class TestMarking:
    async def test_exactly_the_days_named_that_exist(self, session: AsyncSession, world: World) -> None:
        days = [DAY + timedelta(days=n) for n in range(5)]
        for inspector in (world.inspector, world.colleague):
            await make.patrol_days(session, inspector, days)
        asked = [days[3], days[0], DAY - timedelta(days=9)]
        assert await mark_changed(session, "330921", world.inspector.id, asked) == [days[0], days[3]]
        assert await make.pending_days(session, world.inspector) == [days[0], days[3]]
        assert await make.pending_days(session, world.colleague) == []
        assert await mark_changed(session, "330921", world.inspector.id, []) == []

    async def test_stretches_with_and_without_end(self, session: AsyncSession, inspector: Account) -> None:
        days = [DAY + timedelta(days=n) for n in range(6)]
        await make.patrol_days(session, inspector, days)
        spans = [(days[0], days[1]), (days[1], days[1]), (days[4], None)]
        marked = await mark_changed_spans(session, "330921", inspector.id, spans)
        assert marked == await make.pending_days(session, inspector) == [days[0], days[1], days[4], days[5]]


class TestConstraints:
    async def test_shifts_of_one_inspector_never_overlap(
        self, session: AsyncSession, inspector: Account
    ) -> None:
        await make.shift(session, inspector, at(8, 30), at(11, 30))
        await make.shift(session, inspector, at(11, 30), at(12))
        with pytest.raises(IntegrityError, match="ex_shift_inspector"):
            async with savepoint(session):
                await make.shift(session, inspector, at(11), at(13))

    async def test_a_shift_has_at_most_a_day(self, session: AsyncSession, inspector: Account) -> None:
        for end in (at(8, 30), at(8, 31, days=1)):
            with pytest.raises(IntegrityError, match="ck_shift_length"):
                async with savepoint(session):
                    await make.shift(session, inspector, at(8, 30), end)

    async def test_a_grid_of_another_county_is_no_grid(
        self, session: AsyncSession, inspector: Account, grids: Grids
    ) -> None:
        with pytest.raises(IntegrityError, match="fk_appointment_county_code_grid_id_grid"):
            async with savepoint(session):
                await make.appointment(session, inspector, grids.foreign, at(0))
