"""The people of the identity tests, two grids of ours and one of theirs."""

from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Account
from tests.factories import areas
from tests.factories import identity as make
from tests.identity.conftest import World, app, as_foreigner, as_supervisor, client, clock, world

__all__ = ["app", "as_foreigner", "as_supervisor", "client", "clock", "world"]


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
async def as_inspector(app: FastAPI, session: AsyncSession, world: World) -> dict[str, str]:
    await make.binding(session, world.device, world.inspector)
    return make.bearer(await make.login(app, session, world.inspector, world.device))


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and problem code."""
    return answer.status_code, answer.json()["code"]
