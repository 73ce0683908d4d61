"""Accounts need two administrators: one makes them, another kind approves them (docs/decisions/0012)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import lockout, queries
from app.identity.account_log import record_account
from app.identity.actor import ADMINISTRATORS, MANAGES, Actor, Role
from app.identity.models import Account
from app.identity.problems import AdministratorAlready, NothingToApprove, OwnApproval, RoleNotManaged
from app.identity.scope import AreaClosure
from app.kit.crypto import Vault


async def approve(session: AsyncSession, actor: Actor, account_id: UUID, *, now: datetime) -> Account:
    """The account may sign in from now on.

    Raises NotFound, OwnApproval (who made or moved it), RoleNotManaged (his own kind makes such accounts),
    NothingToApprove, AdministratorAlready.
    """
    account = await queries.get_account(session, actor, account_id, lock=True)
    if account.approved_at is not None:
        raise NothingToApprove
    if actor.account_id in (account.made_by, account.id):
        raise OwnApproval
    if Role(account.role) in MANAGES.get(actor.role, frozenset()):
        raise RoleNotManaged
    await require_one_office(session, account)
    account.approved_at, account.approved_by = now, actor.account_id
    account.version += 1
    await record_account(
        session, actor.event_actor, account, "account.approved", {"role": account.role}, now=now
    )
    return account


async def require_one_office(session: AsyncSession, account: Account) -> None:
    """Raises AdministratorAlready when the person (same phone number) is another kind of administrator."""
    if Role(account.role) not in ADMINISTRATORS or account.phone_index is None:
        return
    other = select(Account.id).where(
        Account.phone_index == account.phone_index,
        Account.role.in_([role for role in ADMINISTRATORS if role != account.role]),
        Account.id != account.id,
        Account.enabled,
    )
    if await session.scalar(other.limit(1)) is not None:
        raise AdministratorAlready


async def reopen_when_wider(session: AsyncSession, actor: Actor, account: Account, before: UUID) -> None:
    """A move out of the area it had grants rights: the account waits for approval again."""
    narrower = select(AreaClosure.area_id).where(
        AreaClosure.area_id == account.area_id, AreaClosure.ancestor_id == before
    )
    if not actor.is_system and await session.scalar(narrower) is None:
        account.made_by, account.approved_at, account.approved_by = actor.account_id, None, None


def reopen(actor: Actor, account: Account, *, now: datetime) -> None:
    """Whoever sets an administrator's password could be him: another one approves. The service's word is enough."""
    account.made_by = None if actor.is_system else actor.account_id
    account.approved_at, account.approved_by = now if actor.is_system else None, None
    account.version += 1


async def unlock(
    session: AsyncSession, actor: Actor, account_id: UUID, reason: str, *, vault: Vault, now: datetime
) -> None:
    """The security administrator forgets the wrong passwords typed for an account. Raises NotFound."""
    account = await queries.get_account(session, actor, account_id, lock=True)
    await lockout.unlock(session, account.username, vault=vault)
    await record_account(session, actor.event_actor, account, "account.unlocked", {"reason": reason}, now=now)
