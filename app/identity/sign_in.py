"""The password flow. Hashing happens between two transactions, never inside one."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import attempts, passwords, queries
from app.identity.accounts import count_wrong_password
from app.identity.logins import Issuer, TokenPair, start_login
from app.identity.problems import AccountDisabled, WrongCredentials
from app.kit.db import Database
from app.kit.problems import Problem


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was typed; `installation_id` where an app names itself."""

    username: str
    password: str
    installation_id: str | None

    @property
    def name(self) -> str:
        """The user name as it is stored."""
        return self.username.strip().lower()

    @property
    def secret(self) -> attempts.Secret:
        """What is being guessed."""
        return attempts.Secret("password", self.name)


async def sign_in(
    database: Database, given: Credentials, *, issuer: Issuer, now: datetime, today: date
) -> TokenPair:
    """A new login. Raises WrongCredentials, LockedOut or AccountDisabled.

    Opens its own transactions, because the count of failures must survive the refusal. Unknown names are
    counted, locked and timed like known ones, so that nobody can find out which exist.
    """
    async with database.transaction() as session:
        locked = await attempts.find_lock(session, given.secret, vault=issuer.vault, now=now)
        account = await queries.find_account_by_username(session, given.name)
    if locked is not None:
        raise locked
    password_hash = account.password_hash if account is not None else None
    if not await passwords.verify_password(password_hash, given.password):
        async with database.transaction() as session:
            await count_wrong_password(session, given.name, account, vault=issuer.vault, now=now, today=today)
        raise WrongCredentials
    fresh_hash = None
    if password_hash is not None and passwords.needs_rehash(password_hash):
        fresh_hash = await passwords.hash_password(given.password)
    async with database.transaction() as session:
        outcome = await _admit(session, given, password_hash, fresh_hash, issuer, now)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


async def _admit(
    session: AsyncSession,
    given: Credentials,
    verified_hash: str | None,
    fresh_hash: str | None,
    issuer: Issuer,
    now: datetime,
) -> TokenPair | Problem:
    locked = await attempts.clear(session, given.secret, vault=issuer.vault, now=now)
    if locked is not None:
        return locked
    account = await queries.find_account_by_username(session, given.name, lock=True)
    if account is None or account.password_hash != verified_hash:  # changed while we were hashing
        return WrongCredentials()
    if not account.enabled:
        return AccountDisabled()
    if fresh_hash is not None:
        account.password_hash = fresh_hash
    return await start_login(session, account, issuer=issuer, now=now, installation_id=given.installation_id)
