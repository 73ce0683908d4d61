"""Absences over HTTP: asked for on the handheld, decided by a supervisor, seen by the plan."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Account
from app.kit.db import Database
from app.kit.events import Event
from app.staffing.absences.states import AbsenceState, Who, allowed
from tests.factories import identity
from tests.factories import staffing as make
from tests.factories.staffing import ZONE
from tests.identity.conftest import World, build_world
from tests.staffing.conftest import TODAY, Grids, Headers, code_of, local

MINE, OURS = "/api/v1/me/absences", "/api/v1/absences"


def moment(days: int, hour: int) -> str:
    return local(hour, days=days).isoformat()


def asked(**change: Any) -> dict[str, Any]:
    body = {
        "id": str(uuid4()),
        "starts_at": moment(3, 8),
        "ends_at": moment(3, 12),
        "kind": "leave",
        "reason": "家中有事",
    }
    return body | change


def entered(inspector: Account, **change: Any) -> dict[str, Any]:
    return asked(inspector_id=str(inspector.id), **change)


async def kinds_of(session: AsyncSession, inspector: Account) -> list[tuple[int, int, str]]:
    """Parts of the plan: local hours and kind."""
    rows = await session.execute(
        text(
            "SELECT starts_at, ends_at, kind FROM effective_shift WHERE inspector_id = :id ORDER BY starts_at"
        ),
        {"id": inspector.id},
    )
    return [(r.starts_at.astimezone(ZONE).hour, r.ends_at.astimezone(ZONE).hour, r.kind) for r in rows]


async def events_of(session: AsyncSession, subject_id: str) -> list[Event]:
    return list(
        await session.scalars(select(Event).where(Event.subject_id == subject_id).order_by(Event.ord))
    )


class TestAsking:
    async def test_waits_for_a_decision_and_changes_no_plan(
        self, client: httpx.AsyncClient, as_inspector: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        await make.shift(session, inspector, *day(3, 8, 17))
        body = asked()
        answer = await client.post(MINE, json=body, headers=as_inspector)
        assert (answer.status_code, answer.json()["state"]) == (201, "requested")
        assert await kinds_of(session, inspector) == [(8, 17, "work")]
        assert (await client.get(MINE, headers=as_inspector)).json()["items"] == [answer.json()]
        (event,) = await events_of(session, body["id"])
        assert (event.type, event.data["kind"]) == ("absence.requested", "leave")
        assert body["reason"] not in str(event.data)

    async def test_the_same_again_is_the_same_absence(
        self, client: httpx.AsyncClient, as_inspector: Headers, session: AsyncSession
    ) -> None:
        body = asked()
        first = await client.post(MINE, json=body, headers=as_inspector)
        again = await client.post(MINE, json=body, headers=as_inspector)
        assert (again.status_code, again.json()) == (201, first.json())
        assert len(await events_of(session, body["id"])) == 1
        other = await client.post(MINE, json=body | {"reason": "换个理由"}, headers=as_inspector)
        assert code_of(other) == (409, "absence_id_reused")
        assert other.json()["sent_digest"] != other.json()["stored_digest"]

    async def test_the_answer_of_a_repetition_tells_what_was_decided_meanwhile(
        self, client: httpx.AsyncClient, as_inspector: Headers, as_supervisor: Headers
    ) -> None:
        body = asked()
        await client.post(MINE, json=body, headers=as_inspector)
        decision = {"decision": "refused", "reason": "当日人手不足"}
        await client.post(f"{OURS}/{body['id']}/decisions", json=decision, headers=as_supervisor)
        again = await client.post(MINE, json=body, headers=as_inspector)
        assert (again.json()["state"], again.json()["decision_reason"]) == ("refused", "当日人手不足")

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"ends_at": moment(3, 8)}, (422, "away_time")),
            ({"ends_at": moment(703, 8)}, (422, "away_time")),
            ({"kind": "work"}, (422, "away_kind")),
            ({"kind": "outage"}, (422, "away_kind_of_area")),
            ({"kind": "typhoon"}, (422, "away_kind_of_area")),
            ({"kind": "holiday"}, (422, "unknown_day_kind")),
            (
                {"starts_at": moment(-40, 8), "ends_at": moment(-40, 12)},
                (422, "absence_too_old"),
            ),
            ({"reason": ""}, (422, "invalid")),
            ({"starts_at": "2027-01-23T08:00:00"}, (422, "invalid")),
        ],
    )
    async def test_what_makes_no_sense_is_refused(
        self, client: httpx.AsyncClient, as_inspector: Headers, change: Any, refusal: tuple[int, str]
    ) -> None:
        assert code_of(await client.post(MINE, json=asked(**change), headers=as_inspector)) == refusal
        assert (await client.get(MINE, headers=as_inspector)).json()["items"] == []

    async def test_two_at_one_time_are_refused(
        self, client: httpx.AsyncClient, as_inspector: Headers
    ) -> None:
        await client.post(MINE, json=asked(), headers=as_inspector)
        assert code_of(await client.post(MINE, json=asked(), headers=as_inspector)) == (
            409,
            "absence_overlaps",
        )

    async def test_two_retries_at_once_are_one(self, fresh_database: Database) -> None:
        app = identity.app_over(fresh_database)
        async with fresh_database.transaction() as session:
            world = await build_world(session)
            await identity.binding(session, world.device, world.inspector)
        async with fresh_database.transaction() as session:
            inspector = await session.get_one(Account, world.inspector.id)
            headers = identity.bearer(await identity.login(app, session, inspector, world.device))
        start = identity.now().date().isoformat()
        body = asked(starts_at=f"{start}T08:00:00+08:00", ends_at=f"{start}T12:00:00+08:00")
        async with identity.client_of(app) as client:
            answers = await asyncio.gather(*(client.post(MINE, json=body, headers=headers) for _ in range(6)))
        assert [a.status_code for a in answers] == [201] * 6
        async with fresh_database.transaction() as session:
            assert len(await events_of(session, body["id"])) == 1

    async def test_only_an_inspector_asks_for_himself(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, session: AsyncSession
    ) -> None:
        assert code_of(await client.post(MINE, json=asked(), headers=as_supervisor)) == (403, "forbidden")
        row = await make.absence(session, world.inspector, *day(4, 8, 12))
        path = f"{MINE}/{row.id}/withdrawals"
        assert code_of(await client.post(path, headers=as_supervisor)) == (403, "forbidden")

    @pytest.mark.parametrize("path", [MINE, OURS])
    async def test_not_without_a_token(self, client: httpx.AsyncClient, path: str) -> None:
        assert (
            (await client.get(path)).status_code == (await client.post(path, json=asked())).status_code == 401
        )


class TestDeciding:
    async def test_what_is_approved_cuts_the_plan_and_folds_the_days_again(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        as_inspector: Headers,
        inspector: Account,
        session: AsyncSession,
    ) -> None:
        await make.shift(session, inspector, *day(3, 8, 17))
        await make.patrol_days(session, inspector, [TODAY + timedelta(days=n) for n in range(-1, 7)])
        body = asked()
        await client.post(MINE, json=body, headers=as_inspector)
        assert await make.pending_days(session, inspector) == []
        path = f"{OURS}/{body['id']}/decisions"
        approve = {"decision": "approved", "reason": "同意"}
        answer = await client.post(path, json=approve, headers=as_supervisor)
        assert (answer.status_code, answer.json()["state"]) == (200, "approved")
        assert await kinds_of(session, inspector) == [(8, 12, "leave"), (12, 17, "work")]
        marked = [(d - TODAY).days for d in await make.pending_days(session, inspector)]
        assert marked == [1, 2, 3, 4]
        again = await client.post(path, json=approve, headers=as_supervisor)
        assert again.json() == answer.json()
        types = [e.type for e in await events_of(session, body["id"])]
        assert types == ["absence.requested", "absence.approved"]

    async def test_tells_what_nobody_serves_because_of_it(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.appointment(session, world.inspector, grids.one, local(0, days=-30))
        await make.appointment(session, world.inspector, grids.one, local(0, days=-30), role="part_time")
        await make.appointment(session, world.inspector, grids.two, local(0, days=-30), role="grid_head")
        await make.appointment(session, world.colleague, grids.one, local(9, days=3), local(11, days=3))
        body = entered(world.inspector)
        answer = await client.post(OURS, json=body, headers=as_supervisor)
        told = [
            (gap["grid_code"], gap["grid_id"], gap["starts_at"], gap["ends_at"])
            for gap in answer.json()["unserved"]
        ]
        one = ("330921100001001", str(grids.one))
        times = [datetime.fromisoformat(each) for gap in told for each in gap[2:]]
        assert ([gap[:2] for gap in told], times) == ([one, one], [local(h, days=3) for h in (8, 9, 11, 12)])
        row = await make.absence(session, world.colleague, *day(3, 8, 10), state="requested")
        path = f"{OURS}/{row.id}/decisions"
        approve = {"decision": "approved", "reason": "同意"}
        (gap,) = (await client.post(path, json=approve, headers=as_supervisor)).json()["unserved"]
        assert [datetime.fromisoformat(gap[n]) for n in ("starts_at", "ends_at")] == [
            local(9, days=3),
            local(10, days=3),
        ]
        back = {"decision": "withdrawn", "reason": "提前返岗"}
        assert (await client.post(path, json=back, headers=as_supervisor)).json()["unserved"] == []
        free = entered(world.inspector, starts_at=local(9, days=4).isoformat(), ends_at=moment(4, 10))
        await make.appointment(session, world.colleague, grids.one, local(0, days=4), role="substitute")
        assert (await client.post(OURS, json=free, headers=as_supervisor)).json()["unserved"] == []

    async def test_a_decision_is_not_turned_round(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        row = await make.absence(session, inspector, *day(3, 8, 12), state="refused")
        approve = {"decision": "approved", "reason": "同意"}
        answer = await client.post(f"{OURS}/{row.id}/decisions", json=approve, headers=as_supervisor)
        assert code_of(answer) == (409, "absence_decided")
        assert (answer.json()["current_state"], answer.json()["allowed_actions"]) == ("refused", [])
        assert answer.json()["detail"].endswith("possible now: nothing")

    async def test_a_supervisor_takes_an_approved_one_back(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        await make.shift(session, inspector, *day(-1, 8, 17))
        await make.patrol_days(session, inspector, [TODAY - timedelta(days=1)])
        row = await make.absence(session, inspector, *day(-1, 8, 17))
        assert await kinds_of(session, inspector) == [(8, 17, "leave")]
        back = {"decision": "withdrawn", "reason": "提前返岗"}
        answer = await client.post(f"{OURS}/{row.id}/decisions", json=back, headers=as_supervisor)
        assert answer.json()["state"] == "withdrawn"
        assert await kinds_of(session, inspector) == [(8, 17, "work")]
        assert len(await make.pending_days(session, inspector)) == 1

    async def test_one_is_entered_at_once_once(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        await make.shift(session, inspector, *day(3, 8, 17))
        body = entered(inspector, kind="training")
        answer = await client.post(OURS, json=body, headers=as_supervisor)
        assert (answer.status_code, answer.json()["state"]) == (201, "approved")
        assert (await client.post(OURS, json=body, headers=as_supervisor)).json() == answer.json()
        assert await kinds_of(session, inspector) == [(8, 12, "training"), (12, 17, "work")]
        assert [e.type for e in await events_of(session, body["id"])] == ["absence.approved"]

    async def test_what_is_the_areas_is_entered_for_nobody(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account
    ) -> None:
        answer = await client.post(OURS, json=entered(inspector, kind="typhoon"), headers=as_supervisor)
        assert code_of(answer) == (422, "away_kind_of_area")
        personal = ["half_day", "leave", "meeting", "rest", "secondment", "training"]
        assert answer.json()["allowed_kinds"] == personal
        kinds = (await client.get("/api/v1/day-kinds", headers=as_supervisor)).json()
        assert sorted(kind["code"] for kind in kinds if kind["personal"]) == personal
        for kind in personal:
            body = entered(inspector, kind=kind, starts_at=moment(9 + personal.index(kind), 8))
            body["ends_at"] = moment(9 + personal.index(kind), 12)
            assert (await client.post(OURS, json=body, headers=as_supervisor)).status_code == 201

    async def test_lists_what_waits(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, session: AsyncSession
    ) -> None:
        waiting = await make.absence(session, world.inspector, *day(4, 8, 12), state="requested")
        await make.absence(session, world.colleague, *day(3, 8, 12))
        found = (await client.get(OURS, params={"state": "requested"}, headers=as_supervisor)).json()["items"]
        assert [row["id"] for row in found] == [str(waiting.id)]
        page = (await client.get(OURS, params={"limit": 1}, headers=as_supervisor)).json()
        rest = (await client.get(OURS, params={"cursor": page["next"]}, headers=as_supervisor)).json()
        assert [len(page["items"]), len(rest["items"]), rest["next"]] == [1, 1, None]
        mine = {"inspector_id": str(world.colleague.id), "since": moment(3, 13)}
        assert (await client.get(OURS, params=mine, headers=as_supervisor)).json()["items"] == []

    async def test_outside_the_area_it_does_not_exist(
        self, client: httpx.AsyncClient, as_foreigner: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        row = await make.absence(session, inspector, *day(3, 8, 12), state="requested")
        approve = {"decision": "approved", "reason": "同意"}
        refused = await client.post(f"{OURS}/{row.id}/decisions", json=approve, headers=as_foreigner)
        assert code_of(refused) == (404, "not_found")
        assert code_of(await client.post(OURS, json=entered(inspector), headers=as_foreigner))[0] == 404
        assert (await client.get(OURS, headers=as_foreigner)).json()["items"] == []

    async def test_an_inspector_decides_nothing(
        self, client: httpx.AsyncClient, as_inspector: Headers, inspector: Account
    ) -> None:
        approve = {"decision": "approved", "reason": "同意"}
        for path, body in ((f"{OURS}/{uuid4()}/decisions", approve), (OURS, entered(inspector))):
            assert code_of(await client.post(path, json=body, headers=as_inspector)) == (403, "forbidden")

    async def test_who_is_no_inspector_has_no_absence(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World
    ) -> None:
        answer = await client.post(OURS, json=entered(world.supervisor), headers=as_supervisor)
        assert code_of(answer) == (422, "staffing_not_an_inspector")


class TestWithdrawing:
    async def test_before_it_begins_also_an_approved_one(
        self, client: httpx.AsyncClient, as_inspector: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        row = await make.absence(session, inspector, *day(3, 8, 12))
        answer = await client.post(f"{MINE}/{row.id}/withdrawals", headers=as_inspector)
        assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")

    async def test_what_has_begun_is_the_supervisors(
        self, client: httpx.AsyncClient, as_inspector: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        row = await make.absence(session, inspector, *day(0, 8, 17))
        answer = await client.post(f"{MINE}/{row.id}/withdrawals", headers=as_inspector)
        assert code_of(answer) == (409, "absence_decided")

    async def test_a_colleagues_does_not_exist(
        self, client: httpx.AsyncClient, as_inspector: Headers, world: World, session: AsyncSession
    ) -> None:
        row = await make.absence(session, world.colleague, *day(3, 8, 12), state="requested")
        answer = await client.post(f"{MINE}/{row.id}/withdrawals", headers=as_inspector)
        assert code_of(answer) == (404, "not_found")
        assert (await client.get(MINE, headers=as_inspector)).json()["items"] == []


@pytest.mark.parametrize(
    ("who", "has_begun", "moves"),
    [
        ("inspector", False, {"requested": {"withdrawn"}, "approved": {"withdrawn"}}),
        ("inspector", True, {"requested": {"withdrawn"}}),
        ("supervisor", False, {"requested": {"approved", "refused", "withdrawn"}, "approved": {"withdrawn"}}),
        ("supervisor", True, {"requested": {"approved", "refused", "withdrawn"}, "approved": {"withdrawn"}}),
    ],
)
def test_nothing_else_may_be_done(who: Who, has_begun: bool, moves: dict[str, set[str]]) -> None:
    for state in AbsenceState:
        found = {each.value for each in allowed(state, who, has_begun=has_begun)}
        assert found == moves.get(state.value, set())


def day(days: int, first: int, last: int) -> tuple[datetime, datetime]:
    """Local hours of the day `days` after today."""
    return local(first, days=days), local(last, days=days)
