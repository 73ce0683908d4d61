"""The examples of the areas and grids pages work on the first click, in their order, on a fresh demo."""

from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas import examples
from app.demo.loader import load_demo
from app.identity.models import Account
from app.kit.db import Database
from app.kit.ids import (
    DEMO_ABSENCE,
    DEMO_BOAT_GRID,
    DEMO_COMMUNITY,
    DEMO_COUNTY,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_EXEMPTION,
    DEMO_GRID,
    DEMO_HOLD,
    DEMO_SPARE_APPOINTMENT,
    DEMO_SPARE_SHIFT,
    DEMO_SWAP,
    DEMO_TOWN,
)
from tests.contract import scope_walk
from tests.factories import identity

TODAY = date(2026, 11, 22)


@pytest.fixture
async def app(database: Database) -> FastAPI:
    await load_demo(database, identity.settings(), today=TODAY)
    return identity.app_over(database)


@pytest.fixture
async def client(app: FastAPI, session: AsyncSession) -> Any:
    account = await session.get_one(Account, DEMO_COUNTY_SUPERVISOR)
    async with identity.client_of(app) as client:
        client.headers.update(identity.bearer(await identity.login(app, session, account)))
        yield client


def only(example: dict[str, Any]) -> Any:
    (entry,) = example.values()
    return entry["value"]


async def test_all_examples_in_their_order(client: httpx.AsyncClient) -> None:
    where = {"longitude": examples.DEMO_LONGITUDE, "latitude": examples.DEMO_LATITUDE}
    found = (await client.get("/api/v1/grids/at", params=where)).json()
    assert [g["id"] for g in found] == [str(DEMO_GRID)]
    for path in (
        "areas?q=东沙",
        *(f"areas/{a}{p}" for a in (DEMO_COUNTY, DEMO_TOWN, DEMO_COMMUNITY) for p in ("", "/ancestors")),
        *(f"areas/{a}{p}" for a in (DEMO_COUNTY, DEMO_TOWN) for p in ("/codes", "/outline", "/coverage")),
        f"areas/{DEMO_COUNTY}/grids.geojson",
        *(f"grids/{g}{p}" for g in (DEMO_GRID, DEMO_BOAT_GRID) for p in ("", "/versions")),
    ):
        answer = await client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
    grid = f"/api/v1/grids/{DEMO_GRID}"
    writes = (
        ("POST", "/api/v1/grids", examples.OPEN_EXAMPLE, None),
        ("PUT", f"{grid}/geometry", examples.RESHAPE_EXAMPLE, '"1"'),
        ("POST", f"{grid}/retirement", examples.RETIRE_EXAMPLE, '"2"'),
        ("POST", f"/api/v1/areas/{DEMO_TOWN}/versions", examples.CHANGE_EXAMPLE, None),
        ("POST", f"/api/v1/areas/{DEMO_TOWN}/codes", examples.CODE_EXAMPLE, None),
    )
    for method, path, example, version in writes:
        headers = {"If-Match": version} if version else {}
        answer = await client.request(method, path, json=only(example), headers=headers)
        assert answer.status_code in (200, 201), answer.text


async def test_the_whole_county_fits_one_page_of_geojson(client: httpx.AsyncClient) -> None:
    collection = (await client.get(f"/api/v1/areas/{DEMO_COUNTY}/grids.geojson")).json()
    assert (len(collection["features"]), collection["next"]) == (402, None)


async def test_the_spare_rows_of_duty_can_be_decided_changed_and_cancelled(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    document = app.openapi()
    first = {"If-Match": '"1"'}
    calls = (
        ("put", "/shifts/{shift_id}", DEMO_SPARE_SHIFT, first),
        ("delete", "/shifts/{shift_id}", DEMO_SPARE_SHIFT, {"If-Match": '"2"'}),
        ("put", "/appointments/{appointment_id}", DEMO_SPARE_APPOINTMENT, first),
        ("delete", "/appointments/{appointment_id}", DEMO_SPARE_APPOINTMENT, {"If-Match": '"2"'}),
        ("post", "/absences/{absence_id}/decisions", DEMO_ABSENCE, {}),
        ("post", "/exemptions/{exemption_id}/cancellations", DEMO_EXEMPTION, {}),
        ("post", "/grid-swaps/{swap_id}/cancellations", DEMO_SWAP, {}),
        ("post", "/absences", None, {}),
        ("post", "/exemptions", None, {}),
        ("post", "/grid-swaps", None, {}),
        ("post", "/rosters", None, {}),
        ("post", "/legal-holds", None, {}),
        ("get", "/legal-holds/{hold_id}", DEMO_HOLD, {}),
        ("post", "/legal-holds/{hold_id}/release", DEMO_HOLD, {}),
    )
    for verb, path, row_id, headers in calls:
        spec = document["paths"][f"/api/v1{path}"][verb]
        for parameter in spec.get("parameters", ()):
            if parameter["in"] == "path":
                assert parameter["examples"]["demo"]["value"] == str(row_id)
                path = path.replace("{" + parameter["name"] + "}", str(row_id))
        body = scope_walk.trial(scope_walk.Operation(verb.upper(), path, spec), document, {}).body
        answer = await client.request(verb, f"/api/v1{path}", headers=headers, **body)
        assert answer.is_success, f"{verb} {path}: {answer.text}"
