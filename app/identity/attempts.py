"""Failed attempts at a secret, and the lock after too many. Call in a transaction of its own: it must
survive the refusal that it belongs to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import AttemptGuard
from app.identity.problems import LockedOut, retry_headers
from app.kit.crypto import Vault

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """What is being guessed: `purpose` names the kind, `owner` whose it is, `place` from where it is tried."""

    purpose: str
    owner: str
    place: str = ""

    def key(self, vault: Vault) -> bytes:
        """Keyed hashes of owner and place: what people type there by mistake isn't stored."""
        texts = [self.owner, self.place] if self.place else [self.owner]
        return b"".join(vault.digest(f"attempts:{self.purpose}", text.encode()) for text in texts)


@dataclass(frozen=True, slots=True)
class Limit:
    """`failures` lock for `lock_s` seconds. A count starts anew when `lock_s` passed since its last failure,
    or, with `from_first`, since its first: many people at one address must not add up for ever.
    """

    failures: int
    lock_s: int
    from_first: bool = False


async def find_lock(
    session: AsyncSession, secret: Secret, *, vault: Vault, now: datetime
) -> LockedOut | None:
    """The refusal while `secret` is locked, else None."""
    guard = await _get(session, secret, vault)
    if guard is None or guard.locked_until is None or guard.locked_until <= now:
        return None
    return _refusal(guard.locked_until, now)


async def count_failure(
    session: AsyncSession, secret: Secret, limit: Limit, *, vault: Vault, now: datetime
) -> datetime | None:
    """Counts one failure; returns the end of the lock when this failure began it."""
    key = secret.key(vault)
    row = {"purpose": secret.purpose, "key": key, "failures": 0, "since": now, "last_at": now}
    # an update of nothing locks the row: a success meanwhile would delete it before it is read
    locked = insert(AttemptGuard).values(row)
    await session.execute(
        locked.on_conflict_do_update(
            index_elements=["purpose", "key"], set_={"failures": AttemptGuard.failures}
        )
    )
    guard = await session.get_one(AttemptGuard, (secret.purpose, key), populate_existing=True)
    if guard.locked_until is not None and guard.locked_until > now:
        return None
    oldest = guard.since if limit.from_first else guard.last_at
    if guard.locked_until is not None or oldest < now - timedelta(seconds=limit.lock_s):
        guard.failures, guard.since = 0, now
    guard.failures += 1
    guard.last_at = now
    guard.locked_until = now + timedelta(seconds=limit.lock_s) if guard.failures >= limit.failures else None
    return guard.locked_until


async def clear(session: AsyncSession, secret: Secret, *, vault: Vault, now: datetime) -> LockedOut | None:
    """Forgets the failures after a success, or returns the refusal when others locked it meanwhile.

    Without this second look a hundred parallel guesses would all be judged by the state before the first.
    """
    guard = await _get(session, secret, vault, lock=True)
    if guard is None:
        return None
    if guard.locked_until is not None and guard.locked_until > now:
        return _refusal(guard.locked_until, now)
    await session.delete(guard)
    return None


async def forget(session: AsyncSession, secret: Secret, *, vault: Vault) -> int:
    """Drops the counter of `secret` at every place it was tried from; returns how many there were."""
    first = secret.key(vault)
    of_owner = AttemptGuard.key.between(first, first + b"\xff" * KEY_BYTES)
    dropped = delete(AttemptGuard).where(AttemptGuard.purpose == secret.purpose, of_owner)
    return len((await session.execute(dropped.returning(AttemptGuard.failures))).all())


async def purge_attempts(session: AsyncSession, *, now: datetime) -> None:
    """Drops counters that a day has passed over; for the worker."""
    await session.execute(delete(AttemptGuard).where(AttemptGuard.last_at < now - timedelta(days=1)))


async def _get(
    session: AsyncSession, secret: Secret, vault: Vault, *, lock: bool = False
) -> AttemptGuard | None:
    wanted = select(AttemptGuard).where(
        AttemptGuard.purpose == secret.purpose, AttemptGuard.key == secret.key(vault)
    )
    found: AttemptGuard | None = await session.scalar(wanted.with_for_update() if lock else wanted)
    return found


def _refusal(locked_until: datetime, now: datetime) -> LockedOut:
    wait_s = int((locked_until - now).total_seconds()) + 1
    return LockedOut(headers=retry_headers(wait_s), retry_at=locked_until.isoformat(timespec="seconds"))
