"""The rule book as the purge reads it: until which day, by area; until which instant, by county."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.rules import service as rules
from app.rules.catalogue import retention


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a county may go.

    fixes_before  by area: fixes of service days before that date; parallel to `areas`
    """

    county_code: str
    county_area: UUID
    areas: Sequence[UUID]
    fixes_before: Sequence[date]
    frozen_tolerance_m: int
    receipts_before: datetime
    quarantine_before: datetime
    events_before: datetime

    def cutoffs(self) -> dict[str, Any]:
        """As the statements name them."""
        return {
            "county_code": self.county_code,
            "areas": list(self.areas),
            "befores": list(self.fixes_before),
        }


AREAS = text("""
SELECT a.id, a.county_code, a.level,
       (SELECT array_agg(c.ancestor_id ORDER BY c.depth) FROM area_closure c WHERE c.area_id = a.id) AS path
  FROM area a
 ORDER BY a.county_code, a.id
""")


async def load_terms(session: AsyncSession, *, now: datetime, zone: ZoneInfo) -> list[Terms]:
    """The terms of every county, in the order of their codes. Fixes by the day's area, the rest by county."""
    today = now.astimezone(zone).date()
    book = await rules.rule_book(session)
    by_county: dict[str, list[Any]] = defaultdict(list)
    for row in (await session.execute(AREAS)).all():
        by_county[row.county_code].append(row)
    found = []
    for county_code, areas in by_county.items():
        county = next((a for a in areas if a.level == "county"), areas[0])
        applied = book.resolve(county.path or (), today)
        days = [book.resolve(a.path or (), today)[retention.FIXES_DAYS] for a in areas]
        found.append(
            Terms(
                county_code,
                county.id,
                [a.id for a in areas],
                [today - timedelta(days=each) for each in days],
                applied[retention.FROZEN_TOLERANCE_M],
                now - timedelta(days=applied[retention.RECEIPTS_DAYS]),
                now - timedelta(days=applied[retention.QUARANTINE_DAYS]),
                now - timedelta(days=applied[retention.EVENTS_DAYS]),
            )
        )
    return found
