"""What a handheld fetches of its own submissions: those that need attention, and the conflicts of its edits."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.sources import Pulled, Scope

ATTENTION = """
SELECT s.id, s.grid_id, s.revision, s.item_code, s.subject_id, s.recorded_at, s.state, s.wait_kind, s.waits_for,
       s.review_state, s.review_reason, s.settled_reason,
       (SELECT array_agg(c.field ORDER BY c.field) FROM subject_conflict c
         WHERE c.county_code = s.county_code AND c.submission_id = s.id AND c.state = 'open') AS conflicts
  FROM submission s
 WHERE s.county_code = :county_code AND s.inspector_id = :inspector_id
   AND (s.state IN ('held', 'stuck', 'conflict') OR s.review_state = 'returned')
"""
CONFLICTS = """
SELECT c.id, c.grid_id, c.subject_id, c.submission_id, c.item_code, c.field, c.current_value, c.sent_value,
       c.sealed IS NOT NULL AS is_masked, c.opened_at
  FROM subject_conflict c
 WHERE c.county_code = :county_code AND c.state = 'open'
   AND (c.inspector_id = :inspector_id OR c.grid_id = ANY(cast(:grid_ids AS uuid[])))
"""
PAGE = " AND (cast(:after AS uuid) IS NULL OR {id} > :after) ORDER BY {id} LIMIT :limit"
SOME = " AND {id} = ANY(cast(:ids AS uuid[])) ORDER BY {id}"


class SubmissionSource:
    """One's own submissions that are returned, held or in conflict. What is settled disappears."""

    kind = "submission"
    subject_types = frozenset({"submission"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """See `Source`."""
        query = text(ATTENTION + PAGE.format(id="s.id"))
        rows = await session.execute(query, _of(scope) | {"after": after, "limit": limit})
        return [_submission(row) for row in rows]

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """See `Source`."""
        query = text(ATTENTION + SOME.format(id="s.id"))
        return [_submission(row) for row in await session.execute(query, _of(scope) | {"ids": list(ids)})]


class ConflictSource:
    """Open conflicts of one's own edits and of one's grids; personal values masked."""

    kind = "conflict"
    subject_types = frozenset({"conflict"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """See `Source`."""
        query = text(CONFLICTS + PAGE.format(id="c.id"))
        rows = await session.execute(query, _grids(scope) | {"after": after, "limit": limit})
        return [_conflict(row) for row in rows]

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """See `Source`."""
        query = text(CONFLICTS + SOME.format(id="c.id"))
        return [_conflict(row) for row in await session.execute(query, _grids(scope) | {"ids": list(ids)})]


def _of(scope: Scope) -> dict[str, Any]:
    return {"county_code": scope.county_code, "inspector_id": scope.inspector_id}


def _grids(scope: Scope) -> dict[str, Any]:
    return _of(scope) | {"grid_ids": sorted(scope.grid_ids)}


def _submission(row: Row[Any]) -> Pulled:
    body = {
        "item_code": row.item_code,
        "subject_id": _text(row.subject_id),
        "recorded_at": row.recorded_at.isoformat(),
        "state": row.state,
        "wait_kind": row.wait_kind,
        "waits_for": _text(row.waits_for),
        "conflicts": row.conflicts or [],
        "review_state": row.review_state,
        "review_reason": row.review_reason,
        "settled_reason": row.settled_reason,
    }
    return Pulled(row.id, row.grid_id, row.revision, body)


def _conflict(row: Row[Any]) -> Pulled:
    body = {
        "subject_id": str(row.subject_id),
        "submission_id": str(row.submission_id),
        "item_code": row.item_code,
        "field": row.field,
        "current_value": row.current_value,
        "sent_value": row.sent_value,
        "is_masked": row.is_masked,
        "opened_at": row.opened_at.isoformat(),
    }
    return Pulled(row.id, row.grid_id, 1, body)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
