"""Keeps `area_closure`, the pairs (area, ancestor) of the current tree that the scope helper joins."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

REBUILD = text(
    """
    WITH RECURSIVE climb (area_id, ancestor_id, depth) AS (
        SELECT id, id, 0 FROM area
        UNION ALL
        SELECT climb.area_id, v.parent_id, climb.depth + 1
          FROM climb
          JOIN area_version v ON v.area_id = climb.ancestor_id AND v.valid @> cast(:day AS date)
         WHERE v.parent_id IS NOT NULL
    ) CYCLE ancestor_id SET looped USING path,
    wanted AS (
        SELECT area_id, ancestor_id, min(depth) AS depth FROM climb WHERE NOT looped GROUP BY 1, 2
    ), gone AS (
        DELETE FROM area_closure c
         WHERE NOT EXISTS (SELECT FROM wanted w WHERE w.area_id = c.area_id AND w.ancestor_id = c.ancestor_id)
        RETURNING 1
    ), made AS (
        INSERT INTO area_closure (area_id, ancestor_id, depth)
        SELECT area_id, ancestor_id, depth FROM wanted
        ON CONFLICT (area_id, ancestor_id) DO UPDATE SET depth = excluded.depth
         WHERE area_closure.depth <> excluded.depth
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM made)
    """
)

ATTACH = text(
    """
    INSERT INTO area_closure (area_id, ancestor_id, depth)
    SELECT cast(:area_id AS uuid), cast(:area_id AS uuid), 0
    UNION ALL
    SELECT cast(:area_id AS uuid), ancestor_id, depth + 1
      FROM area_closure WHERE area_id = cast(:parent_id AS uuid)
    """
)


async def rebuild(session: AsyncSession, day: date) -> int:
    """Makes the closure that of the tree on `day`; returns how many pairs changed.

    Writes only what differs. Called after areas move, and by the worker when a new day begins, since a
    dated change takes effect by itself.
    """
    return int(await session.scalar(REBUILD, {"day": day}) or 0)


async def attach(session: AsyncSession, area_id: UUID, parent_id: UUID | None) -> None:
    """Adds the pairs of one new area that has no children yet."""
    await session.execute(ATTACH, {"area_id": area_id, "parent_id": parent_id})
