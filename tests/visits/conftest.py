"""An inspector at work with a key place and a key person in his grid, and who watches over them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.identity.actor import Role
from app.kit.db import Database
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories import visits as v
from tests.factories.patrol import Beat, Clock, Handheld

MONTH_AGO = 40


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


@dataclass(frozen=True, slots=True)
class Parish:
    """A grid, its two key subjects, and the people around them."""

    beat: Beat
    database: Database
    clock: Clock
    client: httpx.AsyncClient
    inspector: Handheld
    colleague: Handheld
    community: Handheld
    supervisor: Handheld
    foreigner: Handheld
    place: UUID
    person: UUID
    key: UUID

    async def post(self, who: Handheld | None, path: str, body: Any = None) -> httpx.Response:
        """Sends something as one of them, or as nobody."""
        headers = who.headers if who else {}
        return await self.client.post(f"/api/v1{path}", json=body, headers=headers)

    async def visit(self, who: Handheld | None = None, **more: Any) -> dict[str, Any]:
        """Posts a visit to the place, ended an hour ago; near it unless told otherwise."""
        at = more.pop("at", self.beat.at("11:00"))
        body = v.visit(more.pop("subject_id", self.place), at, **{"position": v.position(), **more})
        answer = await self.post(who or self.inspector, "/visits", body)
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def due(self, who: Handheld | None = None, **asked: Any) -> list[dict[str, Any]]:
        """What is due, as one of them sees it."""
        answer = await (who or self.inspector).get("/visits/due", **asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def duty(self, subject_id: UUID | None = None, **asked: Any) -> dict[str, Any]:
        """The duty of the place, or of another subject."""
        [found] = [d for d in await self.due(**asked) if d["subject_id"] == str(subject_id or self.place)]
        return found

    async def events(self, type_: str) -> list[dict[str, Any]]:
        """Data of the events of a type, in order."""
        async with self.database.transaction() as session:
            found = await session.scalars(
                text("SELECT data FROM event WHERE type = :type ORDER BY ord"), {"type": type_}
            )
            return list(found)


@pytest.fixture
async def parish(database: Database, clock: Clock, app: FastAPI, client: httpx.AsyncClient) -> Parish:
    async with database.transaction() as session:
        beat = await make.beat(session, clock.now)
        community = await identity.account(session, beat.county.community, Role.COMMUNITY)
        place = await v.subject(session, "place", beat.county.community, beat.grid)
        person = await v.subject(session, "person", beat.county.community, beat.grid, name="张三丰")
        since = beat.day.replace(day=1)
        key = await v.key(session, community, place.id, "market", since)
        await v.key(session, community, person.id, "mental_health", since, beat.day.replace(year=2030))

    async def signed_in(account: Any, device: Any = None) -> Handheld:
        return await make.sign_in(app, client, database, account, device, at=clock.now)

    return Parish(
        beat,
        database,
        clock,
        client,
        await signed_in(beat.inspector, beat.device),
        await signed_in(beat.colleague, beat.other_device),
        await signed_in(community),
        await signed_in(beat.supervisor),
        await signed_in(beat.foreigner),
        place.id,
        person.id,
        key.id,
    )
