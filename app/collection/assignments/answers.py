"""Answers of tasks, from rows."""

from datetime import date

from app.collection.assignments.models import CollectionRequest, Task
from app.collection.assignments.schemas import CollectionRequestRead, TaskRead
from app.collection.assignments.workflow import (
    STILL_TO_DO,
    TASK_KIND_LABELS,
    TASK_STATE_LABELS,
    TaskKind,
    TaskOutcome,
    TaskState,
)


def task(row: Task, today: date) -> TaskRead:
    """A task as it stands on `today`."""
    kind, state = TaskKind(row.kind), TaskState(row.state)
    return TaskRead(
        id=row.id,
        kind=kind,
        kind_label=TASK_KIND_LABELS[kind],
        state=state,
        state_label=TASK_STATE_LABELS[state],
        area_id=row.area_id,
        grid_id=row.grid_id,
        inspector_id=row.inspector_id,
        subject_id=row.subject_id,
        item_code=row.item_code,
        origin_kind=row.origin_kind,
        origin_id=row.origin_id,
        due_on=row.due_on,
        is_overdue=state in STILL_TO_DO and row.due_on < today,
        urgent=row.urgent,
        note=row.note,
        outcome=TaskOutcome(row.outcome) if row.outcome else None,
        result_note=row.result_note,
        submission_id=row.submission_id,
        created_at=row.created_at,
        assigned_at=row.assigned_at,
        closed_at=row.closed_at,
        version=row.version,
    )


def request(row: CollectionRequest, tasks: int, tasks_left: int) -> CollectionRequestRead:
    """A request and how far it is."""
    return CollectionRequestRead(
        id=row.id,
        area_id=row.area_id,
        item_code=row.item_code,
        reason=row.reason,
        due_on=row.due_on,
        requested_by=row.requested_by,
        created_at=row.created_at,
        tasks=tasks,
        tasks_left=tasks_left,
    )
