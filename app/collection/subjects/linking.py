"""The links of one subject, page by page, with what lies at their other ends."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import queries
from app.identity.actor import Actor
from app.kit import pagination


async def list_links(
    session: AsyncSession,
    actor: Actor,
    subject_id: UUID,
    *,
    direction: str | None,
    kinds: Sequence[str] | None,
    at: date | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[tuple[Row[Any], Row[Any]]], str | None]:
    """(link, other end) by link id; other ends outside the actor's area are left out, so a page may be short.

    Raises SubjectNotFound, BadCursor.
    """
    row = await queries.get_subject(session, actor, subject_id)
    after = None if cursor is None else pagination.id_of(cursor)
    found = await queries.list_neighbours(
        session,
        row.county_code,
        [row.id],
        kinds=kinds,
        direction=direction,
        at=at,
        after=after,
        most=limit + 1,
    )
    kept, following = pagination.page(found, limit, lambda link: (link.id,))
    others = await queries.brief(session, actor, [link.root_id for link in kept])
    return [(link, others[link.root_id]) for link in kept if link.root_id in others], following
