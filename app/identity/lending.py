"""A handheld is lent for some hours and comes back: a binding with an end, and whom it returns to.

When the time is over it belongs to nobody until it is returned: what a late borrower records is answered
`unbound`, never credited to the owner.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.activation import IssuedCode, issue_code
from app.identity.actor import Actor
from app.identity.bindings import bind_device, end_binding, find_binding, get_inspector
from app.identity.device_models import Device, DeviceBinding, DeviceState
from app.identity.devices import get_device, logins_of, record_device
from app.identity.logins import revoke_logins
from app.identity.problems import (
    DeviceNotBound,
    DeviceNotLent,
    DeviceNotUsable,
    HandoverOutOfOrder,
    LoanLength,
    LoanToOwner,
)
from app.identity.scope import area_path
from app.kit.crypto import Vault
from app.rules import service as rules
from app.rules.catalogue.staffing import LENDING_LONGEST_H


@dataclass(frozen=True, slots=True)
class Loan:
    """To whom, since when (now when None), until when (as long as the rule allows when None)."""

    inspector_id: UUID
    until: datetime | None = None
    at: datetime | None = None


async def lend(
    session: AsyncSession,
    actor: Actor,
    device_id: UUID,
    loan: Loan,
    *,
    vault: Vault,
    now: datetime,
    today: date,
) -> tuple[DeviceBinding, IssuedCode]:
    """Ends the present binding, begins the borrower's, and issues his activation code.

    Asking again keeps the binding and issues a fresh code. Raises NotFound, NotAnInspector, DeviceNotUsable,
    DeviceNotBound, LoanToOwner, HandoverOutOfOrder, LoanLength; the constraint: InspectorBound.
    """
    device = await _usable(session, actor, device_id)
    await get_inspector(session, actor, loan.inspector_id, device.county_code)
    present = await find_binding(session, device, now)
    if present is None:
        raise DeviceNotBound
    # lent on by a borrower it still goes back to its owner
    owner_id = present.returns_to or present.inspector_id
    if loan.inspector_id == owner_id:  # when the time is over it would be nobody's
        raise LoanToOwner
    if present.inspector_id != loan.inspector_id or loan.until not in (None, present.valid.upper):
        present = await _begin(session, actor, device, present, owner_id, loan, now, today)
    code = await issue_code(session, actor, device.id, loan.inspector_id, vault=vault, now=now, today=today)
    return present, code


async def give_back(
    session: AsyncSession,
    actor: Actor,
    device_id: UUID,
    at: datetime | None,
    *,
    vault: Vault,
    now: datetime,
    today: date,
) -> tuple[DeviceBinding, IssuedCode]:
    """The handheld is its owner's again from `at` on, and he gets an activation code; also after the time was over.

    Raises NotFound, NotAnInspector, DeviceNotUsable, DeviceNotLent, HandoverOutOfOrder; the constraint:
    InspectorBound.
    """
    device = await _usable(session, actor, device_id)
    last = await _last_binding(session, device)
    if last is None or last.returns_to is None:
        raise DeviceNotLent
    owner = await get_inspector(session, actor, last.returns_to, device.county_code)
    at = _in_order(at or now, last, now)
    await end_binding(session, device, at=at)
    binding = await bind_device(session, actor, device, owner.id, start=at, now=now)
    await _changes_hands(session, actor, device, "device.returned", last.inspector_id, binding, now)
    return binding, await issue_code(session, actor, device.id, owner.id, vault=vault, now=now, today=today)


async def _begin(
    session: AsyncSession,
    actor: Actor,
    device: Device,
    present: DeviceBinding,
    owner_id: UUID,
    loan: Loan,
    now: datetime,
    today: date,
) -> DeviceBinding:
    at = _in_order(loan.at or now, present, now)
    applied = await rules.resolve(session, await area_path(session, device.area_id), today)
    longest = applied[LENDING_LONGEST_H]
    latest = at + timedelta(hours=longest)
    until = loan.until or latest
    if not now < until <= latest:
        raise LoanLength(longest_h=longest)
    await end_binding(session, device, at=at)
    binding = await bind_device(session, actor, device, loan.inspector_id, start=at, end=until, now=now)
    binding.returns_to = owner_id
    await _changes_hands(session, actor, device, "device.lent", present.inspector_id, binding, now)
    return binding


async def _changes_hands(
    session: AsyncSession,
    actor: Actor,
    device: Device,
    type_: str,
    former: UUID,
    binding: DeviceBinding,
    now: datetime,
) -> None:
    """The former holder's tokens on it end; the next one activates it."""
    device.state = DeviceState.REGISTERED
    await revoke_logins(session, logins_of(device), type_.split(".")[1], now=now)
    begins, ends = binding.valid.lower, binding.valid.upper
    data: dict[str, object] = {
        "from": str(former),
        "to": str(binding.inspector_id),
        "at": begins.isoformat() if begins else None,
        "until": ends.isoformat() if ends else None,
    }
    await record_device(session, actor, device, type_, data, now=now)


async def _usable(session: AsyncSession, actor: Actor, device_id: UUID) -> Device:
    device = await get_device(session, actor, device_id, lock=True)
    if device.revoked_at is not None:
        raise DeviceNotUsable(current_state=device.state)
    return device


async def _last_binding(session: AsyncSession, device: Device) -> DeviceBinding | None:
    found: DeviceBinding | None = await session.scalar(
        select(DeviceBinding)
        .where(DeviceBinding.county_code == device.county_code, DeviceBinding.device_id == device.id)
        .order_by(func.lower(DeviceBinding.valid).desc())
        .limit(1)
    )
    return found


def _in_order(at: datetime, binding: DeviceBinding, now: datetime) -> datetime:
    since = binding.valid.lower
    if since is None or not since < at <= now:
        raise HandoverOutOfOrder(bound_since=since.isoformat() if since else None)
    return at
