"""A handheld is lent for some hours and comes back."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from tests.factories import identity as make
from tests.identity.conftest import Clock, World, event_types

Headers = dict[str, str]


@pytest.fixture
async def bound(session: AsyncSession, world: World, clock: Clock) -> str:
    """The path of a handheld that the inspector holds since an hour."""
    await make.binding(session, world.device, world.inspector, start=clock.now - timedelta(hours=1))
    await session.flush()
    return f"/api/v1/devices/{world.device.id}"


def loan(world: World, clock: Clock, **change: Any) -> dict[str, Any]:
    body = {
        "inspector_id": str(world.colleague.id),
        "until": (clock.now + timedelta(hours=3)).isoformat(),
    }
    return body | change


async def history(client: httpx.AsyncClient, bound: str, headers: Headers) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(f"{bound}/bindings", headers=headers)).json()["items"]
    return found


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


class TestLending:
    async def test_the_borrower_holds_it_for_a_while_and_afterwards_nobody(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        session: AsyncSession,
        as_supervisor: Headers,
        bound: str,
        world: World,
        clock: Clock,
    ) -> None:
        old = await make.login(app, session, world.inspector, world.device)
        answer = await client.post(f"{bound}/loans", json=loan(world, clock), headers=as_supervisor)
        assert answer.status_code == 201, answer.text
        owners, borrowers = await history(client, bound, as_supervisor)
        assert owners["valid_to"] == borrowers["valid_from"]
        assert borrowers["returns_to"] == str(world.inspector.id)
        assert borrowers["valid_to"] is not None
        assert code_of(await client.get("/api/v1/me", headers=make.bearer(old))) == (401, "login_revoked")
        assert (await event_types(session, world.device.id))[-2:] == [
            "device.lent",
            "device.activation_code_issued",
        ]
        again = await client.post(f"{bound}/loans", json=loan(world, clock), headers=as_supervisor)
        assert again.json()["binding"] == answer.json()["binding"]

    async def test_without_a_time_it_is_due_when_the_rule_says(
        self, client: httpx.AsyncClient, as_supervisor: Headers, bound: str, world: World, clock: Clock
    ) -> None:
        body = {"inspector_id": str(world.colleague.id)}
        answer = await client.post(f"{bound}/loans", json=body, headers=as_supervisor)
        assert answer.status_code == 201, answer.text
        due = datetime.fromisoformat(answer.json()["binding"]["valid_to"])
        assert due - clock.now == timedelta(hours=72)
        clock.forward(minutes=10)
        again = await client.post(f"{bound}/loans", json=body, headers=as_supervisor)
        assert again.json()["binding"] == answer.json()["binding"]

    async def test_to_its_owner_it_is_returned_never_lent(
        self, client: httpx.AsyncClient, as_supervisor: Headers, bound: str, world: World, clock: Clock
    ) -> None:
        """It would be nobody's when the time is over, and its owner's fixes would count for nobody."""
        to_owner = loan(world, clock, inspector_id=str(world.inspector.id))
        answer = await client.post(f"{bound}/loans", json=to_owner, headers=as_supervisor)
        assert code_of(answer) == (409, "loan_to_owner")
        await client.post(f"{bound}/loans", json=loan(world, clock), headers=as_supervisor)
        clock.forward(minutes=10)
        answer = await client.post(f"{bound}/loans", json=to_owner, headers=as_supervisor)
        assert code_of(answer) == (409, "loan_to_owner")
        assert len(await history(client, bound, as_supervisor)) == 2

    async def test_it_comes_back_before_its_time(
        self,
        client: httpx.AsyncClient,
        session: AsyncSession,
        as_supervisor: Headers,
        bound: str,
        world: World,
        clock: Clock,
    ) -> None:
        await client.post(f"{bound}/loans", json=loan(world, clock), headers=as_supervisor)
        clock.forward(minutes=10)
        answer = await client.post(f"{bound}/returns", json={}, headers=as_supervisor)
        assert answer.status_code == 201, answer.text
        _, borrowers, owners = await history(client, bound, as_supervisor)
        assert borrowers["valid_to"] == owners["valid_from"]
        assert (owners["inspector_id"], owners["valid_to"]) == (str(world.inspector.id), None)
        assert answer.json()["activation_code"]["inspector_id"] == str(world.inspector.id)
        assert "device.returned" in await event_types(session, world.device.id)
        twice = await client.post(f"{bound}/returns", json={}, headers=as_supervisor)
        assert code_of(twice) == (409, "device_not_lent")

    async def test_or_late_and_the_time_between_is_nobodys(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        session: AsyncSession,
        bound: str,
        as_supervisor: Headers,
        world: World,
        clock: Clock,
    ) -> None:
        short = loan(world, clock, until=(clock.now + timedelta(minutes=5)).isoformat())
        await client.post(f"{bound}/loans", json=short, headers=as_supervisor)
        clock.forward(minutes=12)
        assert (await client.post(f"{bound}/returns", json={}, headers=as_supervisor)).status_code == 201
        _, borrowers, owners = await history(client, bound, as_supervisor)
        assert borrowers["valid_to"] < owners["valid_from"]

    async def test_a_borrower_lends_on_and_it_still_goes_back_to_its_owner(
        self,
        client: httpx.AsyncClient,
        session: AsyncSession,
        as_supervisor: Headers,
        bound: str,
        world: World,
        clock: Clock,
    ) -> None:
        from app.identity.actor import Role

        third = await make.account(session, world.ours.community, Role.INSPECTOR)
        await client.post(f"{bound}/loans", json=loan(world, clock), headers=as_supervisor)
        clock.forward(minutes=5)
        on = loan(world, clock, inspector_id=str(third.id))
        answer = await client.post(f"{bound}/loans", json=on, headers=as_supervisor)
        assert answer.json()["binding"]["returns_to"] == str(world.inspector.id)


class TestRefusals:
    async def test_a_binding_that_overlaps_another_is_a_clear_problem_and_changes_nothing(
        self,
        client: httpx.AsyncClient,
        session: AsyncSession,
        as_supervisor: Headers,
        bound: str,
        world: World,
        clock: Clock,
    ) -> None:
        other = await make.device(session, world.ours.community)
        await make.binding(session, other, world.colleague, start=clock.now - timedelta(hours=1))
        await session.flush()
        answer = await client.post(f"{bound}/loans", json=loan(world, clock), headers=as_supervisor)
        assert code_of(answer) == (409, "inspector_bound")
        assert [(b["inspector_id"], b["valid_to"]) for b in await history(client, bound, as_supervisor)] == [
            (str(world.inspector.id), None)
        ]

    async def test_times_and_states(
        self,
        client: httpx.AsyncClient,
        session: AsyncSession,
        as_supervisor: Headers,
        bound: str,
        world: World,
        clock: Clock,
    ) -> None:
        hours = {
            name: (clock.now + timedelta(hours=h)).isoformat() for name, h in (("past", -1), ("far", 90))
        }
        refusals = [
            ({"until": hours["past"]}, (409, "loan_length")),
            ({"until": hours["far"]}, (409, "loan_length")),
            ({"at": hours["far"]}, (409, "handover_out_of_order")),
            ({"inspector_id": str(world.supervisor.id)}, (409, "not_an_inspector")),
            ({"inspector_id": str(uuid4())}, (404, "not_found")),
            ({"until": "9999-12-31T23:59:59Z"}, (422, "invalid")),
        ]
        for change, refusal in refusals:
            answer = await client.post(
                f"{bound}/loans", json=loan(world, clock, **change), headers=as_supervisor
            )
            assert code_of(answer) == refusal
        not_lent = await client.post(f"{bound}/returns", json={}, headers=as_supervisor)
        assert code_of(not_lent) == (409, "device_not_lent")
        idle = await make.device(session, world.ours.community)
        free = f"/api/v1/devices/{idle.id}/loans"
        answer = await client.post(free, json=loan(world, clock), headers=as_supervisor)
        assert code_of(answer) == (409, "device_not_bound")
        world.device.state, world.device.revoked_at = "lost", clock.now
        await session.flush()
        lost = await client.post(f"{bound}/loans", json=loan(world, clock), headers=as_supervisor)
        assert code_of(lost) == (409, "device_not_usable")

    async def test_scope_and_role(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        session: AsyncSession,
        as_foreigner: Headers,
        bound: str,
        world: World,
        clock: Clock,
    ) -> None:
        inspector = make.bearer(await make.login(app, session, world.inspector, world.device))
        for path, body in (("loans", loan(world, clock)), ("returns", {})):
            url = f"{bound}/{path}"
            assert code_of(await client.post(url, json=body, headers=as_foreigner)) == (404, "not_found")
            assert code_of(await client.post(url, json=body, headers=inspector)) == (403, "forbidden")
            assert (await client.post(url, json=body)).status_code == 401
