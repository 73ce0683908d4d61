"""How often one may declare, and guess query codes: counted in the database, so all processes agree.

Call in a transaction of its own that commits, whatever becomes of the request; never while another is held.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.declarations.problems import TooManyDeclarations
from app.identity import attempts
from app.identity.attempts import Limit, Secret
from app.kit.crypto import Vault

HOUR_S = 3600
Counted = tuple[Secret, Limit]


def from_address(address: str, per_hour: int) -> Counted:
    """Declarations sent from one network."""
    return Secret("declare_address", address), Limit(per_hour, HOUR_S, from_first=True)


def at_point(token: str, per_hour: int) -> Counted:
    """Declarations sent to one grid."""
    return Secret("declare_point", token), Limit(per_hour, HOUR_S, from_first=True)


def wrong_codes(address: str, per_hour: int) -> Counted:
    """Query codes that one network tried in vain."""
    return Secret("declare_code", address), Limit(per_hour, HOUR_S, from_first=True)


async def find_refusal(
    session: AsyncSession, counted: Sequence[Counted], *, vault: Vault, now: datetime
) -> TooManyDeclarations | None:
    """The refusal while one of them is locked, else None."""
    for secret, _ in counted:
        locked = await attempts.find_lock(session, secret, vault=vault, now=now)
        if locked is not None:
            return TooManyDeclarations(headers=locked.headers, **locked.extra)
    return None


async def count(session: AsyncSession, counted: Sequence[Counted], *, vault: Vault, now: datetime) -> None:
    """Counts one try at each."""
    # sorted by purpose: two tries at once take the rows in one order
    for secret, limit in sorted(counted, key=lambda each: each[0].purpose):
        await attempts.count_failure(session, secret, limit, vault=vault, now=now)
