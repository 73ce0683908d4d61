"""The people and places of the identity tests, for the rule book's own."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.identity.scope import area_path
from app.rules.calendar_seed import seed_calendar
from tests.factories import identity as make
from tests.identity.conftest import (
    World,
    app,
    as_foreigner,
    as_supervisor,
    as_system_admin,
    client,
    clock,
    world,
)

__all__ = ["app", "as_foreigner", "as_supervisor", "as_system_admin", "client", "clock", "world"]


@pytest.fixture
async def as_county(app: FastAPI, session: AsyncSession, world: World) -> dict[str, str]:
    account = await make.account(session, world.ours.county, Role.COUNTY)
    return make.bearer(await make.login(app, session, account))


@pytest.fixture
async def as_admin_of_all(app: FastAPI, session: AsyncSession, world: World) -> dict[str, str]:
    """The system administrator of the city that holds both counties."""
    city = (await area_path(session, world.ours.county))[-1]
    account = await make.account(session, city, Role.SYSTEM_ADMIN)
    return make.bearer(await make.login(app, session, account))


@pytest.fixture
async def seeded(session: AsyncSession) -> None:
    await seed_calendar(session, now=datetime.now(UTC))
    await session.flush()


def soon(days: int = 1) -> str:
    """A service day that is never in the past, in whichever zone."""
    return (datetime.now(UTC) + timedelta(days=days, hours=8)).date().isoformat()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and problem code."""
    return answer.status_code, answer.json()["code"]
