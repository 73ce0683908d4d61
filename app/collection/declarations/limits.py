"""How often one may declare, and guess query codes: counted in the database, so all processes agree."""

from collections.abc import Sequence
from datetime import datetime

from app.collection.declarations.problems import TooManyDeclarations
from app.identity import attempts
from app.identity.attempts import Limit, Secret
from app.identity.problems import LockedOut
from app.kit.crypto import Vault
from app.kit.db import Database

HOUR_S = 3600


def from_address(address: str, per_hour: int) -> tuple[Secret, Limit]:
    """Declarations sent from one network."""
    return Secret("declare_address", address), Limit(per_hour, HOUR_S, from_first=True)


def at_point(token: str, per_hour: int) -> tuple[Secret, Limit]:
    """Declarations sent to one grid."""
    return Secret("declare_point", token), Limit(per_hour, HOUR_S, from_first=True)


def wrong_codes(address: str, per_hour: int) -> tuple[Secret, Limit]:
    """Query codes that one network tried in vain."""
    return Secret("declare_code", address), Limit(per_hour, HOUR_S, from_first=True)


async def require_free(database: Database, secrets: Sequence[Secret], *, vault: Vault, now: datetime) -> None:
    """Raises TooManyDeclarations while one of them is locked."""
    async with database.transaction() as session:
        for secret in secrets:
            locked = await attempts.find_lock(session, secret, vault=vault, now=now)
            if locked is not None:
                raise _refusal(locked)


async def count(
    database: Database, counted: Sequence[tuple[Secret, Limit]], *, vault: Vault, now: datetime
) -> None:
    """Counts one try at each, in a transaction of its own: it stays counted whatever becomes of the request."""
    async with database.transaction() as session:
        for secret, limit in sorted(counted, key=lambda each: each[0].purpose):
            await attempts.count_failure(session, secret, limit, vault=vault, now=now)


def _refusal(locked: LockedOut) -> TooManyDeclarations:
    return TooManyDeclarations(headers=locked.headers, **locked.extra)
