"""What reviewers found (S0-41): returned submissions and wrong samples become tasks of their grids."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.models import Task
from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.service import changed
from app.collection.assignments.settling import advance
from app.collection.assignments.workflow import Action, TaskKind, TaskOutcome, TaskState
from app.identity.actor import system_actor
from app.kit import events

CHUNK = 2000
# A task whose result was returned is not done; that submission gets no task of its own beside it.
RETURNED_RESULTS = text("""
SELECT t.id FROM submission s
  JOIN task t ON t.county_code = s.county_code AND t.submission_id = s.id AND t.state = 'done'
             AND t.kind NOT IN ('returned', 'overdue') AND t.closed_at < s.reviewed_at
 WHERE s.county_code = :county_code AND s.review_state = 'returned'
 ORDER BY t.id LIMIT :limit
""")
RETURNED = text("""
SELECT s.id, s.area_id, s.grid_id, s.subject_id, s.item_code, s.inspector_id FROM submission s
 WHERE s.county_code = :county_code AND s.review_state = 'returned' AND s.inspector_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM task t WHERE t.county_code = s.county_code AND t.submission_id = s.id
                      AND t.kind NOT IN ('returned', 'overdue'))
   AND NOT EXISTS (SELECT FROM task t WHERE t.county_code = s.county_code AND t.kind = 'returned'
                      AND t.origin_kind = 'submission' AND t.origin_id = s.id)
 ORDER BY s.id LIMIT :limit
""")
PUT_RIGHT = text("""
SELECT t.id FROM task t
  JOIN submission s ON s.county_code = t.county_code AND s.id = t.origin_id
 WHERE t.county_code = :county_code AND t.kind = 'returned' AND t.closed_at IS NULL
   AND s.review_state IN ('resubmitted', 'approved')
 ORDER BY t.id LIMIT :limit
""")
SAMPLED_WRONG = text("""
SELECT cast(md5(c.check_id::text || '/' || c.ordinal) AS uuid) AS origin_id, s.area_id, s.grid_id, s.subject_id,
       s.item_code, s.inspector_id
  FROM sample_case c
  JOIN submission s ON s.county_code = c.county_code AND s.id = c.submission_id
 WHERE c.county_code = :county_code AND c.verdict IN ('wrong', 'not_found')
   AND NOT EXISTS (SELECT FROM task t WHERE t.county_code = c.county_code AND t.kind = 'sample_check'
                      AND t.origin_kind = 'sample_case'
                      AND t.origin_id = cast(md5(c.check_id::text || '/' || c.ordinal) AS uuid))
 ORDER BY c.check_id, c.ordinal LIMIT :limit
""")


async def sweep_reviews(session: AsyncSession, county_code: str, *, now: datetime, zone: ZoneInfo) -> int:
    """Reopens, opens and closes what reviews call for, up to CHUNK each; returns how many it touched.

    Call until it returns less than CHUNK. Doing it again changes nothing.
    """
    actor = system_actor(county_code)
    bound = {"county_code": county_code, "limit": CHUNK}
    reopened = list(await session.scalars(RETURNED_RESULTS, bound))
    await _move(session, county_code, reopened, Action.REOPEN, now)
    put_right = list(await session.scalars(PUT_RIGHT, bound))
    await _move(session, county_code, put_right, Action.FINISH, now)
    returned = (await session.execute(RETURNED, bound)).all()
    sampled = (await session.execute(SAMPLED_WRONG, bound)).all()
    new = [
        *(_task(TaskKind.RETURNED, row, "submission", row.id) for row in returned),
        *(_task(TaskKind.SAMPLE_CHECK, row, "sample_case", row.origin_id) for row in sampled),
    ]
    await open_tasks(session, actor, new, now=now, zone=zone)
    return max(len(reopened), len(put_right), len(returned), len(sampled))


def _task(kind: TaskKind, row: Row[Any], origin_kind: str, origin_id: Any) -> NewTask:
    return NewTask(
        kind,
        row.area_id,
        row.grid_id,
        origin_kind,
        origin_id,
        subject_id=row.subject_id,
        item_code=row.item_code,
        inspector_id=row.inspector_id,
        urgent=kind is TaskKind.RETURNED,
    )


async def _move(
    session: AsyncSession, county_code: str, task_ids: list[Any], action: Action, now: datetime
) -> None:
    if not task_ids:
        return
    tasks = (
        await session.scalars(
            select(Task)
            .where(Task.county_code == county_code, Task.id.in_(task_ids))
            .order_by(Task.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).all()
    recorded = []
    for task in tasks:
        state = advance(TaskKind(task.kind), TaskState(task.state), action)
        if action is Action.REOPEN:
            task.state = TaskState.OPEN if task.inspector_id is None else state
            task.outcome, task.closed_at, task.closed_by = None, None, None
        else:
            task.state, task.outcome, task.closed_at = state, TaskOutcome.DONE, now
        task.version += 1
        recorded.append(changed(task, "reopened" if action is Action.REOPEN else task.state))
    actor = system_actor(county_code).event_actor
    await events.record_many(session, actor, recorded, county_code=county_code, now=now)
