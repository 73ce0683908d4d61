"""Who is signed in, on which handheld."""

from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import ROLE_LABELS, Actor
from app.identity.bindings import find_binding
from app.identity.device_models import Device, NoticeAcknowledgement
from app.identity.notices import get_current_notice
from app.identity.schemas import MeRead, MyDevice


async def get_profile(session: AsyncSession, actor: Actor, *, now: datetime, today: date) -> MeRead:
    """The account behind the login, and the handheld it was made on."""
    return MeRead(
        account_id=actor.account_id,
        display_name=actor.display_name,
        role=actor.role,
        role_label=ROLE_LABELS[actor.role],
        area_id=actor.area_id,
        county_code=actor.county_code,
        device=await _my_device(session, actor, now, today),
    )


async def _my_device(session: AsyncSession, actor: Actor, now: datetime, today: date) -> MyDevice | None:
    if actor.device_id is None:
        return None
    device = await session.get_one(Device, (actor.county_code, actor.device_id))
    binding = await find_binding(session, device, now)
    mine = binding is not None and binding.inspector_id == actor.account_id
    notice = await get_current_notice(session, today, actor.county_code)
    acknowledged_at = await session.scalar(
        select(NoticeAcknowledgement.acknowledged_at).where(
            and_(
                NoticeAcknowledgement.county_code == actor.county_code,
                NoticeAcknowledgement.inspector_id == actor.account_id,
                NoticeAcknowledgement.device_id == device.id,
                NoticeAcknowledgement.notice_version == notice.version,
            )
        )
    )
    return MyDevice(
        id=device.id,
        serial_no=device.serial_no,
        state=device.state,
        bound_since=binding.valid.lower if binding is not None and mine else None,
        notice_version=notice.version,
        notice_acknowledged_at=acknowledged_at,
    )
