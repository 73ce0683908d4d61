"""Wrong passwords, counted so that a stranger can lock out himself but nobody else.

Three counters: of this name at this address; of this name at all addresses it never signed in from; and of
this address for all names. Whoever signs in from where he did before (`known`) answers to the first alone.
After OWASP's "device cookies", with the address in place of the cookie, because Swagger's dialog keeps none.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import attempts
from app.identity.attempts import Limit, Secret
from app.identity.factor_models import KnownAddress
from app.identity.models import Account
from app.identity.policy import SignInRules
from app.identity.problems import LockedOut
from app.kit.crypto import Vault

log = structlog.get_logger("wangge.sign_in")
PURPOSE = "known_address"
IPV6_NETWORK_BITS = 64
"""One subscriber has a whole /64: counting single addresses of it would count nothing."""
REMEMBERED = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Door:
    """Where a password is tried: under which name, from which address."""

    username: str
    address: str

    @property
    def own(self) -> Secret:
        """This name at this address."""
        return Secret("password", self.username, self.address)

    @property
    def name(self) -> Secret:
        """This name at all addresses that are not known."""
        return Secret("password_name", self.username)

    @property
    def place(self) -> Secret:
        """All names at this address."""
        return Secret("password_address", self.address)


def network_of(host: str | None) -> str:
    """What counts as one address: an IPv4 address, an IPv6 /64; any other text as it is."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address.packed, IPV6_NETWORK_BITS), strict=False))
    return str(address)


async def is_known(
    session: AsyncSession, door: Door, rules: SignInRules, *, vault: Vault, now: datetime
) -> bool:
    """Whether the account of that name signed in from that address lately. An unknown name costs as much."""
    since = now - timedelta(days=rules.known_address_days)
    found = (
        select(KnownAddress.account_id)
        .join(Account, Account.id == KnownAddress.account_id)
        .where(Account.username == door.username, KnownAddress.seen_at > since)
        .where(KnownAddress.address_hash.in_(vault.digests(PURPOSE, door.address.encode())))
    )
    return await session.scalar(found.limit(1)) is not None


async def find_lock(
    session: AsyncSession, door: Door, *, known: bool, vault: Vault, now: datetime
) -> LockedOut | None:
    """The refusal while one of the counters that matter here is locked, else None."""
    for secret in _counted(door, known):
        locked = await attempts.find_lock(session, secret, vault=vault, now=now)
        if locked is not None:
            return locked
    return None


async def count_failure(
    session: AsyncSession, door: Door, rules: SignInRules, *, known: bool, vault: Vault, now: datetime
) -> dict[str, object] | None:
    """Counts a wrong password. What the event shall say when that locked the account somewhere, else None."""
    limits = {
        door.own: Limit(rules.lockout_failures, rules.lockout_s),
        door.name: Limit(rules.lockout_name_failures, rules.lockout_s, from_first=True),
        door.place: Limit(rules.lockout_address_failures, rules.lockout_s, from_first=True),
    }
    locked = {}
    # sorted by purpose: two failures at once take the rows in one order
    for secret in sorted(_counted(door, known), key=lambda each: each.purpose):
        until = await attempts.count_failure(session, secret, limits[secret], vault=vault, now=now)
        if until is not None:
            locked[secret] = until
    if door.place in locked:
        log.warning("address locked", key=door.place.key(vault).hex()[:16], until=locked[door.place])
    for secret, where in ((door.name, "unknown_addresses"), (door.own, "one_address")):
        if secret in locked:
            return {"where": where, "until": locked[secret].isoformat()}
    return None


async def pass_through(
    session: AsyncSession, door: Door, *, known: bool, vault: Vault, now: datetime
) -> LockedOut | None:
    """After a right password: the own counter is forgotten, or the refusal when others locked it meanwhile."""
    if not known:
        for secret in (door.name, door.place):
            locked = await attempts.find_lock(session, secret, vault=vault, now=now)
            if locked is not None:
                return locked
    return await attempts.clear(session, door.own, vault=vault, now=now)


async def remember(
    session: AsyncSession, account: Account, address: str, *, vault: Vault, now: datetime
) -> None:
    """The account signed in from there."""
    row = {
        "account_id": account.id,
        "address_hash": vault.digest(PURPOSE, address.encode()),
        "seen_at": now,
    }
    await session.execute(
        insert(KnownAddress)
        .values(row)
        .on_conflict_do_update(index_elements=["account_id", "address_hash"], set_={"seen_at": now})
    )


async def unlock(session: AsyncSession, username: str, *, vault: Vault) -> None:
    """Forgets every wrong password typed for the name, wherever."""
    await attempts.forget(session, Secret("password", username), vault=vault)
    await attempts.forget(session, Secret("password_name", username), vault=vault)


async def purge_known_addresses(session: AsyncSession, *, now: datetime) -> None:
    """Drops addresses not seen for longer than any rule looks back; for the worker."""
    await session.execute(delete(KnownAddress).where(KnownAddress.seen_at < now - REMEMBERED))


def _counted(door: Door, known: bool) -> list[Secret]:
    return [door.own] if known else [door.own, door.name, door.place]
