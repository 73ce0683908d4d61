from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.identity.device_models import Device
from app.identity.models import Account
from app.kit.clock import Now
from app.kit.db import Database
from app.kit.events import Event
from tests.factories import identity as make


class Clock:
    """The instant that the app under test believes in."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True, slots=True)
class World:
    """Our county and a foreign one below one city, with the people the tests need."""

    ours: make.County
    theirs: make.County
    system_admin: Account
    security_admin: Account
    supervisor: Account
    inspector: Account
    colleague: Account
    foreigner: Account
    device: Device


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(database: Database, clock: Clock) -> FastAPI:
    app = make.app_over(database)

    async def at() -> datetime:
        return clock.now

    app.dependency_overrides[Now.__metadata__[0].dependency] = at
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make.client_of(app) as client:
        yield client


async def build_world(session: AsyncSession) -> World:
    city = await make.area(session, "330900", "city")
    ours, theirs = await make.county(session, "330921", city), await make.county(session, "330922", city)
    world = World(
        ours,
        theirs,
        await make.account(session, ours.county, Role.SYSTEM_ADMIN),
        await make.account(session, ours.county, Role.SECURITY_ADMIN),
        await make.account(session, ours.town, Role.TOWNSHIP),
        await make.account(
            session, ours.community, Role.INSPECTOR, username="inspector-one", phone="13812345678"
        ),
        await make.account(session, ours.community, Role.INSPECTOR),
        await make.account(session, theirs.county, Role.COUNTY),
        await make.device(session, ours.community, serial_no="SN-OURS-000001"),
    )
    await session.flush()
    return world


@pytest.fixture
async def world(session: AsyncSession) -> World:
    return await build_world(session)


@pytest.fixture
async def as_supervisor(app: FastAPI, session: AsyncSession, world: World) -> dict[str, str]:
    return make.bearer(await make.login(app, session, world.supervisor))


@pytest.fixture
async def as_foreigner(app: FastAPI, session: AsyncSession, world: World) -> dict[str, str]:
    return make.bearer(await make.login(app, session, world.foreigner))


@pytest.fixture
async def as_system_admin(app: FastAPI, session: AsyncSession, world: World) -> dict[str, str]:
    return make.bearer(await make.login(app, session, world.system_admin))


@pytest.fixture
async def as_security_admin(app: FastAPI, session: AsyncSession, world: World) -> dict[str, str]:
    return make.bearer(await make.login(app, session, world.security_admin))


async def event_types(session: AsyncSession, subject_id: object) -> list[str]:
    """Types of the events about a subject, in order."""
    rows = await session.scalars(select(Event.type).where(Event.subject_id == subject_id).order_by(Event.ord))
    return list(rows)
