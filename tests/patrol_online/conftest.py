"""The fixtures of patrol, and a county with names and codes in which many people work."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Role
from app.identity.device_models import Device
from app.identity.models import Account
from app.kit.clock import to_ms
from app.kit.db import Database
from app.patrol.arrival import Arrival, read_arrival
from app.staffing.roster_models import Absence
from tests.factories import areas, identity, staffing
from tests.factories import patrol as make
from tests.factories.patrol import Clock
from tests.patrol.conftest import (  # noqa: F401 - fixtures
    Office,
    app,
    beat,
    client,
    foreigner,
    handheld,
    office,
    supervisor,
)


@pytest.fixture
def clock() -> Clock:
    return Clock(make.noon())


@dataclass
class Worker:
    """An inspector with a handheld and what was planned for him, told once more in plain words for references."""

    account: Account
    device: Device
    area_id: UUID
    posts: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)
    shifts: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    absences: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    heard_at: list[datetime] = field(default_factory=list)

    def kind_at(self, at: datetime) -> str | None:
        """What holds of the plan at an instant, one shift or absence after the other."""
        planned = next((kind for start, end, kind in self.shifts if start <= at < end), None)
        if planned is None:
            return None
        return next((kind for start, end, kind in self.absences if start <= at < end), planned)

    def is_full_time(self, at: datetime) -> bool:
        """Whether a full-time appointment holds."""
        return any(
            role == "full_time" and start <= at and (end is None or at < end)
            for role, start, end in self.posts
        )

    def is_heard(self, at: datetime, within_min: int = 5) -> bool:
        """Whether a signal came in the minute of `at` or the four before."""
        first = at - timedelta(minutes=within_min - 1)
        return any(first <= heard < at + timedelta(minutes=1) for heard in self.heard_at)


@dataclass(frozen=True)
class Town:
    """A county with one town and two communities, each with a grid."""

    county: UUID
    town: UUID
    communities: tuple[UUID, UUID]
    grids: tuple[UUID, UUID]
    supervisor: Account


async def town(session: AsyncSession) -> Town:
    """The town, named and coded, with a supervisor of the county."""
    county = await areas.area(session, "county", "岱山县", code="330921")
    township = await areas.area(session, "township", "高亭镇", parent=county, code="330921100")
    communities = [
        await areas.area(session, "community", f"社区{n}", parent=township, code=f"33092110000{n}")
        for n in (1, 2)
    ]
    grids = [
        await areas.grid(session, each, f"33092110000{n}001", areas.square(n))
        for n, each in enumerate(communities, 1)
    ]
    chief = await identity.account(session, county, Role.COUNTY)
    return Town(county, township, (communities[0], communities[1]), (grids[0], grids[1]), chief)


async def worker(
    session: AsyncSession,
    of: Town,
    community: int,
    now: datetime,
    *,
    shifts: Iterable[tuple[datetime, datetime, str]] = (),
    posts: Iterable[tuple[str, datetime, datetime | None]] | None = None,
    absences: Iterable[tuple[datetime, datetime, str]] = (),
) -> Worker:
    """An inspector of a community (0 or 1), full-time since a month ago unless `posts` says otherwise."""
    area_id, since = of.communities[community], now - timedelta(days=30)
    account = await identity.account(session, area_id, Role.INSPECTOR)
    device = await identity.device(session, area_id)
    await identity.binding(session, device, account, start=since)
    made = Worker(
        account,
        device,
        area_id,
        [("full_time", since, None)] if posts is None else list(posts),
        list(shifts),
        list(absences),
    )
    for role, start, end in made.posts:
        await staffing.appointment(session, account, of.grids[community], start, end, role)
    for start, end, kind in made.shifts:
        await staffing.shift(session, account, start, end, kind)
    for start, end, kind in made.absences:
        session.add(_absence(account, start, end, kind, of.supervisor.id, now))
    await session.flush()
    return made


def _absence(account: Account, start: datetime, end: datetime, kind: str, by: UUID, now: datetime) -> Absence:
    return Absence(
        county_code=account.county_code,
        id=uuid7(),
        inspector_id=account.id,
        during=Range(start, end),
        kind=kind,
        reason="",
        state="approved",
        requested_by=account.id,
        requested_at=now,
        decided_by=by,
        decided_at=now,
        decision_reason=None,
        version=1,
    )


def heartbeat(of: Worker, at: datetime) -> Arrival:
    """An upload with one beat."""
    body = make.batch(beats=[to_ms(at)], sent_at=to_ms(at), batch_id=uuid4())
    return read_arrival(make.COUNTY, of.device.id, json.dumps(body).encode())


async def one(database: Database, sql: str) -> object:
    """The value of a query."""
    async with database.transaction() as session:
        return await session.scalar(text(sql))
