"""Rows that visitors may decide, change and cancel, so that such examples work while the demo goes on working."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import system_actor
from app.kit.ids import (
    DEMO_ABSENCE,
    DEMO_COMMUNITY,
    DEMO_COUNTY_CODE,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_EXEMPTION,
    DEMO_GRID,
    DEMO_INSPECTOR,
    DEMO_SPARE_APPOINTMENT,
    DEMO_SPARE_INSPECTOR,
    DEMO_SPARE_SHIFT,
    DEMO_SWAP,
    demo_id,
)
from app.staffing.models import Appointment, Shift
from app.staffing.roster_models import Absence, Exemption
from app.staffing.swaps.schemas import SwapCreate
from app.staffing.swaps.service import swap_grids

LEAVE_IN, OUTAGE_IN, SHIFT_IN, SWAP_IN, POST_IN = 20, 28, 30, 100, 200
"""Days from the day of loading: far from what the demo walks, and no shift later than those planned ahead."""


async def load_spares(session: AsyncSession, today: date, zone: ZoneInfo, now: datetime) -> None:
    """A request for leave, an exemption at night, a shift, an appointment and a swap ahead."""

    def at(days: int, hour: int) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(hour), zone)

    session.add_all(
        [
            Absence(
                county_code=DEMO_COUNTY_CODE,
                id=DEMO_ABSENCE,
                inspector_id=DEMO_INSPECTOR,
                during=Range(at(LEAVE_IN, 14), at(LEAVE_IN, 18)),
                kind="leave",
                reason="家中有事(演示)",
                state="requested",
                requested_by=DEMO_INSPECTOR,
                requested_at=now,
                version=1,
            ),
            Exemption(
                county_code=DEMO_COUNTY_CODE,
                id=DEMO_EXEMPTION,
                area_id=DEMO_COMMUNITY,
                during=Range(at(OUTAGE_IN, 1), at(OUTAGE_IN, 3)),
                kind="outage",
                reason="平台维护(演示)",
                created_by=DEMO_COUNTY_SUPERVISOR,
                created_at=now,
            ),
            Shift(
                county_code=DEMO_COUNTY_CODE,
                id=DEMO_SPARE_SHIFT,
                inspector_id=DEMO_SPARE_INSPECTOR,
                service_day=today + timedelta(days=SHIFT_IN),
                starts_at=at(SHIFT_IN, 20),
                ends_at=at(SHIFT_IN, 22),
                kind="work",
                version=1,
            ),
        ]
    )
    spare = Range(at(POST_IN, 0), at(POST_IN + 7, 0))
    swapped = Range(at(SWAP_IN, 8), at(SWAP_IN, 18))
    for row_id, valid in ((DEMO_SPARE_APPOINTMENT, spare), (demo_id("appointment", "swapped"), swapped)):
        session.add(
            Appointment(
                county_code=DEMO_COUNTY_CODE,
                id=row_id,
                inspector_id=DEMO_SPARE_INSPECTOR,
                grid_id=DEMO_GRID,
                role="part_time",
                valid=valid,
                version=1,
            )
        )
    swap = SwapCreate(
        id=DEMO_SWAP,
        mode="substitution",
        inspector_id=DEMO_SPARE_INSPECTOR,
        other_id=DEMO_INSPECTOR,
        starts_at=at(SWAP_IN, 14),
        ends_at=at(SWAP_IN, 17),
        reason="参加培训(演示)",
    )
    await swap_grids(session, system_actor(DEMO_COUNTY_CODE), swap, zone=zone, now=now)
