"""A one-time code makes a registered handheld an inspector's own: binding, notice and tokens in one call."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity import attempts, notices
from app.identity.actor import Actor, Role
from app.identity.bindings import bind_device, find_binding, get_inspector, require_free
from app.identity.device_models import ActivationCode, Device, DeviceState
from app.identity.devices import get_device, logins_of, record_device, void_codes
from app.identity.logins import Issuer, TokenPair, actor_of, revoke_logins, start_login
from app.identity.models import Account
from app.identity.policy import sign_in_rules
from app.identity.problems import ActivationRefused, DeviceNotUsable, DeviceRevoked, NotAnInspector
from app.kit.crypto import SealError, Vault, lock, unlock
from app.kit.db import Database

CODE_DIGITS = 8
PURPOSE = "activation_code"
ANSWER_KEPT = timedelta(minutes=30)
"""How long a handheld may ask again for an answer that it lost; afterwards it needs a new code."""


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code in the clear: shown once, to the one who issued it."""

    id: UUID
    code: str
    device_id: UUID
    inspector_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Installation:
    """What a handheld says of itself when it is activated."""

    installation_id: str
    android_version: str
    app_version: str
    capabilities: list[str]
    notice_version: str


@dataclass(frozen=True, slots=True)
class ActivationRequest:
    """An activation as it arrives."""

    serial_no: str
    code: str
    installation: Installation

    @property
    def guess(self) -> attempts.Secret:
        """What is being guessed."""
        return attempts.Secret("activation", self.serial_no.upper())

    @property
    def answer_secret(self) -> bytes:
        """Only who knows code and installation can read the stored answer."""
        return f"{self.code}/{self.installation.installation_id}".encode()


@dataclass(frozen=True, slots=True)
class Activated:
    """What the handheld gets."""

    county_code: str
    device_id: UUID
    inspector_id: UUID
    binding_id: UUID
    tokens: TokenPair


async def issue_code(
    session: AsyncSession,
    actor: Actor,
    device_id: UUID,
    inspector_id: UUID,
    *,
    vault: Vault,
    now: datetime,
    today: date,
) -> IssuedCode:
    """A new code for this handheld and inspector; codes issued before for the handheld are void.

    Raises NotFound, NotAnInspector, DeviceNotUsable, DeviceBound, InspectorBound.
    """
    device = await get_device(session, actor, device_id, lock=True)
    if device.revoked_at is not None:
        raise DeviceNotUsable(current_state=device.state)
    await get_inspector(session, actor, inspector_id, device.county_code)
    await require_free(session, device, inspector_id, now)
    await void_codes(session, device, now=now)
    rules = await sign_in_rules(session, device.area_id, today)
    expires_at = now + timedelta(hours=rules.activation_code_h)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    issued = ActivationCode(
        county_code=device.county_code,
        id=uuid7(),
        device_id=device.id,
        inspector_id=inspector_id,
        code_hash=vault.digest(PURPOSE, activation_message(device.id, code)),
        issued_by=actor.account_id,
        issued_at=now,
        expires_at=expires_at,
    )
    session.add(issued)
    data: dict[str, object] = {"inspector_id": str(inspector_id), "expires_at": expires_at.isoformat()}
    await record_device(session, actor, device, "device.activation_code_issued", data, now=now)
    return IssuedCode(issued.id, code, device.id, inspector_id, expires_at)


async def activate(
    database: Database, request: ActivationRequest, *, issuer: Issuer, now: datetime, today: date
) -> Activated:
    """Redeems a code. The same installation asking again within minutes gets the same answer.

    Opens its own transactions: the count of wrong codes must survive the refusal. Raises ActivationRefused,
    LockedOut, NoticeNotAcknowledged (the code stays good), DeviceRevoked, NotAnInspector, DeviceBound,
    InspectorBound.
    """
    async with database.transaction() as session:
        locked = await attempts.find_lock(session, request.guess, vault=issuer.vault, now=now)
        if locked is not None:
            raise locked
        activated = await _redeem(session, request, issuer, now, today)
        if activated is not None:
            refusal = await attempts.clear(session, request.guess, vault=issuer.vault, now=now)
            if refusal is not None:
                raise refusal
            return activated
    async with database.transaction() as session:
        rules = await sign_in_rules(session, None, today)
        limit = attempts.Limit(rules.activation_failures, rules.lockout_s)
        await attempts.count_failure(session, request.guess, limit, vault=issuer.vault, now=now)
    raise ActivationRefused


async def activate_device(
    session: AsyncSession,
    device: Device,
    inspector: Account,
    installation: Installation,
    *,
    issuer: Issuer,
    now: datetime,
    today: date,
) -> Activated:
    """Binding, acknowledged notice, state and tokens of an activation, without asking for a code.

    Earlier logins on the handheld end. Raises as `activate` does.
    """
    if device.revoked_at is not None:
        raise DeviceRevoked
    if inspector.role != Role.INSPECTOR or not inspector.enabled:
        raise NotAnInspector
    await notices.require_current(session, installation.notice_version, device.county_code, today)
    await require_free(session, device, inspector.id, now)
    owner = actor_of(inspector, device.id)
    binding = await find_binding(session, device, now)
    if binding is None:
        binding = await bind_device(session, owner, device, inspector.id, start=now, now=now)
    _take_over(device, installation, now)
    await revoke_logins(session, logins_of(device), "reactivated", now=now)
    app = installation.installation_id
    tokens = await start_login(
        session, inspector, issuer=issuer, now=now, device_id=device.id, installation_id=app
    )
    version = installation.notice_version
    await notices.acknowledge(session, device.county_code, inspector.id, device.id, version, now=now)
    data: dict[str, object] = {"inspector_id": str(inspector.id), "notice_version": version}
    await record_device(session, owner, device, "device.activated", data, now=now)
    return Activated(device.county_code, device.id, inspector.id, binding.id, tokens)


def _take_over(device: Device, installation: Installation, now: datetime) -> None:
    device.state, device.activated_at = DeviceState.ACTIVE, now
    device.android_version, device.app_version = installation.android_version, installation.app_version
    device.capabilities = sorted(set(installation.capabilities))


async def _redeem(
    session: AsyncSession, request: ActivationRequest, issuer: Issuer, now: datetime, today: date
) -> Activated | None:
    """The activation, or None when serial number and code don't belong together."""
    found = await _find_code(session, request, issuer.vault)
    if found is None:
        return None
    device, code = found
    if code.used_at is not None and now < code.used_at + ANSWER_KEPT and code.answer is not None:
        return _repeat(code, request)
    if code.used_at is not None or code.voided_at is not None or code.expires_at <= now:
        raise ActivationRefused
    inspector = await session.get_one(Account, code.inspector_id)
    activated = await activate_device(
        session, device, inspector, request.installation, issuer=issuer, now=now, today=today
    )
    answer = orjson.dumps(activated, default=str)
    code.used_at, code.answer = now, lock(request.answer_secret, answer, PURPOSE)
    return activated


async def _find_code(
    session: AsyncSession, request: ActivationRequest, vault: Vault
) -> tuple[Device, ActivationCode] | None:
    devices = select(Device).where(Device.serial_no == request.serial_no.upper()).with_for_update()
    for device in await session.scalars(devices):  # one, unless two counties own the same serial number
        code = await session.scalar(
            select(ActivationCode)
            .where(
                ActivationCode.county_code == device.county_code,
                ActivationCode.device_id == device.id,
                ActivationCode.code_hash.in_(
                    vault.digests(PURPOSE, activation_message(device.id, request.code))
                ),
            )
            .order_by(ActivationCode.issued_at.desc())
            .limit(1)
        )
        if code is not None:
            return device, code
    return None


def _repeat(code: ActivationCode, request: ActivationRequest) -> Activated:
    try:
        stored = orjson.loads(unlock(request.answer_secret, code.answer or b"", PURPOSE))
    except SealError as error:  # another installation
        raise ActivationRefused from error
    tokens = stored["tokens"]
    return Activated(
        stored["county_code"],
        UUID(stored["device_id"]),
        UUID(stored["inspector_id"]),
        UUID(stored["binding_id"]),
        TokenPair(
            tokens["access_token"],
            datetime.fromisoformat(tokens["access_expires_at"]),
            tokens["refresh_token"],
        ),
    )


def activation_message(device_id: UUID, code: str) -> bytes:
    """What is hashed of a code: it is worth nothing on another handheld."""
    return device_id.bytes + code.encode()
