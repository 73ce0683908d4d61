"""What nobody verified expires; the content of what was rejected or expired is deleted when its time is over."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.models import Task
from app.collection.assignments.service import changed
from app.collection.assignments.workflow import TaskState
from app.collection.declarations import queries
from app.collection.declarations.kinds import DeclarationState
from app.collection.declarations.models import Declaration
from app.identity.actor import system_actor
from app.identity.scope import area_path
from app.kit import events
from app.kit.events import NewEvent
from app.rules import service as rules
from app.rules.catalogue.declarations import REJECTED_DAYS, UNVERIFIED_DAYS

CHUNK = 500
AREAS = text(
    "SELECT DISTINCT area_id FROM declaration WHERE county_code = :county_code AND purged_at IS NULL"
)
DUE = text("""
SELECT d.id, d.state FROM declaration d
  JOIN unnest(cast(:areas AS uuid[]), cast(:unverified AS int[]), cast(:rejected AS int[]))
       AS k(area_id, unverified_days, rejected_days) ON k.area_id = d.area_id
 WHERE d.county_code = :county_code AND d.purged_at IS NULL
   AND (d.state = 'received' AND d.created_at < cast(:now AS timestamptz) - k.unverified_days * interval '1 day'
        OR d.state = 'rejected' AND d.settled_at < cast(:now AS timestamptz) - k.rejected_days * interval '1 day')
 ORDER BY d.id
 LIMIT :limit
""")


async def purge(session: AsyncSession, county_code: str, *, now: datetime, zone: ZoneInfo) -> int:
    """Deletes the content of up to CHUNK declarations whose time is over; returns how many.

    Their rows stay, with state and reason, so that the query code still answers. Doing it again changes nothing.
    """
    days = {}
    for area_id in await session.scalars(AREAS, {"county_code": county_code}):
        path = await area_path(session, area_id)
        days[area_id] = await rules.resolve(session, path, now.astimezone(zone).date())
    bound = {
        "county_code": county_code,
        "now": now,
        "limit": CHUNK,
        "areas": list(days),
        "unverified": [each[UNVERIFIED_DAYS] for each in days.values()],
        "rejected": [each[REJECTED_DAYS] for each in days.values()],
    }
    due = {row.id: row.state for row in await session.execute(DUE, bound)}
    tasks = await _lock_tasks(session, county_code, list(due))  # first, as who sends a result does
    rows = await queries.lock_declarations(session, county_code, due)
    # one that was verified while we waited for its lock is not due any more
    over = [row for row in rows.values() if row.state == due[row.id] and row.purged_at is None]
    expired = {row.id for row in over if row.state == DeclarationState.RECEIVED}
    recorded = [_emptied(row, now) for row in over]
    recorded += [_cancelled(task, now) for task in tasks if task.origin_id in expired]
    actor = system_actor(county_code).event_actor
    await events.record_many(session, actor, recorded, county_code=county_code, now=now)
    return len(due)


def _emptied(row: Declaration, now: datetime) -> NewEvent:
    if row.state == DeclarationState.RECEIVED:
        row.state, row.settled_at = DeclarationState.EXPIRED, now
    row.fields, row.masked, row.sealed, row.purged_at = {}, {}, None, now
    row.version += 1
    facts = {"state": row.state, "grid_id": str(row.grid_id)}
    return NewEvent("declaration.purged", ("declaration", row.id), facts, row.area_id)


async def _lock_tasks(session: AsyncSession, county_code: str, declaration_ids: list[UUID]) -> Sequence[Task]:
    """The verifications of these declarations that are still to do."""
    statement = (
        select(Task)
        .where(
            Task.county_code == county_code,
            Task.origin_kind == "declaration",
            Task.origin_id.in_(declaration_ids),
            Task.closed_at.is_(None),
        )
        .order_by(Task.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).all()


def _cancelled(task: Task, now: datetime) -> NewEvent:
    """There is nothing left to verify."""
    task.state, task.closed_at = TaskState.CANCELLED, now
    task.version += 1
    return changed(task, "cancelled")
