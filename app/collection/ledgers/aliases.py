"""Merged subjects: their links and versions stay where they are and count for the subject that they became."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Subquery, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.collection.subjects.models import Subject

Key = tuple[str, UUID]
"""County and id of a subject."""


def aliases() -> Subquery:
    """(county_code, id, root) of every subject that was merged, at whatever remove. They are few, and indexed."""
    # an alias of its own each: a bare `subject` would be taken for that of the statement around it
    first, further, last = aliased(Subject), aliased(Subject), aliased(Subject)
    merged = (
        select(first.county_code, first.id, first.merged_into.label("root"))
        .where(first.merged_into.is_not(None))
        .cte(recursive=True)
    )
    merged = merged.union_all(
        select(merged.c.county_code, merged.c.id, further.merged_into).where(
            further.county_code == merged.c.county_code,
            further.id == merged.c.root,
            further.merged_into.is_not(None),
        )
    )
    return (
        select(merged.c.county_code, merged.c.id, merged.c.root)
        .join(last, (last.county_code == merged.c.county_code) & (last.id == merged.c.root))
        .where(last.merged_into.is_(None))
        .subquery()
    )


async def members(session: AsyncSession, keys: Iterable[Key]) -> dict[Key, Key]:
    """Each of `keys`, and whatever was merged into it, with the key that it counts for."""
    found = {key: key for key in keys}
    merged = aliases()
    statement = select(merged).where(tuple_(merged.c.county_code, merged.c.root).in_(list(found)))
    if found:
        for row in await session.execute(statement):
            found[row.county_code, row.id] = row.county_code, row.root
    return found
