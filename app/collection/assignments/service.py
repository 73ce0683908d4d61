"""The verbs of tasks: assign and cancel; `opening` opens, `requests` asks for more, `intake` takes results."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments import queries
from app.collection.assignments.models import Task
from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.problems import NotServingTheGrid, TaskWithoutGrid
from app.collection.assignments.schemas import TaskAssignment
from app.collection.assignments.settling import advance
from app.collection.assignments.workflow import Action, TaskKind, TaskState
from app.identity.actor import Actor
from app.kit import events
from app.kit.events import NewEvent

__all__ = ["NewTask", "assign_task", "cancel_task", "changed", "open_tasks"]


async def assign_task(
    session: AsyncSession, actor: Actor, task_id: UUID, body: TaskAssignment, *, now: datetime
) -> Task:
    """Gives a task to an inspector who serves its grid; giving it to the same one again changes nothing.

    Raises TaskNotFound, NotFound (grid), TaskTransition, TaskWithoutGrid, NotServingTheGrid.
    """
    task = await queries.get_task(session, actor, task_id, now, lock=True)
    state = advance(TaskKind(task.kind), TaskState(task.state), Action.ASSIGN)
    if task.inspector_id == body.inspector_id and task.state == state:
        return task
    grid_id = task.grid_id or body.grid_id
    if grid_id is None:
        raise TaskWithoutGrid
    if task.grid_id is None:
        task.area_id = await queries.grid_area(session, actor, grid_id)
    if not await queries.serves(session, task.county_code, grid_id, body.inspector_id, now):
        raise NotServingTheGrid
    task.state, task.grid_id, task.inspector_id, task.assigned_at = state, grid_id, body.inspector_id, now
    task.version += 1
    await _record(session, actor, changed(task, "assigned"), task, now)
    return task


async def cancel_task(
    session: AsyncSession, actor: Actor, task_id: UUID, reason: str, *, now: datetime
) -> Task:
    """What needs not be done any more. Raises TaskNotFound, TaskTransition."""
    task = await queries.get_task(session, actor, task_id, now, lock=True)
    task.state = advance(TaskKind(task.kind), TaskState(task.state), Action.CANCEL)
    task.result_note, task.closed_at, task.closed_by = reason, now, actor.account_id
    task.version += 1
    await _record(session, actor, changed(task, "cancelled"), task, now)
    return task


def changed(task: Task, what: str, **more: Any) -> NewEvent:
    """The event after which handhelds of the grid look at the task again."""
    data: dict[str, Any] = {
        "kind": task.kind,
        "grid_id": str(task.grid_id) if task.grid_id else None,
        "inspector_id": str(task.inspector_id) if task.inspector_id else None,
    }
    if task.urgent and what in ("assigned", "reopened"):
        data["urgent"] = True
    return NewEvent(f"task.{what}", ("task", task.id), data | more, task.area_id)


async def _record(session: AsyncSession, actor: Actor, event: NewEvent, task: Task, now: datetime) -> None:
    await events.record_many(session, actor.event_actor, [event], county_code=task.county_code, now=now)
