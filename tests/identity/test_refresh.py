"""Refresh families: a lost answer locks nobody out, an old token in other hands ends the family."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Login
from app.identity.refresh_tokens import make_refresh_token, parse_refresh_token
from app.kit.db import Database
from tests.factories import identity as make
from tests.identity.conftest import Clock, World, build_world, event_types

TOKEN = "/api/v1/auth/token"


async def refresh(client: httpx.AsyncClient, token: str, **more: str) -> httpx.Response:
    return await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": token, **more})


@pytest.fixture
async def first(app: FastAPI, session: AsyncSession, world: World, clock: Clock) -> str:
    return (await make.login(app, session, world.inspector, at=clock.now)).refresh_token


async def the_login(session: AsyncSession, world: World) -> Login:
    wanted = select(Login).where(Login.account_id == world.inspector.id)
    return (await session.scalars(wanted.execution_options(populate_existing=True))).one()


class TestLostAnswer:
    async def test_the_preceding_token_gets_the_same_pair_until_that_is_used(
        self, client: httpx.AsyncClient, first: str, clock: Clock
    ) -> None:
        lost = (await refresh(client, first)).json()
        for wait_s in (1, 20, 600):
            clock.forward(seconds=wait_s)
            again = (await refresh(client, first)).json()
            assert again["access_token"] == lost["access_token"]
            assert again["refresh_token"] == lost["refresh_token"]
            assert again["expires_in"] < lost["expires_in"]
        second = await refresh(client, lost["refresh_token"])
        assert second.status_code == 200
        assert second.json()["refresh_token"] != lost["refresh_token"]

    async def test_a_month_later_it_still_works_with_a_fresh_access_token(
        self, client: httpx.AsyncClient, first: str, clock: Clock
    ) -> None:
        lost = (await refresh(client, first)).json()
        clock.forward(days=30)
        again = (await refresh(client, first)).json()
        assert again["refresh_token"] == lost["refresh_token"]
        assert again["access_token"] != lost["access_token"]
        me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {again['access_token']}"})
        assert me.status_code == 200
        assert (await refresh(client, first)).json()["access_token"] == again["access_token"]

    async def test_the_stored_answer_is_unreadable_without_the_token(
        self, client: httpx.AsyncClient, first: str, session: AsyncSession, world: World
    ) -> None:
        answer = (await refresh(client, first)).json()
        login = await the_login(session, world)
        assert login.successor is not None
        for secret in (answer["refresh_token"], answer["access_token"], first):
            assert secret.encode() not in login.successor
        assert first.encode() not in (login.current_hash, login.previous_hash)


class TestReuse:
    async def test_an_older_token_revokes_the_family_and_the_refusal_does_not_undo_it(
        self, client: httpx.AsyncClient, first: str, session: AsyncSession, world: World
    ) -> None:
        second = (await refresh(client, first)).json()["refresh_token"]
        third = (await refresh(client, second)).json()
        stolen = await refresh(client, first)
        assert (stolen.status_code, stolen.json()["code"]) == (401, "refresh_reused")
        for token in (third["refresh_token"], second):
            assert (await refresh(client, token)).json()["code"] == "refresh_reused"
        me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {third['access_token']}"})
        assert (me.status_code, me.json()["code"]) == (401, "login_revoked")
        login = await the_login(session, world)
        assert login.revoke_reason == "reused"
        assert await event_types(session, login.id) == ["login.started", "login.revoked"]

    async def test_other_logins_of_the_account_go_on(
        self, client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World, first: str
    ) -> None:
        other = await make.login(app, session, world.inspector)
        second = (await refresh(client, first)).json()["refresh_token"]
        await refresh(client, second)
        await refresh(client, first)
        assert (await refresh(client, other.refresh_token)).status_code == 200

    async def test_another_installation_ends_the_family(
        self, client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World
    ) -> None:
        pair = await make.login(app, session, world.inspector, world.device)
        own = {"client_id": make.INSTALLATION}
        answer = await refresh(client, pair.refresh_token, **own)
        assert answer.status_code == 200
        for thief in ({"client_id": "another-installation-1"}, {}):
            assert (await refresh(client, pair.refresh_token, **thief)).json()["code"] == "refresh_reused"
        assert (await refresh(client, answer.json()["refresh_token"], **own)).status_code == 401


class TestRefused:
    async def test_expiry_after_45_days_unused(
        self, client: httpx.AsyncClient, first: str, clock: Clock
    ) -> None:
        clock.forward(days=44)
        second = (await refresh(client, first)).json()["refresh_token"]
        clock.forward(days=44)
        assert (await refresh(client, second)).status_code == 200
        clock.forward(days=46)
        assert (await refresh(client, second)).json()["code"] == "refresh_refused"

    async def test_a_forgery_that_names_a_login_logs_nobody_out(
        self, client: httpx.AsyncClient, first: str, session: AsyncSession, world: World
    ) -> None:
        parts = first.split(".")
        for position in (3, 4, 5):
            forged = list(parts)
            forged[position] = {3: "7"}.get(position, "A" * len(parts[position]))
            assert (await refresh(client, ".".join(forged))).json()["code"] == "refresh_refused"
        assert (await the_login(session, world)).revoked_at is None
        assert (await refresh(client, first)).status_code == 200

    @pytest.mark.parametrize("text", ["x", "wr1.1.2.3.4.5", "wr1." + "9" * 200, "é"])
    async def test_rubbish(self, client: httpx.AsyncClient, text: str) -> None:
        answer = await refresh(client, text)
        assert (answer.status_code, answer.json()["code"]) == (401, "refresh_refused")

    async def test_a_database_restored_to_an_earlier_state_refuses_without_revoking(
        self, client: httpx.AsyncClient, first: str, session: AsyncSession, world: World
    ) -> None:
        login = await the_login(session, world)
        newer = make_refresh_token("330921", login.id, 5, make.vault())
        assert (await refresh(client, newer.text)).json()["code"] == "refresh_refused"
        assert (await the_login(session, world)).revoked_at is None

    async def test_a_disabled_account_gets_nothing(
        self, client: httpx.AsyncClient, first: str, session: AsyncSession, world: World
    ) -> None:
        world.inspector.enabled = False
        await session.flush()
        assert (await refresh(client, first)).json()["code"] == "account_disabled"


def test_a_token_made_before_the_master_key_was_rotated_is_still_ours() -> None:
    from uuid import uuid4

    from app.kit.crypto import Vault

    old = make_refresh_token("330921", uuid4(), 3, make.vault())
    rotated = Vault.parse(f"k2:{'n' * 40},k1:{make.MASTER_KEY}")
    assert parse_refresh_token(old.text, rotated) == old
    assert parse_refresh_token(old.text, Vault.parse("z" * 40)) is None


@pytest.fixture
async def real(fresh_database: Database) -> tuple[Database, FastAPI, World]:
    async with fresh_database.transaction() as session:
        world = await build_world(session)
    return fresh_database, make.app_over(fresh_database), world


async def test_refreshes_at_once_give_one_result(real: tuple[Database, FastAPI, World]) -> None:
    database, app, world = real
    async with database.transaction() as session:
        token = (await make.login(app, session, world.inspector)).refresh_token
    async with make.client_of(app) as client:
        answers = await asyncio.gather(*(refresh(client, token) for _ in range(6)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({(a.json()["refresh_token"], a.json()["access_token"]) for a in answers}) == 1
        assert (await refresh(client, answers[0].json()["refresh_token"])).status_code == 200
    async with database.transaction() as session:
        assert (await the_login(session, world)).generation == 3
