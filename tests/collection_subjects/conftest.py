"""People and houses of one community, and those who look at them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.collection.subjects.changing import Stored
from app.identity.actor import Role
from app.kit.db import Database
from tests.factories import areas, identity, staffing
from tests.factories import subjects as make
from tests.factories.identity import County

ID_NUMBER = "330921199001011236"
ZHANG: dict[str, Any] = {
    "name": "张三丰",
    "id_number": ID_NUMBER,
    "phone": "13812345678",
    "address": "安澜路12号3幢501室",
    "birth_date": "1990-01-01",
    "categories": ["floating"],
    "nation": "01",
    "health": "吃药",
}


@dataclass(frozen=True, slots=True)
class Town:
    """A building with two dwellings, who lives there and works where; all but `elsewhere` in one community."""

    county: County
    foreign: County
    grid: UUID
    other_grid: UUID
    building: Stored
    dwelling: Stored
    next_door: Stored
    zhang: Stored
    li: Stored
    firm: Stored
    elsewhere: Stored
    tokens: dict[str, dict[str, str]]
    client: httpx.AsyncClient
    database: Database

    async def get(self, path: str, who: str = "community", **query: Any) -> httpx.Response:
        """Reads as one of `inspector`, `colleague`, `community`, `township`, `foreigner`."""
        return await self.client.get(f"/api/v1{path}", params=query, headers=self.tokens[who])

    async def post(
        self, path: str, body: Any = None, who: str = "community", **headers: str
    ) -> httpx.Response:
        """Writes as one of them."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.client.post(f"/api/v1{path}", json=body, headers=self.tokens[who] | named)

    async def events(self, type_: str) -> list[dict[str, Any]]:
        """Data of the events of a type, in order."""
        async with self.database.transaction() as session:
            found = await session.scalars(
                text("SELECT data FROM event WHERE type = :type ORDER BY ord"), {"type": type_}
            )
            return list(found)

    async def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        async with self.database.transaction() as session:
            return [tuple(row) for row in await session.execute(text(sql), parameters)]


@pytest.fixture
async def town(database: Database) -> Any:
    """Signed in by five people."""
    app = identity.app_over(database)
    async with database.transaction() as session:
        county = await identity.county(session, make.COUNTY)
        foreign = await identity.county(session, "330922")
        grid = await areas.grid(session, county.community, "330921100001001", areas.square(0))
        other = await areas.grid(session, county.community, "330921100001002", areas.square(1))
        people = {
            "inspector": await identity.account(session, county.community, Role.INSPECTOR),
            "colleague": await identity.account(session, county.community, Role.INSPECTOR),
            "community": await identity.account(session, county.community, Role.COMMUNITY),
            "township": await identity.account(session, county.town, Role.TOWNSHIP),
            "department": await identity.account(session, county.county, Role.DEPARTMENT),
            "foreigner": await identity.account(session, foreign.county, Role.COUNTY),
        }
        since = datetime(2026, 1, 1, tzinfo=UTC)
        await staffing.appointment(session, people["inspector"], grid, since)
        await staffing.appointment(session, people["colleague"], other, since)
        here = {"grid_id": grid, "position": (122.005, 30.005)}
        building = await make.subject(
            session, "building", county.community, {"name": "海景3幢", "code": "B3"}, **here
        )
        dwellings = [
            await make.subject(
                session,
                "dwelling",
                county.community,
                {"address": f"安澜路12号3幢{room}室", "code": room, "building_id": str(building.id)},
                **here,
            )
            for room in ("501", "502")
        ]
        firm = await make.subject(
            session,
            "organization",
            county.community,
            {"name": "岱山渔具有限公司", "credit_code": "91330921MA00000001", "phone": "05804477001"},
            **here,
        )
        zhang = await make.subject(
            session, "person", county.community, {**ZHANG, "dwelling_id": str(dwellings[0].id)}, **here
        )
        li = await make.subject(
            session,
            "person",
            county.community,
            {"name": "李三丰", "dwelling_id": str(dwellings[0].id), "family": [str(zhang.id)]},
            **here,
        )
        far = await make.subject(session, "place", county.county, {"name": "县城码头"})
        tokens = {
            name: identity.bearer(await identity.login(app, session, account))
            for name, account in people.items()
        }
    async with identity.client_of(app) as client:
        yield Town(
            county, foreign, grid, other, building, *dwellings, zhang, li, firm, far, tokens, client, database
        )
