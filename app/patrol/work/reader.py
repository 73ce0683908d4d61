"""Work intervals as patrol days are folded from them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection
from app.patrol.day_inputs import WorkInterval

Key = tuple[str, UUID, date]
# A day's windows may begin the evening before and end the morning after, and no interval is longer than a day.
READ = """
SELECT k.county_code, k.inspector_id, k.day, (extract(epoch FROM w.started_at) * 1000)::bigint,
       (extract(epoch FROM w.ended_at) * 1000)::bigint, w.kind, w.id::text
  FROM unnest(%b::text[], %b::uuid[], %b::date[]) AS k(county_code, inspector_id, day)
  JOIN work_interval w ON w.county_code = k.county_code AND w.inspector_id = k.inspector_id
       AND w.service_day BETWEEN k.day - 1 AND k.day + 1 AND w.withdrawn_at IS NULL
"""


async def read_work(
    session: AsyncSession, counties: Sequence[str], inspectors: Sequence[UUID], days: Sequence[date]
) -> dict[Key, list[WorkInterval]]:
    """What may touch each of these days, claimed lengths, in any order; the day's windows decide."""
    connection = await driver_connection(session)
    cursor = await connection.execute(READ, [list(counties), list(inspectors), list(days)], binary=True)
    found: dict[Key, list[WorkInterval]] = defaultdict(list)
    for county_code, inspector_id, day, *work in await cursor.fetchall():
        found[county_code, inspector_id, day].append(WorkInterval(*work))
    return found
