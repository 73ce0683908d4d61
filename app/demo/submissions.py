"""What is under way at the demo grid: a record under review, two that clash, one that waits, a sample."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.submissions.drawing import draw
from app.collection.submissions.intake import KIND, take
from app.collection.submissions.models import SampleCase, SampleCheck, Submission
from app.exchange.items import Desk, Item
from app.exchange.receiving import receive
from app.identity.actor import Actor, Role
from app.kit import events
from app.kit.crypto import Vault
from app.kit.events import NewEvent
from app.kit.ids import (
    DEMO_COMMUNITY,
    DEMO_COMMUNITY_SUPERVISOR,
    DEMO_COUNTY_CODE,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_DEVICE,
    DEMO_INSPECTOR,
    DEMO_PERSON,
    DEMO_SUBMISSION,
    demo_id,
)

INSPECTOR = Actor(DEMO_INSPECTOR, DEMO_COUNTY_CODE, Role.INSPECTOR, DEMO_COMMUNITY, DEMO_DEVICE, "")
CLERK = Actor(DEMO_COMMUNITY_SUPERVISOR, DEMO_COUNTY_CODE, Role.COMMUNITY, DEMO_COMMUNITY, None, "")
BASE_VERSION = 2
SEED = 330921
HELD, EARLY, LATE = (demo_id("submission", name) for name in ("held", "early", "late"))
CHECK = demo_id("sample_check", "1")
UNDER_REVIEW = text("""
UPDATE submission SET review_state = 'submitted' WHERE county_code = :county_code AND id = :id
""")


async def load(session: AsyncSession, vault: Vault, *, today: date, zone: ZoneInfo, now: datetime) -> None:
    """Two people looked at the demo resident the same day: the clerk's edit came first, the inspector's clashes."""
    at = now - timedelta(hours=20)
    early = _item(EARLY, at, DEMO_PERSON, {"education": "20"})
    late = _item(LATE, at + timedelta(hours=1), DEMO_PERSON, {"education": "10"})
    clean = _item(DEMO_SUBMISSION, at + timedelta(hours=2), DEMO_PERSON, {"occupation": "渔民"})
    held = _item(HELD, at + timedelta(hours=3), demo_id("person", "on another handheld"), {"education": "30"})
    await _receive(session, Desk(CLERK, vault, zone, now), early)
    await _receive(session, Desk(INSPECTOR, vault, zone, now), late, clean, held)
    await session.execute(UNDER_REVIEW, {"county_code": DEMO_COUNTY_CODE, "id": DEMO_SUBMISSION})
    await _sample(session, today, now)


def _item(item_id: UUID, at: datetime, subject_id: UUID, fields: Mapping[str, Any]) -> Item:
    body = {
        "item_code": "resident_registered",
        "form_version": 1,
        "subject_id": str(subject_id),
        "base_version": BASE_VERSION,
        "fields": dict(fields),
    }
    return Item(item_id, KIND, at, body, sha256(orjson.dumps(body)).digest())


async def _receive(session: AsyncSession, desk: Desk, *items: Item) -> None:
    for item, result in await receive(session, desk, items, {KIND: take}):
        if result.problem is not None:
            raise RuntimeError(f"the demo's submission {item.id} was refused: {result.problem.code}")


async def _sample(session: AsyncSession, today: date, now: datetime) -> None:
    """A check of the week with one case that waits for its verdict."""
    applied = Submission.state.in_(("applied", "conflict"))
    ids = list(
        await session.scalars(select(Submission.id).where(Submission.area_id == DEMO_COMMUNITY, applied))
    )
    session.add(
        SampleCheck(
            county_code=DEMO_COUNTY_CODE,
            id=CHECK,
            area_id=DEMO_COMMUNITY,
            item_code=None,
            first_day=today - timedelta(days=30),
            last_day=today,
            seed=SEED,
            population=len(ids),
            note="演示抽查",
            drawn_by=DEMO_COUNTY_SUPERVISOR,
            drawn_at=now,
            state="open",
        )
    )
    await session.flush()  # its case refers to it
    (drawn,) = draw(ids, SEED, 1)
    case = {"county_code": DEMO_COUNTY_CODE, "check_id": CHECK, "ordinal": 1, "submission_id": drawn}
    await session.execute(insert(SampleCase), [case])
    news = NewEvent(
        "sample_check.drawn",
        ("sample_check", CHECK),
        {"item_code": None, "population": len(ids), "size": 1, "seed": str(SEED)},
        DEMO_COMMUNITY,
    )
    await events.record_many(session, events.SYSTEM, [news], county_code=DEMO_COUNTY_CODE, now=now)
