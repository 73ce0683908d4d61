"""What is read of a subject, and the corrections that people make by hand."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Row, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.subjects import lifecycle, queries, reveals, store
from app.collection.subjects.lifecycle import Dated
from app.collection.subjects.models import Subject, SubjectState
from app.collection.subjects.network import Network, walk
from app.collection.subjects.problems import StateNotFound, SubjectMerged
from app.identity.actor import Actor
from app.identity.scope import area_path
from app.kit import events
from app.kit.problems import PreconditionFailed
from app.rules import service as rules
from app.rules.catalogue.subjects import WALK_STEPS_MAX


async def get_subject(
    session: AsyncSession, actor: Actor, subject_id: UUID, *, now: datetime, today: date
) -> dict[str, Any]:
    """A subject as the actor may see it: masked, without sensitive fields. Raises SubjectNotFound."""
    row = await queries.get_subject(session, actor, subject_id)
    group = await queries.group_of(session, row.county_code, row.id)
    states = await queries.list_states(session, row.county_code, row.id)
    _, may_sensitive = await reveals.allowed(session, actor, row, now=now, today=today)
    return {
        **row._mapping,
        "name": row.shown_name,
        "address": row.shown_address,
        "fields": row.attributes | row.masked,
        "masked_fields": sorted(row.masked),
        "sensitive_fields": sorted(row.sensitive) if may_sensitive else [],
        "position": None if row.geom is None else [row.geom.x, row.geom.y],
        "aliases": [each for each in group if each != row.id],
        "allowed_states": lifecycle.allowed_after(row.kind, row.state),
        "is_closed": lifecycle.is_closed(row.state),
        "states": spans(states),
    }


def spans(states: Any) -> list[dict[str, Any]]:
    """Each state with the day on which the next one that is not voided began."""
    standing = [each for each in states if each.voided_at is None]
    until = {each.id: following.since for each, following in pairwise(standing)}
    return [{**each._mapping, "until": until.get(each.id)} for each in states]


async def get_network(
    session: AsyncSession,
    actor: Actor,
    subject_id: UUID,
    *,
    steps: int,
    kinds: Sequence[str] | None,
    at: date | None,
    limit: int,
    today: date,
) -> Network:
    """What is linked to a subject within `steps`, at most the rule's. Raises SubjectNotFound."""
    row = await queries.get_subject(session, actor, subject_id)
    book = await rules.resolve(session, await area_path(session, row.area_id), today)
    return await walk(
        session, actor, row, steps=min(steps, book[WALK_STEPS_MAX]), kinds=kinds, at=at, limit=limit
    )


async def set_state(
    session: AsyncSession,
    actor: Actor,
    subject_id: UUID,
    *,
    state: str,
    on: date,
    read_version: int,
    now: datetime,
    today: date,
) -> None:
    """A state entered by an office, where its day puts it.

    Raises SubjectNotFound, PreconditionFailed, SubjectMerged, StateUnknown, StateInFuture, StateNotAllowed.
    """
    row = await _lock(session, actor, subject_id, read_version)
    timeline = (await store.timelines(session, row.county_code, [row.id]))[row.id]
    new = Dated(state, on, now, None, actor.account_id)
    after = lifecycle.put_in(row.kind, timeline, new, today)
    if after == timeline:
        return
    session.add(
        SubjectState(
            county_code=row.county_code,
            id=uuid7(),
            subject_id=row.id,
            state=state,
            since=on,
            author_id=actor.account_id,
            recorded_at=now,
        )
    )
    await _turn(session, actor, row, after[-1], "subject.state_changed", {"state": state}, now)


async def void_state(
    session: AsyncSession,
    actor: Actor,
    subject_id: UUID,
    state_id: UUID,
    *,
    reason: str,
    read_version: int,
    now: datetime,
) -> None:
    """Takes back a state that was entered by mistake; it stays listed as voided.

    Raises SubjectNotFound, PreconditionFailed, SubjectMerged, StateNotFound, StateNotAllowed where its neighbours
    do not fit, or none would be left.
    """
    row = await _lock(session, actor, subject_id, read_version)
    states = await queries.list_states(session, row.county_code, row.id)
    standing = [each for each in states if each.voided_at is None]
    at = next((number for number, each in enumerate(standing) if each.id == state_id), None)
    if at is None:
        raise StateNotFound
    timeline = tuple(Dated(each.state, each.since, each.recorded_at) for each in standing)
    after = lifecycle.without(row.kind, timeline, at)
    await session.execute(
        update(SubjectState)
        .where(SubjectState.county_code == row.county_code, SubjectState.id == state_id)
        .values(voided_at=now, voided_by=actor.account_id, void_reason=reason)
    )
    facts = {"state": after[-1].state, "voided": timeline[at].state}
    await _turn(session, actor, row, after[-1], "subject.state_voided", facts, now)


async def _lock(session: AsyncSession, actor: Actor, subject_id: UUID, read_version: int) -> Row[Any]:
    [row] = await queries.lock_visible(session, actor, [subject_id])
    if read_version != row.revision:
        raise PreconditionFailed
    if row.merged_into is not None:
        raise SubjectMerged(merged_into=str(row.merged_into))
    return row


async def _turn(
    session: AsyncSession,
    actor: Actor,
    row: Row[Any],
    current: Dated,
    type_: str,
    facts: dict[str, Any],
    now: datetime,
) -> None:
    await session.execute(
        update(Subject)
        .where(Subject.county_code == row.county_code, Subject.id == row.id)
        .values(
            state=current.state,
            state_since=current.since,
            revision=Subject.revision + 1,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    grid = None if row.grid_id is None else str(row.grid_id)
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("subject", row.id),
        {"kind": row.kind, "grid_id": grid, "revision": row.revision + 1, **facts},
        county_code=row.county_code,
        now=now,
        area_id=row.area_id,
    )
