"""Rows that visitors may decide, change and cancel, so that such examples work while the demo goes on working."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import system_actor
from app.identity.models import Account
from app.kit.ids import (
    DEMO_ABSENCE,
    DEMO_COMMUNITY,
    DEMO_COUNTY_CODE,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_EXEMPTION,
    DEMO_GRID,
    DEMO_HOLD,
    DEMO_INSPECTOR,
    DEMO_SPARE_APPOINTMENT,
    DEMO_SPARE_INSPECTOR,
    DEMO_SPARE_SHIFT,
    DEMO_SWAP,
    demo_id,
)
from app.patrol.retention.models import LegalHold
from app.staffing.models import Appointment, Shift
from app.staffing.roster_models import Absence, Exemption
from app.staffing.swaps.schemas import SwapCreate
from app.staffing.swaps.service import swap_grids

LEAVE_IN, OUTAGE_IN, SHIFT_IN, SWAP_IN, POST_IN = 20, 28, 30, 100, 200
"""Days from the day of loading: far from what the demo walks, and no shift later than those planned ahead."""


HELD_DAYS = Range(date(2026, 1, 5), date(2026, 1, 6))
"""Far before what the demo walks: the hold keeps nothing that anybody misses when it goes."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Local instants so many days after the day of loading."""

    today: date
    zone: ZoneInfo

    def at(self, days: int, hour: int) -> datetime:
        """That hour of the day."""
        return datetime.combine(self.today + timedelta(days=days), time(hour), self.zone)


async def load_spares(session: AsyncSession, today: date, zone: ZoneInfo, now: datetime) -> None:
    """A request for leave, an exemption at night, a shift, an appointment and a swap ahead; a hold of long ago."""
    ahead = Ahead(today, zone)
    session.add_all([_leave(ahead, now), _outage(ahead, now), _shift(ahead), *_posts(ahead)])
    community = (await session.get_one(Account, DEMO_SPARE_INSPECTOR)).area_id
    session.add(_hold(community, now))
    await _swap(session, ahead, now)


def _leave(ahead: Ahead, now: datetime) -> Absence:
    return Absence(
        county_code=DEMO_COUNTY_CODE,
        id=DEMO_ABSENCE,
        inspector_id=DEMO_INSPECTOR,
        during=Range(ahead.at(LEAVE_IN, 14), ahead.at(LEAVE_IN, 18)),
        kind="leave",
        reason="家中有事(演示)",
        state="requested",
        requested_by=DEMO_INSPECTOR,
        requested_at=now,
        version=1,
    )


def _outage(ahead: Ahead, now: datetime) -> Exemption:
    return Exemption(
        county_code=DEMO_COUNTY_CODE,
        id=DEMO_EXEMPTION,
        area_id=DEMO_COMMUNITY,
        during=Range(ahead.at(OUTAGE_IN, 1), ahead.at(OUTAGE_IN, 3)),
        kind="outage",
        reason="平台维护(演示)",
        created_by=DEMO_COUNTY_SUPERVISOR,
        created_at=now,
    )


def _shift(ahead: Ahead) -> Shift:
    return Shift(
        county_code=DEMO_COUNTY_CODE,
        id=DEMO_SPARE_SHIFT,
        inspector_id=DEMO_SPARE_INSPECTOR,
        service_day=ahead.today + timedelta(days=SHIFT_IN),
        starts_at=ahead.at(SHIFT_IN, 20),
        ends_at=ahead.at(SHIFT_IN, 22),
        kind="work",
        version=1,
    )


def _posts(ahead: Ahead) -> list[Appointment]:
    spare = Range(ahead.at(POST_IN, 0), ahead.at(POST_IN + 7, 0))
    swapped = Range(ahead.at(SWAP_IN, 8), ahead.at(SWAP_IN, 18))
    return [
        Appointment(
            county_code=DEMO_COUNTY_CODE,
            id=row_id,
            inspector_id=DEMO_SPARE_INSPECTOR,
            grid_id=DEMO_GRID,
            role="part_time",
            valid=valid,
            version=1,
        )
        for row_id, valid in ((DEMO_SPARE_APPOINTMENT, spare), (demo_id("appointment", "swapped"), swapped))
    ]


def _hold(area_id: UUID, now: datetime) -> LegalHold:
    return LegalHold(
        county_code=DEMO_COUNTY_CODE,
        id=DEMO_HOLD,
        area_id=area_id,
        inspector_id=DEMO_SPARE_INSPECTOR,
        days=HELD_DAYS,
        reason="配合信访事项调查(演示)",
        document_no="岱信访〔2026〕1号",
        placed_by=DEMO_COUNTY_SUPERVISOR,
        placed_at=now,
    )


async def _swap(session: AsyncSession, ahead: Ahead, now: datetime) -> None:
    swap = SwapCreate(
        id=DEMO_SWAP,
        mode="substitution",
        inspector_id=DEMO_SPARE_INSPECTOR,
        other_id=DEMO_INSPECTOR,
        starts_at=ahead.at(SWAP_IN, 14),
        ends_at=ahead.at(SWAP_IN, 17),
        reason="参加培训(演示)",
    )
    await swap_grids(session, system_actor(DEMO_COUNTY_CODE), swap, zone=ahead.zone, now=now)
