"""Receipts of items go when no handheld can still ask for them; those of items that wait stay."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database
from app.rules import service as rules
from app.rules.catalogue.retention import ITEM_RECEIPTS_DAYS

CHUNK = 5000
COUNTIES = text("""
SELECT a.county_code, (array_agg(a.id ORDER BY a.level <> 'county', a.id))[1] AS area_id
  FROM area a GROUP BY a.county_code ORDER BY a.county_code
""")
PATH = text("SELECT array_agg(ancestor_id ORDER BY depth) FROM area_closure WHERE area_id = :area_id")
# What is held is still to be answered, and so is what lies in quarantine: a release settles its receipt.
DELETE = text("""
DELETE FROM item_receipt WHERE ctid = ANY(ARRAY(
    SELECT r.ctid FROM item_receipt r
     WHERE r.county_code = :county_code AND r.received_at < :before AND r.outcome <> 'held'
       AND NOT (r.outcome = 'quarantined' AND EXISTS (
                SELECT FROM quarantine q WHERE q.county_code = r.county_code AND q.outcome IS NULL
                   AND q.id = cast(r.told ->> 'quarantine_id' AS uuid)))
     ORDER BY r.received_at LIMIT :limit))
""")


async def purge(database: Database, *, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """Deletes old receipts, a chunk a transaction; how many by county. May die anywhere and be run again."""
    today = now.astimezone(zone).date()
    before: dict[str, datetime] = {}
    async with database.transaction() as session:
        book = await rules.rule_book(session)
        for county_code, area_id in (await session.execute(COUNTIES)).all():
            path: list[UUID] = await session.scalar(PATH, {"area_id": area_id}) or []
            before[county_code] = now - timedelta(days=book.resolve(path, today)[ITEM_RECEIPTS_DAYS])
    return {county_code: await _purge_county(database, county_code, at) for county_code, at in before.items()}


async def _purge_county(database: Database, county_code: str, before: datetime) -> int:
    total = 0
    while True:
        async with database.transaction() as session:
            deleted = await _delete(session, county_code, before)
        total += deleted
        if deleted < CHUNK:
            return total


async def _delete(session: AsyncSession, county_code: str, before: datetime) -> int:
    found = await session.execute(DELETE, {"county_code": county_code, "before": before, "limit": CHUNK})
    assert isinstance(found, CursorResult)  # noqa: S101 - a DELETE has a row count
    return found.rowcount
