"""A grid with two inspectors, a community clerk, every item admitted, and an app at noon."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.identity.actor import Role
from app.identity.models import Account
from app.kit.db import Database
from tests.factories import catalogue, identity, tasks
from tests.factories.patrol import Beat, Clock
from tests.patrol import conftest as patrol

app, beat, client, clock, office = patrol.app, patrol.beat, patrol.client, patrol.clock, patrol.office


@dataclass
class Desk:
    """Somebody signed in."""

    client: httpx.AsyncClient
    headers: dict[str, str]

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """Reads."""
        return await self.client.get(f"/api/v1{path}", params=params, headers=self.headers)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Writes."""
        return await self.client.post(f"/api/v1{path}", json=body, headers=self.headers)


SignIn = Callable[[Any], Awaitable[Desk]]


@pytest.fixture
def sign_in(office: Any) -> SignIn:
    async def signed(account: Any) -> Desk:
        held = await office.of(account)
        return Desk(held.client, held.headers)

    return signed


@pytest.fixture
async def admitted(beat: Beat, database: Database, clock: Clock) -> Beat:
    """The beat, with every item admitted in both counties."""
    async with database.transaction() as session:
        await catalogue.admit(session, beat.county.code, beat.county.county)
        await catalogue.admit(session, beat.foreign.code, beat.foreign.county)
    return beat


@pytest.fixture
async def clerk(admitted: Beat, database: Database, sign_in: SignIn) -> Desk:
    """A community's clerk."""
    return await sign_in(await person(database, admitted.county.community, Role.COMMUNITY))


@pytest.fixture
async def inspector(admitted: Beat, sign_in: SignIn) -> Desk:
    """The beat's inspector."""
    return await sign_in(admitted.inspector)


@pytest.fixture
async def foreigner(admitted: Beat, sign_in: SignIn) -> Desk:
    """A supervisor of another county."""
    return await sign_in(admitted.foreigner)


@pytest.fixture
async def token(admitted: Beat, database: Database, clock: Clock) -> str:
    """The declaration token of the beat's grid."""
    async with database.transaction() as session:
        return await tasks.point(session, admitted, now=clock.now)


async def person(database: Database, area_id: Any, role: Role) -> Account:
    """A new account."""
    async with database.transaction() as session:
        return await identity.account(session, area_id, role)
