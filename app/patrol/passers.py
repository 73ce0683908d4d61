"""Who passed where: the search over tracks. Every search is recorded, with whom it showed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import counties_of
from app.kit import events
from app.patrol.box import Box, require_upright
from app.patrol.problems import RangeTooWide

MAX_DAYS = 31
MAX_DEGREES = 0.5

# The box is compared with the indexed expression first; only tracks that touch it are opened.
PASSERS = text("""
SELECT b.inspector_id, a.display_name, count(*) AS fixes,
       to_timestamp(min(ST_M(p.geom)) / 1000) AS first_at, to_timestamp(max(ST_M(p.geom)) / 1000) AS last_at
  FROM fix_batch b
  JOIN patrol_day d ON d.county_code = b.county_code AND d.inspector_id = b.inspector_id AND d.service_day = b.day
  JOIN account a ON a.id = b.inspector_id
 CROSS JOIN LATERAL ST_DumpPoints(ST_GeomFromTWKB(b.track)) p
 WHERE b.county_code = ANY(:counties) AND b.day BETWEEN :day_from AND :day_to
   AND ST_SetSRID(ST_GeomFromTWKB(b.track), 4490) && ST_MakeEnvelope(:west, :south, :east, :north, 4490)
   AND d.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :area_id)
   AND ST_X(p.geom) BETWEEN :west AND :east AND ST_Y(p.geom) BETWEEN :south AND :north
   AND ST_M(p.geom) BETWEEN :from_ms AND :to_ms
 GROUP BY b.inspector_id, a.display_name
 ORDER BY b.inspector_id
 LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class PasserSearch:
    """Where, and between which two instants."""

    box: Box
    start_at: datetime
    end_at: datetime


async def list_passers(
    session: AsyncSession, actor: Actor, search: PasserSearch, *, limit: int, now: datetime, zone: ZoneInfo
) -> Sequence[Row[Any]]:
    """Inspectors with fixes where and when it was asked.

    Raises BoxReversed, RangeTooWide. Leaves an event that names whom it showed: it tells whereabouts.
    """
    require_upright(search.box)
    west, south, east, north = search.box
    lasts = search.end_at - search.start_at
    if max(east - west, north - south) > MAX_DEGREES or not timedelta(0) <= lasts <= timedelta(days=MAX_DAYS):
        raise RangeTooWide(max_days=MAX_DAYS, max_degrees=MAX_DEGREES)
    result = await session.execute(
        PASSERS,
        {
            "counties": await counties_of(session, actor),
            "area_id": actor.area_id,
            # a night shift's fixes belong to the day before
            "day_from": search.start_at.astimezone(zone).date() - timedelta(days=1),
            "day_to": search.end_at.astimezone(zone).date() + timedelta(days=1),
            "west": west,
            "south": south,
            "east": east,
            "north": north,
            "from_ms": search.start_at.timestamp() * 1000,
            "to_ms": search.end_at.timestamp() * 1000,
            "limit": limit,
        },
    )
    found = result.all()
    await _note_search(session, actor, search, found, now)
    return found


async def _note_search(
    session: AsyncSession, actor: Actor, search: PasserSearch, found: Sequence[Row[Any]], now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        "passers.searched",
        ("area", actor.area_id),
        {
            "box": list(search.box),
            "start_at": search.start_at.isoformat(),
            "end_at": search.end_at.isoformat(),
            "role": actor.role,
            "inspector_ids": [str(row.inspector_id) for row in found],
        },
        county_code=actor.county_code,
        now=now,
        area_id=actor.area_id,
    )
