"""Collection cycles (采集周期, S0-38): what was not looked at for too long becomes a task, once a cycle."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.models import Task
from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.service import changed
from app.collection.assignments.workflow import TaskKind, TaskOutcome, TaskState
from app.collection.catalogue.cycles import cycle_days
from app.collection.subjects.lifecycle import CLOSED
from app.identity.actor import system_actor
from app.identity.scope import area_path
from app.kit import events
from app.rules import service as rules

CHUNK = 2000
"""Tasks that one transaction opens or closes."""

# An item is collected where an affair that admits it is in force, in the area or above it.
COLLECTED = text("""
SELECT s.area_id, s.item_code, i.cycle_days
  FROM (SELECT DISTINCT area_id, item_code FROM subject
         WHERE county_code = :county_code AND merged_into IS NULL) s
  JOIN collection_item i ON i.code = s.item_code
 WHERE EXISTS (
       SELECT FROM affair_item x
         JOIN affair f ON f.county_code = x.county_code AND f.id = x.affair_id
         JOIN area_closure c ON c.ancestor_id = f.area_id AND c.area_id = s.area_id
        WHERE x.county_code = :county_code AND x.item_id = i.id AND f.in_force_from <= :now
          AND (f.in_force_until IS NULL OR f.in_force_until > :now))
""")
# The cycle that passed is told by when it began: a task of it is never opened twice, not even after a cancellation.
CYCLE = "cast(md5(s.id::text || '/' || extract(epoch FROM s.fresh_at)::text) AS uuid)"
CYCLES = "unnest(cast(:areas AS uuid[]), cast(:items AS text[]), cast(:days AS int[])) AS c(area_id, item_code, days)"
DUE = text(f"""
SELECT s.id, s.area_id, s.grid_id, s.item_code, {CYCLE} AS cycle_id
  FROM {CYCLES}
  JOIN subject s ON s.county_code = :county_code AND s.area_id = c.area_id AND s.item_code = c.item_code
 WHERE s.merged_into IS NULL AND NOT s.state = ANY(:closed)
   AND s.fresh_at < cast(:now AS timestamptz) - c.days * interval '1 day'
   AND NOT EXISTS (
       SELECT FROM task t WHERE t.county_code = s.county_code AND t.kind = 'overdue' AND t.origin_kind = 'cycle'
          AND t.origin_id = {CYCLE} AND t.subject_id = s.id)
 ORDER BY s.id
 LIMIT :limit
""")
# Confirmed: looked at since the cycle began. Otherwise it fell away: gone, merged, given more time, not admitted.
FALLEN = text(f"""
SELECT t.id, {CYCLE} <> t.origin_id AS is_confirmed,
       (SELECT u.id FROM submission u
         WHERE u.county_code = s.county_code AND u.subject_id = s.id AND u.recorded_at = s.fresh_at
         ORDER BY u.received_at DESC LIMIT 1) AS submission_id
  FROM task t
  JOIN subject s ON s.county_code = t.county_code AND s.id = t.subject_id
  LEFT JOIN {CYCLES} ON c.area_id = s.area_id AND c.item_code = s.item_code
 WHERE t.county_code = :county_code AND t.kind = 'overdue' AND t.closed_at IS NULL
   AND ({CYCLE} <> t.origin_id OR s.merged_into IS NOT NULL OR s.state = ANY(:closed) OR c.days IS NULL
        OR s.fresh_at >= cast(:now AS timestamptz) - c.days * interval '1 day')
 ORDER BY t.id
 LIMIT :limit
""")


async def sweep_cycles(session: AsyncSession, county_code: str, *, now: datetime, zone: ZoneInfo) -> int:
    """Closes what was looked at meanwhile and opens what is due, up to CHUNK each; returns how many it touched.

    Call until it returns less than CHUNK. Doing it again changes nothing.
    """
    bound = await _bound(session, county_code, now, zone)
    fallen = (await session.execute(FALLEN, bound)).all()
    await _close(session, county_code, {row.id: row for row in fallen}, now)
    due = (await session.execute(DUE, bound)).all()
    new = [
        NewTask(
            TaskKind.OVERDUE,
            row.area_id,
            row.grid_id,
            "cycle",
            row.cycle_id,
            subject_id=row.id,
            item_code=row.item_code,
        )
        for row in due
    ]
    await open_tasks(session, system_actor(county_code), new, now=now, zone=zone)
    return max(len(fallen), len(due))


async def _bound(session: AsyncSession, county_code: str, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """The cycles of each area's items, by the rules there."""
    today = now.astimezone(zone).date()
    rows = (await session.execute(COLLECTED, {"county_code": county_code, "now": now})).all()
    applied = {
        area_id: await rules.resolve(session, await area_path(session, area_id), today)
        for area_id in sorted({row.area_id for row in rows})
    }
    return {
        "county_code": county_code,
        "now": now,
        "limit": CHUNK,
        "closed": sorted(CLOSED),
        "areas": [row.area_id for row in rows],
        "items": [row.item_code for row in rows],
        "days": [cycle_days(row.item_code, row.cycle_days, applied[row.area_id]) for row in rows],
    }


async def _close(
    session: AsyncSession, county_code: str, fallen: dict[UUID, Row[Any]], now: datetime
) -> None:
    if not fallen:
        return
    tasks = (
        await session.scalars(
            select(Task)
            .where(Task.county_code == county_code, Task.id.in_(fallen), Task.closed_at.is_(None))
            .order_by(Task.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).all()
    recorded = []
    for task in tasks:
        row = fallen[task.id]
        task.state = TaskState.DONE if row.is_confirmed else TaskState.CANCELLED
        task.outcome = TaskOutcome.CONFIRMED if row.is_confirmed else None
        task.submission_id = row.submission_id if row.is_confirmed else None
        task.closed_at = now
        task.version += 1
        recorded.append(changed(task, task.state))
    actor = system_actor(county_code).event_actor
    await events.record_many(session, actor, recorded, county_code=county_code, now=now)
