"""Signing keys of access tokens: in the database, sealed by the master key, kept ready in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Actor
from app.identity.models import SigningKey
from app.identity.verified import VerifiedTokens
from app.kit import events
from app.kit.crypto import Vault
from app.kit.db import Database

ALGORITHM = "ES256"
COLUMN = "signing_key.private_sealed"
RELOAD_EVERY_S = 60
RELOAD_AFTER_UNKNOWN_S = 5
LEAD_S = 3 * RELOAD_EVERY_S
"""A new key is published this long before it signs, so that every process knows it by then."""
FIRST_KEY_LOCK = 0x4B455953


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One signing key, ready for use. `kid` is its id in hex."""

    kid: str
    private: Any
    public: Any
    public_jwk: Mapping[str, str]
    active_from: datetime
    expires_at: datetime | None


class Keyring:
    """The keys of this moment and the tokens already verified with them."""

    def __init__(self, pairs: list[KeyPair], verified: VerifiedTokens) -> None:
        self.pairs = {pair.kid: pair for pair in pairs}
        self.verified = verified

    def signing(self, now: datetime) -> KeyPair:
        """The newest key that may sign at `now`. Raises LookupError when there is none.

        A server whose clock is behind signs with the next key rather than not at all.
        """
        alive = sorted((p for p in self.pairs.values() if self._alive(p, now)), key=lambda p: p.active_from)
        if not alive:
            raise LookupError("no signing key is trusted")
        active = [p for p in alive if p.active_from <= now]
        return active[-1] if active else alive[0]

    def verifying(self, kid: str, now: datetime) -> KeyPair | None:
        """The key named `kid` while it is trusted."""
        pair = self.pairs.get(kid)
        return pair if pair is not None and self._alive(pair, now) else None

    def jwks(self, now: datetime) -> dict[str, Any]:
        """The public keys as a JSON Web Key Set (RFC 7517)."""
        return {"keys": [dict(p.public_jwk) for p in self.pairs.values() if self._alive(p, now)]}

    @staticmethod
    def _alive(pair: KeyPair, now: datetime) -> bool:
        return pair.expires_at is None or now < pair.expires_at


class KeyringCache:
    """A process's keyring: reloaded every minute, and sooner (rate-limited) when an unknown key turns up."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault
        self._verified = VerifiedTokens()
        self._keyring: Keyring | None = None
        self._loaded_at: datetime | None = None

    async def current(self, now: datetime) -> Keyring:
        """The keyring, at most a minute old. Makes the first key of a new installation."""
        if self._keyring is None or self._age_s(now) >= RELOAD_EVERY_S:
            return await self._load(now)
        return self._keyring

    async def after_unknown_key(self, now: datetime) -> Keyring:
        """The keyring, reloaded unless that was done in the last seconds: strangers can't make us busy."""
        if self._keyring is None or self._age_s(now) >= RELOAD_AFTER_UNKNOWN_S:
            return await self._load(now)
        return self._keyring

    def forget(self) -> None:
        """The next `current` loads anew (after a rotation in this process)."""
        self._loaded_at = None

    def _age_s(self, now: datetime) -> float:
        return float("inf") if self._loaded_at is None else abs((now - self._loaded_at).total_seconds())

    async def _load(self, now: datetime) -> Keyring:
        async with self._database.transaction() as session:
            rows = await trusted_keys(session, now)
            if not rows:
                rows = await _first_key(session, self._vault, now)
        self._keyring = Keyring([_pair(row, self._vault) for row in rows], self._verified)
        self._loaded_at = now
        return self._keyring


async def trusted_keys(session: AsyncSession, now: datetime) -> list[SigningKey]:
    """The keys not expired at `now`, oldest first."""
    alive = or_(SigningKey.expires_at.is_(None), SigningKey.expires_at > now)
    return list(await session.scalars(select(SigningKey).where(alive).order_by(SigningKey.active_from)))


async def rotate_signing_key(
    session: AsyncSession,
    actor: Actor,
    *,
    vault: Vault,
    access_token_ttl_s: int,
    now: datetime,
    at_once: bool = False,
) -> SigningKey:
    """Adds a key that signs from `LEAD_S` on; the old ones verify until their last token has expired.

    `at_once` is for a key that leaked: the new key signs now and the old ones are refused everywhere
    within `RELOAD_EVERY_S`, so handhelds have to refresh. Returns the new key.
    """
    active_from = now if at_once else now + timedelta(seconds=LEAD_S)
    last_use = now if at_once else active_from + timedelta(seconds=access_token_ttl_s + LEAD_S)
    await session.execute(
        update(SigningKey)
        .where(or_(SigningKey.expires_at.is_(None), SigningKey.expires_at > last_use))
        .values(expires_at=last_use)
    )
    row = _new_row(vault, active_from, now)
    session.add(row)
    await events.record(
        session,
        actor.event_actor,
        "signing_key.rotated",
        ("signing_key", row.id),
        {"at_once": at_once, "active_from": active_from.isoformat()},
        county_code=actor.county_code,
        now=now,
    )
    return row


async def _first_key(session: AsyncSession, vault: Vault, now: datetime) -> list[SigningKey]:
    await session.execute(select(func.pg_advisory_xact_lock(FIRST_KEY_LOCK)))
    rows = await trusted_keys(session, now)
    if not rows:
        row = _new_row(vault, now, now)
        session.add(row)
        await session.flush()  # its defaults are read below, before the commit
        rows.append(row)
    return rows


def _new_row(vault: Vault, active_from: datetime, now: datetime) -> SigningKey:
    key_id = uuid7()
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = jwk.construct(private.public_key(), ALGORITHM).to_dict()
    return SigningKey(
        id=key_id,
        public_jwk={**public, "kid": key_id.hex, "use": "sig"},
        private_sealed=vault.encrypt(pem, COLUMN, key_id),
        created_at=now,
        active_from=active_from,
        expires_at=None,
    )


def _pair(row: SigningKey, vault: Vault) -> KeyPair:
    private = jwk.construct(vault.decrypt(row.private_sealed, COLUMN, row.id), ALGORITHM)
    public = jwk.construct(row.public_jwk, ALGORITHM)
    return KeyPair(row.id.hex, private, public, row.public_jwk, row.active_from, row.expires_at)
