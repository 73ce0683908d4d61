"""Accounts: made, changed, disabled by system administrators; the password also by its owner."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity import approval, lockout, passwords, queries, second_factor
from app.identity.account_log import record_account
from app.identity.actor import ADMINISTRATORS, MANAGES, Actor, Role
from app.identity.lockout import Door
from app.identity.logins import revoke_logins
from app.identity.models import Account, Login
from app.identity.policy import SignInRules, sign_in_rules
from app.identity.problems import AnotherCounty, NotOneself, OldPasswordWrong, RoleNotManaged, TotpCodeWrong
from app.identity.scope import require_area
from app.kit import events
from app.kit.crypto import Vault
from app.kit.db import Database
from app.kit.problems import PreconditionFailed

PHONE = "account.phone"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made from. `password_hash` is `passwords.hash_password(password)`."""

    username: str
    password_hash: str
    role: Role
    area_id: UUID
    display_name: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What may be changed; None leaves it. An empty `phone` removes it."""

    display_name: str | None = None
    area_id: UUID | None = None
    phone: str | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """The password as it is and as it shall be."""

    old: str
    new: str


async def create_account(
    session: AsyncSession,
    actor: Actor,
    new: NewAccount,
    *,
    vault: Vault,
    now: datetime,
    account_id: UUID | None = None,
) -> Account:
    """A new, enabled account inside the actor's area.

    Raises NotFound (area outside), RoleNotManaged; the constraint on user names answers UsernameTaken.
    """
    require_managed(actor, new.role)
    await require_area(session, actor, new.area_id)
    account = Account(
        id=account_id or uuid7(),
        county_code=await queries.county_code_of(session, new.area_id),
        area_id=new.area_id,
        username=new.username.lower(),
        password_hash=new.password_hash,
        password_changed_at=now,
        role=new.role,
        display_name=new.display_name,
        enabled=True,
        version=1,
        created_at=now,
        made_by=None if actor.is_system else actor.account_id,
        approved_at=now if actor.is_system else None,
    )
    _set_phone(account, new.phone, vault)
    await approval.require_one_office(session, account)
    session.add(account)
    await record_account(
        session,
        actor.event_actor,
        account,
        "account.created",
        {"role": new.role, "area_id": str(new.area_id)},
        now=now,
    )
    return account


async def change_account(
    session: AsyncSession,
    actor: Actor,
    account_id: UUID,
    change: AccountChange,
    *,
    version: int | None,
    vault: Vault,
    now: datetime,
) -> Account:
    """Changes what `change` names; disabling ends every login of the account at once.

    Raises NotFound, RoleNotManaged, PreconditionFailed (`version` isn't the stored one), NotOneself,
    AnotherCounty.
    """
    account = await queries.get_account(session, actor, account_id, lock=True)
    require_managed(actor, Role(account.role))
    if version is not None and version != account.version:
        raise PreconditionFailed
    if account.id == actor.account_id and (change.enabled is not None or change.area_id is not None):
        raise NotOneself
    changed = await _apply(session, actor, account, change, vault)
    if not changed:
        return account
    account.version += 1
    await record_account(session, actor.event_actor, account, "account.changed", {"fields": changed}, now=now)
    if "enabled" in changed and not account.enabled:
        await revoke_logins(session, Login.account_id == account.id, "disabled", now=now)
        await record_account(session, actor.event_actor, account, "account.disabled", {}, now=now)
    return account


async def reset_password(
    session: AsyncSession, actor: Actor, account_id: UUID, password: str, *, now: datetime
) -> None:
    """An administrator sets a password; every login of the account ends. An administrator's waits for approval.

    Raises NotFound, NotOneself, RoleNotManaged, PasswordTooWeak.
    """
    account = await queries.get_account(session, actor, account_id, lock=True)
    if account.id == actor.account_id:  # one's own asks for the old one
        raise NotOneself
    require_managed(actor, Role(account.role))
    passwords.require_strong(password, account.username)
    if Role(account.role) in ADMINISTRATORS:
        approval.reopen(actor, account, now=now)
    await _set_password(session, actor, account, password, now)


async def change_own_password(
    session: AsyncSession,
    database: Database,
    actor: Actor,
    change: PasswordChange,
    *,
    address: str,
    vault: Vault,
    now: datetime,
    today: date,
) -> None:
    """The owner changes the password; other logins than this one end.

    A wrong old password counts like a failed sign-in, in a transaction of its own: a stolen session must
    not be a way to guess. Raises OldPasswordWrong, LockedOut, PasswordTooWeak.
    """
    account = await session.get_one(Account, actor.account_id)
    door = Door(account.username, address)
    rules = await sign_in_rules(session, account.area_id, today)
    known = await lockout.is_known(session, door, rules, vault=vault, now=now)
    locked = await lockout.find_lock(session, door, known=known, vault=vault, now=now)
    if locked is not None:
        raise locked
    if not await passwords.verify_password(account.password_hash, change.old):
        async with database.transaction() as own:
            await count_wrong_password(own, door, account, rules, known=known, vault=vault, now=now)
        raise OldPasswordWrong
    passwords.require_strong(change.new, account.username)
    await _set_password(session, actor, account, change.new, now)


async def require_code(
    session: AsyncSession,
    database: Database,
    actor: Actor,
    code: str | None,
    *,
    address: str,
    vault: Vault,
    now: datetime,
    today: date,
) -> None:
    """Spends a code of the actor's active second factor, if there is one; else nothing is asked.

    A wrong one counts like a wrong password. Raises TotpCodeWrong, LockedOut.
    """
    factor = await second_factor.find_factor(session, actor.account_id, vault)
    if factor is None:
        return
    account = await session.get_one(Account, actor.account_id)
    door = Door(account.username, address)
    rules = await sign_in_rules(session, account.area_id, today)
    known = await lockout.is_known(session, door, rules, vault=vault, now=now)
    locked = await lockout.find_lock(session, door, known=known, vault=vault, now=now)
    if locked is not None:
        raise locked
    match = factor.match(code, vault, now)
    async with database.transaction() as own:
        good = match is not None and await second_factor.spend(own, match, now=now)
        if not good:
            await count_wrong_password(own, door, account, rules, known=known, vault=vault, now=now)
    if not good:
        raise TotpCodeWrong


async def count_wrong_password(
    session: AsyncSession,
    door: Door,
    account: Account | None,
    rules: SignInRules,
    *,
    known: bool,
    vault: Vault,
    now: datetime,
) -> None:
    """Counts a wrong password or code for a user name, existing or not; the failure that locks leaves an event."""
    locked = await lockout.count_failure(session, door, rules, known=known, vault=vault, now=now)
    if locked is not None and account is not None:
        await record_account(session, events.SYSTEM, account, "account.locked", locked, now=now)


def require_managed(actor: Actor, role: Role) -> None:
    """Raises RoleNotManaged unless the actor's role makes and changes accounts of `role`."""
    if not actor.is_system and role not in MANAGES.get(actor.role, frozenset()):
        raise RoleNotManaged


def phone_of(account: Account, vault: Vault) -> str | None:
    """The phone number in the clear: mask it before it leaves."""
    return vault.decrypt(account.phone_sealed, PHONE, account.id) if account.phone_sealed else None


async def _set_password(
    session: AsyncSession, actor: Actor, account: Account, password: str, now: datetime
) -> None:
    account.password_hash = await passwords.hash_password(password)
    account.password_changed_at = now
    others = Login.account_id == account.id
    if account.id == actor.account_id and actor.login_id is not None:
        others &= Login.id != actor.login_id
    await record_account(session, actor.event_actor, account, "account.password_changed", {}, now=now)
    await revoke_logins(session, others, "password_changed", now=now)


async def _apply(
    session: AsyncSession, actor: Actor, account: Account, change: AccountChange, vault: Vault
) -> list[str]:
    changed = []
    if change.display_name is not None and change.display_name != account.display_name:
        account.display_name = change.display_name
        changed.append("display_name")
    if change.area_id is not None and change.area_id != account.area_id:
        await require_area(session, actor, change.area_id)
        # The home county is permanent: it is in the keys of what the account did.
        if await queries.county_code_of(session, change.area_id) != account.county_code:
            raise AnotherCounty
        before, account.area_id = account.area_id, change.area_id
        await approval.reopen_when_wider(session, actor, account, before)
        changed.append("area_id")
    if change.phone is not None and change.phone != (phone_of(account, vault) or ""):
        _set_phone(account, change.phone or None, vault)
        await approval.require_one_office(session, account)
        changed.append("phone")
    if change.enabled is not None and change.enabled != account.enabled:
        account.enabled = change.enabled
        changed.append("enabled")
    return changed


def _set_phone(account: Account, phone: str | None, vault: Vault) -> None:
    account.phone_sealed = vault.encrypt(phone, PHONE, account.id) if phone else None
    account.phone_index = vault.blind_index(phone, PHONE) if phone else None
