"""Accounts over HTTP: who makes and changes whom, scope, versions, masked phones."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import ADMINISTRATORS, Role
from app.identity.models import Account
from tests.factories import identity as make
from tests.identity.conftest import World, event_types

ACCOUNTS = "/api/v1/accounts"


def body(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "username": "New-One",
        "password": "Fishing-boat-7",
        "role": "inspector",
        "area_id": str(world.ours.community),
        "display_name": "张小渔",
        "phone": "13800005678",
        **changes,
    }


class TestCreate:
    async def test_a_new_account_signs_in_once_it_is_approved(
        self,
        client: httpx.AsyncClient,
        world: World,
        session: AsyncSession,
        as_system_admin: dict[str, str],
        as_security_admin: dict[str, str],
    ) -> None:
        answer = await client.post(ACCOUNTS, json=body(world), headers=as_system_admin)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert (made["username"], made["phone"], made["county_code"]) == ("new-one", "138****5678", "330921")
        assert answer.headers["etag"] == '"1"'
        stored = await session.get_one(Account, UUID(made["id"]))
        assert stored.password_hash.startswith("$argon2id$")
        assert stored.phone_sealed is not None
        assert stored.phone_sealed.startswith("aesgcm:k1:")
        assert await event_types(session, stored.id) == ["account.created"]
        form = {"grant_type": "password", "username": "new-one", "password": "Fishing-boat-7"}
        early = await client.post("/api/v1/auth/token", data=form)
        assert (early.status_code, early.json()["code"]) == (401, "account_not_approved")
        path = f"{ACCOUNTS}/{made['id']}/approval"
        answer = await client.post(path, headers=as_security_admin)
        assert answer.status_code == 200, answer.text
        assert (made["approved_at"], answer.json()["approved_at"] is not None) == (None, True)
        assert answer.headers["etag"] == '"2"'
        assert await event_types(session, stored.id) == ["account.created", "account.approved"]
        assert (await client.post("/api/v1/auth/token", data=form)).status_code == 200

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"username": "inspector-one"}, 409, "username_taken"),
            ({"username": "Inspector-ONE"}, 409, "username_taken"),
            ({"password": "tooshort1"}, 422, "password_too_weak"),
            ({"area_id": str(uuid4())}, 404, "not_found"),
            ({"role": "security_admin"}, 403, "role_not_managed"),
            ({"role": "system_admin"}, 403, "role_not_managed"),
            ({"role": "partner"}, 403, "role_not_managed"),
            ({"role": "emperor"}, 422, "invalid"),
            ({"phone": "12"}, 422, "invalid"),
            ({"username": "a b"}, 422, "invalid"),
            ({"nickname": "x"}, 422, "invalid"),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_system_admin: dict[str, str],
        changes: dict[str, str],
        status: int,
        code: str,
    ) -> None:
        answer = await client.post(ACCOUNTS, json=body(world, **changes), headers=as_system_admin)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_not_in_a_foreign_county(
        self, client: httpx.AsyncClient, world: World, as_system_admin: dict[str, str]
    ) -> None:
        foreign = body(world, area_id=str(world.theirs.community))
        assert (await client.post(ACCOUNTS, json=foreign, headers=as_system_admin)).status_code == 404

    @pytest.mark.parametrize("role", [role for role in Role if role not in ADMINISTRATORS])
    async def test_others_make_no_accounts(
        self, client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World, role: Role
    ) -> None:
        if role is Role.PARTNER:
            pytest.skip("partners have no accounts")
        headers = make.bearer(
            await make.login(app, session, await make.account(session, world.ours.county, role))
        )
        answer = await client.post(ACCOUNTS, json=body(world), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


class TestThreeAdministrators:
    """Who runs the system doesn't appoint those who watch it, and the other way round."""

    async def test_the_security_administrator_makes_administrators_and_nobody_else(
        self, client: httpx.AsyncClient, world: World, as_security_admin: dict[str, str]
    ) -> None:
        for role, status in (("audit_admin", 201), ("inspector", 403)):
            wanted = body(world, username=f"new-{role}", role=role, area_id=str(world.ours.county))
            assert (await client.post(ACCOUNTS, json=wanted, headers=as_security_admin)).status_code == status

    async def test_the_system_administrator_cannot_take_over_a_security_account(
        self, client: httpx.AsyncClient, world: World, as_system_admin: dict[str, str]
    ) -> None:
        path = f"{ACCOUNTS}/{world.security_admin.id}"
        headers = {**as_system_admin, "If-Match": '"1"'}
        reset = await client.put(f"{path}/password", json={"password": "Taken-over-2026"}, headers=headers)
        disabled = await client.patch(path, json={"enabled": False}, headers=headers)
        assert (reset.json()["code"], disabled.json()["code"]) == ("role_not_managed",) * 2


class TestChange:
    async def test_disabling_ends_every_login_at_once(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        session: AsyncSession,
        world: World,
        as_system_admin: dict[str, str],
    ) -> None:
        pair = await make.login(app, session, world.inspector)
        path = f"{ACCOUNTS}/{world.inspector.id}"
        answer = await client.patch(
            path, json={"enabled": False}, headers={**as_system_admin, "If-Match": '"1"'}
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] == '"2"'
        refused = await client.get("/api/v1/me", headers=make.bearer(pair))
        assert (refused.status_code, refused.json()["code"]) == (401, "account_disabled")
        assert await event_types(session, world.inspector.id) == [
            "account.created",
            "account.changed",
            "account.disabled",
        ]
        again = await client.patch(
            path, json={"enabled": True}, headers={**as_system_admin, "If-Match": '"2"'}
        )
        assert again.status_code == 200
        assert (await client.get("/api/v1/me", headers=make.bearer(pair))).json()["code"] == "login_revoked"

    @pytest.mark.parametrize(
        ("if_match", "status", "code"),
        [
            (None, 428, "precondition_required"),
            ('"9"', 412, "precondition_failed"),
            ("x", 412, "precondition_failed"),
        ],
    )
    async def test_nobody_overwrites_what_he_has_not_read(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_system_admin: dict[str, str],
        if_match: str | None,
        status: int,
        code: str,
    ) -> None:
        headers = {**as_system_admin, **({"If-Match": if_match} if if_match else {})}
        path = f"{ACCOUNTS}/{world.inspector.id}"
        answer = await client.patch(path, json={"display_name": "李四"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_moving_stays_inside_county_and_scope(
        self, client: httpx.AsyncClient, world: World, as_system_admin: dict[str, str], session: AsyncSession
    ) -> None:
        headers = {**as_system_admin, "If-Match": '"1"'}
        path = f"{ACCOUNTS}/{world.inspector.id}"
        outside = await client.patch(path, json={"area_id": str(world.theirs.town)}, headers=headers)
        assert outside.status_code == 404
        inside = await client.patch(path, json={"area_id": str(world.ours.town)}, headers=headers)
        assert inside.json()["area_id"] == str(world.ours.town)

    async def test_a_city_administrator_cannot_move_an_account_to_another_county(
        self, client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World
    ) -> None:
        city = await session.scalar(
            text("SELECT ancestor_id FROM area_closure WHERE area_id = :id AND depth = 1"),
            {"id": world.ours.county},
        )
        admin = await make.account(session, city, Role.SYSTEM_ADMIN)
        headers = {**make.bearer(await make.login(app, session, admin)), "If-Match": '"1"'}
        answer = await client.patch(
            f"{ACCOUNTS}/{world.inspector.id}", json={"area_id": str(world.theirs.town)}, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "another_county")

    async def test_not_oneself(
        self, client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World
    ) -> None:
        headers = {**make.bearer(await make.login(app, session, world.security_admin)), "If-Match": '"1"'}
        answer = await client.patch(
            f"{ACCOUNTS}/{world.security_admin.id}", json={"enabled": False}, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "not_oneself")

    async def test_phone_goes_and_comes(
        self, client: httpx.AsyncClient, world: World, as_system_admin: dict[str, str]
    ) -> None:
        path = f"{ACCOUNTS}/{world.inspector.id}"
        for version, phone, shown in ((1, "", None), (2, "13900001111", "139****1111")):
            headers = {**as_system_admin, "If-Match": f'"{version}"'}
            answer = await client.patch(path, json={"phone": phone}, headers=headers)
            assert answer.json()["phone"] == shown

    async def test_a_reset_password_ends_the_logins(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        session: AsyncSession,
        world: World,
        as_system_admin: dict[str, str],
    ) -> None:
        pair = await make.login(app, session, world.inspector)
        path = f"{ACCOUNTS}/{world.inspector.id}/password"
        answer = await client.put(path, json={"password": "Fishing-boat-7"}, headers=as_system_admin)
        assert answer.status_code == 204, answer.text
        assert (await client.get("/api/v1/me", headers=make.bearer(pair))).status_code == 401


class TestRead:
    async def test_a_supervisor_sees_his_area_page_by_page(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str]
    ) -> None:
        seen, cursor = [], None
        while True:
            params = {"limit": "1", **({"cursor": cursor} if cursor else {})}
            page = (await client.get(ACCOUNTS, params=params, headers=as_supervisor)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert set(seen) == {str(a.id) for a in (world.supervisor, world.inspector, world.colleague)}
        assert len(seen) == 3
        only = await client.get(ACCOUNTS, params={"role": "inspector"}, headers=as_supervisor)
        assert {item["role"] for item in only.json()["items"]} == {"inspector"}

    async def test_a_foreign_account_is_not_found(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_supervisor: dict[str, str],
        as_foreigner: dict[str, str],
    ) -> None:
        path = f"{ACCOUNTS}/{world.inspector.id}"
        assert (await client.get(path, headers=as_supervisor)).json()["phone"] == "138****5678"
        answer = await client.get(path, headers=as_foreigner)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_an_inspector_reads_no_accounts(
        self, client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World
    ) -> None:
        headers = make.bearer(await make.login(app, session, world.inspector))
        assert (await client.get(ACCOUNTS, headers=headers)).status_code == 403

    async def test_a_phone_number_is_found_by_its_blind_index_inside_the_area_only(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_supervisor: dict[str, str],
        as_foreigner: dict[str, str],
    ) -> None:
        wanted = {"phone": "13812345678"}
        found = await client.post(f"{ACCOUNTS}/searches", json=wanted, headers=as_supervisor)
        assert [item["id"] for item in found.json()] == [str(world.inspector.id)]
        assert (await client.post(f"{ACCOUNTS}/searches", json=wanted, headers=as_foreigner)).json() == []

    @pytest.mark.parametrize("cursor", ["x", "e30", "WzEsMl0", "é"])
    async def test_a_broken_cursor(
        self, client: httpx.AsyncClient, as_supervisor: dict[str, str], cursor: str
    ) -> None:
        answer = await client.get(ACCOUNTS, params={"cursor": cursor}, headers=as_supervisor)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize(
    "operation",
    [
        "GET /accounts",
        "POST /accounts",
        "POST /accounts/searches",
        "GET /accounts/{id}",
        "PATCH /accounts/{id}",
        "PUT /accounts/{id}/password",
        "POST /notices",
    ],
)
async def test_without_a_token_401(client: httpx.AsyncClient, world: World, operation: str) -> None:
    verb, path = operation.split()
    url = "/api/v1" + path.replace("{id}", str(world.inspector.id))
    answer = await client.request(verb, url, json={}, headers={"If-Match": '"1"'})
    assert answer.status_code == 401
