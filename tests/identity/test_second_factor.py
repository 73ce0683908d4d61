"""The second factor over HTTP: enrolment, sign-in, replays, recovery codes, removal."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import totp
from app.identity.actor import Role
from app.identity.factor_models import RecoveryCode, SecondFactor
from app.identity.models import Account, AttemptGuard, Login
from app.kit.db import Database
from app.kit.events import Event
from app.rules.catalogue.sign_in import TOTP_REQUIRED
from app.rules.service import Decision, set_value
from tests.factories import identity as make
from tests.identity.conftest import Clock, World, build_world, event_types

TOKEN, TOTP, CONFIRMATION = "/api/v1/auth/token", "/api/v1/me/totp", "/api/v1/me/totp/confirmation"


async def token(client: httpx.AsyncClient, account: Account, appended: str = "") -> httpx.Response:
    data = {
        "grant_type": "password",
        "username": account.username,
        "password": make.PASSWORD + appended,
    }
    return await client.post(TOKEN, data=data)


def bearer(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@dataclass(slots=True)
class Authenticator:
    """The app on a phone of somebody who has enrolled."""

    secret: str
    recovery_codes: list[str]
    headers: dict[str, str]
    clock: Clock

    def code(self, drift: int = 0) -> str:
        return totp.code_of(self.secret, totp.step_at(self.clock.now) + drift)


async def enrol(
    client: httpx.AsyncClient, clock: Clock, headers: dict[str, str], **body: str
) -> Authenticator:
    begun = await client.post(TOTP, json=body, headers=headers)
    assert begun.status_code == 201, begun.text
    assert begun.headers["cache-control"] == "no-store"
    found = Authenticator(begun.json()["secret"], [], headers, clock)
    confirmed = await client.post(CONFIRMATION, json={"code": found.code()}, headers=headers)
    assert confirmed.status_code == 200, confirmed.text
    found.recovery_codes = confirmed.json()["recovery_codes"]
    return found


@pytest.fixture
async def enrolled(client: httpx.AsyncClient, clock: Clock, world: World) -> Authenticator:
    """The system administrator's authenticator, its first code spent a minute ago."""
    found = await enrol(client, clock, bearer(await token(client, world.system_admin)))
    clock.forward(seconds=60)
    return found


class TestEnrolment:
    async def test_without_a_factor_an_administrator_signs_in_to_enrol_and_for_nothing_else(
        self, client: httpx.AsyncClient, clock: Clock, world: World, session: AsyncSession
    ) -> None:
        answer = await token(client, world.system_admin)
        assert answer.json()["limited_to"] == "totp_enrolment"
        limited = bearer(answer)
        for path in ("/api/v1/me", "/api/v1/accounts", "/api/v1/devices"):
            assert code_of(await client.get(path, headers=limited)) == (403, "totp_enrolment_required")
        status = await client.get(TOTP, headers=limited)
        assert status.json() == {
            "state": "none",
            "required": True,
            "active_since": None,
            "recovery_codes_left": 0,
        }
        found = await enrol(client, clock, limited)
        assert (await client.get("/api/v1/accounts", headers=limited)).status_code == 200
        assert len(set(found.recovery_codes)) == 8
        status = await client.get(TOTP, headers=limited)
        assert (status.json()["state"], status.json()["recovery_codes_left"]) == ("active", 8)
        assert await event_types(session, world.system_admin.id) == [
            "account.created",
            "account.totp_begun",
            "account.totp_activated",
        ]

    async def test_what_is_stored_gives_nothing_away(
        self, enrolled: Authenticator, world: World, session: AsyncSession
    ) -> None:
        row = await session.get_one(SecondFactor, world.system_admin.id, populate_existing=True)
        assert row.active_sealed is not None
        assert row.active_sealed.startswith("aesgcm:k1:")
        assert enrolled.secret not in row.active_sealed
        assert row.pending_sealed is None
        hashes = (await session.scalars(select(RecoveryCode.code_hash))).all()
        assert len(hashes) == 8
        for event in await session.scalars(select(Event)):
            told = str(event.data)
            assert enrolled.secret not in told
            assert not any(code in told for code in enrolled.recovery_codes)

    async def test_a_wrong_first_code_activates_nothing(
        self, client: httpx.AsyncClient, clock: Clock, world: World
    ) -> None:
        limited = bearer(await token(client, world.system_admin))
        early = await client.post(CONFIRMATION, json={"code": "123456"}, headers=limited)
        assert code_of(early) == (409, "totp_not_pending")
        begun = (await client.post(TOTP, json={}, headers=limited)).json()
        wrong = totp.code_of(begun["secret"], totp.step_at(clock.now) + 5)
        answer = await client.post(CONFIRMATION, json={"code": wrong}, headers=limited)
        assert code_of(answer) == (403, "totp_code_wrong")
        assert (await client.get(TOTP, headers=limited)).json()["state"] == "pending"
        assert (await token(client, world.system_admin)).status_code == 200

    async def test_other_logins_end_when_it_is_activated(
        self, client: httpx.AsyncClient, clock: Clock, world: World
    ) -> None:
        other = bearer(await token(client, world.system_admin))
        await enrol(client, clock, bearer(await token(client, world.system_admin)))
        assert code_of(await client.get(TOTP, headers=other)) == (401, "login_revoked")

    async def test_a_new_authenticator_takes_a_code_of_the_old_one(
        self, client: httpx.AsyncClient, clock: Clock, enrolled: Authenticator, world: World
    ) -> None:
        without = await client.post(TOTP, json={}, headers=enrolled.headers)
        assert code_of(without) == (403, "totp_code_wrong")
        again = await enrol(client, clock, enrolled.headers, code=enrolled.code())
        clock.forward(seconds=60)
        assert (await token(client, world.system_admin, enrolled.code())).status_code == 401
        assert (await token(client, world.system_admin, again.code())).status_code == 200
        clock.forward(seconds=60)
        old_recovery = enrolled.recovery_codes[0]
        assert (await token(client, world.system_admin, old_recovery)).status_code == 401

    async def test_anybody_may_have_one(self, client: httpx.AsyncClient, clock: Clock, world: World) -> None:
        answer = await token(client, world.supervisor)
        assert answer.json()["limited_to"] is None
        found = await enrol(client, clock, bearer(answer))
        clock.forward(seconds=60)
        assert (await token(client, world.supervisor)).status_code == 401
        assert (await token(client, world.supervisor, found.code())).status_code == 200

    @pytest.mark.parametrize("operation", [f"GET {TOTP}", f"POST {TOTP}", f"POST {CONFIRMATION}"])
    async def test_without_a_token_401(self, client: httpx.AsyncClient, operation: str) -> None:
        verb, path = operation.split()
        answer = await client.request(verb, path, json={})
        assert code_of(answer) == (401, "unauthenticated")

    @pytest.mark.parametrize("body", [{}, {"code": "12345"}, {"code": 123456}, {"code": "abcdef"}])
    async def test_what_is_no_code(
        self, client: httpx.AsyncClient, world: World, body: dict[str, Any]
    ) -> None:
        limited = bearer(await token(client, world.system_admin))
        assert code_of(await client.post(CONFIRMATION, json=body, headers=limited)) == (422, "invalid")


class TestSignIn:
    async def test_the_code_is_appended_to_the_password(
        self, client: httpx.AsyncClient, enrolled: Authenticator, world: World
    ) -> None:
        answer = await token(client, world.system_admin, enrolled.code())
        assert answer.json()["limited_to"] is None
        assert (await client.get("/api/v1/accounts", headers=bearer(answer))).status_code == 200

    @pytest.mark.parametrize(("drift", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
    async def test_one_step_of_tolerance(
        self, client: httpx.AsyncClient, enrolled: Authenticator, world: World, drift: int, status: int
    ) -> None:
        enrolled.clock.forward(seconds=600)
        answer = await token(client, world.system_admin, enrolled.code(drift))
        assert answer.status_code == status

    async def test_a_code_is_good_once_and_no_older_one_after_it(
        self, client: httpx.AsyncClient, enrolled: Authenticator, world: World
    ) -> None:
        used, older = enrolled.code(), enrolled.code(-1)
        assert (await token(client, world.system_admin, used)).status_code == 200
        assert code_of(await token(client, world.system_admin, used)) == (401, "wrong_credentials")
        assert (await token(client, world.system_admin, older)).status_code == 401
        enrolled.clock.forward(seconds=30)
        assert (await token(client, world.system_admin, enrolled.code())).status_code == 200

    async def test_a_code_shown_is_spent_although_the_sign_in_is_refused(
        self, client: httpx.AsyncClient, enrolled: Authenticator, world: World, session: AsyncSession
    ) -> None:
        world.system_admin.enabled = False
        await session.flush()
        code = enrolled.code()
        assert code_of(await token(client, world.system_admin, code)) == (401, "account_disabled")
        world.system_admin.enabled = True
        await session.flush()
        assert code_of(await token(client, world.system_admin, code)) == (401, "wrong_credentials")

    async def test_a_wrong_password_does_not_spend_the_code(
        self, client: httpx.AsyncClient, enrolled: Authenticator, world: World
    ) -> None:
        data = {"grant_type": "password", "username": world.system_admin.username}
        wrong = await client.post(TOKEN, data={**data, "password": f"Wrong-2026{enrolled.code()}"})
        assert wrong.status_code == 401
        assert (await token(client, world.system_admin, enrolled.code())).status_code == 200

    async def test_one_answer_for_a_wrong_password_a_wrong_code_and_no_code(
        self, client: httpx.AsyncClient, enrolled: Authenticator, world: World
    ) -> None:
        data = {"grant_type": "password", "username": world.system_admin.username}
        answers = [
            await token(client, world.system_admin),
            await token(client, world.system_admin, enrolled.code(7)),
            await client.post(TOKEN, data={**data, "password": f"Wrong-2026{enrolled.code()}"}),
        ]
        bodies = [answer.json() for answer in answers]
        assert [answer.status_code for answer in answers] == [401] * 3
        assert bodies[0] == bodies[1] == bodies[2]

    async def test_wrong_codes_lock_like_wrong_passwords(
        self, client: httpx.AsyncClient, enrolled: Authenticator, world: World, session: AsyncSession
    ) -> None:
        for _ in range(5):
            assert (await token(client, world.system_admin, enrolled.code(9))).status_code == 401
        locked = await token(client, world.system_admin, enrolled.code())
        assert code_of(locked) == (429, "locked_out")
        assert (await event_types(session, world.system_admin.id))[-1] == "account.locked"

    async def test_a_recovery_code_stands_in_once(
        self, client: httpx.AsyncClient, enrolled: Authenticator, world: World
    ) -> None:
        first, second = enrolled.recovery_codes[:2]
        answer = await token(client, world.system_admin, first)
        left = await client.get(TOTP, headers=bearer(answer))
        assert left.json()["recovery_codes_left"] == 7
        assert (await token(client, world.system_admin, first)).status_code == 401
        assert (await token(client, world.system_admin, second.upper())).status_code == 200

    async def test_anothers_recovery_code_is_none(
        self, client: httpx.AsyncClient, clock: Clock, enrolled: Authenticator, world: World
    ) -> None:
        theirs = await enrol(client, clock, bearer(await token(client, world.security_admin)))
        answer = await token(client, world.system_admin, theirs.recovery_codes[0])
        assert answer.status_code == 401

    async def test_a_password_that_ends_in_digits_is_no_code(
        self, client: httpx.AsyncClient, enrolled: Authenticator, session: AsyncSession, world: World
    ) -> None:
        body = {"old_password": make.PASSWORD, "new_password": "Harbour-123456"}
        changed = await client.put("/api/v1/me/password", json=body, headers=enrolled.headers)
        assert changed.status_code == 204, changed.text
        data = {"grant_type": "password", "username": world.system_admin.username}
        assert (await client.post(TOKEN, data={**data, "password": "Harbour-123456"})).status_code == 401
        enrolled.clock.forward(seconds=60)
        good = f"Harbour-123456{enrolled.code()}"
        assert (await client.post(TOKEN, data={**data, "password": good})).status_code == 200


class TestRemoval:
    async def test_the_security_administrator_takes_a_lost_one_away(
        self,
        client: httpx.AsyncClient,
        enrolled: Authenticator,
        world: World,
        session: AsyncSession,
        as_security_admin: dict[str, str],
    ) -> None:
        path = f"/api/v1/accounts/{world.system_admin.id}/totp-removal"
        body = {"reason": "手机遗失"}
        assert (await client.post(path, json=body, headers=as_security_admin)).status_code == 204
        assert code_of(await client.get(TOTP, headers=enrolled.headers)) == (401, "login_revoked")
        answer = await token(client, world.system_admin)
        assert answer.json()["limited_to"] == "totp_enrolment"
        assert await session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
        event = (await session.scalars(select(Event).where(Event.type == "account.totp_removed"))).one()
        assert (event.data, event.actor_id) == (body, world.security_admin.id)
        assert code_of(await client.post(path, json=body, headers=as_security_admin)) == (
            409,
            "totp_not_set",
        )

    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        world: World,
        enrolled: Authenticator,
        as_security_admin: dict[str, str],
        as_system_admin: dict[str, str],
        as_supervisor: dict[str, str],
    ) -> None:
        body = {"reason": "手机遗失"}
        path = "/api/v1/accounts/{}/totp-removal"
        ours = path.format(world.system_admin.id)
        assert code_of(await client.post(ours, json=body)) == (401, "unauthenticated")
        for headers in (as_system_admin, as_supervisor):
            assert code_of(await client.post(ours, json=body, headers=headers)) == (403, "forbidden")
        themselves = path.format(world.security_admin.id)
        answer = await client.post(themselves, json=body, headers=as_security_admin)
        assert code_of(answer) == (403, "not_oneself")
        foreign = path.format(world.foreigner.id)
        answer = await client.post(foreign, json=body, headers=as_security_admin)
        assert code_of(answer) == (404, "not_found")
        answer = await client.post(ours, json={"reason": ""}, headers=as_security_admin)
        assert code_of(answer) == (422, "invalid")


async def decide(session: AsyncSession, world: World, value: str) -> None:
    decision = Decision(TOTP_REQUIRED.key, world.ours.county, make.now().date(), None, value, "a test")
    await set_value(
        session,
        make.system_actor("330921").event_actor,
        decision,
        county_code="330921",
        area_path=[world.ours.county],
        now=make.now(),
        today=None,
    )
    await session.flush()


class TestRule:
    @pytest.mark.parametrize(
        ("value", "role", "limited"),
        [
            ("nobody", Role.SYSTEM_ADMIN, False),
            ("administrators", Role.SECURITY_ADMIN, True),
            ("administrators", Role.AUDIT_ADMIN, True),
            ("administrators", Role.COUNTY, False),
            ("administrators_and_county", Role.COUNTY, True),
            ("administrators_and_county", Role.TOWNSHIP, False),
            ("administrators_and_county", Role.INSPECTOR, False),
        ],
    )
    async def test_says_whose_sign_in_needs_a_code(
        self,
        client: httpx.AsyncClient,
        world: World,
        session: AsyncSession,
        value: str,
        role: Role,
        limited: bool,
    ) -> None:
        await decide(session, world, value)
        account = await make.account(session, world.ours.county, role)
        await session.flush()
        answer = await token(client, account)
        assert (answer.json()["limited_to"] is not None) is limited

    async def test_a_login_older_than_the_rule_may_only_enrol_after_its_next_refresh(
        self, client: httpx.AsyncClient, clock: Clock, world: World, session: AsyncSession
    ) -> None:
        await decide(session, world, "nobody")
        pair = (await token(client, world.system_admin)).json()
        await decide(session, world, "administrators")
        form = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
        answer = await client.post(TOKEN, data=form)
        assert answer.json()["limited_to"] == "totp_enrolment"
        headers = bearer(answer)
        assert code_of(await client.get("/api/v1/me", headers=headers)) == (403, "totp_enrolment_required")
        again = await client.post(TOKEN, data=form)
        assert again.json() == answer.json()
        await enrol(client, clock, headers)
        form["refresh_token"] = answer.json()["refresh_token"]
        assert (await client.post(TOKEN, data=form)).json()["limited_to"] is None


@pytest.fixture
async def real(fresh_database: Database) -> tuple[Database, FastAPI, World]:
    """A database of its own with committed rows: several connections see them."""
    async with fresh_database.transaction() as session:
        world = await build_world(session)
    return fresh_database, make.app_over(fresh_database), world


async def test_the_same_code_at_once_lets_one_in(real: tuple[Database, FastAPI, World]) -> None:
    database, app, world = real
    async with make.client_of(app) as client:
        clock = Clock()
        found = await enrol(client, clock, bearer(await token(client, world.system_admin)))
        async with database.transaction() as session:  # as if the enrolment had been a while ago
            row = await session.get_one(SecondFactor, world.system_admin.id)
            row.last_step -= 10
        clock.now = make.now()
        code = found.code()
        for good in (code, found.recovery_codes[0]):
            answers = await asyncio.gather(*(token(client, world.system_admin, good) for _ in range(4)))
            assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    async with database.transaction() as session:
        logins = select(func.count()).select_from(Login).where(Login.revoked_at.is_(None))
        assert await session.scalar(logins) == 3
        guards = select(AttemptGuard.failures).where(AttemptGuard.purpose == "password")
        assert list(await session.scalars(guards)) in ([], [1], [2], [3])
