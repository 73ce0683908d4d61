"""The three administrators: every route of the document against the one table, and what nobody may do alone."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import ADMINISTRATORS, MANAGES, Role
from app.identity.models import Account
from app.identity.separation import DUTIES, OWN, may_use
from app.kit.db import Database
from tests.contract.scope_walk import Operation, operations
from tests.factories import identity as make
from tests.identity.conftest import World, event_types

ACCOUNTS = "/api/v1/accounts"
DOCUMENT = make.app_over(Database.connect("postgresql://nobody@/nothing")).openapi()
OPERATIONS = [operation for operation in operations(DOCUMENT) if operation.secured]
READING = ("POST /accounts/searches",)
"""Written as a POST, because a phone number has no place in an address."""
WHEREABOUTS = ("patrol", "day", "track", "appeal", "shift", "appointment", "absence", "position", "online")


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def path_of(operation: Operation) -> str:
    """The path with some id in every place."""
    parts = operation.path.split("/")
    return "/".join(f"{uuid4()}{part.partition('}')[2]}" if part.startswith("{") else part for part in parts)


def told(operation: Operation) -> str:
    """As the table writes it: one `*` for each part that varies."""
    path = operation.path.removeprefix("/api/v1")
    return f"{operation.verb} {'/'.join('*' if p.startswith('{') else p for p in path.split('/'))}"


def used_by(role: Role) -> set[str]:
    return {told(each) for each in OPERATIONS if may_use(role, each.verb, path_of(each))}


class TestTable:
    def test_every_entry_names_a_route(self) -> None:
        there = {told(operation) for operation in OPERATIONS}
        for role, duties in DUTIES.items():
            assert set(duties) <= there, role

    def test_covers_the_three_and_leaves_others_to_the_routers(self) -> None:
        assert set(DUTIES) == ADMINISTRATORS
        for role in set(Role) - ADMINISTRATORS:
            assert used_by(role) == {told(operation) for operation in OPERATIONS}

    def test_an_entry_opens_its_own_route_only(self) -> None:
        for role, duties in DUTIES.items():
            assert used_by(role) == set(duties)

    def test_the_auditor_changes_nothing_but_his_own_login(self) -> None:
        assert all(each.startswith("GET ") for each in used_by(Role.AUDIT_ADMIN) - set(OWN))

    def test_nobody_else_reads_the_log(self) -> None:
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            assert not any("/events" in each or "/audit" in each for each in used_by(role))

    def test_what_two_of_them_change_is_told_apart_by_kind_and_named_here(self) -> None:
        """Accounts by role (MANAGES and who made it), rules by key: any other shared write is a mistake."""
        writes = {
            role: {each for each in used_by(role) if not each.startswith("GET ")} - set(OWN) - set(READING)
            for role in ADMINISTRATORS
        }
        assert writes[Role.SYSTEM_ADMIN] & writes[Role.SECURITY_ADMIN] == {
            "POST /accounts",
            "PATCH /accounts/*",
            "PUT /accounts/*/password",
            "POST /accounts/*/approval",
            "POST /rules/decisions",
        }
        assert not MANAGES[Role.SYSTEM_ADMIN] & MANAGES[Role.SECURITY_ADMIN]
        assert MANAGES.keys() == {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}

    @pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
    def test_no_administrator_sees_where_people_were_or_what_they_did(self, role: Role) -> None:
        for each in used_by(role):
            assert not any(word in each for word in WHEREABOUTS if each != "GET /day-kinds"), each


@dataclass(frozen=True, slots=True)
class Three:
    """An application with a login of each administrator, and of an inspector."""

    client: httpx.AsyncClient
    headers: dict[Role, dict[str, str]]


@pytest.fixture
async def three(client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World) -> Three:
    headers = {}
    for role in (*sorted(ADMINISTRATORS), Role.COUNTY):
        account = await make.account(session, world.ours.county, role)
        headers[role] = make.bearer(await make.login(app, session, account))
    return Three(client, headers)


@pytest.mark.parametrize("operation", [pytest.param(each, id=each.name) for each in OPERATIONS])
async def test_each_route_is_open_to_those_of_the_table(operation: Operation, three: Three) -> None:
    """Without a body: who may use it hears about the body or finds nothing, who may not hears that first."""
    if operation.path.endswith("/auth/logout"):
        pytest.skip("it would end the login")
    for role in sorted(ADMINISTRATORS):
        answer = await three.client.request(
            operation.verb, path_of(operation), headers={**three.headers[role], "If-Match": '"1"'}
        )
        is_open = told(operation) in DUTIES[role]
        said = f"{role}: {answer.status_code} {answer.text[:200]}"
        assert answer.status_code < 500, said
        if is_open:
            assert answer.status_code != 403, said
        elif operation.verb == "HEAD":  # an answer without a body
            assert answer.status_code == 403, said
        else:
            assert code_of(answer) in ((403, "forbidden"), (403, "device_needed")), said


def body(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "username": "new-one",
        "password": "Fishing-boat-7",
        "role": "inspector",
        "area_id": str(world.ours.community),
        "display_name": "张小渔",
        **changes,
    }


async def made(
    client: httpx.AsyncClient, world: World, headers: dict[str, str], **changes: Any
) -> dict[str, Any]:
    answer = await client.post(ACCOUNTS, json=body(world, **changes), headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestApproval:
    """No administrator makes an account that can sign in alone."""

    async def test_administrators_accounts_are_approved_by_the_system_administrator(
        self,
        client: httpx.AsyncClient,
        world: World,
        session: AsyncSession,
        as_security_admin: dict[str, str],
        as_system_admin: dict[str, str],
    ) -> None:
        new = await made(client, world, as_security_admin, role="audit_admin", area_id=str(world.ours.county))
        path = f"{ACCOUNTS}/{new['id']}/approval"
        assert code_of(await client.post(path, headers=as_security_admin)) == (403, "own_approval")
        assert (await client.post(path, headers=as_system_admin)).status_code == 200
        assert await event_types(session, UUID(new["id"])) == ["account.created", "account.approved"]
        stored = await session.get_one(Account, UUID(new["id"]), populate_existing=True)
        assert (stored.made_by, stored.approved_by) == (world.security_admin.id, world.system_admin.id)
        assert code_of(await client.post(path, headers=as_system_admin)) == (409, "nothing_to_approve")

    async def test_another_of_the_same_kind_does_not_do(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_system_admin: dict[str, str],
    ) -> None:
        new = await made(client, world, as_system_admin)
        second = await make.account(session, world.ours.county, Role.SYSTEM_ADMIN)
        headers = make.bearer(await make.login(app, session, second))
        path = f"{ACCOUNTS}/{new['id']}/approval"
        assert code_of(await client.post(path, headers=as_system_admin)) == (403, "own_approval")
        assert code_of(await client.post(path, headers=headers)) == (403, "role_not_managed")

    async def test_who_may(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_system_admin: dict[str, str],
        as_supervisor: dict[str, str],
    ) -> None:
        new = await made(client, world, as_system_admin)
        path = f"{ACCOUNTS}/{new['id']}/approval"
        assert code_of(await client.post(path)) == (401, "unauthenticated")
        assert code_of(await client.post(path, headers=as_supervisor)) == (403, "forbidden")
        theirs = await make.account(session, world.theirs.county, Role.SECURITY_ADMIN)
        headers = make.bearer(await make.login(app, session, theirs))
        assert code_of(await client.post(path, headers=headers)) == (404, "not_found")

    async def test_a_wider_area_waits_for_approval_again_and_a_narrower_one_does_not(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_system_admin: dict[str, str],
        as_supervisor: dict[str, str],
        as_security_admin: dict[str, str],
    ) -> None:
        path = f"{ACCOUNTS}/{world.supervisor.id}"
        for area, version, status in (
            (world.ours.community, 1, 200),
            (world.ours.county, 2, 401),
        ):
            answer = await client.patch(
                path,
                json={"area_id": str(area)},
                headers={**as_system_admin, "If-Match": f'"{version}"'},
            )
            assert answer.status_code == 200, answer.text
            assert (await client.get("/api/v1/me", headers=as_supervisor)).status_code == status
        assert (await client.post(f"{path}/approval", headers=as_security_admin)).status_code == 200
        assert (await client.get("/api/v1/me", headers=as_supervisor)).status_code == 200

    async def test_nobody_takes_over_another_office_by_its_password(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_security_admin: dict[str, str],
        as_system_admin: dict[str, str],
    ) -> None:
        auditor = await make.account(session, world.ours.county, Role.AUDIT_ADMIN)
        path, new = f"{ACCOUNTS}/{auditor.id}", {"password": "Taken-over-2026"}
        assert (await client.put(f"{path}/password", json=new, headers=as_security_admin)).status_code == 204
        form = {"grant_type": "password", "username": auditor.username, "password": new["password"]}
        answer = await client.post("/api/v1/auth/token", data=form)
        assert code_of(answer) == (401, "account_not_approved")
        answer = await client.post(f"{path}/approval", headers=as_security_admin)
        assert code_of(answer) == (403, "own_approval")
        assert (await client.post(f"{path}/approval", headers=as_system_admin)).status_code == 200
        assert (await client.post("/api/v1/auth/token", data=form)).status_code == 200

    async def test_ones_own_password_asks_for_the_old_one(
        self, client: httpx.AsyncClient, world: World, as_security_admin: dict[str, str]
    ) -> None:
        path = f"{ACCOUNTS}/{world.security_admin.id}/password"
        answer = await client.put(path, json={"password": "Taken-over-2026"}, headers=as_security_admin)
        assert code_of(answer) == (403, "not_oneself")

    async def test_one_person_holds_one_office(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_security_admin: dict[str, str],
        as_system_admin: dict[str, str],
    ) -> None:
        place = {"area_id": str(world.ours.county), "phone": "13900001111"}
        first = await made(client, world, as_security_admin, username="first", role="audit_admin", **place)
        second = body(world, username="second", role="system_admin", **place)
        answer = await client.post(ACCOUNTS, json=second, headers=as_security_admin)
        assert code_of(answer) == (409, "administrator_already")
        same = await made(client, world, as_security_admin, username="third", role="audit_admin", **place)
        assert same["role"] == first["role"]
        without = await made(
            client,
            world,
            as_security_admin,
            username="fourth",
            role="system_admin",
            area_id=str(world.ours.county),
        )
        answer = await client.patch(
            f"{ACCOUNTS}/{without['id']}",
            json={"phone": "13900001111"},
            headers={**as_security_admin, "If-Match": '"1"'},
        )
        assert code_of(answer) == (409, "administrator_already")

    async def test_nobody_changes_a_role(
        self, client: httpx.AsyncClient, world: World, as_security_admin: dict[str, str]
    ) -> None:
        answer = await client.patch(
            f"{ACCOUNTS}/{world.system_admin.id}",
            json={"role": "audit_admin"},
            headers={**as_security_admin, "If-Match": '"1"'},
        )
        assert code_of(answer) == (422, "invalid")


class TestRules:
    """Rules of sign-in are the security administrator's, and he decides no others."""

    @pytest.mark.parametrize(
        ("role", "key", "value", "status"),
        [
            (Role.SECURITY_ADMIN, "sign_in.lockout_failures", 4, 201),
            (Role.SECURITY_ADMIN, "patrol.day.distance_min_m", 2000, 403),
            (Role.SYSTEM_ADMIN, "sign_in.lockout_failures", 4, 403),
            (Role.SYSTEM_ADMIN, "sign_in.totp_required", "nobody", 403),
            (Role.COUNTY, "sign_in.totp_required", "nobody", 403),
            (Role.COUNTY, "patrol.day.distance_min_m", 2000, 201),
            (Role.SYSTEM_ADMIN, "patrol.day.distance_min_m", 2000, 201),
        ],
    )
    async def test_each_his_own(
        self, three: Three, world: World, role: Role, key: str, value: Any, status: int
    ) -> None:
        decision = {
            "parameter_key": key,
            "area_id": str(world.ours.county),
            "effective_from": make.now().astimezone(make.settings().zone).date().isoformat(),
            "value": value,
            "source": "a test",
        }
        answer = await three.client.post(
            "/api/v1/rules/decisions", json=decision, headers=three.headers[role]
        )
        assert answer.status_code == status, answer.text


class TestUnlocking:
    async def test_wrong_passwords_are_forgotten_with_a_reason(
        self,
        client: httpx.AsyncClient,
        world: World,
        session: AsyncSession,
        as_security_admin: dict[str, str],
    ) -> None:
        form = {"grant_type": "password", "username": "inspector-one", "password": "wrong"}
        for _ in range(5):
            await client.post("/api/v1/auth/token", data=form)
        form["password"] = make.PASSWORD
        assert code_of(await client.post("/api/v1/auth/token", data=form)) == (429, "locked_out")
        path = f"{ACCOUNTS}/{world.inspector.id}/unlocking"
        answer = await client.post(path, json={"reason": "本人来电"}, headers=as_security_admin)
        assert answer.status_code == 204, answer.text
        assert (await client.post("/api/v1/auth/token", data=form)).status_code == 200
        assert (await event_types(session, world.inspector.id))[1:] == ["account.locked", "account.unlocked"]

    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_security_admin: dict[str, str],
        as_system_admin: dict[str, str],
    ) -> None:
        path, reason = f"{ACCOUNTS}/{world.inspector.id}/unlocking", {"reason": "本人来电"}
        assert code_of(await client.post(path, json=reason)) == (401, "unauthenticated")
        assert code_of(await client.post(path, json=reason, headers=as_system_admin)) == (403, "forbidden")
        foreign = f"{ACCOUNTS}/{world.foreigner.id}/unlocking"
        answer = await client.post(foreign, json=reason, headers=as_security_admin)
        assert code_of(answer) == (404, "not_found")
