"""A county whose offices propose, approve and file affairs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.identity.actor import Role
from app.identity.models import Account
from app.kit.db import Database
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Clock, Handheld

ROLES = {
    "department": "county",
    "county": "county",
    "deputy": "county",
    "township": "town",
    "community": "community",
    "inspector": "community",
    "dispatcher": "county",
}
"""Who → which level of the county; `deputy` is a second account of the county."""


@pytest.fixture
def clock() -> Clock:
    return Clock(make.noon())


@pytest.fixture
def app(database: Database, clock: Clock) -> FastAPI:
    return make.app_at(database, clock)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with identity.client_of(app) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Offices:
    """Who has a say, and a foreign county's office."""

    place: identity.County
    foreign: identity.County
    other_town: UUID
    accounts: dict[str, Account]
    people: dict[str, Handheld]
    app: FastAPI
    database: Database
    clock: Clock
    client: httpx.AsyncClient

    async def later(self, **by: int) -> None:
        """Time passes; who acts next signs in again."""
        self.clock.now += timedelta(**by)
        self.people.clear()

    async def headers(self, who: str | None) -> dict[str, str]:
        """Of one of them, who signs in when he first acts; of nobody, none."""
        if who is None:
            return {}
        if who not in self.people:
            self.people[who] = await make.sign_in(
                self.app, self.client, self.database, self.accounts[who], at=self.clock.now
            )
        return self.people[who].headers

    @property
    def today(self) -> Any:
        return self.clock.now.astimezone(make.ZONE).date()

    async def post(self, who: str | None, path: str, body: Any = None) -> httpx.Response:
        """Sends something as one of them, or as nobody."""
        headers = await self.headers(who)
        return await self.client.post(f"/api/v1{path}", json=body, headers=headers)

    async def get(self, who: str | None, path: str, **params: Any) -> httpx.Response:
        """Reads something as one of them, or as nobody."""
        headers = await self.headers(who)
        return await self.client.get(f"/api/v1{path}", params=params, headers=headers)

    def proposal(self, **more: Any) -> dict[str, Any]:
        """A standing affair of the whole county, from today."""
        return {
            "code": "A-1",
            "name_zh": "实有人口采集",
            "description": "逐户采集",
            "department": "公安局",
            "kind": "standing",
            "area_id": str(self.place.county),
            "starts_on": self.today.isoformat(),
            "item_codes": ["resident_registered"],
        } | more

    def temporary(self, **more: Any) -> dict[str, Any]:
        """A temporary affair of the town, for ten days."""
        last = self.today + timedelta(days=9)
        return self.proposal(
            code="T-1", kind="temporary", platform="governance", area_id=str(self.place.town)
        ) | {"ends_on": last.isoformat(), **more}

    async def propose(self, who: str = "department", **more: Any) -> str:
        """The id of a new standing affair."""
        answer = await self.post(who, "/affairs", self.proposal(**more))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def propose_temporary(self, who: str = "department", **more: Any) -> str:
        """The id of a new temporary affair."""
        return await self.propose(who, **self.temporary(**more))

    async def admit(
        self, affair_id: str, approver: str = "county", filed_no: str = "备案1"
    ) -> dict[str, Any]:
        """Approved and filed."""
        answer = await self.post(approver, f"/affairs/{affair_id}/approval")
        assert answer.status_code == 200, answer.text
        answer = await self.post("county", f"/affairs/{affair_id}/filing", {"filed_no": filed_no})
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def events(self, type_: str) -> list[dict[str, Any]]:
        """Data of the events of a type, in order."""
        async with self.database.transaction() as session:
            found = await session.scalars(
                text("SELECT data FROM event WHERE type = :type ORDER BY ord"), {"type": type_}
            )
            return list(found)


@pytest.fixture
async def offices(database: Database, clock: Clock, app: FastAPI, client: httpx.AsyncClient) -> Offices:
    async with database.transaction() as session:
        place = await identity.county(session, "330921")
        other_town = await identity.area(session, "330921", "township", place.county)
        foreign = await identity.county(session, "330922")
        accounts = {
            who: await identity.account(
                session, getattr(place, level), Role("county" if who == "deputy" else who)
            )
            for who, level in ROLES.items()
        }
        accounts["other_town"] = await identity.account(session, other_town, Role.TOWNSHIP)
        accounts["foreigner"] = await identity.account(session, foreign.county, Role.COUNTY)
    return Offices(place, foreign, other_town, accounts, {}, app, database, clock, client)
