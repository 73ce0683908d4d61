"""Who files an appeal or places a hold and who purges wait for each other, county by county.

Both ask afterwards what is there: an appeal that was filed first is seen by the purge, and a purge that was first
is over when the appeal looks. Locks of the transaction; always taken before any row.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

PURGE_LOCK = 0x50555247
SHARED = text("SELECT pg_advisory_xact_lock_shared(:lock, hashtext(:county_code))")
ALONE = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:county_code))")


async def keep_purge_out(session: AsyncSession, county_code: str) -> None:
    """Nothing of the county is purged until this transaction ends."""
    await session.execute(SHARED, {"lock": PURGE_LOCK, "county_code": county_code})


async def purge_alone(session: AsyncSession, county_code: str) -> None:
    """No appeal is filed and no hold placed in the county until this transaction ends."""
    await session.execute(ALONE, {"lock": PURGE_LOCK, "county_code": county_code})
