"""The links of one subject, page by page, with what lies at their other ends; and those that an office enters."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.subjects import queries
from app.collection.subjects.link_ends import fits
from app.collection.subjects.models import Subject, SubjectLink
from app.collection.subjects.problems import (
    LinkDatesReversed,
    LinkEnded,
    LinkEndsUnfit,
    LinkExists,
    LinkInFuture,
    LinkNotFound,
    LinkOfField,
    LinkToItself,
    SubjectMerged,
    SubjectNotFound,
)
from app.identity.actor import Actor
from app.kit import events, pagination


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


async def enter_link(
    session: AsyncSession,
    actor: Actor,
    from_id: UUID,
    to_id: UUID,
    *,
    kind: str,
    valid_from: date,
    valid_to: date | None,
    now: datetime,
    today: date,
) -> tuple[SubjectLink, Row[Any]]:
    """A link that an office enters, as long as it holds or when it has held; and what lies at its other end.

    Raises LinkToItself, LinkInFuture, LinkDatesReversed, SubjectNotFound (either end), SubjectMerged, LinkEndsUnfit,
    LinkExists (one of that kind between the two holds on some of those days).
    """
    if from_id == to_id:
        raise LinkToItself
    _require_past(valid_from, valid_to, today)
    rows = {row.id: row for row in await queries.lock_visible(session, actor, (from_id, to_id))}
    for row in rows.values():
        if row.merged_into is not None:
            raise SubjectMerged(merged_into=str(row.merged_into))
    one, other = rows[from_id], rows[to_id]
    if one.county_code != other.county_code:
        raise SubjectNotFound
    if not fits(kind, one.kind, other.kind):
        raise LinkEndsUnfit(kind=kind, from_kind=one.kind, to_kind=other.kind)
    overlapping = select(SubjectLink.id).where(
        SubjectLink.county_code == one.county_code,
        SubjectLink.from_id == from_id,
        SubjectLink.to_id == to_id,
        SubjectLink.kind == kind,
        or_(SubjectLink.valid_to.is_(None), SubjectLink.valid_to > valid_from),
    )
    if valid_to is not None:
        overlapping = overlapping.where(SubjectLink.valid_from < valid_to)
    if (known := await session.scalar(overlapping.limit(1))) is not None:
        raise LinkExists(link_id=str(known))
    link = SubjectLink(
        county_code=one.county_code,
        id=uuid7(),
        kind=kind,
        from_id=from_id,
        to_id=to_id,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    session.add(link)
    await _tell(session, actor, one, link, "subject.linked", now)
    return link, other


async def end_link(
    session: AsyncSession,
    actor: Actor,
    subject_id: UUID,
    link_id: UUID,
    *,
    on: date,
    now: datetime,
    today: date,
) -> tuple[SubjectLink, Row[Any]]:
    """Ends a link that an office entered, on its first day if it never held; and its end beside `subject_id`.

    Raises SubjectNotFound, LinkNotFound, LinkOfField (the field is what must change), LinkEnded, LinkInFuture,
    LinkDatesReversed.
    """
    row = await queries.get_subject(session, actor, subject_id)
    group = await queries.group_of(session, row.county_code, row.id)
    asked = select(SubjectLink).where(
        SubjectLink.county_code == row.county_code,
        SubjectLink.id == link_id,
        or_(SubjectLink.from_id.in_(group), SubjectLink.to_id.in_(group)),
    )
    found = await session.scalar(asked)
    if found is None:
        raise LinkNotFound
    if found.field is not None:
        raise LinkOfField(field=found.field)
    ends = {end.id: end for end in await queries.lock_visible(session, actor, (found.from_id, found.to_id))}
    link = (await session.scalars(asked.execution_options(populate_existing=True))).one()
    if link.valid_to is not None:
        raise LinkEnded(valid_to=link.valid_to.isoformat())
    _require_past(link.valid_from, on, today)
    link.valid_to = on
    await _tell(session, actor, ends[link.from_id], link, "subject.unlinked", now)
    return link, ends[link.to_id if link.from_id in group else link.from_id]


def _require_past(valid_from: date, valid_to: date | None, today: date) -> None:
    for day in (valid_from, valid_to):
        if day is not None and day > today:
            raise LinkInFuture(on=day.isoformat())
    if valid_to is not None and valid_to < valid_from:
        raise LinkDatesReversed(valid_from=valid_from.isoformat(), valid_to=valid_to.isoformat())


async def _tell(
    session: AsyncSession, actor: Actor, row: Row[Any], link: SubjectLink, type_: str, now: datetime
) -> None:
    """Handhelds have a subject with its links: so it counts as changed."""
    await session.execute(
        update(Subject)
        .where(Subject.county_code == row.county_code, Subject.id == row.id)
        .values(revision=Subject.revision + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    facts = {
        "kind": row.kind,
        "grid_id": None if row.grid_id is None else str(row.grid_id),
        "revision": row.revision + 1,
        "link_id": str(link.id),
        "link_kind": link.kind,
        "to_id": str(link.to_id),
    }
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("subject", row.id),
        facts,
        county_code=row.county_code,
        now=now,
        area_id=row.area_id,
    )
