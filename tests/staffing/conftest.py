"""The people of the identity tests, two grids of ours and one of theirs."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Account
from tests.factories import areas
from tests.factories import identity as make
from tests.factories.patrol import noon
from tests.factories.staffing import ZONE
from tests.identity.conftest import Clock, World, app, client, world

__all__ = ["app", "client", "world"]

NOON = noon()
"""It is noon of this day for the app; months exist around it."""
TODAY = NOON.astimezone(ZONE).date()
Headers = dict[str, str]


def local(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    """An instant of TODAY, or of a day `days` after it, by the local clock."""
    return datetime.combine(TODAY + timedelta(days=days), time(hour, minute), ZONE)


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = NOON
    return clock


@dataclass(frozen=True, slots=True)
class Grids:
    """Grids by whose they are."""

    one: UUID
    two: UUID
    foreign: UUID


@pytest.fixture
async def grids(session: AsyncSession, world: World) -> Grids:
    ours, theirs = world.ours.community, world.theirs.community
    return Grids(
        await areas.grid(session, ours, "330921100001001", areas.square(0)),
        await areas.grid(session, ours, "330921100001002", areas.square(1)),
        await areas.grid(session, theirs, "330922100200001", areas.square(5), county_code="330922"),
    )


@pytest.fixture
def inspector(world: World) -> Account:
    return world.inspector


@pytest.fixture
async def as_supervisor(app: FastAPI, session: AsyncSession, world: World) -> Headers:
    return make.bearer(await make.login(app, session, world.supervisor, at=NOON))


@pytest.fixture
async def as_foreigner(app: FastAPI, session: AsyncSession, world: World) -> Headers:
    return make.bearer(await make.login(app, session, world.foreigner, at=NOON))


@pytest.fixture
async def as_inspector(app: FastAPI, session: AsyncSession, world: World) -> Headers:
    await make.binding(session, world.device, world.inspector, start=NOON - timedelta(days=30))
    return make.bearer(await make.login(app, session, world.inspector, world.device, at=NOON))


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and problem code."""
    return answer.status_code, answer.json()["code"]
