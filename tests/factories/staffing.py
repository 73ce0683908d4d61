"""Rows of staffing: plain async functions over a session."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.models import Account
from app.staffing.models import Appointment, DutyPress, Shift
from app.staffing.roster_models import Absence, Exemption

ZONE = ZoneInfo("Asia/Shanghai")


async def shift(
    session: AsyncSession, inspector: Account, start: datetime, end: datetime, kind: str = "work"
) -> Shift:
    """A planned shift; its service day is the date of its start in Shanghai."""
    row = Shift(
        county_code=inspector.county_code,
        id=uuid7(),
        inspector_id=inspector.id,
        service_day=start.astimezone(ZONE).date(),
        starts_at=start,
        ends_at=end,
        kind=kind,
        version=1,
        cancelled_at=None,
    )
    session.add(row)
    await session.flush()
    return row


async def appointment(
    session: AsyncSession,
    inspector: Account,
    grid_id: UUID,
    start: datetime,
    end: datetime | None = None,
    role: str = "full_time",
) -> Appointment:
    """An appointment of `inspector` to a grid of his county."""
    row = Appointment(
        county_code=inspector.county_code,
        id=uuid7(),
        inspector_id=inspector.id,
        grid_id=grid_id,
        role=role,
        valid=Range(start, end),
        document_no=None,
        version=1,
        cancelled_at=None,
    )
    session.add(row)
    await session.flush()
    return row


async def press(
    session: AsyncSession, inspector: Account, device_id: UUID, kind: str, pressed_at: datetime
) -> DutyPress:
    """A press that arrived as it was made."""
    row = DutyPress(
        county_code=inspector.county_code,
        id=uuid7(),
        inspector_id=inspector.id,
        device_id=device_id,
        kind=kind,
        pressed_at=pressed_at,
        received_at=pressed_at,
    )
    session.add(row)
    await session.flush()
    return row


async def patrol_days(session: AsyncSession, inspector: Account, days: list[date]) -> None:
    """Patrol days that were folded: input version 1, nothing pending."""
    for day in days:
        await session.execute(
            text(
                "INSERT INTO patrol_day (county_code, inspector_id, service_day, area_id, input_version, "
                "folded_version) VALUES (:county, :inspector, :day, :area, 1, 1)"
            ),
            {
                "county": inspector.county_code,
                "inspector": inspector.id,
                "day": day,
                "area": inspector.area_id,
            },
        )


async def pending_days(session: AsyncSession, inspector: Account) -> list[date]:
    """Days whose inputs changed since they were folded, each exactly once."""
    rows = await session.execute(
        text(
            "SELECT service_day FROM patrol_day WHERE inspector_id = :inspector AND pending "
            "AND input_version = 2 ORDER BY service_day"
        ),
        {"inspector": inspector.id},
    )
    return list(rows.scalars())


async def absence(
    session: AsyncSession,
    inspector: Account,
    start: datetime,
    end: datetime,
    kind: str = "leave",
    state: str = "approved",
) -> Absence:
    """An absence, decided unless `requested`."""
    decided = state != "requested"
    row = Absence(
        county_code=inspector.county_code,
        id=uuid7(),
        inspector_id=inspector.id,
        during=Range(start, end),
        kind=kind,
        reason="test",
        state=state,
        requested_by=inspector.id,
        requested_at=start,
        decided_by=inspector.id if decided else None,
        decided_at=start if decided else None,
        version=1,
    )
    session.add(row)
    await session.flush()
    return row


async def exemption(
    session: AsyncSession,
    area_id: UUID,
    start: datetime,
    end: datetime,
    kind: str = "outage",
    *,
    county_code: str = "330921",
) -> Exemption:
    """An area-wide exemption."""
    row = Exemption(
        county_code=county_code,
        id=uuid7(),
        area_id=area_id,
        during=Range(start, end),
        kind=kind,
        reason="test",
        created_by=area_id,
        created_at=start,
    )
    session.add(row)
    await session.flush()
    return row
