"""Key persons and places of the demo grid: one visited this month, one overdue from the last, one still due.

A fourth visit waits for a subject that never arrived.
"""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects.models import Subject
from app.exchange.items import Desk, Item
from app.exchange.receiving import receive
from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.kit.crypto import Vault
from app.kit.ids import (
    DEMO_COMMUNITY_SUPERVISOR,
    DEMO_COUNTY_CODE,
    DEMO_DEVICE,
    DEMO_INSPECTOR,
    DEMO_KEY_SUBJECT,
    DEMO_ORGANIZATION,
    DEMO_PERSON,
    DEMO_PLACE,
    DEMO_VISIT,
    demo_id,
)
from app.visits import intake
from app.visits.categories import kind_of
from app.visits.duty import Month
from app.visits.models import KeySubject

BASIS = "岱山县全科网格建设实施意见(2018)(演示)"
BEFORE_DUTY = time(6, 30)
"""Last month's visits were early: the walks of those days are told elsewhere, and stay as they are."""
LISTED = (
    (DEMO_KEY_SUBJECT, DEMO_PLACE, "market"),
    (demo_id("key_subject", "2"), DEMO_PERSON, "living_alone"),
    (demo_id("key_subject", "3"), DEMO_ORGANIZATION, "catering"),
)


async def load(session: AsyncSession, vault: Vault, *, today: date, zone: ZoneInfo, now: datetime) -> None:
    """Puts three subjects of the demo grid on the list since last month, and sends visits as a handheld would.

    The place was visited in both months, the person in the last, the organization never.
    """
    month = Month.of(today)
    last_day = month.first - timedelta(days=1)
    session.add_all(
        _designation(key_id, subject_id, category, last_day.replace(day=1), now)
        for key_id, subject_id, category in LISTED
    )
    earlier = datetime.combine(last_day, BEFORE_DUTY, zone)
    visits = [
        _visit(DEMO_VISIT, DEMO_PLACE, now, "检查消防通道和用电,未发现隐患。"),
        _visit(demo_id("visit", "2"), DEMO_PLACE, earlier, "提醒整改堆放物。"),
        _visit(demo_id("visit", "3"), DEMO_PERSON, earlier + timedelta(minutes=30), "代购药品。"),
        _visit(demo_id("visit", "held"), demo_id("subject", "never sent"), now, "新搬来的住户,已上门。"),
    ]
    places = await _places(session)
    items = [
        _item(visit_id, body | {"position": places.get(body["subject_id"])}) for visit_id, body in visits
    ]
    inspector = await session.get_one(Account, DEMO_INSPECTOR)
    actor = Actor(
        DEMO_INSPECTOR,
        DEMO_COUNTY_CODE,
        Role.INSPECTOR,
        inspector.area_id,
        DEMO_DEVICE,
        inspector.display_name,
    )
    await receive(session, Desk(actor, vault, zone, now), items, {"visit": intake.take})


def _designation(key_id: UUID, subject_id: UUID, category: str, since: date, now: datetime) -> KeySubject:
    return KeySubject(
        county_code=DEMO_COUNTY_CODE,
        id=key_id,
        subject_id=subject_id,
        kind=kind_of(category),
        category=category,
        legal_basis=BASIS,
        owner_department="高亭镇综合信息指挥室(演示)",
        valid=Range(since, None),
        designated_by=DEMO_COMMUNITY_SUPERVISOR,
        designated_at=now,
        version=1,
    )


def _visit(
    visit_id: UUID, subject_id: UUID, ended_at: datetime, help_given: str
) -> tuple[UUID, dict[str, Any]]:
    return visit_id, {
        "subject_id": str(subject_id),
        "started_at": (ended_at - timedelta(minutes=20)).isoformat(),
        "ended_at": ended_at.isoformat(),
        "findings": {"condition": "normal", "help_given": help_given},
    }


def _item(visit_id: UUID, body: dict[str, Any]) -> Item:
    ended_at = datetime.fromisoformat(body["ended_at"]).astimezone(UTC)
    return Item(visit_id, "visit", ended_at, body, sha256(visit_id.bytes).digest())


async def _places(session: AsyncSession) -> dict[str, dict[str, Any] | None]:
    """Where the subjects lie, as the handheld of a visitor at their door would tell; by id."""
    ids = [subject_id for _, subject_id, _ in LISTED]
    rows = await session.execute(
        select(Subject.id, Subject.geom).where(Subject.county_code == DEMO_COUNTY_CODE, Subject.id.in_(ids))
    )
    return {
        str(row.id): {"lon": row.geom.x, "lat": row.geom.y, "accuracy_m": 9} if row.geom else None
        for row in rows
    }
