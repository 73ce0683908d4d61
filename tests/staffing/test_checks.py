"""Are grids staffed as the rules ask, and does everybody carry the handheld that his post takes?"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.identity.models import Account
from app.rules.catalogue import staffing as rules
from tests.factories import areas, identity, patrol
from tests.factories import staffing as make
from tests.identity.conftest import World
from tests.staffing.conftest import NOON, Grids, Headers, code_of, local

CHECKS, COVERAGE = "/api/v1/staffing-checks", "/api/v1/device-coverage"
SINCE = NOON - timedelta(days=30)


async def checked(client: httpx.AsyncClient, headers: Headers, area_id: Any, **query: Any) -> dict[str, Any]:
    answer = await client.get(CHECKS, params={"area_id": str(area_id)} | query, headers=headers)
    assert answer.status_code == 200, answer.text
    return {row["code"][-3:]: row for row in answer.json()["items"]}


@dataclass(frozen=True, slots=True)
class Crew:
    """Three inspectors of our community."""

    one: Account
    two: Account
    three: Account


@pytest.fixture
async def crew(session: AsyncSession, world: World) -> Crew:
    third = await identity.account(session, world.ours.community, Role.INSPECTOR)
    return Crew(world.inspector, world.colleague, third)


class TestStaffing:
    @pytest.mark.requirement("S0-05")
    async def test_one_inspector_a_grid(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.appointment(session, crew.one, grids.one, SINCE)
        found = await checked(client, as_supervisor, world.ours.town)
        assert [found[n]["verdict"] for n in ("001", "002")] == ["ok", "too_few_full_time"]
        assert (found["001"]["full_time"], found["001"]["full_time_min"], found["001"]["full_time_max"]) == (
            1,
            1,
            1,
        )
        assert any("S0-05" in each["source"] for each in found["001"]["sources"])
        await make.appointment(session, crew.two, grids.one, SINCE)
        found = await checked(client, as_supervisor, world.ours.town)
        assert (found["001"]["verdict"], found["001"]["full_time"]) == ("too_many_full_time", 2)

    async def test_who_is_on_leave_is_not_there(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.appointment(session, crew.one, grids.one, SINCE)
        await make.absence(session, crew.one, local(12), local(13))
        await make.absence(session, crew.one, local(13), local(14), state="refused")
        found = {
            hour: (await checked(client, as_supervisor, world.ours.town, at=local(hour).isoformat()))["001"]
            for hour in (11, 12, 13)
        }
        told = {
            hour: (row["verdict"], row["full_time"], row["persons"], row["absent_count"])
            for hour, row in found.items()
        }
        there, away = ("ok", 1, 1, 0), ("too_few_full_time", 0, 0, 1)
        assert told == {11: there, 12: away, 13: there}
        await make.appointment(session, crew.two, grids.one, SINCE, role="substitute")
        row = (await checked(client, as_supervisor, world.ours.town, at=local(12).isoformat()))["001"]
        assert (row["verdict"], row["full_time"], row["absent_count"]) == ("ok", 1, 1)

    @pytest.mark.requirement("S4-26")
    async def test_a_complex_area_decides_to_have_several(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        for each in (crew.one, crew.two):
            await make.appointment(session, each, grids.one, SINCE)
        await patrol.decide(session, world.ours.community, rules.BASE_FULL_TIME_MAX.key, 3)
        found = (await checked(client, as_supervisor, world.ours.town))["001"]
        assert (found["verdict"], found["full_time_max"]) == ("ok", 3)
        assert {s["source"] for s in found["sources"] if s["key"] == rules.BASE_FULL_TIME_MAX.key} == {"test"}
        await patrol.decide(session, world.ours.community, rules.BASE_FULL_TIME_MIN.key, 5)
        found = (await checked(client, as_supervisor, world.ours.town))["001"]
        assert (found["verdict"], found["full_time_min"], found["full_time_max"]) == (
            "too_few_full_time",
            5,
            5,
        )

    @pytest.mark.requirement("S3-06")
    async def test_a_micro_grid_has_at_least_two_people_of_any_post(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        session: AsyncSession,
    ) -> None:
        micro = await areas.grid(
            session, world.ours.community, "330921100001003", areas.square(3), grid_class="M"
        )
        await make.appointment(session, crew.one, micro, SINCE, role="part_time")
        assert (await checked(client, as_supervisor, world.ours.town))["003"]["verdict"] == "too_few_persons"
        await make.appointment(session, crew.one, micro, SINCE, role="grid_head")
        assert (await checked(client, as_supervisor, world.ours.town))["003"]["persons"] == 1
        await make.appointment(session, crew.two, micro, SINCE, role="instructor")
        found = (await checked(client, as_supervisor, world.ours.town))["003"]
        assert (found["verdict"], found["persons"], found["persons_min"]) == ("ok", 2, 2)

    async def test_at_an_instant_with_substitutes_and_without_disabled_accounts(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.appointment(session, crew.one, grids.one, SINCE, local(10))
        await make.appointment(session, crew.two, grids.one, local(10), local(14), role="substitute")
        await make.appointment(session, crew.three, grids.two, SINCE)
        crew.three.enabled = False
        await session.flush()
        for at, verdict in ((9, "ok"), (11, "ok"), (15, "too_few_full_time")):
            query = {"at": local(at).isoformat()}
            found = await checked(client, as_supervisor, world.ours.community, **query)
            assert found["001"]["verdict"] == verdict
            assert found["002"]["verdict"] == "too_few_full_time"

    async def test_violations_only_page_by_page(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await areas.grid(session, world.ours.community, "330921100001004", areas.square(4))
        retired = await areas.grid(session, world.ours.community, "330921100001005", areas.square(5))
        await session.execute(
            text("UPDATE grid SET retired_on = opened_on + 1 WHERE id = :id"), {"id": retired}
        )
        await make.appointment(session, crew.one, grids.one, SINCE)
        asked = {"area_id": str(world.ours.town), "only_violations": True, "limit": 1}
        first = (await client.get(CHECKS, params=asked, headers=as_supervisor)).json()
        rest = (
            await client.get(CHECKS, params=asked | {"cursor": first["next"]}, headers=as_supervisor)
        ).json()
        assert [i["code"][-3:] for i in first["items"] + rest["items"]] == ["002", "004"]
        assert rest["next"] is None

    @pytest.mark.parametrize("path", [CHECKS, COVERAGE])
    async def test_scope_and_role(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        as_inspector: Headers,
        world: World,
        path: str,
    ) -> None:
        theirs = {"area_id": str(world.theirs.town)}
        assert code_of(await client.get(path, params=theirs, headers=as_supervisor)) == (404, "not_found")
        ours = {"area_id": str(world.ours.town)}
        assert code_of(await client.get(path, params=ours, headers=as_inspector)) == (403, "forbidden")
        assert (await client.get(path, params=ours)).status_code == 401
        bad = ours | {"cursor": "nonsense"}
        assert code_of(await client.get(path, params=bad, headers=as_supervisor)) == (422, "bad_cursor")


async def uncovered(client: httpx.AsyncClient, headers: Headers, world: World) -> dict[str, str]:
    params = {"area_id": str(world.ours.town), "at": NOON.isoformat()}
    answer = await client.get(COVERAGE, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return {row["inspector_id"]: row["gap"] for row in answer.json()["items"]}


@pytest.mark.requirement("S4-28")
class TestDevices:
    async def test_full_time_carry_the_issued_handheld_and_others_register_the_app(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.appointment(session, crew.one, grids.one, SINCE)
        await make.appointment(session, crew.two, grids.one, SINCE, role="part_time")
        missing = {str(crew.one.id): "issued_handheld_missing", str(crew.two.id): "app_not_registered"}
        assert await uncovered(client, as_supervisor, world) == missing
        for each in (crew.one, crew.two):  # their own phones
            phone = await identity.device(session, world.ours.community)
            phone.ownership = "own"
            await identity.binding(session, phone, each, start=SINCE)
        await session.flush()
        assert await uncovered(client, as_supervisor, world) == {str(crew.one.id): "issued_handheld_missing"}

    async def test_a_lost_handheld_is_none(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.appointment(session, crew.one, grids.one, SINCE)
        await identity.binding(session, world.device, crew.one, start=SINCE)
        await session.flush()
        assert await uncovered(client, as_supervisor, world) == {}
        world.device.state, world.device.revoked_at = "lost", NOON
        await session.flush()
        assert await uncovered(client, as_supervisor, world) == {str(crew.one.id): "issued_handheld_missing"}

    async def test_a_phone_of_ones_own_is_registered_and_activated_like_any_other(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        world: World,
        crew: Crew,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.appointment(session, crew.two, grids.one, NOON - timedelta(days=1), role="part_time")
        new = {
            "serial_no": "OWN-PHONE-0001",
            "area_id": str(world.ours.community),
            "model": "Mate 60",
            "ownership": "own",
        }
        phone = (await client.post("/api/v1/devices", json=new, headers=as_supervisor)).json()
        assert phone["ownership"] == "own"
        issued = await client.post(
            f"/api/v1/devices/{phone['id']}/activation-codes",
            json={"inspector_id": str(crew.two.id)},
            headers=as_supervisor,
        )
        activation = {
            "serial_no": new["serial_no"],
            "code": issued.json()["code"],
            "installation_id": identity.INSTALLATION,
            "android_version": "14",
            "app_version": "1.0.0",
            "capabilities": ["camera", "gnss"],
            "notice_version": identity.NOTICE,
        }
        answer = await client.post("/api/v1/devices/activations", json=activation)
        assert answer.status_code == 201, answer.text
        assert await uncovered(client, as_supervisor, world) == {}
