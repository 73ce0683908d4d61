"""Days that are old enough to go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.identity.actor import Role
from app.kit.db import Database
from app.kit.partitions import ensure_month
from app.patrol.retention.purge import Purged, purge
from app.patrol.tasks import fold_due
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld, batch, walk
from tests.patrol import conftest as patrol
from tests.patrol.conftest import Office

app, beat, client, clock, office = patrol.app, patrol.beat, patrol.client, patrol.clock, patrol.office


@dataclass(frozen=True, slots=True)
class Archive:
    """Two inspectors' judged day, and the people who may keep or contest it."""

    inspector: Handheld
    colleague: Handheld
    township: Handheld
    county: Handheld
    auditor: Handheld
    foreigner: Handheld
    database: Database
    beat: Beat
    clock: Clock

    async def purge(self, *, days: int = 400) -> Purged:
        """The nightly purge so many days after the day, the months having been made ahead."""
        now = later(self.beat, days)
        async with self.database.transaction() as session:
            await ensure_month(session, "event", now.date())
        return await purge(self.database, now=now, zone=make.ZONE)

    async def fixes(self, inspector_id: UUID | None = None) -> int:
        """How many fixes are stored."""
        return int(
            await self.one(
                "SELECT coalesce(sum(fix_count), 0) FROM fix_batch "
                "WHERE inspector_id = coalesce(cast(:id AS uuid), inspector_id)",
                id=inspector_id,
            )
        )

    async def one(self, sql: str, **asked: Any) -> Any:
        """A single value."""
        async with self.database.transaction() as session:
            return await session.scalar(text(sql), asked)

    async def rows(self, sql: str, **asked: Any) -> Sequence[Any]:
        """Rows."""
        async with self.database.transaction() as session:
            return (await session.execute(text(sql), asked)).all()

    async def post(self, who: Handheld, path: str, body: dict[str, Any] | None = None) -> Any:
        """Sends something as one of them."""
        return await who.client.post(f"/api/v1{path}", json=body, headers=who.headers)

    def hold(self, **more: Any) -> dict[str, Any]:
        """Body of a hold of the inspector's day."""
        body = {
            "id": str(uuid4()),
            "inspector_id": str(self.beat.inspector.id),
            "day_from": self.beat.day.isoformat(),
            "day_to": self.beat.day.isoformat(),
            "reason": "信访调查",
            "document_no": "2026-12",
        }
        return {name: value for name, value in (body | more).items() if value is not None}

    def path(self, tail: str = "", inspector: UUID | None = None) -> str:
        """Address of the day."""
        return f"/patrol-days/{inspector or self.beat.inspector.id}/{self.beat.day}{tail}"


def later(beat: Beat, days: int) -> datetime:
    """A night so many days after."""
    return beat.at("02:40", beat.day + timedelta(days=days))


async def make_archive(app: FastAPI, office: Office, database: Database, beat: Beat, clock: Clock) -> Archive:
    """Both inspectors walk; the day is judged the morning after."""
    clock.now = beat.at("07:00", beat.day + timedelta(days=1))
    inspector = await office.of(beat.inspector, beat.device)
    colleague = await office.of(beat.colleague, beat.other_device)
    for who, north_m in ((inspector, 0.0), (colleague, 300.0)):
        fixes = walk(beat.at("08:05"), 2 * 3600, north_m=north_m)
        for n in range(0, len(fixes), 300):
            assert (await who.send(batch(fixes[n : n + 300]))).status_code == 200
    while await fold_due(database, now=clock.now, zone=make.ZONE, refold_every_s=0):
        pass
    async with database.transaction() as session:
        county = await identity.account(session, beat.county.county, Role.COUNTY)
        auditor = await identity.account(session, beat.county.county, Role.AUDIT_ADMIN)
    return Archive(
        inspector,
        colleague,
        await office.of(beat.supervisor),
        await office.of(county),
        await office.of(auditor),
        await office.of(beat.foreigner),
        database,
        beat,
        clock,
    )


@pytest.fixture
async def archive(app: FastAPI, office: Office, database: Database, beat: Beat, clock: Clock) -> Archive:
    return await make_archive(app, office, database, beat, clock)


def appeal_of(day: date, appeal_id: UUID) -> dict[str, Any]:
    """An appeal's body."""
    return {"appeal_id": str(appeal_id), "service_day": day.isoformat(), "statement": "楼内无信号"}
