"""Key persons and places, and visits to them."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects.changing import Stored
from app.identity.models import Account
from app.visits.categories import kind_of
from app.visits.models import KeySubject
from tests.factories import subjects

LON, LAT = 122.005, 30.005
"""Where key subjects lie: inside the first cell of `areas.square`."""
METRE_LAT = 1 / 110_860


async def subject(
    session: AsyncSession, kind: str, area_id: UUID, grid_id: UUID | None, *, name: str = "便民超市"
) -> Stored:
    """A person or place at (LON, LAT)."""
    return await subjects.subject(
        session, kind, area_id, {"name": name}, grid_id=grid_id, position=(LON, LAT)
    )


async def key(
    session: AsyncSession,
    by: Account,
    subject_id: UUID,
    category: str,
    since: date,
    until: date | None = None,
    per_month: int | None = None,
) -> KeySubject:
    """A designation."""
    row = KeySubject(
        county_code=by.county_code,
        id=uuid4(),
        subject_id=subject_id,
        kind=kind_of(category),
        category=category,
        legal_basis="test",
        owner_department=None,
        valid=Range(since, until),
        visits_per_month=per_month,
        designated_by=by.id,
        designated_at=datetime.combine(since, datetime.min.time()).astimezone(),
        version=1,
    )
    session.add(row)
    await session.flush()
    return row


def position(north_m: float = 0.0, **more: Any) -> dict[str, Any]:
    """A position so far north of the subjects."""
    return {"lon": LON, "lat": round(LAT + north_m * METRE_LAT, 7), "accuracy_m": 8, **more}


def visit(subject_id: UUID, ended_at: datetime, minutes: int = 20, **more: Any) -> dict[str, Any]:
    """A visit as it is posted."""
    return {
        "id": str(uuid4()),
        "recorded_at": ended_at.isoformat(),
        "subject_id": str(subject_id),
        "started_at": (ended_at - timedelta(minutes=minutes)).isoformat(),
        "ended_at": ended_at.isoformat(),
        "findings": {"condition": "normal"},
        **more,
    }
