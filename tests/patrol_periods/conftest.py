"""The application over a database that is rolled back, and a small county with a month that is over."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.identity.actor import Role
from app.identity.models import Account
from app.kit.db import Database
from app.patrol.periods.calendar import stretch_of
from app.patrol.periods.sealing import note_periods
from tests.factories import identity, periods
from tests.factories import patrol as make
from tests.factories.patrol import Clock, Handheld
from tests.factories.periods import Day, Town
from tests.patrol.conftest import app, client

__all__ = ["app", "client"]
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


@pytest.fixture
def clock() -> Clock:
    """The first working day of November: October is over and not sealed yet."""
    return Clock(datetime(2026, 11, 2, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class October:
    """A county in October 2026, its people, and the periods of the month noted."""

    town: Town
    county_supervisor: Account
    town_supervisor: Account
    community_supervisor: Account
    admin: Account
    foreigner: Account

    @property
    def month(self) -> str:
        """Path of the month."""
        return f"/periods/{stretch_of('month', FIRST).id_in('330921')}"

    def period(self, kind: Any, day: date) -> str:
        """Path of the period of `kind` with `day`."""
        return f"/periods/{stretch_of(kind, day).id_in('330921')}"


@pytest.fixture
async def october(database: Database, clock: Clock) -> October:
    async with database.transaction() as session:
        made = await periods.town(session, FIRST, LAST)
        foreign = await identity.county(session, "330922")
        await make.assessed(session, made.county.county)
        await note_periods(session, "330921", FIRST, LAST)
        return October(
            made,
            await identity.account(session, made.county.county, Role.COUNTY),
            await identity.account(session, made.county.town, Role.TOWNSHIP),
            await identity.account(session, made.county.community, Role.COMMUNITY),
            await identity.account(session, made.county.county, Role.SYSTEM_ADMIN),
            await identity.account(session, foreign.county, Role.COUNTY),
        )


class Desk:
    """Signs people of the office in and sends what they send."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, database: Database, clock: Clock) -> None:
        self._app, self._client, self._database, self._clock = app, client, database, clock

    async def of(self, account: Account) -> "Clerk":
        signed_in = await make.sign_in(self._app, self._client, self._database, account, at=self._clock.now)
        return Clerk(signed_in)


class Clerk:
    """Somebody signed in."""

    def __init__(self, signed_in: Handheld) -> None:
        self._signed_in = signed_in

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self._signed_in.get(path, **params)

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self._signed_in.client.post(f"/api/v1{path}", json=body, headers=self._signed_in.headers)


@pytest.fixture
def desk(app: FastAPI, client: httpx.AsyncClient, database: Database, clock: Clock) -> Desk:
    return Desk(app, client, database, clock)


async def store(database: Database, *days: Day, judged_at: datetime | None = None) -> None:
    """Stores days, judged when told so."""
    async with database.transaction() as session:
        for day in days:
            await periods.store_day(session, "330921", day, judged_at=judged_at)


async def events_of(database: Database, type_: str) -> list[Any]:
    """Data of the events of a type, in the order of recording."""
    async with database.transaction() as session:
        return list(
            await session.scalars(
                text("SELECT data FROM event WHERE type = :type ORDER BY ord"), {"type": type_}
            )
        )


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]
