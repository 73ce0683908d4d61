"""Two appeals of the fortnight: one waits for its decision, one was upheld."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.fortnight.named import name_of
from app.demo.people import inspector_id
from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.kit.ids import DEMO_COUNTY_SUPERVISOR, demo_id
from app.patrol.appeals import service
from app.patrol.appeals.schemas import AppealCreate, DecisionCreate

STATEMENT = "当日网格内基站检修,10 点至 15 点半没有网络和定位,一直在走访,请核实。(合成)"
REASON = "经核实,当日基站检修属实,走访记录齐全,按达标认定。(合成)"


async def file_and_decide(
    session: AsyncSession, grid_codes: Sequence[str], day: date, zone: ZoneInfo
) -> None:
    """Files the appeals against this day the morning after, and decides what is to be decided."""
    for place, code in enumerate(grid_codes):
        name = name_of(place, day)
        if name not in ("under_appeal", "appeal_upheld"):
            continue
        filed_at = datetime.combine(day + timedelta(days=1), time(8, 30), zone).astimezone(UTC)
        inspector = await _actor(session, inspector_id(code))
        appeal_id = demo_id("appeal", code)
        body = AppealCreate(
            appeal_id=appeal_id, service_day=day, revision=1, statement=STATEMENT, evidence=[]
        )
        await service.file_appeal(session, inspector, body, now=filed_at, zone=zone)
        if name == "appeal_upheld":
            supervisor = await _actor(session, DEMO_COUNTY_SUPERVISOR)
            decision = DecisionCreate(decision="upheld", decided_status="pass", reason=REASON)
            await service.decide_appeal(
                session, supervisor, appeal_id, decision, now=filed_at + timedelta(hours=5)
            )


async def _actor(session: AsyncSession, account_id: UUID) -> Actor:
    account = await session.get_one(Account, account_id)
    return Actor(
        account.id,
        account.county_code,
        Role(account.role),
        account.area_id,
        device_id=None,
        display_name=account.display_name,
    )
