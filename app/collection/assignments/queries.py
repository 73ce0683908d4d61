"""SQL of tasks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.models import Task

TaskKey = tuple[str, str, UUID, UUID | None]

ONLY_INSPECTORS = text("""
SELECT grid_id, min(inspector_id::text)::uuid AS inspector_id
  FROM appointment
 WHERE county_code = :county_code AND grid_id = ANY(:grid_ids) AND role = 'full_time'
   AND cancelled_at IS NULL AND valid @> cast(:now AS timestamptz)
 GROUP BY grid_id
HAVING count(DISTINCT inspector_id) = 1
""")


async def only_inspectors(
    session: AsyncSession, county_code: str, grid_ids: Iterable[UUID], now: datetime
) -> Mapping[UUID, UUID]:
    """The full-time inspector of each grid that has exactly one at `now`."""
    wanted = sorted(set(grid_ids))
    if not wanted:
        return {}
    bound = {"county_code": county_code, "grid_ids": wanted, "now": now}
    return {row.grid_id: row.inspector_id for row in await session.execute(ONLY_INSPECTORS, bound)}


async def insert_tasks(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Stores those whose kind, origin and subject are new; returns their ids."""
    statement = insert(Task).on_conflict_do_nothing(constraint="uq_task_origin").returning(Task.id)
    return set(await session.scalars(statement, list(rows)))


async def ids_by_key(
    session: AsyncSession, county_code: str, origin_ids: Iterable[UUID]
) -> Mapping[TaskKey, UUID]:
    """Ids of the tasks of these origins."""
    found = await session.execute(
        select(Task.kind, Task.origin_kind, Task.origin_id, Task.subject_id, Task.id).where(
            Task.county_code == county_code, Task.origin_id.in_(set(origin_ids))
        )
    )
    return {
        (kind, origin_kind, origin_id, subject): id_ for kind, origin_kind, origin_id, subject, id_ in found
    }
