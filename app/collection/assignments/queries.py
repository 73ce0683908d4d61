"""SQL of tasks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Grid
from app.collection.assignments.models import CollectionRequest, Task
from app.collection.assignments.problems import TaskNotFound
from app.collection.assignments.workflow import STILL_TO_DO, TaskKind, TaskState
from app.identity.actor import Actor, Role
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound
from app.staffing.models import Appointment

TaskKey = tuple[str, str, UUID, UUID | None]

ONLY_INSPECTORS = text("""
SELECT grid_id, min(inspector_id::text)::uuid AS inspector_id
  FROM appointment
 WHERE county_code = :county_code AND grid_id = ANY(:grid_ids) AND role = 'full_time'
   AND cancelled_at IS NULL AND valid @> cast(:now AS timestamptz)
 GROUP BY grid_id
HAVING count(DISTINCT inspector_id) = 1
""")


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are listed; None: all."""

    area_id: UUID | None = None
    grid_id: UUID | None = None
    inspector_id: UUID | None = None
    kind: TaskKind | None = None
    state: TaskState | None = None
    is_overdue: bool | None = None


async def only_inspectors(
    session: AsyncSession, county_code: str, grid_ids: Iterable[UUID], now: datetime
) -> Mapping[UUID, UUID]:
    """The full-time inspector of each grid that has exactly one at `now`."""
    wanted = sorted(set(grid_ids))
    if not wanted:
        return {}
    bound = {"county_code": county_code, "grid_ids": wanted, "now": now}
    return {row.grid_id: row.inspector_id for row in await session.execute(ONLY_INSPECTORS, bound)}


def _serves(
    county: Any, grid: Any, inspector_id: UUID, since: datetime, now: datetime
) -> ColumnElement[bool]:
    return exists().where(
        Appointment.county_code == county,
        Appointment.grid_id == grid,
        Appointment.inspector_id == inspector_id,
        Appointment.cancelled_at.is_(None),
        Appointment.valid.op("&&")(func.tstzrange(since, now, "[]")),
    )


async def serves(
    session: AsyncSession, county_code: str, grid_id: UUID, inspector_id: UUID, now: datetime
) -> bool:
    """Whether the inspector is appointed to the grid at `now`, in whatever post."""
    return bool(await session.scalar(select(_serves(county_code, grid_id, inspector_id, now, now))))


def seen_by(actor: Actor, now: datetime, since: datetime | None = None) -> ColumnElement[bool]:
    """An inspector sees what he has and what lies in grids that he serves, or served since `since`."""
    if actor.role is not Role.INSPECTOR:
        return visible_to(actor, Task)
    own = _serves(Task.county_code, Task.grid_id, actor.account_id, since or now, now)
    return or_(Task.inspector_id == actor.account_id, own)


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


async def get_task(
    session: AsyncSession, actor: Actor, task_id: UUID, now: datetime, *, lock: bool = False
) -> Task:
    """The task. Raises TaskNotFound outside the actor's scope."""
    statement = select(Task).where(
        Task.county_code.in_(await counties_of(session, actor)), Task.id == task_id, seen_by(actor, now)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: Task | None = await session.scalar(statement)
    if found is None:
        raise TaskNotFound
    return found


async def lock_tasks(
    session: AsyncSession, actor: Actor, task_ids: Iterable[UUID], *, since: datetime, now: datetime
) -> dict[UUID, Task]:
    """Those of the tasks that the actor sees, locked in the order of their keys."""
    statement = (
        select(Task)
        .where(
            Task.county_code.in_(await counties_of(session, actor)),
            Task.id.in_(set(task_ids)),
            seen_by(actor, now, since),
        )
        .order_by(Task.county_code, Task.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {task.id: task for task in await session.scalars(statement)}


async def list_tasks(
    session: AsyncSession,
    actor: Actor,
    wanted: TaskFilter,
    *,
    cursor: str | None,
    limit: int,
    today: date,
    now: datetime,
) -> tuple[list[Task], str | None]:
    """One page of the tasks that the actor sees, what is due first at the top."""
    statement = select(Task).where(
        Task.county_code.in_(await counties_of(session, actor)), seen_by(actor, now)
    )
    if wanted.area_id is not None:
        below = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == wanted.area_id)
        statement = statement.where(Task.area_id.in_(below))
    for column in ("grid_id", "inspector_id", "kind", "state"):
        value = getattr(wanted, column)
        if value is not None:
            statement = statement.where(getattr(Task, column) == value)
    if wanted.is_overdue is not None:
        late = and_(Task.state.in_([s.value for s in STILL_TO_DO]), Task.due_on < today)
        statement = statement.where(late if wanted.is_overdue else ~late)
    keys = (Task.due_on, Task.id)
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.due_on, row.id))


async def grid_area(session: AsyncSession, actor: Actor, grid_id: UUID) -> UUID:
    """The community of a grid inside the actor's area. Raises NotFound."""
    found: UUID | None = await session.scalar(
        select(Grid.area_id).where(
            Grid.county_code.in_(await counties_of(session, actor)),
            Grid.id == grid_id,
            visible_to(actor, Grid),
        )
    )
    if found is None:
        raise NotFound
    return found


SUBMISSIONS = text("""
SELECT s.id, s.area_id, s.grid_id, s.item_code, s.state,
       CASE WHEN j.merged_into IS NULL THEN s.subject_id ELSE surviving_subject(j.county_code, j.id) END AS subject_id
  FROM submission s
  LEFT JOIN subject j ON j.county_code = s.county_code AND j.id = s.subject_id
 WHERE s.county_code = ANY(:counties) AND s.id = ANY(:ids)
""")
MERGED = text("""
SELECT id, CASE WHEN merged_into IS NULL THEN id ELSE surviving_subject(county_code, id) END AS stands_for FROM subject
 WHERE county_code = ANY(:counties) AND id = ANY(:ids)
""")


async def submissions_named(
    session: AsyncSession, counties: Sequence[str], ids: Iterable[UUID]
) -> Mapping[UUID, Row[Any]]:
    """id, area_id, grid_id, item_code, state, subject_id (the surviving one) of those that are stored."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    bound = {"counties": list(counties), "ids": wanted}
    return {row.id: row for row in await session.execute(SUBMISSIONS, bound)}


async def surviving(
    session: AsyncSession, counties: Sequence[str], ids: Iterable[UUID]
) -> Mapping[UUID, UUID]:
    """What each subject was merged into, itself when it was not."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await session.execute(MERGED, {"counties": list(counties), "ids": wanted})
    return {row.id: row.stands_for for row in rows}


SUBJECTS = text("""
SELECT s.id, s.area_id, s.grid_id FROM subject s
  JOIN area_closure c ON c.area_id = s.area_id AND c.ancestor_id = :area_id
 WHERE s.county_code = ANY(:counties) AND s.id = ANY(:ids) AND s.merged_into IS NULL
   AND (cast(:kind AS text) IS NULL OR s.kind = :kind)
""")


async def subjects_of_kind(
    session: AsyncSession, actor: Actor, ids: Iterable[UUID], kind: str | None
) -> list[Row[Any]]:
    """(id, area_id, grid_id) of those in the actor's area that are of the kind."""
    bound = {
        "counties": await counties_of(session, actor),
        "ids": sorted(set(ids)),
        "area_id": actor.area_id,
        "kind": kind,
    }
    return list(await session.execute(SUBJECTS, bound))


def requests_with_progress(counties: Sequence[str]) -> Select[CollectionRequest, int, int]:
    """(CollectionRequest, tasks, tasks_left)."""
    left = func.count(Task.id).filter(Task.closed_at.is_(None)).label("tasks_left")
    return (
        select(CollectionRequest, func.count(Task.id).label("tasks"), left)
        .outerjoin(
            Task,
            and_(
                Task.county_code == CollectionRequest.county_code,
                Task.origin_kind == "collection_request",
                Task.origin_id == CollectionRequest.id,
            ),
        )
        .where(CollectionRequest.county_code.in_(counties))
        .group_by(CollectionRequest.county_code, CollectionRequest.id)
    )


async def list_requests(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """One page of requests of the actor's area with their progress, the oldest first."""
    statement = requests_with_progress(await counties_of(session, actor)).where(
        visible_to(actor, CollectionRequest)
    )
    keys = (CollectionRequest.created_at, CollectionRequest.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row[0].created_at, row[0].id))
