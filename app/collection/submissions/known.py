"""What the tables know about the items of a set: their chains, what waits for them, other ids of subjects."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import bulk

CHAIN = text("""
WITH RECURSIVE chain AS (
    SELECT id, after_id, author_id, state FROM submission
     WHERE county_code = :county_code AND id = ANY(cast(:ids AS uuid[]))
     UNION
    SELECT s.id, s.after_id, s.author_id, s.state
      FROM chain c JOIN submission s ON s.county_code = :county_code AND s.id = c.after_id)
SELECT id, after_id, author_id, state FROM chain
""")
RECEIPTS = text("""
SELECT item_id, kind, outcome FROM item_receipt
 WHERE county_code = :county_code AND item_id = ANY(cast(:ids AS uuid[]))
""")
# What waits for something of this set, and what waits for that in turn; locked one after another in the order of
# the keys, by primary key even where the planner knows nothing yet.
WAITING = """
WITH RECURSIVE waiting AS (
    SELECT id FROM submission
     WHERE county_code = %(county_code)s AND waits_for = ANY(cast(%(ids)s AS uuid[])) AND state IN ('held', 'stuck')
     UNION
    SELECT s.id FROM waiting w
      JOIN submission s ON s.county_code = %(county_code)s AND s.waits_for = w.id AND s.state IN ('held', 'stuck'))
SELECT s.*, a.area_id AS author_area_id, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat
  FROM (SELECT DISTINCT id FROM waiting ORDER BY id) w
 CROSS JOIN LATERAL (
       SELECT * FROM submission WHERE county_code = %(county_code)s AND id = w.id AND state IN ('held', 'stuck')
        LIMIT 1 FOR UPDATE) s
  JOIN account a ON a.id = s.author_id
 ORDER BY s.id
"""
ONE_WAITING = text("""
SELECT s.*, a.area_id AS author_area_id, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat
  FROM submission s JOIN account a ON a.id = s.author_id
 WHERE s.county_code = :county_code AND s.id = ANY(cast(:ids AS uuid[])) AND s.state IN ('held', 'stuck')
 ORDER BY s.id FOR UPDATE OF s
""")
ALIASES = """
SELECT DISTINCT ON (sent_subject_id) sent_subject_id, subject_id FROM submission
 WHERE county_code = %(county_code)s AND sent_subject_id = ANY(cast(%(ids)s AS uuid[]))
   AND subject_id IS NOT NULL AND state IN ('applied', 'conflict')
 ORDER BY sent_subject_id, received_at, id
"""
PLACES = text("""
SELECT id, area_id, grid_id FROM subject WHERE county_code = :county_code AND id = ANY(cast(:ids AS uuid[]))
""")


@dataclass(frozen=True, slots=True)
class Chain:
    """Earlier items that some of the set come after, whole chains.

    after    item → the item before it
    authors  item → who sent it
    applied  those that count; refused: those that never will
    """

    after: dict[UUID, UUID | None]
    authors: dict[UUID, UUID]
    applied: frozenset[UUID]
    refused: frozenset[UUID]


async def chain_of(session: AsyncSession, county_code: str, ids: Collection[UUID]) -> Chain:
    """The chains that end in `ids`, which are not of the set itself."""
    if not ids:
        return Chain({}, {}, frozenset(), frozenset())
    asked = {"county_code": county_code, "ids": sorted(ids)}
    rows = (await session.execute(CHAIN, asked)).all()
    applied = {row.id for row in rows if row.state in ("applied", "conflict")}
    refused = {row.id for row in rows if row.state == "discarded"}
    for row in await session.execute(RECEIPTS, asked):
        if row.outcome == "rejected":
            refused.add(row.item_id)
        elif row.outcome == "stored" and row.kind != "submission":
            applied.add(row.item_id)
    return Chain(
        {row.id: row.after_id for row in rows},
        {row.id: row.author_id for row in rows},
        frozenset(applied - refused),
        frozenset(refused),
    )


async def waiting_for(session: AsyncSession, county_code: str, ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """Held submissions that wait for one of `ids`, items or subjects, directly or behind each other; locked."""
    return await bulk.fetch(session, WAITING, {"county_code": county_code, "ids": sorted(set(ids))})


async def waiting(session: AsyncSession, county_code: str, ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """Those of `ids` that are held; locked."""
    return (await session.execute(ONE_WAITING, {"county_code": county_code, "ids": sorted(set(ids))})).all()


async def aliases(session: AsyncSession, county_code: str, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Ids that senders made for subjects that were known under another: sent → known."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await bulk.fetch(session, ALIASES, {"county_code": county_code, "ids": wanted})
    return {row.sent_subject_id: row.subject_id for row in rows}


async def places(
    session: AsyncSession, county_code: str, ids: Iterable[UUID]
) -> dict[UUID, tuple[UUID, UUID | None]]:
    """(area, grid) of each subject."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await session.execute(PLACES, {"county_code": county_code, "ids": wanted})
    return {row.id: (row.area_id, row.grid_id) for row in rows}
