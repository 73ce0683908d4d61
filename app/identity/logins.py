"""Logins: a family of refresh tokens from sign-in or activation to logout, revocation or expiry.

Each refresh gives a new pair. The token before is still good for the same new pair, until that is used:
a lost answer must not lock anybody out. Anything older means that two parties hold the family.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Actor, Role
from app.identity.device_models import Device
from app.identity.keyring import Keyring
from app.identity.models import Account, Login
from app.identity.problems import (
    AccountDisabled,
    AccountNotApproved,
    DeviceRevoked,
    LoginRevoked,
    RefreshRefused,
    RefreshReused,
)
from app.identity.refresh_tokens import RefreshToken, make_refresh_token, parse_refresh_token
from app.identity.tokens import issue_access_token
from app.kit import events
from app.kit.crypto import Vault, lock, unlock
from app.kit.problems import Problem

SUCCESSOR = "refresh successor"
MIN_LEFT_S = 60
"""A repeated answer carries the same access token while it lives at least this long, else a fresh one."""
REUSED = "reused"
LIMITED_TO_ENROLMENT = "totp_enrolment"
"""A login that may do nothing but set up its second factor."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An access token with its end, and the refresh token that comes with it."""

    access_token: str
    access_expires_at: datetime
    refresh_token: str
    limited_to: str | None = None


@dataclass(frozen=True, slots=True)
class Issuer:
    """All that making tokens needs."""

    keyring: Keyring
    vault: Vault
    access_ttl_s: int
    refresh_ttl_s: int

    def access_token(self, actor: Actor, now: datetime) -> tuple[str, datetime]:
        """A new access token and its end."""
        token = issue_access_token(actor, self.keyring, ttl_s=self.access_ttl_s, now=now)
        return token, datetime.fromtimestamp(int(now.timestamp()) + self.access_ttl_s, UTC)

    def refresh_expiry(self, now: datetime) -> datetime:
        """When an unused refresh token of now ends."""
        return now + timedelta(seconds=self.refresh_ttl_s)


async def start_login(
    session: AsyncSession,
    account: Account,
    *,
    issuer: Issuer,
    now: datetime,
    device_id: UUID | None = None,
    installation_id: str | None = None,
    limited_to: str | None = None,
) -> TokenPair:
    """A new login of `account`, bound to a handheld and to an installation of the app where given."""
    login_id = uuid7()
    refresh = make_refresh_token(account.county_code, login_id, 1, issuer.vault)
    login = Login(
        county_code=account.county_code,
        id=login_id,
        account_id=account.id,
        device_id=device_id,
        installation_hash=_installation_hash(installation_id),
        generation=1,
        current_hash=refresh.hash,
        created_at=now,
        refreshed_at=now,
        expires_at=issuer.refresh_expiry(now),
        limited_to=limited_to,
    )
    session.add(login)
    actor = actor_of(account, device_id, login_id)
    await events.record(
        session,
        actor.event_actor,
        "login.started",
        ("login", login_id),
        {"account_id": str(account.id), "device_id": str(device_id) if device_id else None},
        county_code=account.county_code,
        area_id=account.area_id,
        now=now,
    )
    access, expires_at = issuer.access_token(actor, now)
    return TokenPair(access, expires_at, refresh.text, limited_to)


async def refresh_login(
    session: AsyncSession, text: str, installation_id: str | None, *, issuer: Issuer, now: datetime
) -> TokenPair | Problem:
    """The next pair for the refresh token `text`, or the same next pair again when its answer was lost.

    A refusal is returned, not raised: it may have revoked the family, which the caller must commit.
    Two callers at once wait for each other (row lock), and both get the one next pair.
    """
    token = parse_refresh_token(text, issuer.vault)
    if token is None:
        return RefreshRefused()
    key = (token.county_code, token.login_id)
    login = await session.get(Login, key, with_for_update=True, populate_existing=True)
    if login is None or login.expires_at <= now:
        return RefreshRefused()
    account = await session.get_one(Account, login.account_id)
    refusal = await _refusal(session, login, account)
    if refusal is not None:
        return refusal
    same_installation = login.installation_hash in (None, _installation_hash(installation_id))
    if same_installation and token.hash == login.current_hash:
        return _rotate(login, account, token, issuer, now)
    if same_installation and token.hash == login.previous_hash:
        return _repeat(login, account, token, issuer, now)
    if token.generation > login.generation:  # the database was restored to an earlier state; nobody stole it
        return RefreshRefused()
    await _revoke_family(session, login, account, now)
    return RefreshReused()


async def end_login(session: AsyncSession, actor: Actor, *, now: datetime) -> None:
    """Logout: the actor's own login and its whole family end; a second time changes nothing."""
    mine = (Login.county_code == actor.county_code) & (Login.id == actor.login_id)
    if await revoke_logins(session, mine, "logout", now=now):
        await events.record(
            session,
            actor.event_actor,
            "login.ended",
            ("login", actor.login_id or actor.account_id),
            {},
            county_code=actor.county_code,
            area_id=actor.area_id,
            now=now,
        )


async def revoke_logins(
    session: AsyncSession, which: ColumnElement[bool], reason: str, *, now: datetime
) -> int:
    """Ends the logins that match; returns how many. The caller records why."""
    result = await session.execute(
        update(Login)
        .where(which, Login.revoked_at.is_(None))
        .values(revoked_at=now, revoke_reason=reason, successor=None)
        .returning(Login.id)
    )
    return len(result.all())


async def _refusal(session: AsyncSession, login: Login, account: Account) -> Problem | None:
    if login.device_id is not None:
        device = await session.get_one(Device, (login.county_code, login.device_id), populate_existing=True)
        if device.revoked_at is not None:
            return DeviceRevoked()
    if not account.enabled:
        return AccountDisabled()
    if account.approved_at is None:
        return AccountNotApproved()
    if login.revoked_at is not None:
        return RefreshReused() if login.revoke_reason == REUSED else LoginRevoked()
    return None


def _rotate(login: Login, account: Account, token: RefreshToken, issuer: Issuer, now: datetime) -> TokenPair:
    refresh = make_refresh_token(login.county_code, login.id, login.generation + 1, issuer.vault)
    access, expires_at = issuer.access_token(actor_of(account, login.device_id, login.id), now)
    pair = TokenPair(access, expires_at, refresh.text, login.limited_to)
    login.generation += 1
    login.previous_hash, login.current_hash = token.hash, refresh.hash
    login.successor = lock(token.secret, orjson.dumps(pair), SUCCESSOR)
    login.refreshed_at, login.expires_at = now, issuer.refresh_expiry(now)
    return pair


def _repeat(login: Login, account: Account, token: RefreshToken, issuer: Issuer, now: datetime) -> TokenPair:
    stored = orjson.loads(unlock(token.secret, login.successor or b"", SUCCESSOR))
    expires_at = datetime.fromisoformat(stored["access_expires_at"])
    if expires_at - now >= timedelta(seconds=MIN_LEFT_S):
        return TokenPair(stored["access_token"], expires_at, stored["refresh_token"], login.limited_to)
    access, expires_at = issuer.access_token(actor_of(account, login.device_id, login.id), now)
    pair = TokenPair(access, expires_at, stored["refresh_token"], login.limited_to)
    login.successor = lock(token.secret, orjson.dumps(pair), SUCCESSOR)
    return pair


async def _revoke_family(session: AsyncSession, login: Login, account: Account, now: datetime) -> None:
    login.revoked_at, login.revoke_reason, login.successor = now, REUSED, None
    await events.record(
        session,
        events.SYSTEM,
        "login.revoked",
        ("login", login.id),
        {"reason": REUSED, "account_id": str(account.id)},
        county_code=login.county_code,
        area_id=account.area_id,
        now=now,
    )


def actor_of(account: Account, device_id: UUID | None = None, login_id: UUID | None = None) -> Actor:
    """The account as an actor, on a handheld and in a login where given."""
    return Actor(
        account.id,
        account.county_code,
        Role(account.role),
        account.area_id,
        device_id,
        account.display_name,
        login_id,
    )


def _installation_hash(installation_id: str | None) -> bytes | None:
    return hashlib.sha256(installation_id.encode()).digest() if installation_id else None
