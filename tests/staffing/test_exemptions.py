"""Area-wide exemptions over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Account
from app.kit.events import Event
from app.staffing.expectation import day_expectation
from app.staffing.inputs import DaySpan, load_day_kinds, load_duty
from tests.factories import staffing as make
from tests.factories.staffing import ZONE
from tests.identity.conftest import World
from tests.staffing.conftest import TODAY, Headers, code_of, local

PATH = "/api/v1/exemptions"


def body(area_id: object, **change: Any) -> dict[str, Any]:
    exempted = {
        "area_id": str(area_id),
        "starts_at": local(10).isoformat(),
        "ends_at": local(14).isoformat(),
        "kind": "outage",
        "reason": "基站故障",
        "document_no": "岱网〔2026〕1号",
    }
    return exempted | change


@pytest.fixture
async def planned(session: AsyncSession, world: World) -> World:
    """Two inspectors at work from 8 to 16, and folded days around."""
    for inspector in (world.inspector, world.colleague):
        await make.shift(
            session,
            inspector,
            local(8),
            local(16),
        )
        await make.patrol_days(session, inspector, [TODAY + timedelta(days=n) for n in range(-5, 6)])
    return world


async def kinds(session: AsyncSession, inspector: Account) -> list[str]:
    rows = await session.execute(
        text("SELECT kind FROM effective_shift WHERE inspector_id = :id ORDER BY starts_at"),
        {"id": inspector.id},
    )
    return list(rows.scalars())


class TestExempting:
    async def test_everybody_below_is_exempted_and_folded_again(
        self, client: httpx.AsyncClient, as_supervisor: Headers, planned: World, session: AsyncSession
    ) -> None:
        answer = await client.post(PATH, json=body(planned.ours.town), headers=as_supervisor)
        assert answer.status_code == 201, answer.text
        for inspector in (planned.inspector, planned.colleague):
            assert await kinds(session, inspector) == ["work", "outage", "work"]
            assert [(d - TODAY).days for d in await make.pending_days(session, inspector)] == [-2, -1, 0, 1]
        event = (await session.scalars(select(Event).where(Event.type == "exemption.made"))).one()
        assert (event.data["reason"], event.data["days_folded_again"]) == ("基站故障", 8)
        assert event.area_id == planned.ours.town

    async def test_a_base_station_down_keeps_people_on_duty_and_halves_what_is_asked(
        self, client: httpx.AsyncClient, as_supervisor: Headers, planned: World, session: AsyncSession
    ) -> None:
        await client.post(PATH, json=body(planned.ours.town), headers=as_supervisor)
        span = DaySpan(planned.inspector.id, TODAY, TODAY)
        shifts = (await load_duty(session, "330921", [span], ZONE))[planned.inspector.id].shifts
        assert all(s.on_duty for s in shifts)
        found = await load_day_kinds(session)
        assert not found["outage"].expects_presence
        expectation = day_expectation(shifts, found)
        assert (expectation.state, expectation.prorate) == ("expected", 0.5)

    async def test_a_personal_absence_and_a_nearer_area_go_before(
        self, client: httpx.AsyncClient, as_supervisor: Headers, planned: World, session: AsyncSession
    ) -> None:
        noon = local(12)
        await make.absence(session, planned.inspector, noon.replace(hour=10), noon)
        await make.exemption(
            session, planned.ours.county, noon.replace(hour=8), noon.replace(hour=16), "typhoon"
        )
        await client.post(PATH, json=body(planned.ours.town), headers=as_supervisor)
        assert await kinds(session, planned.inspector) == ["typhoon", "leave", "outage", "typhoon"]
        assert await kinds(session, planned.colleague) == ["typhoon", "outage", "typhoon"]

    async def test_cancelling_brings_the_plan_back(
        self, client: httpx.AsyncClient, as_supervisor: Headers, planned: World, session: AsyncSession
    ) -> None:
        made = (await client.post(PATH, json=body(planned.ours.town), headers=as_supervisor)).json()
        path, reason = f"{PATH}/{made['id']}/cancellations", {"reason": "基站恢复"}
        answer = await client.post(path, json=reason, headers=as_supervisor)
        assert (answer.status_code, answer.json()["cancel_reason"]) == (200, "基站恢复")
        assert await kinds(session, planned.inspector) == ["work"]
        assert (await client.post(path, json=reason, headers=as_supervisor)).json() == answer.json()
        other = await client.post(path, json={"reason": "录错"}, headers=as_supervisor)
        assert code_of(other) == (409, "exemption_cancelled")
        types = list(await session.scalars(select(Event.type).where(Event.subject_id == made["id"])))
        assert sorted(types) == ["exemption.cancelled", "exemption.made"]
        again = await client.post(PATH, json=body(planned.ours.town), headers=as_supervisor)
        assert again.status_code == 201  # its time is free again

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"kind": "work"}, (422, "away_kind")),
            ({"kind": "nothing"}, (422, "unknown_day_kind")),
            ({"kind": "leave"}, (422, "away_kind_personal")),
            ({"kind": "training"}, (422, "away_kind_personal")),
            ({"kind": "rest"}, (422, "away_kind_personal")),
            ({"ends_at": local(9).isoformat()}, (422, "away_time")),
            ({"ends_at": local(9, days=365).isoformat()}, (422, "away_time")),
            ({"reason": "x\u0000"}, (422, "invalid")),
        ],
    )
    async def test_what_makes_no_sense_is_refused(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, change: Any, refusal: Any
    ) -> None:
        answer = await client.post(PATH, json=body(world.ours.town, **change), headers=as_supervisor)
        assert code_of(answer) == refusal

    async def test_twice_at_one_time_is_refused(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World
    ) -> None:
        await client.post(PATH, json=body(world.ours.town), headers=as_supervisor)
        answer = await client.post(PATH, json=body(world.ours.town), headers=as_supervisor)
        assert code_of(answer) == (409, "exemption_overlaps")


class TestScope:
    async def test_nobody_exempts_what_lies_above_or_beside(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World
    ) -> None:
        for area_id in (world.ours.county, world.theirs.town):
            answer = await client.post(PATH, json=body(area_id), headers=as_supervisor)
            assert code_of(answer) == (404, "not_found")

    async def test_what_holds_here_is_listed_and_nothing_of_others(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        as_inspector: Headers,
        as_foreigner: Headers,
        world: World,
        session: AsyncSession,
    ) -> None:
        noon = local(12)
        wide = await make.exemption(session, world.ours.county, noon, noon.replace(hour=13))
        near = await make.exemption(session, world.ours.community, noon, noon.replace(hour=14))
        for headers in (as_supervisor, as_inspector):
            found = (await client.get(PATH, headers=headers)).json()["items"]
            assert {row["id"] for row in found} == {str(wide.id), str(near.id)}
        assert (await client.get(PATH, headers=as_foreigner)).json()["items"] == []
        at = {"area_id": str(world.ours.community), "at": local(13, 30).isoformat()}
        found = (await client.get(PATH, params=at, headers=as_supervisor)).json()["items"]
        assert [row["id"] for row in found] == [str(near.id)]
        refused = await client.get(PATH, params={"area_id": str(world.theirs.town)}, headers=as_supervisor)
        assert code_of(refused) == (404, "not_found")
        for row, headers in ((wide, as_supervisor), (near, as_foreigner)):
            answer = await client.post(
                f"{PATH}/{row.id}/cancellations", json={"reason": "x"}, headers=headers
            )
            assert code_of(answer) == (404, "not_found")

    async def test_inspectors_exempt_nobody(
        self, client: httpx.AsyncClient, as_inspector: Headers, world: World
    ) -> None:
        answer = await client.post(PATH, json=body(world.ours.community), headers=as_inspector)
        assert code_of(answer) == (403, "forbidden")

    async def test_not_without_a_token(self, client: httpx.AsyncClient, world: World) -> None:
        assert (await client.get(PATH)).status_code == 401
        assert (await client.post(PATH, json=body(world.ours.town))).status_code == 401
