"""What holds of the plan: the view and `load_duty` against a slow reference, minute by minute."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import to_ms
from app.kit.db import savepoint
from app.staffing.inputs import DaySpan, load_duty
from tests.factories import staffing as make
from tests.factories.staffing import ZONE
from tests.identity.conftest import World

DAY = date(2026, 11, 20)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=ZONE).astimezone(UTC)
STEP = timedelta(minutes=30)
SLOTS = 3 * 48  # three days in half hours, from midnight of DAY


def at(slot: int) -> datetime:
    return MIDNIGHT + slot * STEP


@dataclass(frozen=True)
class Stretch:
    """[start, end) in half hours since midnight of DAY; `place` 0 is the inspector himself, then his areas upwards."""

    start: int
    end: int
    kind: str
    place: int = 0


def stretches(kinds: list[str], most: int, place: int, longest: int) -> st.SearchStrategy[list[Stretch]]:
    """Disjoint stretches, as the database guarantees for one place."""

    @st.composite
    def build(draw: st.DrawFn) -> list[Stretch]:
        found, slot = [], 0
        for _ in range(draw(st.integers(0, most))):
            slot += draw(st.integers(0, 24))
            end = slot + draw(st.integers(1, longest))
            if end > SLOTS:
                break
            found.append(Stretch(slot, end, draw(st.sampled_from(kinds)), place))
            slot = end
        return found

    return build()


plans = stretches(["work", "half_day", "rest"], 5, -1, 40)
absences = stretches(["leave", "training"], 3, 0, 48)
exemptions = st.tuples(*(stretches(["outage", "typhoon"], 2, place, 60) for place in (1, 2, 3)))


def reference(plan: list[Stretch], overrides: list[Stretch]) -> dict[int, tuple[int, str]]:
    """By half hour: which shift (by its number), and what kind really holds."""
    found = {}
    for number, shift in enumerate(plan):
        for slot in range(shift.start, shift.end):
            over = [o for o in overrides if o.start <= slot < o.end]
            nearest = min(over, key=lambda o: o.place, default=shift)
            found[slot] = (number, nearest.kind)
    return found


def by_slot(
    rows: list[tuple[UUID, datetime, datetime, str]], shifts: list[UUID]
) -> dict[int, tuple[int, str]]:
    found: dict[int, tuple[int, str]] = {}
    for shift_id, starts_at, ends_at, kind in rows:
        for slot in range(int((starts_at - MIDNIGHT) / STEP), int((ends_at - MIDNIGHT) / STEP)):
            assert slot not in found, "two parts at one time"
            found[slot] = (shifts.index(shift_id), kind)
    return found


class TestTheView:
    @given(plan=plans, away=absences, exempted=exemptions)
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_agrees_with_a_minute_by_minute_reference(
        self,
        session: AsyncSession,
        world: World,
        plan: list[Stretch],
        away: list[Stretch],
        exempted: tuple[list[Stretch], ...],
    ) -> None:
        inspector, ours = world.inspector, world.ours
        places = {1: ours.community, 2: ours.town, 3: ours.county}
        wide = [each for some in exempted for each in some]
        async with _undone(session):
            shifts = [await make.shift(session, inspector, at(s.start), at(s.end), s.kind) for s in plan]
            theirs = await make.shift(session, world.colleague, at(16), at(35))
            for each in away:
                await make.absence(session, inspector, at(each.start), at(each.end), each.kind)
            for each in wide:
                await make.exemption(session, places[each.place], at(each.start), at(each.end), each.kind)
            rows = (
                await session.execute(
                    text(
                        "SELECT shift_id, starts_at, ends_at, kind, service_day FROM effective_shift "
                        "WHERE inspector_id = :id"
                    ),
                    {"id": inspector.id},
                )
            ).all()
            expected = reference(plan, away + wide)
            ids = [s.id for s in shifts]
            assert by_slot([tuple(r[:4]) for r in rows], ids) == expected  # type: ignore[misc]
            days = {s.id: s.service_day for s in shifts}
            assert all(row.service_day == days[row.shift_id] for row in rows)
            spans = [DaySpan(a.id, DAY, DAY + timedelta(days=2)) for a in (inspector, world.colleague)]
            duty = await load_duty(session, "330921", spans, ZONE)
            loaded = [
                (s.shift_id, _instant(s.start_ms), _instant(s.end_ms), s.kind)
                for s in duty[inspector.id].shifts
            ]
            assert by_slot(loaded, ids) == expected  # type: ignore[arg-type]
            other = [
                (s.shift_id, _instant(s.start_ms), _instant(s.end_ms), s.kind)
                for s in duty[world.colleague.id].shifts
            ]
            assert by_slot(other, [theirs.id]) == reference([Stretch(16, 35, "work")], wide)  # type: ignore[arg-type]

    async def test_only_what_is_approved_and_not_cancelled_counts(
        self, session: AsyncSession, world: World
    ) -> None:
        inspector = world.inspector
        await make.shift(session, inspector, at(16), at(35))
        for n, state in enumerate(("requested", "refused", "withdrawn")):
            await make.absence(session, inspector, at(20 + n), at(21 + n), state=state)
        cancelled = await make.exemption(session, world.ours.county, at(16), at(35))
        cancelled.cancelled_at, cancelled.cancelled_by, cancelled.cancel_reason = at(16), inspector.id, "x"
        await make.exemption(session, world.theirs.county, at(16), at(35), county_code="330922")
        await session.flush()
        (whole,) = (await load_duty(session, "330921", [DaySpan(inspector.id, DAY, DAY)], ZONE))[
            inspector.id
        ].shifts
        assert (whole.start_ms, whole.end_ms, whole.kind) == (to_ms(at(16)), to_ms(at(35)), "work")
        await make.absence(session, inspector, at(30), at(31))  # a shift that is cut takes another way
        rows = await session.execute(
            text(
                "SELECT starts_at, ends_at, kind FROM effective_shift WHERE inspector_id = :id ORDER BY starts_at"
            ),
            {"id": inspector.id},
        )
        parts = [(at(16), at(30), "work"), (at(30), at(31), "leave"), (at(31), at(35), "work")]
        assert [tuple(row) for row in rows] == parts

    async def test_a_night_shift_keeps_its_day_when_it_is_cut_after_midnight(
        self, session: AsyncSession, world: World
    ) -> None:
        await make.shift(session, world.inspector, at(44), at(60))
        await make.absence(session, world.inspector, at(50), at(52))
        rows = (await session.execute(text("SELECT service_day, kind FROM effective_shift"))).all()
        assert {row.service_day for row in rows} == {DAY}
        assert sorted(row.kind for row in rows) == ["leave", "work", "work"]


class _UndoneError(Exception):
    """Rolls an example back."""


@asynccontextmanager
async def _undone(session: AsyncSession) -> AsyncIterator[None]:
    """What an example writes is gone after it."""
    try:
        async with savepoint(session):
            yield
            raise _UndoneError
    except _UndoneError:
        session.expunge_all()


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
