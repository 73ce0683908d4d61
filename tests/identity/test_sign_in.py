"""The password flow over HTTP, lockout, logout, passwords."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import passwords
from app.identity.models import AttemptGuard, Login
from app.kit.db import Database
from tests.factories import identity as make
from tests.identity.conftest import Clock, World, build_world, event_types

TOKEN = "/api/v1/auth/token"


def form(username: str, password: str = make.PASSWORD, **more: str) -> dict[str, str]:
    return {"grant_type": "password", "username": username, "password": password, **more}


class TestSignIn:
    async def test_the_password_flow_answers_as_oauth_says(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession
    ) -> None:
        answer = await client.post(TOKEN, data=form("Inspector-One", scope="", client_secret=""))
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert body["token_type"] == "bearer"
        assert body["expires_in"] in (1799, 1800)
        me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {body['access_token']}"})
        assert me.status_code == 200, me.text
        assert me.json() == {
            "account_id": str(world.inspector.id),
            "display_name": "王海生",
            "role": "inspector",
            "role_label": "网格员",
            "area_id": str(world.ours.community),
            "county_code": "330921",
            "device": None,
        }
        login = (await session.scalars(select(Login).where(Login.account_id == world.inspector.id))).one()
        assert await event_types(session, login.id) == ["login.started"]
        assert body["refresh_token"].encode() not in (login.current_hash, login.successor)

    async def test_swaggers_dialog_finds_the_token_url(self, client: httpx.AsyncClient) -> None:
        document = (await client.get("/openapi.json")).json()
        scheme = document["components"]["securitySchemes"]["OAuth2PasswordBearer"]
        assert scheme["flows"]["password"]["tokenUrl"] == TOKEN
        assert TOKEN in document["paths"]
        assert (
            "application/x-www-form-urlencoded" in document["paths"][TOKEN]["post"]["requestBody"]["content"]
        )

    @pytest.mark.parametrize("username", ["inspector-one", "nobody-at-all"])
    async def test_a_wrong_password_and_an_unknown_name_look_the_same(
        self, client: httpx.AsyncClient, world: World, username: str
    ) -> None:
        answer = await client.post(TOKEN, data=form(username, "wrong"))
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"grant_type": "implicit"},
            {"grant_type": "password"},
            {"grant_type": "refresh_token"},
            {"grant_type": "password", "username": "a" * 65, "password": "x"},
            {"grant_type": "password", "username": "a", "password": "x" * 5000},
            {"grant_type": "password", "username": "\x00", "password": "\x00"},
        ],
    )
    async def test_a_broken_form_is_a_problem_not_a_crash(
        self, client: httpx.AsyncClient, data: dict[str, str]
    ) -> None:
        answer = await client.post(TOKEN, data=data)
        assert answer.status_code in (401, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_disabled_account_is_told_so_only_with_the_right_password(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession
    ) -> None:
        world.inspector.enabled = False
        await session.flush()
        wrong = await client.post(TOKEN, data=form("inspector-one", "wrong"))
        right = await client.post(TOKEN, data=form("inspector-one"))
        assert (wrong.json()["code"], right.json()["code"]) == ("wrong_credentials", "account_disabled")


class TestLockout:
    async def test_five_failures_lock_for_a_quarter_of_an_hour_and_the_count_survives_the_refusal(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, clock: Clock
    ) -> None:
        for _ in range(5):
            assert (await client.post(TOKEN, data=form("inspector-one", "wrong"))).status_code == 401
        locked = await client.post(TOKEN, data=form("inspector-one"))
        assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
        assert 890 <= int(locked.headers["retry-after"]) <= 901
        assert await event_types(session, world.inspector.id) == ["account.created", "account.locked"]
        clock.forward(seconds=899)
        assert (await client.post(TOKEN, data=form("inspector-one"))).status_code == 429
        clock.forward(seconds=2)
        assert (await client.post(TOKEN, data=form("inspector-one"))).status_code == 200

    async def test_a_success_clears_the_count(self, client: httpx.AsyncClient, world: World) -> None:
        for _ in range(2):
            for _ in range(4):
                await client.post(TOKEN, data=form("inspector-one", "wrong"))
            assert (await client.post(TOKEN, data=form("inspector-one"))).status_code == 200

    async def test_unknown_names_lock_too_and_are_not_stored(
        self, client: httpx.AsyncClient, session: AsyncSession
    ) -> None:
        for _ in range(5):
            await client.post(TOKEN, data=form("my-secret-password"))
        assert (await client.post(TOKEN, data=form("my-secret-password"))).status_code == 429
        guards = (await session.scalars(select(AttemptGuard))).all()
        assert [guard.failures for guard in guards] == [5, 5, 5]
        assert not any(b"my-secret" in guard.key for guard in guards)


@pytest.fixture
async def real(fresh_database: Database) -> tuple[Database, FastAPI, World]:
    """A database of its own with committed rows: several connections see them."""
    async with fresh_database.transaction() as session:
        world = await build_world(session)
    return fresh_database, make.app_over(fresh_database), world


async def test_parallel_guesses_do_not_slip_past_the_lock(
    real: tuple[Database, FastAPI, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, app, _ = real
    verify, locked = passwords.verify_password, asyncio.Event()

    async def right_is_slow(password_hash: str | None, password: str) -> bool:
        if password == make.PASSWORD:
            await locked.wait()
        return await verify(password_hash, password)

    monkeypatch.setattr(passwords, "verify_password", right_is_slow)
    async with make.client_of(app) as client:
        right = asyncio.create_task(client.post(TOKEN, data=form("inspector-one")))
        wrong = await asyncio.gather(
            *(client.post(TOKEN, data=form("inspector-one", f"wrong{n}")) for n in range(8))
        )
        locked.set()
        assert (await right).status_code == 429, "it passed the first look, the second must stop it"
    assert {answer.status_code for answer in wrong} <= {401, 429}
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Login)) == 0
        guard = (await session.scalars(select(AttemptGuard).where(AttemptGuard.purpose == "password"))).one()
        assert guard.failures == 5


async def test_many_right_logins_at_once_all_succeed(real: tuple[Database, FastAPI, World]) -> None:
    _, app, _ = real
    async with make.client_of(app) as client:
        answers = await asyncio.gather(*(client.post(TOKEN, data=form("inspector-one")) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8


class TestLogout:
    async def test_access_and_refresh_tokens_end_at_once(
        self, client: httpx.AsyncClient, app: FastAPI, world: World, session: AsyncSession
    ) -> None:
        pair = await make.login(app, session, world.inspector)
        assert (await client.post("/api/v1/auth/logout", headers=make.bearer(pair))).status_code == 204
        again = await client.get("/api/v1/me", headers=make.bearer(pair))
        assert (again.status_code, again.json()["code"]) == (401, "login_revoked")
        refresh = await client.post(
            TOKEN, data={"grant_type": "refresh_token", "refresh_token": pair.refresh_token}
        )
        assert (refresh.status_code, refresh.json()["code"]) == (401, "login_revoked")
        login = (await session.scalars(select(Login).where(Login.account_id == world.inspector.id))).one()
        assert await event_types(session, login.id) == ["login.started", "login.ended"]

    @pytest.mark.parametrize(
        "method", ["POST /api/v1/auth/logout", "GET /api/v1/me", "PUT /api/v1/me/password"]
    )
    async def test_without_a_token_401(self, client: httpx.AsyncClient, method: str) -> None:
        verb, path = method.split()
        answer = await client.request(verb, path, json={"old_password": "a", "new_password": "b"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


class TestOwnPassword:
    async def test_other_logins_end_and_this_one_goes_on(
        self, client: httpx.AsyncClient, app: FastAPI, world: World, session: AsyncSession
    ) -> None:
        mine, other = (
            await make.login(app, session, world.inspector),
            await make.login(app, session, world.inspector),
        )
        body = {"old_password": make.PASSWORD, "new_password": "New-harbour-2027"}
        answer = await client.put("/api/v1/me/password", json=body, headers=make.bearer(mine))
        assert answer.status_code == 204, answer.text
        assert (await client.get("/api/v1/me", headers=make.bearer(mine))).status_code == 200
        assert (await client.get("/api/v1/me", headers=make.bearer(other))).status_code == 401
        assert (await client.post(TOKEN, data=form("inspector-one"))).status_code == 401
        assert (await client.post(TOKEN, data=form("inspector-one", "New-harbour-2027"))).status_code == 200
        assert "account.password_changed" in await event_types(session, world.inspector.id)

    async def test_guessing_the_old_password_locks_like_guessing_at_the_door(
        self, real: tuple[Database, FastAPI, World]
    ) -> None:
        database, app, world = real
        async with database.transaction() as session:
            mine = make.bearer(await make.login(app, session, world.inspector))
        async with make.client_of(app) as client:
            for n in range(5):
                body = {"old_password": f"wrong-{n}", "new_password": "New-harbour-2027"}
                answer = await client.put("/api/v1/me/password", json=body, headers=mine)
                assert (answer.status_code, answer.json()["code"]) == (403, "old_password_wrong")
            body["old_password"] = make.PASSWORD
            answer = await client.put("/api/v1/me/password", json=body, headers=mine)
            assert (answer.status_code, answer.json()["code"]) == (429, "locked_out")

    @pytest.mark.parametrize("weak", ["short1", "onlyletters", "1234567890", "xinspector-one1"])
    async def test_weak_passwords_are_refused(
        self, client: httpx.AsyncClient, app: FastAPI, world: World, session: AsyncSession, weak: str
    ) -> None:
        mine = make.bearer(await make.login(app, session, world.inspector))
        body = {"old_password": make.PASSWORD, "new_password": weak}
        answer = await client.put("/api/v1/me/password", json=body, headers=mine)
        assert (answer.status_code, answer.json()["code"]) == (422, "password_too_weak")
