from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from shapely.geometry import MultiPolygon
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.identity.models import Account
from app.kit.db import Database
from app.kit.events import Event
from tests.factories import areas as make
from tests.factories import identity

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class World:
    """Our county: a town of two communities. West has grids 1 and 2, east grid 3 and a grid of boats."""

    city: UUID
    county: UUID
    town: UUID
    west: UUID
    east: UUID
    grids: tuple[UUID, UUID, UUID]
    boats: UUID
    foreign_county: UUID
    foreign_community: UUID
    foreign_grid: UUID
    county_account: Account
    inspector: Account


async def build_world(session: AsyncSession) -> World:
    city = await make.area(session, "city", "舟山市", code="330900000000", county_code="330900")
    outline = make.square(0, width=3)
    county = await make.area(session, "county", "岱山县", parent=city, code="330921000000", outline=outline)
    town = await make.area(session, "township", "高亭镇", parent=county, code="330921100000", outline=outline)
    west = await make.area(
        session, "community", "沙涂社区", parent=town, code="330921100001", outline=make.square(0, width=2)
    )
    east = await make.area(session, "community", "安澜社区", parent=town, code="330921100003")
    grids = (
        await make.grid(session, west, "330921100001001", make.square(0)),
        await make.grid(session, west, "330921100001002", make.square(1)),
        await make.grid(session, east, "330921100003001", make.square(2)),
    )
    boats = await make.grid(session, east, "330921100003002", None, grid_class="S")
    theirs = await make.area(
        session, "county", "嵊泗县", parent=city, code="330922000000", county_code="330922"
    )
    community = await make.area(
        session, "community", "青沙村", parent=theirs, code="330922100200", county_code="330922"
    )
    foreign = await make.grid(session, community, "330922100200001", make.square(50), county_code="330922")
    return World(
        city,
        county,
        town,
        west,
        east,
        grids,
        boats,
        theirs,
        community,
        foreign,
        await identity.account(session, county, Role.COUNTY),
        await identity.account(session, west, Role.INSPECTOR),
    )


@pytest.fixture
def app(database: Database) -> FastAPI:
    return identity.app_over(database)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with identity.client_of(app) as client:
        yield client


@pytest.fixture
async def world(session: AsyncSession) -> World:
    world = await build_world(session)
    await session.flush()
    return world


async def headers_of(app: FastAPI, session: AsyncSession, area_id: UUID, role: Role) -> Headers:
    account = await identity.account(session, area_id, role)
    return identity.bearer(await identity.login(app, session, account))


@pytest.fixture
async def as_county(app: FastAPI, session: AsyncSession, world: World) -> Headers:
    return identity.bearer(await identity.login(app, session, world.county_account))


@pytest.fixture
async def as_west(app: FastAPI, session: AsyncSession, world: World) -> Headers:
    return await headers_of(app, session, world.west, Role.COMMUNITY)


@pytest.fixture
async def as_foreigner(app: FastAPI, session: AsyncSession, world: World) -> Headers:
    return await headers_of(app, session, world.foreign_county, Role.COUNTY)


async def events_of(session: AsyncSession, subject_id: UUID) -> list[Event]:
    """The events about a subject, in order."""
    rows = await session.scalars(select(Event).where(Event.subject_id == subject_id).order_by(Event.ord))
    return list(rows)


def geojson(shape: MultiPolygon) -> dict[str, object]:
    """A polygon as a client sends it."""
    part = shape.geoms[0]
    return {"type": "Polygon", "coordinates": [[list(c) for c in part.exterior.coords]]}
