"""Who holds which handheld when. The database refuses overlaps; these functions only write ranges."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, delete, func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Actor, Role
from app.identity.device_models import Device, DeviceBinding
from app.identity.models import Account
from app.identity.problems import DeviceBound, InspectorBound, NotAnInspector
from app.identity.scope import visible_to
from app.kit import events
from app.kit.pagination import after, page
from app.kit.problems import NotFound


async def bind_device(
    session: AsyncSession,
    actor: Actor,
    device: Device,
    inspector_id: UUID,
    *,
    start: datetime,
    now: datetime,
    end: datetime | None = None,
    binding_id: UUID | None = None,
) -> DeviceBinding:
    """`device` belongs to the inspector from `start` until `end` (open when None).

    Raises NotFound, NotAnInspector; the exclusion constraints answer DeviceBound or InspectorBound.
    """
    await get_inspector(session, actor, inspector_id, device.county_code)
    binding = DeviceBinding(
        county_code=device.county_code,
        id=binding_id or uuid7(),
        device_id=device.id,
        inspector_id=inspector_id,
        valid=Range(start, end),
    )
    session.add(binding)
    await events.record(
        session,
        actor.event_actor,
        "device.bound",
        ("device", device.id),
        {"inspector_id": str(inspector_id), "binding_id": str(binding.id), "from": start.isoformat()},
        county_code=device.county_code,
        area_id=device.area_id,
        now=now,
    )
    return binding


async def find_binding(session: AsyncSession, device: Device, at: datetime) -> DeviceBinding | None:
    """The binding of the handheld in force at `at`."""
    found: DeviceBinding | None = await session.scalar(
        select(DeviceBinding).where(
            DeviceBinding.county_code == device.county_code,
            DeviceBinding.device_id == device.id,
            DeviceBinding.valid.contains(at),
        )
    )
    return found


async def list_bindings(
    session: AsyncSession, device: Device, *, cursor: str | None, limit: int
) -> tuple[list[DeviceBinding], str | None]:
    """Who held the handheld, oldest first, with the cursor of the next page."""
    statement = select(DeviceBinding).where(
        DeviceBinding.county_code == device.county_code, DeviceBinding.device_id == device.id
    )
    begin = func.lower(DeviceBinding.valid, type_=DateTime(timezone=True))
    rows = (await session.scalars(after(statement, [begin, DeviceBinding.id], cursor, limit))).all()
    return page(rows, limit, lambda b: [b.valid.lower, b.id])


async def end_binding(session: AsyncSession, device: Device, *, at: datetime) -> None:
    """The handheld belongs to nobody from `at` on."""
    mine = (DeviceBinding.county_code == device.county_code) & (DeviceBinding.device_id == device.id)
    begin = func.lower(DeviceBinding.valid)
    await session.execute(delete(DeviceBinding).where(mine, begin >= at))
    await session.execute(
        update(DeviceBinding)
        .where(mine, DeviceBinding.valid.contains(at))
        .values(valid=func.tstzrange(begin, at))
        .execution_options(synchronize_session=False)
    )


async def get_inspector(session: AsyncSession, actor: Actor, inspector_id: UUID, county_code: str) -> Account:
    """An enabled inspector of the county, inside the actor's area. Raises NotFound, NotAnInspector."""
    account = await session.scalar(
        select(Account).where(Account.id == inspector_id, visible_to(actor, Account))
    )
    if account is None:
        raise NotFound
    if account.role != Role.INSPECTOR or not account.enabled or account.county_code != county_code:
        raise NotAnInspector
    return account


async def require_free(session: AsyncSession, device: Device, inspector_id: UUID, now: datetime) -> None:
    """Raises DeviceBound or InspectorBound when one of the two is promised to somebody else at `now`."""
    held = await session.scalars(
        select(DeviceBinding).where(
            DeviceBinding.county_code == device.county_code,
            (DeviceBinding.device_id == device.id) | (DeviceBinding.inspector_id == inspector_id),
            DeviceBinding.valid.contains(now),
        )
    )
    for binding in held:
        if binding.inspector_id != inspector_id:
            raise DeviceBound
        if binding.device_id != device.id:
            raise InspectorBound
