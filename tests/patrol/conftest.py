"""An app at noon of a working day, over a database that is rolled back, with an inspector at work."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.kit.db import Database
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld


@pytest.fixture
def clock() -> Clock:
    return Clock(make.noon())


@pytest.fixture
async def app(database: Database, clock: Clock) -> AsyncIterator[FastAPI]:
    app = make.app_at(database, clock)
    app.state.ingestor.start()
    yield app
    await app.state.ingestor.close()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with identity.client_of(app) as client:
        yield client


@pytest.fixture
async def beat(database: Database, clock: Clock) -> Beat:
    async with database.transaction() as session:
        return await make.beat(session, clock.now)


class Office:
    """Signs people in, at whatever time it is."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, database: Database, clock: Clock) -> None:
        self._app, self._client, self._database, self._clock = app, client, database, clock

    async def of(self, account: Any, device: Any = None) -> Handheld:
        return await make.sign_in(
            self._app, self._client, self._database, account, device, at=self._clock.now
        )


@pytest.fixture
def office(app: FastAPI, client: httpx.AsyncClient, database: Database, clock: Clock) -> Office:
    return Office(app, client, database, clock)


@pytest.fixture
async def handheld(
    app: FastAPI, client: httpx.AsyncClient, database: Database, beat: Beat, clock: Clock
) -> Handheld:
    return await make.sign_in(app, client, database, beat.inspector, beat.device, at=clock.now)


@pytest.fixture
async def supervisor(
    app: FastAPI, client: httpx.AsyncClient, database: Database, beat: Beat, clock: Clock
) -> Handheld:
    return await make.sign_in(app, client, database, beat.supervisor, at=clock.now)


@pytest.fixture
async def foreigner(
    app: FastAPI, client: httpx.AsyncClient, database: Database, beat: Beat, clock: Clock
) -> Handheld:
    return await make.sign_in(app, client, database, beat.foreigner, at=clock.now)


async def stored_fixes(database: Database) -> int:
    """How many fixes are stored."""
    async with database.transaction() as session:
        return int(await session.scalar(text("SELECT coalesce(sum(fix_count), 0) FROM fix_batch")) or 0)


async def count(database: Database, table: str) -> int:
    """How many rows a table has."""
    async with database.transaction() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
