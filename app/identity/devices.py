"""The registry of handhelds: registered, revoked or reported lost, taken back into use."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity import queries
from app.identity.actor import Actor
from app.identity.bindings import end_binding
from app.identity.device_models import ActivationCode, Device, DeviceState, Ownership
from app.identity.logins import revoke_logins
from app.identity.models import Login
from app.identity.problems import DeviceNotUsable
from app.identity.scope import require_area, visible_to
from app.kit import events
from app.kit.pagination import after, page
from app.kit.problems import NotFound


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What a handheld is registered with."""

    serial_no: str
    area_id: UUID
    model: str
    android_version: str | None = None
    app_version: str | None = None
    capabilities: list[str] = field(default_factory=list)
    ownership: Ownership = Ownership.ISSUED


async def register_device(
    session: AsyncSession, actor: Actor, new: NewDevice, *, now: datetime, device_id: UUID | None = None
) -> Device:
    """A handheld in the registry, inside the actor's area. Raises NotFound; the constraint: SerialTaken."""
    await require_area(session, actor, new.area_id)
    device = Device(
        county_code=await queries.county_code_of(session, new.area_id),
        id=device_id or uuid7(),
        area_id=new.area_id,
        serial_no=new.serial_no.upper(),
        model=new.model,
        android_version=new.android_version,
        app_version=new.app_version,
        capabilities=sorted(set(new.capabilities)),
        state=DeviceState.REGISTERED,
        ownership=new.ownership,
        registered_at=now,
    )
    session.add(device)
    data: dict[str, object] = {"model": device.model, "ownership": new.ownership.value}
    await record_device(session, actor, device, "device.registered", data, now=now)
    return device


async def get_device(session: AsyncSession, actor: Actor, device_id: UUID, *, lock: bool = False) -> Device:
    """The handheld, inside the actor's area. Raises NotFound."""
    wanted = select(Device).where(Device.id == device_id, visible_to(actor, Device))
    found: Device | None = await session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound
    return found


async def list_devices(
    session: AsyncSession, actor: Actor, state: DeviceState | None, *, cursor: str | None, limit: int
) -> tuple[list[Device], str | None]:
    """Handhelds inside the actor's area, by county and serial number, with the cursor of the next page."""
    statement = select(Device).where(visible_to(actor, Device))
    if state is not None:
        statement = statement.where(Device.state == state)
    keys = [Device.county_code, Device.serial_no]
    rows = (await session.scalars(after(statement, keys, cursor, limit))).all()
    return page(rows, limit, lambda device: [device.county_code, device.serial_no])


async def revoke_device(
    session: AsyncSession, actor: Actor, device_id: UUID, state: DeviceState, reason: str, *, now: datetime
) -> Device:
    """Revokes a handheld or marks it lost, at once: tokens, codes and the binding end with this commit.

    A lost handheld may be revoked later, not the other way round. Raises NotFound, DeviceNotUsable.
    """
    device = await get_device(session, actor, device_id, lock=True)
    if device.state == state:
        return device
    if device.state == DeviceState.REVOKED:
        raise DeviceNotUsable(current_state=device.state)
    device.state = state
    device.revoked_at = device.revoked_at or now
    await session.flush()  # the refusal of its tokens must not come after their end
    await revoke_logins(session, logins_of(device), state.value, now=now)
    await void_codes(session, device, now=now)
    await end_binding(session, device, at=now)
    type_ = "device.lost" if state is DeviceState.LOST else "device.revoked"
    await record_device(session, actor, device, type_, {"reason": reason}, now=now)
    return device


async def reinstate_device(session: AsyncSession, actor: Actor, device_id: UUID, *, now: datetime) -> Device:
    """Takes a lost or revoked handheld back into the registry; it needs a new activation. Raises NotFound."""
    device = await get_device(session, actor, device_id, lock=True)
    if device.revoked_at is None:
        raise DeviceNotUsable(current_state=device.state)
    device.state, device.revoked_at, device.activated_at = DeviceState.REGISTERED, None, None
    await record_device(session, actor, device, "device.reinstated", {}, now=now)
    return device


async def void_codes(session: AsyncSession, device: Device, *, now: datetime) -> None:
    """No activation code issued for the handheld so far works any more."""
    await session.execute(
        update(ActivationCode)
        .where(
            ActivationCode.county_code == device.county_code,
            ActivationCode.device_id == device.id,
            ActivationCode.voided_at.is_(None),
        )
        .values(voided_at=now, answer=None)
    )


async def record_device(
    session: AsyncSession, actor: Actor, device: Device, type_: str, data: dict[str, object], *, now: datetime
) -> None:
    """The event of a change of `device`."""
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("device", device.id),
        data,
        county_code=device.county_code,
        area_id=device.area_id,
        now=now,
    )


def logins_of(device: Device) -> ColumnElement[bool]:
    """The logins made on this handheld."""
    return and_(Login.county_code == device.county_code, Login.device_id == device.id)
