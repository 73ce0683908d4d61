"""Tasks as a handheld gets them: those of its grids that are to be done, or were closed lately."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.workflow import TASK_KIND_LABELS, TaskKind
from app.exchange.sources import Pulled, Scope
from app.identity.scope import area_path
from app.rules import service as rules
from app.rules.catalogue.tasks import CLOSED_SHOWN_DAYS

TASKS = """
SELECT t.id, t.grid_id, t.version, t.kind, t.state, t.inspector_id, t.subject_id, t.item_code, t.origin_kind,
       t.origin_id, t.due_on, t.urgent, t.note, t.outcome, t.result_note, t.submission_id, t.created_at, t.closed_at,
       CASE WHEN d.id IS NOT NULL THEN jsonb_build_object('kind', d.kind, 'form_version', d.form_version,
            'fields', d.fields || d.masked) END AS declared
  FROM task t
  LEFT JOIN declaration d ON t.origin_kind = 'declaration' AND d.county_code = t.county_code AND d.id = t.origin_id
 WHERE t.county_code = :county_code AND t.grid_id = ANY(:grid_ids)
   AND (t.closed_at IS NULL OR t.closed_at >= cast(:today AS date) - cast(:shown_days AS int))
"""
PAGE = text(TASKS + " AND (cast(:after AS uuid) IS NULL OR t.id > :after) ORDER BY t.id LIMIT :limit")
SOME = text(TASKS + " AND t.id = ANY(:ids) ORDER BY t.id")
HOME = text("SELECT area_id FROM account WHERE id = :inspector_id")


class TaskSource:
    """Tasks. Personal data of a declaration masked; the inspector confirms, the service knows the rest."""

    kind = "task"
    subject_types = frozenset({"task"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """The next tasks by id."""
        bound = await _bound(session, scope) | {"after": after, "limit": limit}
        return [_pulled(row) for row in await session.execute(PAGE, bound)]

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """Those of `ids` that are still shown."""
        bound = await _bound(session, scope) | {"ids": list(ids)}
        return [_pulled(row) for row in await session.execute(SOME, bound)]


async def _bound(session: AsyncSession, scope: Scope) -> dict[str, Any]:
    home = await session.scalar(HOME, {"inspector_id": scope.inspector_id})
    path = await area_path(session, home) if home is not None else []
    applied = await rules.resolve(session, path, scope.today)
    return {
        "county_code": scope.county_code,
        "grid_ids": sorted(scope.grid_ids),
        "today": scope.today,
        "shown_days": applied[CLOSED_SHOWN_DAYS],
    }


def _pulled(row: Row[Any]) -> Pulled:
    body = {
        "kind": row.kind,
        "kind_label": TASK_KIND_LABELS[TaskKind(row.kind)],
        "state": row.state,
        "inspector_id": _text(row.inspector_id),
        "subject_id": _text(row.subject_id),
        "item_code": row.item_code,
        "origin_kind": row.origin_kind,
        "origin_id": _text(row.origin_id),
        "due_on": row.due_on.isoformat(),
        "urgent": row.urgent,
        "note": row.note,
        "outcome": row.outcome,
        "result_note": row.result_note,
        "submission_id": _text(row.submission_id),
        "created_at": row.created_at.isoformat(),
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "declared": row.declared,
    }
    return Pulled(row.id, row.grid_id, row.version, body)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
