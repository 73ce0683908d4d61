from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import shapely
from shapely.geometry import MultiPolygon, box
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Grid
from app.identity.actor import Role
from app.kit.db import savepoint
from tests.areas.conftest import Headers, World, events_of, geojson, headers_of
from tests.factories import areas as make

SOME_ID = "00000000-0000-4000-8000-000000000001"

REASON = "按街巷重新定界"


def reshape(shape: MultiPolygon, day: str = "2026-12-01") -> dict[str, Any]:
    return {"geometry": geojson(shape), "valid_from": day, "reason": REASON}


def if_match(headers: Headers, version: int = 1) -> Headers:
    return headers | {"If-Match": f'"{version}"'}


def opening(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "area_id": str(world.east),
        "name": "新网格",
        "grid_class": "B",
        "opened_on": "2026-12-01",
        "geometry": geojson(make.square(3)),
        "reason": REASON,
    } | changes


async def put(client: httpx.AsyncClient, grid_id: UUID, body: Any, headers: Headers) -> httpx.Response:
    return await client.put(f"/api/v1/grids/{grid_id}/geometry", json=body, headers=headers)


class TestReading:
    async def test_list_filters_and_pages_in_code_order(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        async def codes(**params: Any) -> list[str]:
            answer = await client.get("/api/v1/grids", headers=as_county, params=params)
            return [g["code"][-6:] for g in answer.json()["items"]]

        assert await codes() == ["001001", "001002", "003001", "003002"]
        assert await codes(area_id=str(world.east)) == ["003001", "003002"]
        assert await codes(grid_class="S") == ["003002"]
        assert await codes(code="330921100001") == ["001001", "001002"]
        assert await codes(day="2023-12-31") == []
        page = (await client.get("/api/v1/grids", headers=as_county, params={"limit": 3})).json()
        assert await codes(cursor=page["next"]) == ["003002"]

    async def test_one_grid_with_shape_area_and_etag(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        answer = await client.get(f"/api/v1/grids/{world.grids[0]}", headers=as_county)
        grid = answer.json()
        assert answer.headers["etag"] == '"1"'
        assert grid["area_m2"] == pytest.approx(1_069_521.2, abs=1)
        assert shapely.geometry.shape(grid["geometry"]).equals(make.square(0))
        boats = (await client.get(f"/api/v1/grids/{world.boats}", headers=as_county)).json()
        assert (boats["geometry"], boats["version"], boats["in_grid_rule"]) == (None, None, "none")

    @pytest.mark.requirement("S0-02")
    async def test_a_point_belongs_to_one_base_grid_and_tells_its_community(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        """The base grid is where every department docks: a place leads to exactly one of them."""
        await make.grid(session, world.east, "330921100003900", make.square(2, size=0.01), grid_class="M")
        for column, community in ((0, world.west), (1, world.west), (2, world.east)):
            where = {"longitude": 122.005 + column * 0.01, "latitude": 30.005}
            found = (await client.get("/api/v1/grids/at", headers=as_county, params=where)).json()
            base = [g for g in found if g["grid_class"] == "B"]
            assert [g["area_id"] for g in base] == [str(community)]
            assert base[0]["id"] == str(world.grids[column])
        nowhere = {"longitude": 100, "latitude": 30}
        assert (await client.get("/api/v1/grids/at", headers=as_county, params=nowhere)).json() == []

    async def test_which_grid_depends_on_the_day(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        smaller = MultiPolygon([box(122.0, 30.0, 122.004, 30.01)])
        assert (await put(client, world.grids[0], reshape(smaller), if_match(as_county))).status_code == 200
        where = {"longitude": 122.005, "latitude": 30.005}
        for day, count in (("2026-11-30", 1), ("2026-12-01", 0)):
            found = await client.get("/api/v1/grids/at", headers=as_county, params=where | {"day": day})
            assert len(found.json()) == count

    @pytest.mark.parametrize("path", ["", "/versions"])
    async def test_foreign_grids_are_not_found(
        self, client: httpx.AsyncClient, world: World, as_foreigner: Headers, as_west: Headers, path: str
    ) -> None:
        for grid_id, headers in (
            (world.grids[0], as_foreigner),
            (world.grids[2], as_west),
            (uuid4(), as_west),
        ):
            answer = await client.get(f"/api/v1/grids/{grid_id}{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        where = {"longitude": 122.005, "latitude": 30.005}
        assert (await client.get("/api/v1/grids/at", headers=as_foreigner, params=where)).json() == []
        listed = (await client.get("/api/v1/grids", headers=as_foreigner)).json()["items"]
        assert [g["id"] for g in listed] == [str(world.foreign_grid)]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", ""),
            ("POST", ""),
            ("GET", "/at?longitude=1&latitude=1"),
            ("GET", f"/{SOME_ID}"),
            ("GET", f"/{SOME_ID}/versions"),
            ("PUT", f"/{SOME_ID}/geometry"),
            ("POST", f"/{SOME_ID}/retirement"),
        ],
    )
    async def test_nobody_passes_without_signing_in(
        self, client: httpx.AsyncClient, method: str, path: str
    ) -> None:
        answer = await client.request(method, f"/api/v1/grids{path}", json={} if method != "GET" else None)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    @pytest.mark.parametrize("longitude", ["nan", "inf", "181", "x"])
    async def test_a_point_off_the_globe_is_invalid(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, longitude: str
    ) -> None:
        where = {"longitude": longitude, "latitude": "30"}
        answer = await client.get("/api/v1/grids/at", headers=as_county, params=where)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


class TestReshape:
    @pytest.mark.requirement("S4-12")
    async def test_new_version_begins_where_the_old_one_ends_and_an_event_tells(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        grid_id = world.grids[0]
        smaller = MultiPolygon([box(122.0, 30.0, 122.005, 30.01)])
        answer = await put(client, grid_id, reshape(smaller), if_match(as_county))
        assert answer.status_code == 200, answer.text
        assert (answer.headers["etag"], answer.json()["version"]) == ('"2"', 2)
        versions = (await client.get(f"/api/v1/grids/{grid_id}/versions", headers=as_county)).json()
        assert [(v["version"], v["valid_from"], v["valid_to"]) for v in versions] == [
            (1, "2024-01-01", "2026-12-01"),
            (2, "2026-12-01", None),
        ]
        assert versions[1]["decided_by"] == str(world.county_account.id)
        assert versions[1]["reason"] == REASON
        (event,) = await events_of(session, grid_id)
        assert (event.type, event.area_id) == ("grid.reshaped", world.west)
        assert (event.data["version"], event.data["valid_from"]) == (2, "2026-12-01")

    @pytest.mark.requirement("S4-15")
    async def test_code_and_id_stay_fixed_whatever_the_shape(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        smaller = MultiPolygon([box(122.0, 30.0, 122.005, 30.01)])
        before = (await client.get(f"/api/v1/grids/{world.grids[0]}", headers=as_county)).json()
        after = (await put(client, world.grids[0], reshape(smaller), if_match(as_county))).json()
        assert (after["id"], after["code"]) == (before["id"], before["code"])

    async def test_patrol_days_from_then_on_are_folded_again(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        await _serve(session, world, world.grids[0], "[2026-01-01,)")
        days = ("2026-05-30", "2026-06-01", "2026-06-20")
        for day in days:
            await _patrol_day(session, world, date.fromisoformat(day))
        smaller = MultiPolygon([box(122.0, 30.0, 122.005, 30.01)])
        answer = await put(client, world.grids[0], reshape(smaller, "2026-06-01"), if_match(as_county))
        assert answer.status_code == 200, answer.text
        rows = await session.execute(
            text("SELECT input_version, pending FROM patrol_day ORDER BY service_day")
        )
        assert [tuple(r) for r in rows] == [(0, False), (1, True), (1, True)]
        assert (await events_of(session, world.grids[0]))[0].data["patrol_days_to_fold"] == 2

    async def test_days_of_other_grids_stay_as_they_are(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        await _serve(session, world, world.grids[1], "[2026-01-01,)")
        await _serve(session, world, world.grids[0], "[2026-01-01,2026-05-01)")
        await _serve(session, world, world.grids[0], "[2026-08-01,)")
        await _patrol_day(session, world, date(2026, 6, 2))
        smaller = MultiPolygon([box(122.0, 30.0, 122.005, 30.01)])
        await put(client, world.grids[0], reshape(smaller, "2026-06-01"), if_match(as_county))
        assert await session.scalar(text("SELECT sum(input_version) FROM patrol_day")) == 0

    async def test_overlap_with_a_neighbour_is_refused_and_drawn(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        wider = MultiPolygon([box(122.0, 30.0, 122.012, 30.01)])
        answer = await put(client, world.grids[0], reshape(wider), if_match(as_county))
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "grid_overlap")
        assert [o["code"] for o in problem["overlaps"]] == ["330921100001002"]
        assert problem["overlaps"][0]["area_m2"] == pytest.approx(1_069_521 / 5, rel=1e-3)
        assert await events_of(session, world.grids[0]) == []

    async def test_micro_grids_may_lie_on_base_grids(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        micro = await make.grid(session, world.west, "330921100001900", make.square(0), grid_class="M")
        answer = await put(client, micro, reshape(make.square(1)), if_match(as_county))
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("version", "status", "code"),
        [
            (None, 428, "precondition_required"),
            ('"7"', 412, "precondition_failed"),
            ("abc", 412, "precondition_failed"),
        ],
    )
    async def test_only_who_read_the_newest_version_may_change_it(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_county: Headers,
        version: str | None,
        status: int,
        code: str,
    ) -> None:
        headers = as_county | ({"If-Match": version} if version else {})
        answer = await put(client, world.grids[0], reshape(make.square(0)), headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (reshape(make.square(0), "2024-01-01"), 409, "grid_version_exists"),
            (reshape(make.square(0), "2023-12-31"), 409, "grid_not_open"),
            (reshape(make.square(0)) | {"geometry": {"type": "Point"}}, 422, "invalid_geometry"),
            (
                reshape(make.square(0))
                | {"geometry": {"type": "LineString", "coordinates": [[122, 30], [122.1, 30]]}},
                422,
                "shape_not_fitting",
            ),
            (reshape(make.square(0)) | {"surprise": 1}, 422, "invalid"),
            (reshape(make.square(0)) | {"reason": ""}, 422, "invalid"),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_county: Headers,
        body: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        answer = await put(client, world.grids[0], body, if_match(as_county))
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_a_grid_without_shape_by_rule_cannot_get_one(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        answer = await put(client, world.boats, reshape(make.square(9)), if_match(as_county, 0))
        assert answer.json()["code"] == "shape_not_fitting"

    async def test_a_version_between_two_ends_before_the_later_one(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        grid_id, shape = world.grids[0], make.square(0)
        await put(client, grid_id, reshape(shape, "2027-06-01"), if_match(as_county, 1))
        await put(client, grid_id, reshape(shape, "2027-01-01"), if_match(as_county, 2))
        versions = (await client.get(f"/api/v1/grids/{grid_id}/versions", headers=as_county)).json()
        assert [(v["version"], v["valid_from"], v["valid_to"]) for v in versions] == [
            (1, "2024-01-01", "2027-01-01"),
            (2, "2027-06-01", None),
            (3, "2027-01-01", "2027-06-01"),
        ]

    async def test_only_the_county_decides_and_only_on_its_own(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_west: Headers,
        as_foreigner: Headers,
    ) -> None:
        body = reshape(make.square(0))
        assert (await put(client, world.grids[0], body, if_match(as_west))).json()["code"] == "forbidden"
        foreign = await put(client, world.grids[0], body, if_match(as_foreigner))
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
        # Not even the version is given away: a wrong one is no 412.
        foreign = await put(client, world.grids[0], body, if_match(as_foreigner, 9))
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")


class TestOpen:
    @pytest.mark.requirement("S4-15")
    async def test_codes_follow_the_community_and_are_never_given_again(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        answer = await client.post("/api/v1/grids", json=opening(world), headers=as_county)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert (made["code"], made["synthetic"], made["version"]) == ("330921100003003", False, 1)
        (event,) = await events_of(session, UUID(made["id"]))
        assert (event.type, event.data["code"]) == ("grid.opened", "330921100003003")
        ended = await client.post(
            f"/api/v1/grids/{made['id']}/retirement",
            json={"retired_on": "2027-01-01", "reason": REASON},
            headers=if_match(as_county),
        )
        assert ended.status_code == 200, ended.text
        later = opening(world, opened_on="2027-01-01")
        again = await client.post("/api/v1/grids", json=later, headers=as_county)
        assert again.json()["code"] == "330921100003004"

    @pytest.mark.requirement("S4-15")
    @pytest.mark.parametrize(
        "statement",
        ["UPDATE grid SET code = '330921100001009' WHERE id = :id", "DELETE FROM grid WHERE id = :id"],
    )
    async def test_not_even_the_database_changes_a_code_or_forgets_a_grid(
        self, world: World, session: AsyncSession, statement: str
    ) -> None:
        with pytest.raises(DBAPIError, match="keeps its code"):
            async with savepoint(session):
                await session.execute(text(statement), {"id": world.boats})

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"geometry": None}, 422, "shape_not_fitting"),
            ({"in_grid_rule": "none"}, 422, "shape_not_fitting"),
            ({"in_grid_rule": "route"}, 422, "shape_not_fitting"),
            ({"geometry": geojson(make.square(2))}, 409, "grid_overlap"),
            ({"geometry": {"type": "Polygon", "coordinates": [[[1, 2]]]}}, 422, "invalid_geometry"),
            ({"opened_on": "2023-01-01"}, 422, "not_a_community"),
            ({"grid_class": "X"}, 422, "invalid"),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        world: World,
        as_county: Headers,
        changes: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        answer = await client.post("/api/v1/grids", json=opening(world, **changes), headers=as_county)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_a_township_is_no_community(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        body = opening(world, area_id=str(world.town))
        answer = await client.post("/api/v1/grids", json=body, headers=as_county)
        assert answer.json()["code"] == "not_a_community"

    async def test_foreign_community_is_not_found(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        body = opening(world, area_id=str(world.foreign_community))
        answer = await client.post("/api/v1/grids", json=body, headers=as_county)
        assert answer.status_code == 404

    async def test_a_city_has_no_say_in_grids(
        self, client: httpx.AsyncClient, app: Any, session: AsyncSession, world: World
    ) -> None:
        headers = await headers_of(app, session, world.city, Role.CITY)
        answer = await client.post("/api/v1/grids", json=opening(world), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")

    async def test_route_grid_keeps_its_line(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        line = {"type": "LineString", "coordinates": [[122.0, 30.0], [122.1, 30.0]]}
        body = opening(world, in_grid_rule="route", geometry=line)
        made = (await client.post("/api/v1/grids", json=body, headers=as_county)).json()
        assert (made["geometry"], made["area_m2"]) == (line, None)

    async def test_after_999_codes_the_community_is_full(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        await make.grid(session, world.east, "330921100003999", None)
        answer = await client.post("/api/v1/grids", json=opening(world), headers=as_county)
        assert (answer.status_code, answer.json()["code"]) == (409, "grid_codes_exhausted")


class TestRetire:
    async def test_retired_grid_is_gone_from_its_day_on_and_kept_before(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, session: AsyncSession
    ) -> None:
        grid_id = world.grids[1]
        await _serve(session, world, grid_id, "[2026-01-01,)")
        await _patrol_day(session, world, date(2026, 6, 2))
        answer = await client.post(
            f"/api/v1/grids/{grid_id}/retirement",
            json={"retired_on": "2026-06-01", "reason": REASON},
            headers=if_match(as_county),
        )
        assert (answer.status_code, answer.json()["retired_on"]) == (200, "2026-06-01")
        for day, status in (("2026-05-31", 200), ("2026-06-01", 404)):
            seen = await client.get(f"/api/v1/grids/{grid_id}", headers=as_county, params={"day": day})
            assert seen.status_code == status
        (event,) = await events_of(session, grid_id)
        assert (event.type, event.data["patrol_days_to_fold"]) == ("grid.retired", 1)
        assert await session.scalar(select(Grid.code).where(Grid.id == grid_id)) == "330921100001002"

    @pytest.mark.parametrize(
        ("day", "code"), [("2024-01-01", "grid_not_open"), ("2023-01-01", "grid_not_open")]
    )
    async def test_a_grid_cannot_end_before_it_began(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, day: str, code: str
    ) -> None:
        answer = await client.post(
            f"/api/v1/grids/{world.boats}/retirement",
            json={"retired_on": day, "reason": REASON},
            headers=if_match(as_county, 0),
        )
        assert answer.json()["code"] == code

    async def test_a_decided_future_shape_is_changed_first(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        await put(client, world.grids[0], reshape(make.square(0), "2027-06-01"), if_match(as_county))
        answer = await client.post(
            f"/api/v1/grids/{world.grids[0]}/retirement",
            json={"retired_on": "2027-01-01", "reason": REASON},
            headers=if_match(as_county, 2),
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "grid_version_exists")

    async def test_twice_is_refused(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        for status in (200, 409):
            answer = await client.post(
                f"/api/v1/grids/{world.boats}/retirement",
                json={"retired_on": "2026-06-01", "reason": REASON},
                headers=if_match(as_county, 0),
            )
            assert answer.status_code == status


async def _serve(session: AsyncSession, world: World, grid_id: UUID, valid: str) -> None:
    await session.execute(
        text(
            "INSERT INTO appointment (county_code, id, inspector_id, grid_id, role, valid, version) "
            "VALUES ('330921', :id, :inspector, :grid, 'full_time', cast(:valid AS tstzrange), 1)"
        ),
        {"id": uuid4(), "inspector": world.inspector.id, "grid": grid_id, "valid": valid},
    )


async def _patrol_day(session: AsyncSession, world: World, day: date) -> None:
    await session.execute(
        text(
            "INSERT INTO patrol_day (county_code, inspector_id, service_day, area_id) "
            "VALUES ('330921', :inspector, :day, :area)"
        ),
        {"inspector": world.inspector.id, "day": day, "area": world.west},
    )
