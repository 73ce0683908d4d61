"""Swaps and substitutions over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.kit.events import Event
from app.staffing.inputs import DaySpan, load_appointments
from app.staffing.models import Appointment
from tests.factories import identity
from tests.factories import staffing as make
from tests.factories.staffing import ZONE
from tests.identity.conftest import World
from tests.staffing.conftest import NOON, TODAY, Grids, Headers, code_of, local

PATH = "/api/v1/grid-swaps"
TOMORROW = TODAY + timedelta(days=1)


def body(world: World, **change: Any) -> dict[str, Any]:
    swap = {
        "id": str(uuid4()),
        "mode": "swap",
        "inspector_id": str(world.inspector.id),
        "other_id": str(world.colleague.id),
        "starts_at": local(14, days=1).isoformat(),
        "ends_at": local(17, days=1).isoformat(),
        "reason": "调换网格",
    }
    return swap | change


@pytest.fixture
async def posted(session: AsyncSession, world: World, grids: Grids) -> World:
    """The inspector serves grid one, his colleague grid two, since a year, and both have walked."""
    since = NOON - timedelta(days=365)
    await make.appointment(session, world.inspector, grids.one, since)
    await make.appointment(session, world.colleague, grids.two, since)
    for each in (world.inspector, world.colleague):
        await make.patrol_days(session, each, [TODAY + timedelta(days=n) for n in range(-2, 4)])
    return world


async def served(session: AsyncSession, world: World, hour: int) -> list[list[tuple[UUID, str]]]:
    """Grids and posts of inspector and colleague tomorrow at a local hour, as the fold sees them."""
    people = (world.inspector, world.colleague)
    at_ms = local(hour, days=1).timestamp() * 1000
    spans = [DaySpan(each.id, TOMORROW, TOMORROW) for each in people]
    found = await load_appointments(session, "330921", spans, ZONE)
    return [
        [
            (a.grid_id, a.role)
            for a in found[each.id]
            if a.start_ms <= at_ms and (a.end_ms is None or at_ms < a.end_ms)
        ]
        for each in people
    ]


class TestSwapping:
    @pytest.mark.requirement("S0-05")
    async def test_two_exchange_their_grids_to_the_hour(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        posted: World,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        answer = await client.post(PATH, json=body(posted), headers=as_supervisor)
        assert answer.status_code == 201, answer.text
        own = [[(grids.one, "full_time")], [(grids.two, "full_time")]]
        assert await served(session, posted, 13) == own
        assert await served(session, posted, 15) == own[::-1]
        assert await served(session, posted, 17) == own
        for each in (posted.inspector, posted.colleague):
            days = await make.pending_days(session, each)
            assert [(d - TODAY).days for d in days] == [0, 1]
        (event,) = await session.scalars(select(Event).where(Event.type == "swap.made"))
        assert len(event.data["appointments_made"]) == 4

    async def test_a_substitute_takes_over_and_keeps_his_own(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        posted: World,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.absence(session, posted.inspector, local(14, days=1), local(17, days=1))
        answer = await client.post(PATH, json=body(posted, mode="substitution"), headers=as_supervisor)
        assert answer.status_code == 201, answer.text
        inspector, colleague = await served(session, posted, 15)
        assert inspector == []
        assert sorted(colleague) == sorted([(grids.two, "full_time"), (grids.one, "substitute")])

    async def test_the_same_again_is_the_same_swap(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        posted: World,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        asked = body(posted)
        first = await client.post(PATH, json=asked, headers=as_supervisor)
        again = await client.post(PATH, json=asked, headers=as_supervisor)
        assert (again.status_code, again.json()) == (201, first.json())
        assert (await served(session, posted, 15))[0] == [(grids.two, "full_time")]
        other = await client.post(PATH, json=asked | {"reason": "别的"}, headers=as_supervisor)
        assert code_of(other) == (409, "swap_id_reused")
        mine = {"inspector_id": str(posted.colleague.id)}
        assert (await client.get(PATH, params=mine, headers=as_supervisor)).json()["items"] == [first.json()]


class TestNobodyLeft:
    async def test_a_swap_that_leaves_a_grid_empty_is_refused_and_says_which_and_when(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        posted: World,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.absence(session, posted.colleague, local(15, days=1), local(16, days=1))
        for mode in ("swap", "substitution"):
            answer = await client.post(PATH, json=body(posted, mode=mode), headers=as_supervisor)
            assert code_of(answer) == (409, "grid_left_empty")
            (gap,) = answer.json()["gaps"]
            assert (gap["grid_id"], gap["grid_code"]) == (str(grids.one), "330921100001001")
            assert "15:00" in answer.json()["detail"]
            assert "16:00" in answer.json()["detail"]
        assert (await served(session, posted, 15))[0] == [(grids.one, "full_time")]
        assert (await session.scalars(select(Event).where(Event.type == "swap.made"))).all() == []

    async def test_nobody_takes_over_whose_account_is_closed(
        self, client: httpx.AsyncClient, as_supervisor: Headers, posted: World, session: AsyncSession
    ) -> None:
        posted.colleague.enabled = False
        await session.flush()
        for mode in ("swap", "substitution"):
            answer = await client.post(PATH, json=body(posted, mode=mode), headers=as_supervisor)
            assert code_of(answer) == (409, "grid_left_empty")

    async def test_a_third_one_who_serves_it_too_is_enough(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        posted: World,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        third = await identity.account(session, posted.ours.community, Role.INSPECTOR)
        await make.appointment(session, third, grids.one, NOON, role="part_time")
        await make.absence(session, posted.colleague, local(15, days=1), local(16, days=1))
        answer = await client.post(PATH, json=body(posted, mode="substitution"), headers=as_supervisor)
        assert answer.status_code == 201, answer.text

    async def test_nothing_to_exchange(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World
    ) -> None:
        answer = await client.post(PATH, json=body(world), headers=as_supervisor)
        assert code_of(answer) == (409, "nothing_to_swap")


class TestUndoing:
    async def test_before_it_begins_everything_is_as_it_was(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        posted: World,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        made = (await client.post(PATH, json=body(posted), headers=as_supervisor)).json()
        path = f"{PATH}/{made['id']}/cancellations"
        answer = await client.post(path, headers=as_supervisor)
        assert (answer.status_code, answer.json()["undone_at"] is None) == (200, False)
        for hour in (13, 15, 18):
            assert await served(session, posted, hour) == [
                [(grids.one, "full_time")],
                [(grids.two, "full_time")],
            ]
        assert (await client.post(path, headers=as_supervisor)).json() == answer.json()
        kept = await session.scalars(select(Appointment.id).where(Appointment.cancelled_at.is_(None)))
        assert len(kept.all()) == 2
        assert len((await session.scalars(select(Event).where(Event.type == "swap.undone"))).all()) == 1

    async def test_tells_what_nobody_serves_then(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        posted: World,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        swap = body(posted, mode="substitution")
        await client.post(PATH, json=swap, headers=as_supervisor)
        await make.absence(session, posted.inspector, local(15, days=1), local(20, days=1))
        await make.absence(session, posted.colleague, local(14, days=1), local(15, days=1))
        answer = await client.post(f"{PATH}/{swap['id']}/cancellations", headers=as_supervisor)
        (gap,) = answer.json()["unserved"]
        assert (gap["grid_id"], gap["grid_code"]) == (str(grids.one), "330921100001001")
        times = [datetime.fromisoformat(gap[name]) for name in ("starts_at", "ends_at")]
        assert times == [local(15, days=1), local(17, days=1)]

    async def test_what_has_begun_is_not_undone(
        self, client: httpx.AsyncClient, as_supervisor: Headers, posted: World
    ) -> None:
        times = {"starts_at": local(11).isoformat(), "ends_at": local(18).isoformat()}
        made = (await client.post(PATH, json=body(posted, **times), headers=as_supervisor)).json()
        answer = await client.post(f"{PATH}/{made['id']}/cancellations", headers=as_supervisor)
        assert code_of(answer) == (409, "swap_begun")

    async def test_what_was_changed_since_is_left_alone(
        self, client: httpx.AsyncClient, as_supervisor: Headers, posted: World, session: AsyncSession
    ) -> None:
        made = (await client.post(PATH, json=body(posted), headers=as_supervisor)).json()
        row = await session.get_one(Appointment, ("330921", UUID(made["appointments_made"][0])))
        row.version = 2
        await session.flush()
        answer = await client.post(f"{PATH}/{made['id']}/cancellations", headers=as_supervisor)
        assert code_of(answer) == (409, "swap_changed")


class TestRefusals:
    async def test_bounds_and_people(
        self, client: httpx.AsyncClient, as_supervisor: Headers, posted: World
    ) -> None:
        refusals = {
            (422, "swap_time"): {"ends_at": local(14, days=1).isoformat()},
            (422, "swap_of_oneself"): {"other_id": str(posted.inspector.id)},
            (422, "staffing_not_an_inspector"): {"other_id": str(posted.supervisor.id)},
            (404, "not_found"): {"other_id": str(uuid4())},
        }
        for refusal, change in refusals.items():
            answer = await client.post(PATH, json=body(posted, **change), headers=as_supervisor)
            assert code_of(answer) == refusal
        long = {"ends_at": local(14, days=60).isoformat()}
        assert code_of(await client.post(PATH, json=body(posted, **long), headers=as_supervisor))[0] == 422

    async def test_scope_and_role(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        as_foreigner: Headers,
        as_inspector: Headers,
        posted: World,
    ) -> None:
        made = (await client.post(PATH, json=body(posted), headers=as_supervisor)).json()
        path = f"{PATH}/{made['id']}/cancellations"
        assert code_of(await client.post(path, headers=as_foreigner)) == (404, "not_found")
        assert code_of(await client.post(path, headers=as_inspector)) == (403, "forbidden")
        assert code_of(await client.post(PATH, json=body(posted), headers=as_foreigner)) == (404, "not_found")
        assert (await client.post(PATH, json=body(posted))).status_code == 401
        mine = {"inspector_id": str(posted.inspector.id)}
        assert len((await client.get(PATH, params=mine, headers=as_inspector)).json()["items"]) == 1
        theirs = {"inspector_id": str(posted.colleague.id)}
        assert code_of(await client.get(PATH, params=theirs, headers=as_inspector)) == (404, "not_found")
