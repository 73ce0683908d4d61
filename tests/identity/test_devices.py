"""Handhelds over HTTP: registry, activation, handover, revocation."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role, system_actor
from app.identity.bindings import bind_device
from app.identity.device_models import ActivationCode, DeviceBinding, Notice, NoticeAcknowledgement
from app.identity.models import Login
from app.kit.db import Database
from tests.factories import identity as make
from tests.identity.conftest import Clock, World, build_world, event_types

DEVICES = "/api/v1/devices"
ACTIVATIONS = f"{DEVICES}/activations"
ME = "/api/v1/me"


def activation(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "serial_no": "sn-ours-000001",
        "code": code,
        "installation_id": make.INSTALLATION,
        "android_version": "14",
        "app_version": "1.2.0",
        "capabilities": ["gnss", "camera", "beidou"],
        "notice_version": make.NOTICE,
        **changes,
    }


async def issue(client: httpx.AsyncClient, world: World, headers: dict[str, str], **changes: str) -> str:
    wanted = {"inspector_id": str(world.inspector.id), **changes}
    answer = await client.post(f"{DEVICES}/{world.device.id}/activation-codes", json=wanted, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


class TestRegistry:
    @pytest.mark.requirement("S0-36")
    async def test_a_handheld_is_registered_and_measured_against_the_standard(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_supervisor: dict[str, str]
    ) -> None:
        new = {
            "serial_no": "imei-861234567890",
            "area_id": str(world.ours.community),
            "model": "Old Phone 1",
            "android_version": "7.1",
            "app_version": "0.9",
            "capabilities": ["gnss", "gnss"],
        }
        answer = await client.post(DEVICES, json=new, headers=as_supervisor)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert (made["serial_no"], made["state"], made["state_label"]) == (
            "IMEI-861234567890",
            "registered",
            "已登记",
        )
        assert made["shortfalls"] == ["capability:camera", "android_version", "app_version"]
        assert await event_types(session, UUID(made["id"])) == ["device.registered"]
        good = (await client.get(f"{DEVICES}/{world.device.id}", headers=as_supervisor)).json()
        assert good["shortfalls"] == []

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"serial_no": "SN-OURS-000001"}, 409, "serial_taken"),
            ({"serial_no": "sn-ours-000001"}, 409, "serial_taken"),
            ({"serial_no": "x"}, 422, "invalid"),
            ({"area_id": str(uuid4())}, 404, "not_found"),
            ({"android_version": "fourteen"}, 422, "invalid"),
            ({"capabilities": ["DROP TABLE"]}, 422, "invalid"),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_supervisor: dict[str, str],
        changes: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        new = {"serial_no": "SN-NEW-000001", "area_id": str(world.ours.community), "model": "M", **changes}
        answer = await client.post(DEVICES, json=new, headers=as_supervisor)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_the_same_serial_number_in_another_county_is_another_handheld(
        self, client: httpx.AsyncClient, world: World, as_foreigner: dict[str, str]
    ) -> None:
        new = {"serial_no": "SN-OURS-000001", "area_id": str(world.theirs.community), "model": "M"}
        assert (await client.post(DEVICES, json=new, headers=as_foreigner)).status_code == 201

    async def test_lists_stay_inside_the_area(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_supervisor: dict[str, str],
        as_foreigner: dict[str, str],
    ) -> None:
        mine = (await client.get(DEVICES, headers=as_supervisor)).json()
        assert [item["id"] for item in mine["items"]] == [str(world.device.id)]
        assert (await client.get(DEVICES, params={"state": "lost"}, headers=as_supervisor)).json()[
            "items"
        ] == []
        assert (await client.get(DEVICES, headers=as_foreigner)).json() == {"items": [], "next": None}

    async def test_pages_hold_every_handheld_once(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str], session: AsyncSession
    ) -> None:
        for _ in range(4):
            await make.device(session, world.ours.community)
        await session.flush()
        seen: list[str] = []
        cursor = None
        while True:
            params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
            page = (await client.get(DEVICES, params=params, headers=as_supervisor)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 5


class TestActivation:
    async def test_a_code_makes_the_handheld_an_inspectors_own(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_supervisor: dict[str, str]
    ) -> None:
        code = await issue(client, world, as_supervisor)
        assert len(code) == 8
        answer = await client.post(ACTIVATIONS, json=activation(code))
        assert answer.status_code == 201, answer.text
        given = answer.json()
        assert given["device_id"] == str(world.device.id)
        assert given["inspector_id"] == str(world.inspector.id)
        me = (await client.get(ME, headers={"Authorization": f"Bearer {given['access_token']}"})).json()
        assert me["device"]["id"] == str(world.device.id)
        assert me["device"]["state"] == "active"
        assert me["device"]["bound_since"] is not None
        assert me["device"]["notice_acknowledged_at"] is not None
        acknowledged = (await session.scalars(select(NoticeAcknowledgement))).one()
        assert (acknowledged.inspector_id, acknowledged.notice_version) == (world.inspector.id, make.NOTICE)
        assert await event_types(session, world.device.id) == [
            "device.registered",
            "device.activation_code_issued",
            "device.bound",
            "device.activated",
        ]
        read = (await client.get(f"{DEVICES}/{world.device.id}", headers=as_supervisor)).json()
        assert (read["app_version"], read["capabilities"]) == ("1.2.0", ["beidou", "camera", "gnss"])
        history = await client.get(f"{DEVICES}/{world.device.id}/bindings", headers=as_supervisor)
        assert [b["id"] for b in history.json()["items"]] == [given["binding_id"]]
        stored = (await session.scalars(select(ActivationCode))).one()
        assert code.encode() not in stored.code_hash
        assert stored.answer is not None
        assert given["refresh_token"].encode() not in stored.answer

    async def test_a_lost_answer_is_given_again_to_the_same_installation_for_half_an_hour(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str], clock: Clock,
        session: AsyncSession,
    ) -> None:  # fmt: skip
        code = await issue(client, world, as_supervisor)
        first = (await client.post(ACTIVATIONS, json=activation(code))).json()
        clock.forward(minutes=29)
        again = await client.post(ACTIVATIONS, json=activation(code))
        assert again.status_code == 201
        assert again.json() | {"expires_in": 0} == first | {"expires_in": 0}
        other = await client.post(
            ACTIVATIONS, json=activation(code, installation_id="another-installation-1")
        )
        assert (other.status_code, other.json()["code"]) == (403, "activation_refused")
        clock.forward(minutes=2)
        late = await client.post(ACTIVATIONS, json=activation(code))
        assert (late.status_code, late.json()["code"]) == (403, "activation_refused")
        assert (
            await session.scalar(select(func.count()).select_from(Login).where(Login.device_id.is_not(None)))
            == 1
        )

    async def test_the_notice_in_force_must_be_acknowledged_and_the_code_stays_good(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str], session: AsyncSession
    ) -> None:
        code = await issue(client, world, as_supervisor)
        for version in ("2019-1", ""):
            answer = await client.post(ACTIVATIONS, json=activation(code, notice_version=version))
            assert (answer.status_code, answer.json()["code"]) == (409, "notice_not_acknowledged")
            assert answer.json()["notice_version"] == make.NOTICE
        assert (await session.scalars(select(NoticeAcknowledgement))).all() == []
        assert (await client.post(ACTIVATIONS, json=activation(code))).status_code == 201

    async def test_codes_expire_and_a_new_one_voids_the_old(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str], app: FastAPI, clock: Clock,
        session: AsyncSession,
    ) -> None:  # fmt: skip
        old, new = await issue(client, world, as_supervisor), await issue(client, world, as_supervisor)
        assert (await client.post(ACTIVATIONS, json=activation(old))).status_code == 403
        clock.forward(hours=72, seconds=1)
        assert (await client.post(ACTIVATIONS, json=activation(new))).status_code == 403
        again = make.bearer(await make.login(app, session, world.supervisor, at=clock.now))
        fresh = await issue(client, world, again)
        clock.forward(hours=71, minutes=59)
        assert (await client.post(ACTIVATIONS, json=activation(fresh))).status_code == 201

    async def test_wrong_codes_lock_and_unknown_serial_numbers_look_the_same(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str], clock: Clock
    ) -> None:
        code = await issue(client, world, as_supervisor)
        wrong = f"{(int(code) + 1) % 10**8:08}"
        for serial_no in ("SN-OURS-000001", "SN-UNKNOWN-1"):
            for _ in range(5):
                answer = await client.post(ACTIVATIONS, json=activation(wrong, serial_no=serial_no))
                assert (answer.status_code, answer.json()["code"]) == (403, "activation_refused")
            locked = await client.post(ACTIVATIONS, json=activation(code, serial_no=serial_no))
            assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
        clock.forward(minutes=16)
        assert (await client.post(ACTIVATIONS, json=activation(code))).status_code == 201

    async def test_a_disabled_inspector_gets_no_handheld(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str], session: AsyncSession
    ) -> None:
        code = await issue(client, world, as_supervisor)
        world.inspector.enabled = False
        await session.flush()
        answer = await client.post(ACTIVATIONS, json=activation(code))
        assert (answer.status_code, answer.json()["code"]) == (409, "not_an_inspector")

    async def test_reactivation_ends_the_earlier_login_of_the_handheld(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str]
    ) -> None:
        first = (
            await client.post(ACTIVATIONS, json=activation(await issue(client, world, as_supervisor)))
        ).json()
        code = await issue(client, world, as_supervisor)
        fresh = activation(code, installation_id="another-installation-1")
        second = (await client.post(ACTIVATIONS, json=fresh)).json()
        assert second["binding_id"] == first["binding_id"]
        old = await client.get(ME, headers={"Authorization": f"Bearer {first['access_token']}"})
        assert (old.status_code, old.json()["code"]) == (401, "login_revoked")

    @pytest.mark.parametrize(
        ("who", "status", "code"),
        [("supervisor", 409, "not_an_inspector"), ("foreigner", 404, "not_found"), ("colleague", 201, None)],
    )
    async def test_codes_are_for_inspectors_of_the_area(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_supervisor: dict[str, str],
        who: str,
        status: int,
        code: str | None,
    ) -> None:
        wanted = {"inspector_id": str(getattr(world, who).id)}
        answer = await client.post(
            f"{DEVICES}/{world.device.id}/activation-codes", json=wanted, headers=as_supervisor
        )
        assert (answer.status_code, answer.json().get("code") if code else None) == (status, code)

    async def test_one_who_holds_another_handheld_is_refused_before_the_code_is_issued(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str], session: AsyncSession
    ) -> None:
        other = await make.device(session, world.ours.community)
        await make.binding(session, other, world.inspector)
        await session.flush()
        for inspector, device, code in (
            (world.inspector, world.device, "inspector_bound"),
            (world.colleague, other, "device_bound"),
        ):
            answer = await client.post(
                f"{DEVICES}/{device.id}/activation-codes",
                json={"inspector_id": str(inspector.id)},
                headers=as_supervisor,
            )
            assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_the_same_activation_twice_at_once_is_one(fresh_database: Database) -> None:
    async with fresh_database.transaction() as session:
        world = await build_world(session)
    app = make.app_over(fresh_database)
    async with fresh_database.transaction() as session:
        headers = make.bearer(await make.login(app, session, world.supervisor))
    async with make.client_of(app) as client:
        code = await issue(client, world, headers)
        answers = await asyncio.gather(*(client.post(ACTIVATIONS, json=activation(code)) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    async with fresh_database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(DeviceBinding)) == 1


class TestBindings:
    """One inspector a device and one device an inspector at a time; the database says so."""

    async def refused(self, world: World, session: AsyncSession, device: Any, inspector: Any) -> str:
        from sqlalchemy.exc import IntegrityError

        from app.kit.db import savepoint
        from app.kit.errors import _problem_of

        with pytest.raises(IntegrityError) as caught:
            async with savepoint(session):
                await bind_device(
                    session, system_actor("330921"), device, inspector.id, start=make.now(), now=make.now()
                )
        return _problem_of(caught.value).code

    async def test_overlaps_are_refused_as_problems(self, world: World, session: AsyncSession) -> None:
        other = await make.device(session, world.ours.community)
        await make.binding(session, world.device, world.inspector)
        await session.flush()
        assert await self.refused(world, session, world.device, world.colleague) == "device_bound"
        assert await self.refused(world, session, other, world.inspector) == "inspector_bound"

    async def test_one_after_the_other_is_fine(self, world: World, session: AsyncSession) -> None:
        noon = datetime(2026, 11, 20, 4, tzinfo=UTC)
        actor = system_actor("330921")
        for inspector, start, end in (
            (world.inspector, noon - timedelta(hours=4), noon),
            (world.colleague, noon, None),
        ):
            await bind_device(session, actor, world.device, inspector.id, start=start, end=end, now=noon)
        await session.flush()


class TestHandover:
    async def bound(self, session: AsyncSession, world: World) -> None:
        await make.binding(session, world.device, world.inspector)
        await session.flush()

    async def test_one_call_ends_one_binding_and_begins_the_next(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_supervisor: dict[str, str],
        clock: Clock,
    ) -> None:
        await self.bound(session, world)
        old = await make.login(app, session, world.inspector, world.device)
        at = clock.now - timedelta(minutes=10)
        answer = await client.post(
            f"{DEVICES}/{world.device.id}/handovers",
            json={"inspector_id": str(world.colleague.id), "at": at.isoformat()},
            headers=as_supervisor,
        )
        assert answer.status_code == 201, answer.text
        history = (await client.get(f"{DEVICES}/{world.device.id}/bindings", headers=as_supervisor)).json()[
            "items"
        ]
        assert [b["inspector_id"] for b in history] == [str(world.inspector.id), str(world.colleague.id)]
        assert history[0]["valid_to"] == history[1]["valid_from"]
        assert history[1]["valid_to"] is None
        assert (await client.get(ME, headers=make.bearer(old))).json()["code"] == "login_revoked"
        assert await event_types(session, world.device.id) == [
            "device.registered",
            "device.bound",
            "device.bound",
            "device.handed_over",
            "device.activation_code_issued",
        ]
        code = answer.json()["activation_code"]["code"]
        activated = await client.post(ACTIVATIONS, json=activation(code))
        assert activated.json()["inspector_id"] == str(world.colleague.id)
        assert activated.json()["binding_id"] == answer.json()["binding"]["id"]

    async def test_asking_again_after_a_lost_answer_keeps_the_binding(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_supervisor: dict[str, str]
    ) -> None:
        await self.bound(session, world)
        url, to = f"{DEVICES}/{world.device.id}/handovers", {"inspector_id": str(world.colleague.id)}
        first = (await client.post(url, json=to, headers=as_supervisor)).json()
        second = (await client.post(url, json=to, headers=as_supervisor)).json()
        assert second["binding"] == first["binding"]
        assert second["activation_code"]["id"] != first["activation_code"]["id"]

    async def test_a_refused_handover_changes_nothing(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_supervisor: dict[str, str],
        app: FastAPI,
    ) -> None:  # fmt: skip
        await self.bound(session, world)
        pair = await make.login(app, session, world.inspector, world.device)
        other = await make.device(session, world.ours.community)
        await make.binding(session, other, world.colleague)
        await session.flush()
        answer = await client.post(
            f"{DEVICES}/{world.device.id}/handovers",
            json={"inspector_id": str(world.colleague.id)},
            headers=as_supervisor,
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "inspector_bound")
        history = (await client.get(f"{DEVICES}/{world.device.id}/bindings", headers=as_supervisor)).json()[
            "items"
        ]
        assert [(b["inspector_id"], b["valid_to"]) for b in history] == [(str(world.inspector.id), None)]
        assert (await client.get(ME, headers=make.bearer(pair))).status_code == 200
        assert "device.handed_over" not in await event_types(session, world.device.id)

    async def test_not_in_the_future_nor_before_the_binding_began(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_supervisor: dict[str, str],
        clock: Clock,
    ) -> None:  # fmt: skip
        await self.bound(session, world)
        for at in (clock.now + timedelta(minutes=5), clock.now - timedelta(hours=3)):
            answer = await client.post(
                f"{DEVICES}/{world.device.id}/handovers",
                json={"inspector_id": str(world.colleague.id), "at": at.isoformat()},
                headers=as_supervisor,
            )
            assert (answer.status_code, answer.json()["code"]) == (409, "handover_out_of_order")
        naive = {"inspector_id": str(world.colleague.id), "at": "2026-11-20T08:00:00"}
        answer = await client.post(
            f"{DEVICES}/{world.device.id}/handovers", json=naive, headers=as_supervisor
        )
        assert answer.status_code == 422

    async def test_a_handheld_that_nobody_holds_is_activated_not_handed_over(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str]
    ) -> None:
        answer = await client.post(
            f"{DEVICES}/{world.device.id}/handovers",
            json={"inspector_id": str(world.colleague.id)},
            headers=as_supervisor,
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "device_not_bound")


class TestRevocation:
    @pytest.mark.parametrize("state", ["revoked", "lost"])
    async def test_everything_ends_at_once(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_supervisor: dict[str, str],
        clock: Clock,
        state: str,
    ) -> None:
        await make.binding(session, world.device, world.inspector)
        await session.flush()
        code = await issue(client, world, as_supervisor)
        pair = await make.login(app, session, world.inspector, world.device)
        elsewhere = await make.login(app, session, world.inspector)
        answer = await client.post(
            f"{DEVICES}/{world.device.id}/revocations",
            json={"state": state, "reason": "落水"},
            headers=as_supervisor,
        )
        assert answer.status_code == 200, answer.text
        assert (answer.json()["state"], answer.json()["revoked_at"] is not None) == (state, True)
        me = await client.get(ME, headers=make.bearer(pair))
        assert (me.status_code, me.json()["code"]) == (401, "device_revoked")
        refresh = await client.post(
            "/api/v1/auth/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": pair.refresh_token,
                "client_id": make.INSTALLATION,
            },
        )
        assert (refresh.status_code, refresh.json()["code"]) == (401, "device_revoked")
        assert (await client.post(ACTIVATIONS, json=activation(code))).json()["code"] == "activation_refused"
        assert (await client.get(ME, headers=make.bearer(elsewhere))).status_code == 200
        history = (await client.get(f"{DEVICES}/{world.device.id}/bindings", headers=as_supervisor)).json()[
            "items"
        ]
        assert datetime.fromisoformat(history[0]["valid_to"]) == clock.now
        assert (await event_types(session, world.device.id))[-1] == f"device.{state}"
        await client.post(
            f"{DEVICES}/{world.device.id}/revocations",
            json={"state": state, "reason": "x"},
            headers=as_supervisor,
        )
        assert (await event_types(session, world.device.id)).count(f"device.{state}") == 1

    async def test_a_found_handheld_comes_back_but_its_old_tokens_do_not(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_supervisor: dict[str, str],
    ) -> None:
        pair = await make.login(app, session, world.inspector, world.device)
        url = f"{DEVICES}/{world.device.id}"
        early = await client.post(f"{url}/reinstatements", headers=as_supervisor)
        assert (early.status_code, early.json()["code"]) == (409, "device_not_usable")
        await client.post(f"{url}/revocations", json={"state": "lost", "reason": "x"}, headers=as_supervisor)
        for path in ("activation-codes", "handovers"):
            refused = await client.post(
                f"{url}/{path}", json={"inspector_id": str(world.inspector.id)}, headers=as_supervisor
            )
            assert (refused.status_code, refused.json()["code"]) == (409, "device_not_usable")
        back = await client.post(f"{url}/reinstatements", headers=as_supervisor)
        assert (back.status_code, back.json()["state"], back.json()["revoked_at"]) == (
            200,
            "registered",
            None,
        )
        assert (await client.get(ME, headers=make.bearer(pair))).json()["code"] == "login_revoked"
        assert (await event_types(session, world.device.id))[-1] == "device.reinstated"

    async def test_revoked_is_final_for_loss(
        self, client: httpx.AsyncClient, world: World, as_supervisor: dict[str, str]
    ) -> None:
        url = f"{DEVICES}/{world.device.id}/revocations"
        assert (
            await client.post(url, json={"state": "revoked", "reason": "x"}, headers=as_supervisor)
        ).status_code == 200
        answer = await client.post(url, json={"state": "lost", "reason": "x"}, headers=as_supervisor)
        assert (answer.status_code, answer.json()["code"]) == (409, "device_not_usable")


OPERATIONS = [
    ("GET", "", None),
    ("GET", "/bindings", None),
    ("POST", "/activation-codes", {"inspector_id": "INSPECTOR"}),
    ("POST", "/handovers", {"inspector_id": "INSPECTOR"}),
    ("POST", "/revocations", {"state": "lost", "reason": "x"}),
    ("POST", "/reinstatements", None),
]


@pytest.mark.parametrize(("verb", "path", "body"), OPERATIONS)
async def test_foreign_404_inspectors_403_strangers_401(
    client: httpx.AsyncClient,
    app: FastAPI,
    world: World,
    session: AsyncSession,
    as_foreigner: dict[str, str],
    verb: str,
    path: str,
    body: dict[str, str] | None,
) -> None:
    if body and "inspector_id" in body:
        body = {"inspector_id": str(world.inspector.id)}
    inspector = make.bearer(await make.login(app, session, world.inspector))
    for headers, status in ((as_foreigner, 404), (inspector, 403), ({}, 401)):
        answer = await client.request(
            verb, f"{DEVICES}/{world.device.id}{path}", headers=headers, **({"json": body} if body else {})
        )
        assert answer.status_code == status, answer.text


class TestNotice:
    async def test_the_notice_is_public_dated_and_in_both_languages(self, client: httpx.AsyncClient) -> None:
        notice = (await client.get("/api/v1/notices/current")).json()
        assert notice["version"] == make.NOTICE
        assert "告知书" in notice["zh"]
        assert "Notice on personal data" in notice["en"]

    @pytest.mark.requirement("S0-43")
    async def test_a_new_version_takes_over_on_its_day_in_its_county_and_the_old_one_stays(
        self, client: httpx.AsyncClient, session: AsyncSession, clock: Clock, as_system_admin: dict[str, str],
    ) -> None:  # fmt: skip
        async def in_force(**county: str) -> str:
            return str((await client.get("/api/v1/notices/current", params=county)).json()["version"])

        day = (clock.now + timedelta(days=3)).date()
        new = {"version": "2027-1", "effective_from": day.isoformat(), "zh": "新" * 30, "en": "new " * 10}
        answer = await client.post("/api/v1/notices", json=new, headers=as_system_admin)
        assert answer.status_code == 201, answer.text
        version = answer.json()["version"]
        assert version == "330921-2027-1"
        assert await in_force(county_code="330921") == make.NOTICE
        clock.forward(days=4)
        assert await in_force(county_code="330921") == version
        assert (await in_force(), await in_force(county_code="330922")) == (make.NOTICE, make.NOTICE)
        kept = await session.scalars(select(Notice.version).order_by(Notice.version))
        assert list(kept) == [make.NOTICE, version]
        assert await event_types(session, uuid5(NAMESPACE_URL, f"wangge:notice:{version}")) == [
            "notice.published"
        ]

    async def test_a_handheld_must_acknowledge_its_own_countys_version(
        self, client: httpx.AsyncClient, world: World, app: FastAPI, session: AsyncSession, clock: Clock,
        as_system_admin: dict[str, str], as_supervisor: dict[str, str],
    ) -> None:  # fmt: skip
        day = (clock.now + timedelta(days=1)).date()
        new = {"version": "2027-1", "effective_from": day.isoformat(), "zh": "新" * 30, "en": "n" * 30}
        await client.post("/api/v1/notices", json=new, headers=as_system_admin)
        clock.forward(hours=25)
        headers = make.bearer(await make.login(app, session, world.supervisor, at=clock.now))
        code = await issue(client, world, headers)
        refused = await client.post(ACTIVATIONS, json=activation(code))
        assert (refused.status_code, refused.json()["notice_version"]) == (409, "330921-2027-1")
        again = await client.post(ACTIVATIONS, json=activation(code, notice_version="330921-2027-1"))
        assert again.status_code == 201, again.text

    async def test_versions_never_change_nor_begin_in_the_past(
        self, client: httpx.AsyncClient, clock: Clock, as_system_admin: dict[str, str]
    ) -> None:
        statuses = []
        for version, days in (("2027-1", 3), ("2027-1", 5), ("2027-2", -2)):
            day = (clock.now + timedelta(days=days)).date()
            new = {"version": version, "effective_from": day.isoformat(), "zh": "新" * 30, "en": "new " * 10}
            answer = await client.post("/api/v1/notices", json=new, headers=as_system_admin)
            statuses.append((answer.status_code, answer.json().get("code")))
        assert statuses == [(201, None), (409, "notice_not_newer"), (409, "notice_not_newer")]

    async def test_a_township_publishes_nothing(
        self, client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World
    ) -> None:
        town = await make.account(session, world.ours.town, Role.TOWNSHIP)
        headers = make.bearer(await make.login(app, session, town))
        new = {"version": "2027-3", "effective_from": "2027-01-01", "zh": "新" * 30, "en": "new " * 10}
        assert (await client.post("/api/v1/notices", json=new, headers=headers)).status_code == 403
