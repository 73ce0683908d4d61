"""No rule reaches into a sealed period: its figures name the rules that they were computed with."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.rules.book import RuleBook
from app.rules.problems import RuleInSealedPeriod

DECIDING_DAYS = ("patrol.", "duty.")
"""What the figures of days depend on; other parameters may be decided for any day."""
# Periods belong to patrol, which lies above the rules, so their table is named in SQL. Without an area the rule
# holds in every county.
SEALED = text("""
SELECT first_day, last_day FROM period p
 WHERE p.status = 'sealed' AND p.last_day >= :first AND p.first_day < coalesce(cast(:until AS date), 'infinity')
   AND (cast(:area_id AS uuid) IS NULL OR p.county_code IN (
        SELECT a.county_code FROM area a JOIN area_closure c ON c.area_id = a.id WHERE c.ancestor_id = :area_id))
 GROUP BY first_day, last_day ORDER BY first_day, last_day DESC
""")


async def refuse_sealed(
    session: AsyncSession,
    key: str,
    area_id: UUID | None,
    first: date,
    until: date | None,
    *,
    path: Sequence[UUID],
    before: RuleBook,
    after: RuleBook,
) -> None:
    """Raises RuleInSealedPeriod when a decision takes effect in a sealed period, or changes a day of one.

    A decision from before that a later one outranks on all sealed days changes nothing and is let through.
    first, until: the decision's first day and the day it ends before. path: from `area_id` to the root.
    """
    if not key.startswith(DECIDING_DAYS):
        return
    asked = {"first": first, "until": until, "area_id": area_id}
    for sealed in (await session.execute(SEALED, asked)).all():
        begins_inside = sealed.first_day <= first <= sealed.last_day
        last = sealed.last_day if until is None else min(sealed.last_day, until - timedelta(days=1))
        if begins_inside or _changes(key, path, max(first, sealed.first_day), last, before, after):
            raise RuleInSealedPeriod(
                first_day=sealed.first_day.isoformat(), last_day=sealed.last_day.isoformat()
            )


def _changes(
    key: str, path: Sequence[UUID], first: date, last: date, before: RuleBook, after: RuleBook
) -> bool:
    """Whether the parameter has another value at `path[0]` on some day of the stretch; those below inherit it."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return any(
        before.resolve(path, day).applied()[key].value != after.resolve(path, day).applied()[key].value
        for day in days
    )
