"""Receipts and what was quarantined go by their age, a chunk a statement."""

from datetime import datetime

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

RECEIPTS = """FROM batch_receipt r WHERE r.county_code = :county_code AND r.received_at < :before"""
# Evidence of an area that is on hold stays, too.
QUARANTINED = """
  FROM quarantine r WHERE r.county_code = :county_code AND r.received_at < :before
   AND NOT EXISTS (SELECT FROM legal_hold h JOIN area_closure c ON c.ancestor_id = h.area_id
                    WHERE h.county_code = r.county_code AND h.released_at IS NULL AND h.inspector_id IS NULL
                      AND c.area_id = r.area_id AND h.days @> cast(r.received_at AT TIME ZONE :zone AS date))
"""
DELETE_RECEIPTS = text(
    f"DELETE FROM batch_receipt WHERE ctid = ANY(ARRAY(SELECT r.ctid {RECEIPTS} ORDER BY r.received_at LIMIT :limit))"
)
DELETE_QUARANTINED = text(
    f"DELETE FROM quarantine WHERE ctid = ANY(ARRAY(SELECT r.ctid {QUARANTINED} ORDER BY r.received_at LIMIT :limit))"
)
COUNT_RECEIPTS = text(f"SELECT count(*) {RECEIPTS}")
COUNT_QUARANTINED = text(f"SELECT count(*) {QUARANTINED}")


async def delete_receipts(session: AsyncSession, county_code: str, before: datetime, limit: int) -> int:
    """Deletes up to `limit` receipts of before; returns how many."""
    asked = {"county_code": county_code, "before": before, "limit": limit}
    return _count(await session.execute(DELETE_RECEIPTS, asked))


async def count_receipts(session: AsyncSession, county_code: str, before: datetime) -> int:
    """How many there are."""
    return int(await session.scalar(COUNT_RECEIPTS, {"county_code": county_code, "before": before}) or 0)


async def delete_quarantined(
    session: AsyncSession, county_code: str, before: datetime, limit: int, zone: str
) -> int:
    """Deletes up to `limit` quarantined bodies of before; returns how many. The caller holds `purge_alone`."""
    asked = {"county_code": county_code, "before": before, "limit": limit, "zone": zone}
    return _count(await session.execute(DELETE_QUARANTINED, asked))


async def count_quarantined(session: AsyncSession, county_code: str, before: datetime, zone: str) -> int:
    """How many there are."""
    asked = {"county_code": county_code, "before": before, "zone": zone}
    return int(await session.scalar(COUNT_QUARANTINED, asked) or 0)


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101 - a DELETE has a row count
    return result.rowcount
