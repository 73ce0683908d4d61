from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from tests.areas.conftest import Headers, World, events_of, headers_of
from tests.factories import areas as make

REASON = "行政区划调整"


@pytest.fixture
async def as_city(app: FastAPI, session: AsyncSession, world: World) -> Headers:
    return await headers_of(app, session, world.city, Role.CITY)


async def post(client: httpx.AsyncClient, headers: Headers, path: str, **body: Any) -> httpx.Response:
    return await client.post(f"/api/v1/areas/{path}", headers=headers, json={"reason": REASON} | body)


class TestChange:
    async def test_rename_holds_from_its_day_and_leaves_an_event(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_county: Headers
    ) -> None:
        answer = await post(
            client, as_county, f"{world.town}/versions", name="高亭街道", valid_from="2026-07-01"
        )
        assert (answer.status_code, answer.json()["name"]) == (201, "高亭街道"), answer.text
        assert answer.json()["parent_id"] == str(world.county)
        before = await client.get(
            f"/api/v1/areas/{world.town}", headers=as_county, params={"day": "2026-06-30"}
        )
        assert before.json()["name"] == "高亭镇"
        (event,) = await events_of(session, world.town)
        assert (event.type, event.data["name"]) == ("area.changed", "高亭街道")

    async def test_a_community_that_moves_takes_its_grids_and_its_scope_along(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_county: Headers,
    ) -> None:
        other = await make.area(session, "township", "东沙镇", parent=world.county, code="330921101000")
        headers = await headers_of(app, session, other, Role.TOWNSHIP)
        path = f"/api/v1/grids/{world.grids[2]}"
        assert (await client.get(path, headers=headers)).status_code == 404
        answer = await post(
            client, as_county, f"{world.east}/versions", parent_id=str(other), valid_from="2026-07-01"
        )
        assert answer.status_code == 201, answer.text
        seen = await client.get(path, headers=headers)
        assert (seen.status_code, seen.json()["code"]) == (200, "330921100003001")

    @pytest.mark.parametrize(
        ("target", "body", "status", "code"),
        [
            ("town", {"name": "新", "valid_from": "2024-01-01"}, 409, "area_version_exists"),
            ("town", {"name": "新", "valid_from": "2023-01-01"}, 404, "not_found"),
            ("town", {"parent_id": "east", "valid_from": "2026-07-01"}, 422, "parent_not_fitting"),
            ("town", {"parent_id": "town", "valid_from": "2026-07-01"}, 422, "parent_not_fitting"),
            ("town", {"parent_id": "foreign_county", "valid_from": "2026-07-01"}, 404, "not_found"),
            ("county", {"name": "新", "valid_from": "2026-07-01"}, 403, "forbidden"),
            ("foreign_community", {"name": "新", "valid_from": "2026-07-01"}, 404, "not_found"),
            ("town", {"name": "", "valid_from": "2026-07-01"}, 422, "invalid"),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_county: Headers,
        target: str,
        body: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        if "parent_id" in body:
            body = body | {"parent_id": str(getattr(world, body["parent_id"]))}
        answer = await post(client, as_county, f"{getattr(world, target)}/versions", **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    @pytest.mark.parametrize("path", ["versions", "codes"])
    async def test_a_community_changes_nothing_and_nobody_unsigned(
        self, client: httpx.AsyncClient, world: World, as_west: Headers, path: str
    ) -> None:
        assert (await post(client, as_west, f"{world.west}/{path}")).status_code == 403
        assert (await post(client, {}, f"{world.west}/{path}")).status_code == 401


class TestCodes:
    async def test_a_county_that_becomes_a_district_keeps_its_home_code(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_city: Headers
    ) -> None:
        body = {"code_system": "NBS2023", "code": "330904000000", "valid_from": "2026-07-01"}
        answer = await post(client, as_city, f"{world.county}/codes", **body)
        assert [c["code"] for c in answer.json()] == ["330921000000", "330904000000"], answer.text
        county = (await client.get(f"/api/v1/areas/{world.county}", headers=as_city)).json()
        assert (county["code"], county["county_code"]) == ("330904000000", "330921")
        (event,) = await events_of(session, world.county)
        assert (event.type, event.data["code"]) == ("area.code_given", "330904000000")

    async def test_a_second_system_stands_beside_the_first(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        body = {"code_system": "MCA2024", "code": "330921100", "valid_from": "2026-07-01"}
        answer = await post(client, as_county, f"{world.town}/codes", **body)
        assert [(c["code_system"], c["valid_to"]) for c in answer.json()] == [
            ("MCA2024", None),
            ("NBS2023", None),
        ]

    @pytest.mark.parametrize(
        ("target", "changes", "status", "code"),
        [
            ("town", {"code": "330921100001"}, 409, "area_code_taken"),
            ("town", {"valid_from": "2024-01-01"}, 409, "area_version_exists"),
            ("county", {}, 403, "forbidden"),
            ("foreign_community", {}, 404, "not_found"),
            ("town", {"code": "x y"}, 422, "invalid"),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_county: Headers,
        target: str,
        changes: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        body = {"code_system": "NBS2023", "code": "330921777000", "valid_from": "2026-07-01"} | changes
        answer = await post(client, as_county, f"{getattr(world, target)}/codes", **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
