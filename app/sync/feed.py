"""SQL of the change feed, as a handheld reads it: sealed events only, by `seq`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.sources import Scope
from app.kit.db import driver_connection
from app.kit.events import Event
from app.sync.heads import MARK_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a county's chain: the event's number, and the first bytes of its hash."""

    seq: int
    mark: bytes


# Each area is walked along its own index and stops after :limit rows, so a handheld that was away for weeks costs
# no more than one page; whatever the county did beside it is never read. The last arm has what concerns the
# whole county. Of two arms cut at their limit, everything up to the :limit-th row of both together is complete.
CHANGES = text("""
WITH found AS (
    SELECT e.seq, e.hash, e.subject_type, e.subject_id
      FROM unnest(cast(:areas AS uuid[])) AS a(id)
     CROSS JOIN LATERAL (
           SELECT seq, hash, subject_type, subject_id
             FROM event
            WHERE county_code = :county_code AND area_id = a.id AND seq > :since AND seq <= :until
              AND subject_type = ANY(cast(:types AS text[]))
              AND (data ->> 'grid_id' IS NULL OR data ->> 'grid_id' = ANY(cast(:grids AS text[]))
                   OR data ->> 'inspector_id' = :inspector)
            ORDER BY seq LIMIT :limit) e
    UNION ALL
    (SELECT seq, hash, subject_type, subject_id
       FROM event
      WHERE county_code = :county_code AND area_id IS NULL AND seq > :since AND seq <= :until
        AND subject_type = ANY(cast(:types AS text[]))
      ORDER BY seq LIMIT :limit)
)
SELECT seq, hash, subject_type, subject_id FROM found ORDER BY seq LIMIT :limit
""")

HEAD = "SELECT seq, hash FROM event_head WHERE county_code = %s"


async def head(session: AsyncSession, county_code: str) -> Place:
    """Where the county's chain ends."""
    connection = await driver_connection(session)
    row = await (await connection.execute(HEAD, [county_code], binary=True)).fetchone()
    return Place(0, b"") if row is None else Place(row[0], bytes(row[1][:MARK_BYTES]))


async def is_known(session: AsyncSession, county_code: str, place: Place) -> bool:
    """Whether the chain still has that event: not after a restore to an earlier state, nor once it is purged."""
    if place.seq == 0:
        first = select(Event.seq).where(Event.county_code == county_code, Event.seq.is_not(None))
        return await session.scalar(first.order_by(Event.seq).limit(1)) in (None, 1)
    hash_ = await session.scalar(
        select(Event.hash).where(Event.county_code == county_code, Event.seq == place.seq)
    )
    return hash_ is not None and hash_[:MARK_BYTES] == place.mark


async def changes(
    session: AsyncSession, scope: Scope, since: int, until: int, types: Sequence[str], limit: int
) -> Sequence[Row[Any]]:
    """Events after `since`, up to `until`, about subjects of these types that concern the scope, by `seq`."""
    found = await session.execute(
        CHANGES,
        {
            "county_code": scope.county_code,
            "areas": sorted(scope.area_ids),
            "grids": [str(each) for each in sorted(scope.grid_ids)],
            "inspector": str(scope.inspector_id),
            "types": list(types),
            "since": since,
            "until": until,
            "limit": limit,
        },
    )
    return found.all()


def subjects_by_type(rows: Sequence[Row[Any]]) -> dict[str, list[UUID]]:
    """Each subject once, sorted."""
    found: dict[str, set[UUID]] = {}
    for row in rows:
        found.setdefault(row.subject_type, set()).add(row.subject_id)
    return {type_: sorted(ids) for type_, ids in found.items()}
