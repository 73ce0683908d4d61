"""A judged day that somebody contests."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from app.identity.actor import Role
from app.kit.db import Database
from app.patrol.tasks import fold_due
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld, batch, walk
from tests.patrol import conftest as patrol
from tests.patrol.conftest import Office

app, beat, client, clock, office = patrol.app, patrol.beat, patrol.client, patrol.clock, patrol.office


async def fold_all(database: Database, clock: Clock) -> None:
    """The folder's sweep until nothing is due."""
    while await fold_due(database, now=clock.now, zone=make.ZONE, refold_every_s=0):
        pass


async def data_of(database: Database, type_: str) -> list[dict[str, Any]]:
    """Data of the events of a type, in order."""
    async with database.transaction() as session:
        found = await session.scalars(
            text("SELECT data FROM event WHERE type = :type ORDER BY ord"), {"type": type_}
        )
        return list(found)


@dataclass(frozen=True, slots=True)
class Court:
    """The people around a day that was judged `fail` the morning after."""

    inspector: Handheld
    colleague: Handheld
    community: Handheld
    township: Handheld
    county: Handheld
    foreigner: Handheld
    client: httpx.AsyncClient
    beat: Beat

    async def post(self, who: Handheld, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Sends something as one of them."""
        return await self.client.post(f"/api/v1{path}", json=body, headers=who.headers)

    def appeal(
        self, *, appeal_id: UUID | None = None, day: date | None = None, **more: Any
    ) -> dict[str, Any]:
        """An appeal's body."""
        return {
            "appeal_id": str(appeal_id or uuid4()),
            "service_day": (day or self.beat.day).isoformat(),
            "statement": "楼内无信号",
            "asked_status": "pass",
            **more,
        }

    async def file(self, **more: Any) -> dict[str, Any]:
        """Files an appeal of the inspector."""
        answer = await self.post(self.inspector, "/appeals", self.appeal(**more))
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def decide(self, appeal_id: str, who: Handheld | None = None, **more: Any) -> httpx.Response:
        """Decides it."""
        body = {"decision": "upheld", "decided_status": "pass", "reason": "核实属实"} | more
        return await self.post(who or self.township, f"/appeals/{appeal_id}/decision", body)


@pytest.fixture
async def court(
    beat: Beat,
    office: Office,
    client: httpx.AsyncClient,
    database: Database,
    clock: Clock,
) -> Court:
    clock.now = judged_at = morning_after(beat)
    inspector = await office.of(beat.inspector, beat.device)
    for n in range(0, 1080, 500):
        fixes = walk(beat.at("08:05"), 3 * 3600)[n : n + 500]
        assert (await inspector.send(batch(fixes))).status_code == 200
    await fold_all(database, clock)
    async with database.transaction() as session:
        community = await identity.account(session, beat.county.community, Role.COMMUNITY)
        county = await identity.account(session, beat.county.county, Role.COUNTY)
    assert clock.now == judged_at
    return Court(
        inspector,
        await office.of(beat.colleague, beat.other_device),
        await office.of(community),
        await office.of(beat.supervisor),
        await office.of(county),
        await office.of(beat.foreigner),
        client,
        beat,
    )


def morning_after(beat: Beat) -> datetime:
    """When the day is over."""
    return beat.at("07:00", beat.day + timedelta(days=1))
