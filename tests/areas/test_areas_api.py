from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.geo import area_m2
from tests.areas.conftest import Headers, World
from tests.factories import areas as make

SOME_ID = "00000000-0000-4000-8000-000000000001"

PATHS = ("", "/ancestors", "/codes", "/outline", "/coverage", "/grids.geojson")


async def ask(client: httpx.AsyncClient, headers: Headers, path: str, **params: object) -> dict[str, object]:
    answer = await client.get(f"/api/v1{path}", headers=headers, params=params)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestList:
    async def test_shows_what_lies_inside_the_own_area_by_code(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, as_west: Headers
    ) -> None:
        found = await ask(client, as_county, "/areas")
        assert [a["name"] for a in found["items"]] == ["岱山县", "高亭镇", "沙涂社区", "安澜社区"]
        assert [a["name"] for a in (await ask(client, as_west, "/areas"))["items"]] == ["沙涂社区"]

    @pytest.mark.parametrize(
        ("params", "names"),
        [
            ({"q": "沙涂"}, ["沙涂社区"]),
            ({"q": "3309211"}, ["高亭镇", "沙涂社区", "安澜社区"]),
            ({"q": "%"}, []),
            ({"level": "township"}, ["高亭镇"]),
            ({"q": "嵊泗"}, []),
        ],
    )
    async def test_filters(
        self, client: httpx.AsyncClient, world: World, as_county: Headers, params: dict, names: list[str]
    ) -> None:
        assert [a["name"] for a in (await ask(client, as_county, "/areas", **params))["items"]] == names

    async def test_children_of_an_area_page_by_page(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        first = await ask(client, as_county, "/areas", parent_id=str(world.town), limit=1)
        second = await ask(
            client, as_county, "/areas", parent_id=str(world.town), limit=1, cursor=first["next"]
        )
        assert [a["id"] for a in first["items"] + second["items"]] == [str(world.west), str(world.east)]
        assert second["next"] is None

    async def test_bad_cursor_is_a_problem(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        answer = await client.get("/api/v1/areas", headers=as_county, params={"cursor": "???"})
        assert answer.json()["code"] == "bad_cursor"


class TestOne:
    async def test_area_with_code_parent_and_ancestors(
        self, client: httpx.AsyncClient, world: World, as_west: Headers
    ) -> None:
        area = await ask(client, as_west, f"/areas/{world.west}")
        assert (area["code"], area["parent_id"], area["level"]) == (
            "330921100001",
            str(world.town),
            "community",
        )
        above = await ask(client, as_west, f"/areas/{world.west}/ancestors")
        assert [a["name"] for a in above] == ["高亭镇", "岱山县", "舟山市"]

    async def test_did_not_exist_before_its_first_version(
        self, client: httpx.AsyncClient, world: World, as_west: Headers
    ) -> None:
        answer = await client.get(
            f"/api/v1/areas/{world.west}", headers=as_west, params={"day": "2023-12-31"}
        )
        assert answer.json()["code"] == "not_found"

    async def test_outline_is_a_feature_without_crs(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        answer = await client.get(f"/api/v1/areas/{world.county}/outline", headers=as_county)
        assert answer.headers["content-type"] == "application/geo+json"
        feature = answer.json()
        assert feature["type"] == "Feature"
        assert set(feature["geometry"]) == {"type", "coordinates"}
        missing = await ask(client, as_county, f"/areas/{world.east}/outline")
        assert missing["geometry"] is None

    @pytest.mark.parametrize("path", PATHS)
    async def test_foreign_and_unknown_areas_are_not_found(
        self, client: httpx.AsyncClient, world: World, as_foreigner: Headers, path: str
    ) -> None:
        for area_id in (world.west, uuid4()):
            answer = await client.get(f"/api/v1/areas/{area_id}{path}", headers=as_foreigner)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("path", ["", *(f"/{SOME_ID}{p}" for p in PATHS)])
    async def test_nobody_reads_without_signing_in(self, client: httpx.AsyncClient, path: str) -> None:
        answer = await client.get(f"/api/v1/areas{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


class TestCodes:
    async def test_a_new_code_is_a_dated_alias_and_the_id_stays(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_west: Headers
    ) -> None:
        """A township is merged: the community's code changes on a day, the area and its scope do not."""
        await session.execute(
            text("UPDATE area_code SET valid = '[2024-01-01,2026-07-01)' WHERE area_id = :id; "),
            {"id": world.west},
        )
        await session.execute(
            text("INSERT INTO area_code VALUES (:row, :id, 'NBS2023', '330921108001', '[2026-07-01,)')"),
            {"id": world.west, "row": uuid4()},
        )
        for day, code in (("2026-06-30", "330921100001"), ("2026-07-01", "330921108001")):
            assert (await ask(client, as_west, f"/areas/{world.west}", day=day))["code"] == code
            found = await ask(client, as_west, "/areas", q=code, day=day)
            assert [a["id"] for a in found["items"]] == [str(world.west)]
        codes = await ask(client, as_west, f"/areas/{world.west}/codes")
        assert [(c["code"], c["valid_from"], c["valid_to"]) for c in codes] == [
            ("330921100001", "2024-01-01", "2026-07-01"),
            ("330921108001", "2026-07-01", None),
        ]


class TestCoverage:
    async def test_complete_town_is_covered_without_gap_or_overlap(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        found = await ask(client, as_county, f"/areas/{world.town}/coverage")
        assert (found["share"], found["grids"]) == (1.0, 3)
        assert (found["gaps"], found["overlaps"], found["outside"]) == ([], [], [])
        assert found["grids_m2"] == pytest.approx(area_m2(make.square(0, width=3)), rel=1e-6)

    async def test_gap_overlap_and_protrusion_are_measured_and_drawn(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_county: Headers
    ) -> None:
        half = make.square(0, size=0.01)
        await make.grid(session, world.east, "330921100003009", make.square(3))  # outside the outline
        await make.grid(session, world.west, "330921100001009", half)  # on top of grid 1
        await session.execute(
            text("UPDATE grid_version SET valid = '[2024-01-01,2026-01-01)' WHERE grid_id = :id"),
            {"id": world.grids[1]},
        )
        found = await ask(client, as_county, f"/areas/{world.town}/coverage")
        one = area_m2(make.square(0))
        assert found["share"] == pytest.approx(2 / 3, abs=1e-4)
        assert [g["area_m2"] for g in found["gaps"]] == [pytest.approx(one, rel=1e-4)]
        assert found["gaps"][0]["geometry"]["type"] == "MultiPolygon"
        assert [o["area_m2"] for o in found["overlaps"]] == [pytest.approx(one, rel=1e-7)]
        assert str(world.grids[0]) in found["overlaps"][0]["grid_ids"]
        assert found["outside_count"] == 1
        before = await ask(client, as_county, f"/areas/{world.town}/coverage", day="2025-06-01")
        assert before["gap_count"] == 0

    async def test_without_outline_there_is_no_share(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        found = await ask(client, as_county, f"/areas/{world.east}/coverage")
        assert (found["share"], found["outline_m2"], found["gap_count"]) == (None, None, 0)

    @pytest.mark.requirement("S0-43")
    async def test_partition_rules_are_dated_versions_that_keep_their_source(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_county: Headers
    ) -> None:
        """A stricter gap tolerance holds from its day on; the day before is still judged by the old one."""
        from datetime import UTC, date, datetime

        from app.kit.events import SYSTEM
        from app.rules.service import Decision, set_value

        await session.execute(
            text(
                "UPDATE grid_version SET geometry = ST_Multi(ST_SetSRID(ST_MakeEnvelope("
                "122.02, 30.0, 122.0299, 30.01), 4490)) WHERE grid_id = :id"
            ),
            {"id": world.grids[2]},
        )
        for day, tolerance, source in (
            (date(2025, 1, 1), 20_000.0, "划分规则 2025"),
            (date(2026, 1, 1), 1.0, "划分规则 2026"),
        ):
            await set_value(
                session,
                SYSTEM,
                Decision("areas.gap_tolerance_m2", world.county, day, None, tolerance, source),
                county_code="330921",
                area_path=[world.county],
                now=datetime.now(UTC),
                today=None,
            )
        old = await ask(client, as_county, f"/areas/{world.town}/coverage", day="2025-12-31")
        new = await ask(client, as_county, f"/areas/{world.town}/coverage", day="2026-01-01")
        assert (old["gap_count"], new["gap_count"]) == (0, 1)
        assert old["rule_version"] != new["rule_version"]


class TestFeatureCollection:
    async def test_grids_of_the_area_and_below_with_shapes_page_by_page(
        self, client: httpx.AsyncClient, world: World, as_county: Headers
    ) -> None:
        first = await ask(client, as_county, f"/areas/{world.county}/grids.geojson", limit=3)
        rest = await ask(
            client, as_county, f"/areas/{world.county}/grids.geojson", limit=3, cursor=first["next"]
        )
        assert first["type"] == "FeatureCollection"
        features = first["features"] + rest["features"]
        assert [UUID(f["id"]) for f in features] == [*world.grids, world.boats]
        assert [f["geometry"] and f["geometry"]["type"] for f in features] == ["MultiPolygon"] * 3 + [None]
        assert features[0]["properties"]["code"] == "330921100001001"
