"""A community with subjects, and the people who look at it over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.exports.press import PURPOSE
from app.collection.exports.running import Press, run_export
from app.collection.exports.sealed_files import SealedFiles
from app.kit.clock import utc_now
from app.kit.db import Database
from app.uploads.store import Folder
from tests.factories import identity
from tests.factories.ledgers import Town, town
from tests.factories.subjects import COUNTY, ZONE


@pytest.fixture
def app(database: Database, tmp_path: Path) -> FastAPI:
    from app.main import create_app

    settings = identity.settings().model_copy(update={"data_dir": tmp_path})
    return create_app(settings, database)


@pytest.fixture
async def place(database: Database) -> AsyncIterator[Town]:
    async with database.transaction() as session:
        yield await town(session)


@dataclass
class Desks:
    """Everybody's desk: requests in somebody's name."""

    app: FastAPI
    client: httpx.AsyncClient
    session: AsyncSession
    place: Town

    async def ask(self, who: str, verb: str, path: str, expect: int = 200, **more: Any) -> httpx.Response:
        """A request of `who`; its status is what is expected."""
        await self.session.flush()
        account = self.place.accounts[who]
        pair = await identity.login(self.app, self.session, account)
        answer = await self.client.request(verb, f"/api/v1{path}", headers=identity.bearer(pair), **more)
        assert answer.status_code == expect, answer.text
        return answer


@pytest.fixture
async def desks(app: FastAPI, place: Town) -> AsyncIterator[Desks]:
    async with identity.client_of(app) as client:
        yield Desks(app, client, place.session, place)


@pytest.fixture
def press(app: FastAPI, database: Database, tmp_path: Path) -> Press:
    """What the worker makes files with."""
    vault = identity.vault()
    store = Folder(tmp_path / "files")
    return Press(database, vault, SealedFiles(store, vault, PURPOSE), ZONE, tmp_path / "work", utc_now)


__all__ = ["COUNTY", "run_export"]
