"""The password flow. Hashing happens between two transactions, never inside one."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import lockout, passwords, queries, second_factor, totp
from app.identity.accounts import count_wrong_password
from app.identity.lockout import Door
from app.identity.logins import LIMITED_TO_ENROLMENT, Issuer, TokenPair, refresh_login, start_login
from app.identity.models import Account
from app.identity.policy import SignInRules, sign_in_rules
from app.identity.problems import AccountDisabled, AccountNotApproved, LockedOut, WrongCredentials
from app.identity.second_factor import Factor
from app.kit.crypto import Vault
from app.kit.db import Database
from app.kit.problems import Problem


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was typed, and where: `address` as the lockout counts it, `installation_id` where an app names itself."""

    username: str
    password: str
    installation_id: str | None
    address: str

    @property
    def name(self) -> str:
        """The user name as it is stored."""
        return self.username.strip().lower()

    @property
    def door(self) -> Door:
        """What is being guessed, from where."""
        return Door(self.name, self.address)


@dataclass(frozen=True, slots=True)
class _Before:
    """What was known before the password was looked at."""

    account: Account | None
    factor: Factor | None
    rules: SignInRules
    known: bool
    locked: LockedOut | None


async def sign_in(
    database: Database, given: Credentials, *, issuer: Issuer, now: datetime, today: date
) -> TokenPair:
    """A new login. Raises WrongCredentials, LockedOut, AccountDisabled or AccountNotApproved.

    Who has a second factor appends its six digits, or a recovery code, to the password. Opens its own
    transactions, because the count of failures and the spent code must survive the refusal. Unknown names are
    counted, locked and timed like known ones, and one answer stands for a wrong password and a wrong code.
    """
    async with database.transaction() as session:
        before = await _look(session, given, issuer.vault, now, today)
    if before.locked is not None:
        raise before.locked
    typed = totp.Typed(given.password, None) if before.factor is None else totp.take_apart(given.password)
    password_hash = before.account.password_hash if before.account is not None else None
    right = await passwords.verify_password(password_hash, typed.password)
    match = before.factor.match(typed.code, issuer.vault, now) if before.factor is not None else None
    good = right and (before.factor is None or match is not None)
    if match is not None and good:
        async with database.transaction() as session:
            good = await second_factor.spend(session, match, now=now)
    if not good:
        async with database.transaction() as session:
            await count_wrong_password(
                session,
                given.door,
                before.account,
                before.rules,
                known=before.known,
                vault=issuer.vault,
                now=now,
            )
        raise WrongCredentials
    fresh_hash = None
    if password_hash is not None and passwords.needs_rehash(password_hash):
        fresh_hash = await passwords.hash_password(typed.password)
    async with database.transaction() as session:
        outcome = await _admit(session, given, before, fresh_hash, issuer, now, today)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


async def refresh(
    database: Database, text: str, installation_id: str | None, *, issuer: Issuer, now: datetime, today: date
) -> TokenPair:
    """The next pair of a login. Raises the refusal after what it revoked is committed.

    A login from before the second factor was asked for may only enrol from now on.
    """
    async with database.transaction() as session:
        await second_factor.limit_login(session, text, vault=issuer.vault, today=today)
        outcome = await refresh_login(session, text, installation_id, issuer=issuer, now=now)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


async def _look(
    session: AsyncSession, given: Credentials, vault: Vault, now: datetime, today: date
) -> _Before:
    account = await queries.find_account_by_username(session, given.name)
    rules = await sign_in_rules(session, account.area_id if account else None, today)
    known = await lockout.is_known(session, given.door, rules, vault=vault, now=now)
    locked = await lockout.find_lock(session, given.door, known=known, vault=vault, now=now)
    factor = await second_factor.find_factor(session, account.id, vault) if account else None
    return _Before(account, factor, rules, known, locked)


async def _admit(
    session: AsyncSession,
    given: Credentials,
    before: _Before,
    fresh_hash: str | None,
    issuer: Issuer,
    now: datetime,
    today: date,
) -> TokenPair | Problem:
    locked = await lockout.pass_through(session, given.door, known=before.known, vault=issuer.vault, now=now)
    if locked is not None:
        return locked
    account = await queries.find_account_by_username(session, given.name, lock=True)
    verified_hash = before.account.password_hash if before.account is not None else None
    if account is None or account.password_hash != verified_hash:  # changed while we were hashing
        return WrongCredentials()
    if not account.enabled:
        return AccountDisabled()
    if account.approved_at is None:
        return AccountNotApproved()
    if fresh_hash is not None:
        account.password_hash = fresh_hash
    await lockout.remember(session, account, given.address, vault=issuer.vault, now=now)
    limited = before.factor is None and await second_factor.must_enrol(session, account, today)
    return await start_login(
        session,
        account,
        issuer=issuer,
        now=now,
        installation_id=given.installation_id,
        limited_to=LIMITED_TO_ENROLMENT if limited else None,
    )
