"""The month's duties as a handheld gets them: whom to visit in one's own grids."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.sources import Pulled, Scope
from app.visits import duty_queries, plan
from app.visits.duty import Month
from app.visits.duty_queries import DutyScope
from app.visits.plan import Duty


class VisitDutySource:
    """One object a key subject, by the subject's id. When the month turns, a handheld counts anew from
    `per_month`: no event tells it that a day has passed.
    """

    kind = "visit_duty"
    subject_types = frozenset({"visit_duty", "subject"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """See `Source`."""
        duties = DutyScope([scope.county_code], grid_ids=scope.grid_ids)
        month = Month.of(scope.today)
        rows = await duty_queries.list_duties(session, duties, month, after=after, limit=limit)
        return await _pulled(session, rows, scope)

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """See `Source`."""
        duties = DutyScope([scope.county_code], grid_ids=scope.grid_ids, subject_ids=ids)
        month = Month.of(scope.today)
        rows = await duty_queries.list_duties(session, duties, month, after=None, limit=len(ids))
        return await _pulled(session, rows, scope)


async def _pulled(session: AsyncSession, rows: Sequence[Row[Any]], scope: Scope) -> list[Pulled]:
    duties = await plan.judged(session, rows, Month.of(scope.today), scope.today)
    return [Pulled(each.row.id, each.row.grid_id, int(each.row.version), _body(each)) for each in duties]


def _body(duty: Duty) -> dict[str, Any]:
    body = duty.told() | {"per_month": duty.per_month}
    days = ("due_on", "last_visit_on", "next_visit_on")
    ids = ("subject_id", "area_id", "grid_id")
    return (
        body
        | {name: body[name].isoformat() for name in days if body[name]}
        | {name: str(body[name]) for name in ids if body[name]}
    )
