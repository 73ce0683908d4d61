"""Opening tasks, once for each kind and origin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.assignments import queries
from app.collection.assignments.due import Terms
from app.collection.assignments.workflow import TaskKind, TaskState
from app.identity.actor import Actor
from app.kit import events
from app.kit.events import NewEvent


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be opened. One that is there already for the same kind, origin and subject stays as it is.

    inspector_id  None: the only full-time inspector of the grid, where the rules say so, else nobody yet
    due_on        None: as many working days from today as the rules give the kind
    note          what to do, without personal data
    urgent        handhelds of the grid are told to pull now
    """

    kind: TaskKind
    area_id: UUID
    grid_id: UUID | None
    origin_kind: str
    origin_id: UUID
    subject_id: UUID | None = None
    item_code: str | None = None
    inspector_id: UUID | None = None
    due_on: date | None = None
    note: str | None = None
    urgent: bool = False
    id: UUID | None = None

    @property
    def key(self) -> tuple[str, str, UUID, UUID | None]:
        """What makes two the same task."""
        return (self.kind.value, self.origin_kind, self.origin_id, self.subject_id)


async def open_tasks(
    session: AsyncSession, actor: Actor, new: Sequence[NewTask], *, now: datetime, zone: ZoneInfo
) -> list[UUID]:
    """Opens those that are not there yet; returns the ids of all, in their order.

    All lie in `actor.county_code`. One statement and one event each, however many.
    """
    if not new:
        return []
    only = await queries.only_inspectors(
        session, actor.county_code, [t.grid_id for t in new if t.grid_id and not t.inspector_id], now
    )
    terms = Terms(session, now, zone)
    rows = []
    for task in {each.key: each for each in reversed(new)}.values():
        due_on, given = await terms.of(task.area_id, task.kind)
        inspector_id = task.inspector_id
        if inspector_id is None and given and task.grid_id is not None:
            inspector_id = only.get(task.grid_id)
        rows.append(_row(actor, task, inspector_id, task.due_on or due_on, now))
    opened = await queries.insert_tasks(session, sorted(rows, key=lambda row: str(row["origin_id"])))
    await events.record_many(
        session,
        actor.event_actor,
        [_opened(row) for row in rows if row["id"] in opened],
        county_code=actor.county_code,
        now=now,
    )
    known = await queries.ids_by_key(session, actor.county_code, [task.origin_id for task in new])
    return [known[task.key] for task in new]


def _row(
    actor: Actor, task: NewTask, inspector_id: UUID | None, due_on: date, now: datetime
) -> dict[str, Any]:
    return {
        "county_code": actor.county_code,
        "id": task.id or uuid7(),
        "kind": task.kind,
        "state": TaskState.OPEN if inspector_id is None else TaskState.ASSIGNED,
        "area_id": task.area_id,
        "grid_id": task.grid_id,
        "inspector_id": inspector_id,
        "subject_id": task.subject_id,
        "item_code": task.item_code,
        "origin_kind": task.origin_kind,
        "origin_id": task.origin_id,
        "due_on": due_on,
        "urgent": task.urgent,
        "note": task.note,
        "created_by": None if actor.is_system else actor.account_id,
        "created_at": now,
        "assigned_at": None if inspector_id is None else now,
        "version": 1,
    }


def _opened(row: dict[str, Any]) -> NewEvent:
    data: dict[str, Any] = {
        "kind": row["kind"],
        "grid_id": str(row["grid_id"]) if row["grid_id"] else None,
        "inspector_id": str(row["inspector_id"]) if row["inspector_id"] else None,
        "due_on": row["due_on"].isoformat(),
        "origin_kind": row["origin_kind"],
    }
    if row["urgent"]:
        data["urgent"] = True
    return NewEvent("task.opened", ("task", row["id"]), data, row["area_id"])
