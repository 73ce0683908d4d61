"""A handheld changes hands: one binding ends, the next begins at the same instant, in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.activation import IssuedCode, issue_code
from app.identity.actor import Actor
from app.identity.bindings import bind_device, end_binding, find_binding, get_inspector
from app.identity.device_models import Device, DeviceBinding, DeviceState
from app.identity.devices import get_device, logins_of, record_device
from app.identity.logins import revoke_logins
from app.identity.problems import DeviceNotBound, DeviceNotUsable, HandoverOutOfOrder
from app.kit.crypto import Vault


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom, and since when (now when None)."""

    inspector_id: UUID
    at: datetime | None = None


async def hand_over(
    session: AsyncSession,
    actor: Actor,
    device_id: UUID,
    handover: Handover,
    *,
    vault: Vault,
    now: datetime,
    today: date,
) -> tuple[DeviceBinding, IssuedCode]:
    """Ends the present binding, begins the next, and issues the new holder's activation code.

    The old holder's tokens on this handheld end; what still waits on it is attributed by the binding at the
    time it was recorded. Asking again after a lost answer keeps the binding and issues a fresh code.
    Raises NotFound, NotAnInspector, DeviceNotUsable, DeviceNotBound, HandoverOutOfOrder; the constraint:
    InspectorBound.
    """
    device = await get_device(session, actor, device_id, lock=True)
    if device.revoked_at is not None:
        raise DeviceNotUsable(current_state=device.state)
    await get_inspector(session, actor, handover.inspector_id, device.county_code)
    present = await find_binding(session, device, now)
    if present is None:
        raise DeviceNotBound
    if present.inspector_id != handover.inspector_id:
        present = await _exchange(session, actor, device, present, handover, now)
    code = await issue_code(
        session, actor, device.id, handover.inspector_id, vault=vault, now=now, today=today
    )
    return present, code


async def _exchange(
    session: AsyncSession,
    actor: Actor,
    device: Device,
    present: DeviceBinding,
    handover: Handover,
    now: datetime,
) -> DeviceBinding:
    at, since = handover.at or now, present.valid.lower
    if since is None or not since < at <= now:
        raise HandoverOutOfOrder(bound_since=since.isoformat() if since else None)
    await end_binding(session, device, at=at)
    binding = await bind_device(session, actor, device, handover.inspector_id, start=at, now=now)
    device.state = DeviceState.REGISTERED  # until the new holder activates it
    await revoke_logins(session, logins_of(device), "handed_over", now=now)
    data: dict[str, object] = {
        "from": str(present.inspector_id),
        "to": str(handover.inspector_id),
        "at": at.isoformat(),
    }
    await record_device(session, actor, device, "device.handed_over", data, now=now)
    return binding
