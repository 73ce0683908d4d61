"""Where a county's chain goes on although events were purged, and whether the chain itself says so."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.patrol.retention.checkpoints import Stretch, told
from app.patrol.retention.models import EventCheckpoint

# The last announcement tells all stretches of the county, so earlier ones may be purged themselves.
ANNOUNCED = text("""
SELECT data -> 'checkpoints' FROM event WHERE county_code = :county_code AND type = 'audit.purged'
 ORDER BY ord DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class PurgedStretches:
    """Purged stretches of a county by their first number; `is_announced`: the log names exactly these."""

    by_first: Mapping[int, Stretch]
    is_announced: bool


async def purged_stretches(session: AsyncSession, county_code: str) -> PurgedStretches:
    """What was purged of a county's chain. Whoever deletes rows and forges a checkpoint is not announced."""
    rows = await session.scalars(
        select(EventCheckpoint)
        .where(EventCheckpoint.county_code == county_code)
        .order_by(EventCheckpoint.first_seq)
    )
    found = [Stretch(row.first_seq, row.seq, row.hash) for row in rows]
    announced = await session.scalar(ANNOUNCED, {"county_code": county_code})
    return PurgedStretches({each.first_seq: each for each in found}, (announced or []) == told(found))
