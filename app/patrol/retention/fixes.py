"""Fixes of frozen days go: whole months as partitions, else the rows of a day."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.partitions import drop_month, list_months, next_month
from app.patrol.retention.kept import KEPT, PAST
from app.patrol.retention.locks import purge_alone
from app.patrol.retention.terms import Terms

LIST = f"""
SELECT d.inspector_id, d.service_day FROM patrol_day d {PAST}
  JOIN frozen_explanation f ON f.county_code = d.county_code AND f.inspector_id = d.inspector_id
       AND f.service_day = d.service_day AND f.purged_at IS NULL
 WHERE d.county_code = :county_code AND d.frozen_at IS NOT NULL
   AND (d.service_day, d.inspector_id) > (:after_day, :after_inspector) AND NOT {KEPT}
"""
LIST_CHUNK = text(LIST + " ORDER BY d.service_day, d.inspector_id LIMIT :limit")
COUNT = text(f"SELECT count(*) FROM ({LIST}) AS found")
DELETE = text("""
WITH gone AS (
    DELETE FROM fix_batch b
     USING unnest(cast(:inspectors AS uuid[]), cast(:days AS date[])) AS k(inspector_id, service_day)
     WHERE b.county_code = :county_code AND b.inspector_id = k.inspector_id AND b.day = k.service_day
       AND b.day BETWEEN :first AND :last
    RETURNING b.fix_count)
SELECT count(*) AS batches, coalesce(sum(fix_count), 0) AS fixes FROM gone
""")
MARK = text("""
UPDATE frozen_explanation f SET purged_at = :now
  FROM unnest(cast(:inspectors AS uuid[]), cast(:days AS date[])) AS k(inspector_id, service_day)
 WHERE f.county_code = :county_code AND f.inspector_id = k.inspector_id AND f.service_day = k.service_day
""")
# The last position and the prints that tracks are compared by are whereabouts, too.
FORGET = (
    text("""
    UPDATE patrol_day p
       SET last_fix_at = NULL, last_longitude_e7 = NULL, last_latitude_e7 = NULL, last_accuracy_dm = NULL
      FROM (SELECT d.inspector_id, d.service_day FROM patrol_day d
              JOIN unnest(cast(:inspectors AS uuid[]), cast(:days AS date[])) AS k(inspector_id, service_day)
                   ON d.inspector_id = k.inspector_id AND d.service_day = k.service_day
             WHERE d.county_code = :county_code
             ORDER BY d.inspector_id, d.service_day FOR UPDATE OF d) AS gone
     WHERE p.county_code = :county_code AND p.inspector_id = gone.inspector_id
       AND p.service_day = gone.service_day
    """),
    text("""
    DELETE FROM track_print t
     USING unnest(cast(:inspectors AS uuid[]), cast(:days AS date[])) AS k(inspector_id, service_day)
     WHERE t.county_code = :county_code AND t.inspector_id = k.inspector_id AND t.service_day = k.service_day
    """),
)
MONTH_IN_USE = text(f"""
SELECT EXISTS (
    SELECT FROM patrol_day d
      LEFT JOIN unnest(cast(:areas AS uuid[]), cast(:befores AS date[])) AS term(area_id, before)
           ON term.area_id = d.area_id
     WHERE d.county_code = ANY(:counties) AND d.service_day >= :first AND d.service_day < :until
       AND (d.frozen_at IS NULL OR term.before IS NULL OR d.service_day >= term.before OR {KEPT}))
""")


class Gone(NamedTuple):
    """What one chunk removed."""

    days: int
    batches: int
    fixes: int
    last: tuple[date, UUID]


async def purge_chunk(
    session: AsyncSession, terms: Terms, after: tuple[date, UUID], *, limit: int, now: datetime
) -> Gone | None:
    """Removes the fixes of up to `limit` frozen days after (day, inspector); None when there are no more.

    The caller holds `purge_alone`.
    """
    asked = terms.cutoffs() | {"after_day": after[0], "after_inspector": after[1], "limit": limit}
    rows = (await session.execute(LIST_CHUNK, asked)).all()
    if not rows:
        return None
    found = [row.service_day for row in rows]
    named: dict[str, Any] = {
        "county_code": terms.county_code,
        "inspectors": [row.inspector_id for row in rows],
        "days": found,
    }
    gone = (await session.execute(DELETE, named | {"first": min(found), "last": max(found)})).one()
    for statement in FORGET:
        await session.execute(statement, named)
    await session.execute(MARK, named | {"now": now})
    return Gone(len(rows), gone.batches, int(gone.fixes), (rows[-1].service_day, rows[-1].inspector_id))


async def count_purgeable(session: AsyncSession, terms: Terms, beginning: tuple[date, UUID]) -> int:
    """How many frozen days still have fixes that may go."""
    asked = terms.cutoffs() | {"after_day": beginning[0], "after_inspector": beginning[1]}
    return int(await session.scalar(COUNT, asked) or 0)


async def old_months(session: AsyncSession, terms: Sequence[Terms], *, before: date) -> list[date]:
    """Months of fixes that lie wholly before every county's retention and before `before`."""
    earliest = min((min(t.fixes_before) for t in terms if t.fixes_before), default=date.min)
    limit = min(before, earliest)
    return [month for month in await list_months(session, "fix_batch") if next_month(month) <= limit]


async def drop_month_of_fixes(session: AsyncSession, terms: Sequence[Terms], month: date) -> bool:
    """Drops the month when each of its days is frozen, past its retention, and neither contested nor held.

    Raises OperationalError when the table is busy for longer than the lock timeout.
    """
    for each in sorted(terms, key=lambda t: t.county_code):
        await purge_alone(session, each.county_code)
    asked = {
        "counties": [t.county_code for t in terms],
        "areas": [area for t in terms for area in t.areas],
        "befores": [before for t in terms for before in t.fixes_before],
        "first": month,
        "until": next_month(month),
    }
    if await session.scalar(MONTH_IN_USE, asked):
        return False
    await drop_month(session, "fix_batch", month)
    return True
