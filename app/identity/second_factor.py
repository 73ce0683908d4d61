"""The second factor of an account: enrolled by its owner, spent at sign-in, removed by the security administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import queries, totp
from app.identity.account_log import record_account
from app.identity.actor import ADMINISTRATORS, Actor, Role
from app.identity.factor_models import RecoveryCode, SecondFactor
from app.identity.logins import LIMITED_TO_ENROLMENT, revoke_logins
from app.identity.models import Account, Login
from app.identity.policy import sign_in_rules
from app.identity.problems import NotOneself, TotpCodeWrong, TotpNotPending, TotpNotSet
from app.identity.refresh_tokens import parse_refresh_token
from app.kit.crypto import Vault

ACTIVE, PENDING = "second_factor.active_sealed", "second_factor.pending_sealed"
RECOVERY = "recovery_code"
REQUIRED_OF: dict[str, frozenset[Role]] = {
    "nobody": frozenset(),
    "administrators": ADMINISTRATORS,
    "administrators_and_county": ADMINISTRATORS | {Role.COUNTY, Role.CITY},
}
"""Roles meant by each choice of the rule `sign_in.totp_required`."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a typed code is good for: the step of the authenticator that it belongs to, or a recovery code."""

    account_id: UUID
    step: int | None
    recovery_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Factor:
    """An active second factor, read once so that comparing a code costs the same whether it fits or not."""

    account_id: UUID
    secret: str
    last_step: int
    recovery_hashes: frozenset[bytes]

    def match(self, code: str | None, vault: Vault, now: datetime) -> Match | None:
        """What `code` is good for, or None. Nothing is spent yet."""
        step = totp.matching_step(self.secret, code or "", now, self.last_step)
        hashes = recovery_hashes(self.account_id, code or "", vault)
        recovery = next((each for each in hashes if each in self.recovery_hashes), None)
        return Match(self.account_id, step, recovery) if step is not None or recovery is not None else None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new secret: shown once, to its owner."""

    secret: str
    otpauth_uri: str


@dataclass(frozen=True, slots=True)
class FactorStatus:
    """How things stand for one account. `state`: "none", "pending" (never confirmed) or "active"."""

    state: str
    required: bool
    active_since: datetime | None
    recovery_codes_left: int


async def find_factor(session: AsyncSession, account_id: UUID, vault: Vault) -> Factor | None:
    """The active factor of the account, with its unused recovery codes."""
    row = await session.get(SecondFactor, account_id, populate_existing=True)
    if row is None or row.active_sealed is None:
        return None
    unused = select(RecoveryCode.code_hash).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    secret = vault.decrypt(row.active_sealed, ACTIVE, account_id)
    return Factor(account_id, secret, row.last_step, frozenset(await session.scalars(unused)))


async def spend(session: AsyncSession, match: Match, *, now: datetime) -> bool:
    """Makes the code useless from now on; False when it has been spent meanwhile.

    Call in a transaction of its own: a code that was shown is spent, whatever becomes of the sign-in.
    """
    if match.step is not None:
        spent = (
            update(SecondFactor)
            .where(SecondFactor.account_id == match.account_id, SecondFactor.last_step < match.step)
            .values(last_step=match.step)
            .returning(SecondFactor.account_id)
        )
        return (await session.execute(spent)).first() is not None
    used = (
        update(RecoveryCode)
        .where(RecoveryCode.account_id == match.account_id, RecoveryCode.code_hash == match.recovery_hash)
        .where(RecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .returning(RecoveryCode.account_id)
    )
    return (await session.execute(used)).first() is not None


async def is_required(session: AsyncSession, account: Account, today: date) -> bool:
    """Whether the rule of the account's area asks a second factor of its role."""
    rules = await sign_in_rules(session, account.area_id, today)
    return Role(account.role) in REQUIRED_OF[rules.totp_required]


async def must_enrol(session: AsyncSession, account: Account, today: date) -> bool:
    """Whether the account may sign in only to set up its second factor."""
    active = select(SecondFactor.account_id).where(
        SecondFactor.account_id == account.id, SecondFactor.active_sealed.is_not(None)
    )
    return await session.scalar(active) is None and await is_required(session, account, today)


async def get_status(session: AsyncSession, actor: Actor, *, today: date) -> FactorStatus:
    """How things stand for the actor."""
    account = await session.get_one(Account, actor.account_id)
    row = await session.get(SecondFactor, actor.account_id, populate_existing=True)
    left = select(func.count()).select_from(RecoveryCode)
    left = left.where(RecoveryCode.account_id == actor.account_id, RecoveryCode.used_at.is_(None))
    state = "none"
    if row is not None:
        state = "active" if row.active_sealed else "pending" if row.pending_sealed else "none"
    return FactorStatus(
        state,
        await is_required(session, account, today),
        row.active_since if row is not None else None,
        await session.scalar(left) or 0,
    )


async def begin(session: AsyncSession, actor: Actor, *, vault: Vault, now: datetime) -> Enrolment:
    """A new secret, pending until confirmed; the active one, if any, stays good until then.

    The router has asked for a code of the active one: a stolen session must not replace the authenticator.
    """
    account = await session.get_one(Account, actor.account_id, with_for_update=True)
    secret = totp.new_secret()
    row = await session.get(SecondFactor, account.id, populate_existing=True)
    if row is None:
        row = SecondFactor(account_id=account.id, last_step=totp.NEVER)
        session.add(row)
    row.pending_sealed = vault.encrypt(secret, PENDING, account.id)
    await record_account(session, actor.event_actor, account, "account.totp_begun", {}, now=now)
    return Enrolment(secret, totp.otpauth_uri(secret, account.username))


async def confirm(
    session: AsyncSession, actor: Actor, code: str, *, vault: Vault, now: datetime, today: date
) -> Sequence[str]:
    """The pending secret becomes the active one when `code` is of it.

    Returns the new recovery codes, shown once. Other logins of the account end; this one is a full one from
    now on. A wrong code counts nowhere: who knows the login knows the secret. Raises TotpNotPending,
    TotpCodeWrong.
    """
    account = await session.get_one(Account, actor.account_id, with_for_update=True)
    row = await session.get(SecondFactor, account.id, populate_existing=True)
    if row is None or row.pending_sealed is None:
        raise TotpNotPending
    secret = vault.decrypt(row.pending_sealed, PENDING, account.id)
    step = totp.matching_step(secret, code, now, totp.NEVER)
    if step is None:
        raise TotpCodeWrong
    row.active_sealed, row.pending_sealed = vault.encrypt(secret, ACTIVE, account.id), None
    row.active_since, row.last_step = now, step
    rules = await sign_in_rules(session, account.area_id, today)
    codes = await _new_recovery_codes(session, account.id, rules.recovery_codes, vault)
    mine = Login.id == actor.login_id
    await revoke_logins(session, (Login.account_id == account.id) & ~mine, "totp_activated", now=now)
    await session.execute(update(Login).where(mine).values(limited_to=None))
    await record_account(
        session, actor.event_actor, account, "account.totp_activated", {"recovery_codes": len(codes)}, now=now
    )
    return codes


async def remove(
    session: AsyncSession, actor: Actor, account_id: UUID, reason: str, *, now: datetime
) -> None:
    """The security administrator takes a lost authenticator away; every login of the account ends.

    Raises NotFound, NotOneself, TotpNotSet.
    """
    account = await queries.get_account(session, actor, account_id, lock=True)
    if account.id == actor.account_id:
        raise NotOneself
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    gone = delete(SecondFactor).where(SecondFactor.account_id == account.id)
    if (await session.execute(gone.returning(SecondFactor.account_id))).first() is None:
        raise TotpNotSet
    await revoke_logins(session, Login.account_id == account.id, "totp_removed", now=now)
    await record_account(
        session, actor.event_actor, account, "account.totp_removed", {"reason": reason}, now=now
    )


async def limit_login(session: AsyncSession, text: str, *, vault: Vault, today: date) -> None:
    """Before a refresh: a login older than the rule that asks for a second factor may only enrol from now on."""
    token = parse_refresh_token(text, vault)
    login = (
        await session.get(Login, (token.county_code, token.login_id), with_for_update=True) if token else None
    )
    if login is None or login.device_id is not None or login.limited_to is not None:
        return
    account = await session.get_one(Account, login.account_id)
    if await must_enrol(session, account, today):
        login.limited_to = LIMITED_TO_ENROLMENT


def recovery_hashes(account_id: UUID, code: str, vault: Vault) -> list[bytes]:
    """Keyed hashes of a recovery code under every key."""
    return vault.digests(RECOVERY, f"{account_id}/{code.lower()}".encode())


async def _new_recovery_codes(session: AsyncSession, account_id: UUID, count: int, vault: Vault) -> list[str]:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = totp.new_recovery_codes(count)
    session.add_all(
        RecoveryCode(account_id=account_id, code_hash=recovery_hashes(account_id, code, vault)[0])
        for code in codes
    )
    return codes
