"""Old months of the event log go; the chain's checkpoints stay, and an event in the chain names them.

The log's trigger forbids every DELETE and TRUNCATE of events. A month is dropped as a whole, which is the only way.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import events
from app.kit.events import SEAL_LOCK, SYSTEM
from app.kit.partitions import drop_month, list_months, next_month
from app.patrol.retention.checkpoints import Stretch, merged, told
from app.patrol.retention.terms import Terms

STAYS = text("""
SELECT EXISTS (SELECT FROM event WHERE occurred_at >= :since AND occurred_at < :until AND seq IS NULL)
    OR EXISTS (SELECT FROM legal_hold WHERE released_at IS NULL AND days && daterange(:first, :next))
""")
# Runs of neighbouring numbers, each with the hash of its last event.
SEALED = text("""
WITH numbered AS (
    SELECT county_code, seq, seq - row_number() OVER (PARTITION BY county_code ORDER BY seq) AS run
      FROM event WHERE occurred_at >= :since AND occurred_at < :until),
runs AS (
    SELECT county_code, min(seq) AS first_seq, max(seq) AS last_seq FROM numbered GROUP BY county_code, run)
SELECT r.county_code, r.first_seq, r.last_seq, e.hash
  FROM runs r JOIN event e ON e.county_code = r.county_code AND e.seq = r.last_seq
   AND e.occurred_at >= :since AND e.occurred_at < :until
 ORDER BY r.county_code, r.first_seq
""")
KNOWN = text("SELECT first_seq, seq, hash FROM event_checkpoint WHERE county_code = :county_code")
FORGET = text("DELETE FROM event_checkpoint WHERE county_code = :county_code")
KEEP = text("""
INSERT INTO event_checkpoint (county_code, first_seq, seq, hash, purged_at)
VALUES (:county_code, :first_seq, :seq, :hash, :now)
""")


async def old_months(session: AsyncSession, terms: Sequence[Terms]) -> list[date]:
    """Months of the log that end before the retention of every county, the oldest first."""
    before = min((t.events_before for t in terms), default=None)
    if before is None:
        return []
    return [m for m in await list_months(session, "event") if _begins(next_month(m)) <= before]


async def drop_month_of_events(
    session: AsyncSession, month: date, county_areas: Mapping[str, UUID], *, now: datetime
) -> dict[str, int] | None:
    """Events by county that went with the month; None when an unsealed event or a legal hold keeps it.

    county_areas: the area that the announcing event of a county is about. Raises OperationalError when the log is
    busy for longer than the lock timeout.
    """
    # the sealer gives out numbers under the same lock
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEAL_LOCK})
    span = {"since": _begins(month), "until": _begins(next_month(month))}
    if await session.scalar(STAYS, span | {"first": month, "next": next_month(month)}):
        return None
    by_county: dict[str, list[Stretch]] = defaultdict(list)
    for county_code, *stretch in (await session.execute(SEALED, span)).all():
        by_county[county_code].append(Stretch(*stretch))
    gone = {county_code: sum(len(s) for s in each) for county_code, each in by_county.items()}
    for county_code, new in by_county.items():
        purged = await _keep_checkpoints(session, county_code, new, now)
        await events.record(
            session,
            SYSTEM,
            "audit.purged",
            ("area", county_areas[county_code]),
            {"month": month.isoformat()[:7], "events": gone[county_code], "checkpoints": told(purged)},
            county_code=county_code,
            now=now,
            area_id=county_areas[county_code],
        )
    await drop_month(session, "event", month)
    return gone


async def _keep_checkpoints(
    session: AsyncSession, county_code: str, new: Sequence[Stretch], now: datetime
) -> list[Stretch]:
    known = [Stretch(*row) for row in (await session.execute(KNOWN, {"county_code": county_code})).all()]
    purged = merged(known, new)
    await session.execute(FORGET, {"county_code": county_code})
    for each in purged:
        await session.execute(
            KEEP,
            {
                "county_code": county_code,
                "first_seq": each.first_seq,
                "seq": each.seq,
                "hash": each.hash,
                "now": now,
            },
        )
    return purged


def _begins(month: date) -> datetime:
    return datetime.combine(month, time(0), UTC)
