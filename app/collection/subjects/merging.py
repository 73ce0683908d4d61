"""Bringing two records of one thing together, and taking that back.

A merge only makes the loser an alias (`merged_into`): keys, versions, states and links stay where they are and
are read through the winner. So a reversal restores everything exactly, whatever was written meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from uuid6 import uuid7

from app.collection.subjects import queries
from app.collection.subjects.merge_models import DuplicateProposal, SubjectMerge
from app.collection.subjects.models import Subject
from app.collection.subjects.problems import (
    DuplicateDecided,
    MergeEndsDiffer,
    MergeReversed,
    SubjectMerged,
)
from app.identity.actor import Actor
from app.identity.scope import counties_of, visible_to
from app.kit import events, pagination
from app.kit.events import NewEvent
from app.kit.problems import NotFound

One, Other = aliased(Subject), aliased(Subject)
ProposalState = Literal["proposed", "confirmed", "dismissed"]


async def merge(
    session: AsyncSession,
    actor: Actor,
    *,
    loser_id: UUID,
    winner_id: UUID,
    reason: str,
    now: datetime,
    proposal_id: UUID | None = None,
) -> SubjectMerge:
    """Makes the loser an alias of the winner. Raises SubjectNotFound, MergeEndsDiffer, SubjectMerged."""
    if loser_id == winner_id:
        raise MergeEndsDiffer
    rows = {row.id: row for row in await queries.lock_visible(session, actor, (loser_id, winner_id))}
    loser, winner = rows[loser_id], rows[winner_id]
    if loser.kind != winner.kind or loser.county_code != winner.county_code:
        raise MergeEndsDiffer
    for row in (loser, winner):
        if row.merged_into is not None:
            raise SubjectMerged(merged_into=str(row.merged_into))
    merged = SubjectMerge(
        county_code=loser.county_code,
        id=uuid7(),
        loser_id=loser_id,
        winner_id=winner_id,
        proposal_id=proposal_id,
        area_id=loser.area_id,
        reason=reason,
        merged_by=actor.account_id,
        merged_at=now,
    )
    session.add(merged)
    await _turn(session, loser, winner, merged_into=winner_id, now=now)
    await _tell(session, actor, merged, loser, winner, ("subject.merged", "subject.absorbed"), now)
    return merged


async def reverse(
    session: AsyncSession, actor: Actor, merge_id: UUID, *, reason: str, now: datetime
) -> SubjectMerge:
    """Takes a merge back: the loser stands for itself again. Raises NotFound, SubjectNotFound, MergeReversed."""
    merged = await session.scalar(
        select(SubjectMerge)
        .where(
            SubjectMerge.county_code.in_(await counties_of(session, actor)),
            SubjectMerge.id == merge_id,
            visible_to(actor, SubjectMerge),
        )
        .with_for_update()
    )
    if merged is None:
        raise NotFound
    rows = {
        row.id: row for row in await queries.lock_visible(session, actor, (merged.loser_id, merged.winner_id))
    }
    if merged.reversed_at is not None:
        raise MergeReversed
    merged.reversed_at, merged.reversed_by, merged.reversal_reason = now, actor.account_id, reason
    loser, winner = rows[merged.loser_id], rows[merged.winner_id]
    await _turn(session, loser, winner, merged_into=None, now=now)
    await _tell(session, actor, merged, loser, winner, ("subject.separated", "subject.released"), now)
    return merged


async def list_merges(
    session: AsyncSession, actor: Actor, subject_id: UUID | None, *, cursor: str | None, limit: int
) -> tuple[list[SubjectMerge], str | None]:
    """Merges in the actor's area, those taken back too; of one subject where asked."""
    statement = select(SubjectMerge).where(
        SubjectMerge.county_code.in_(await counties_of(session, actor)), visible_to(actor, SubjectMerge)
    )
    if subject_id is not None:
        ends = (SubjectMerge.loser_id == subject_id) | (SubjectMerge.winner_id == subject_id)
        statement = statement.where(ends)
    rows = list(await session.scalars(pagination.after(statement, (SubjectMerge.id,), cursor, limit)))
    return pagination.page(rows, limit, lambda row: (row.id,))


async def list_proposals(
    session: AsyncSession, actor: Actor, state: ProposalState | None, *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """Proposals of which the actor sees both ends. Open ones with an end that was merged since are left out."""
    statement = (
        select(*DuplicateProposal.__table__.c, *_ends())
        .join(One, (One.county_code == DuplicateProposal.county_code) & (One.id == DuplicateProposal.one_id))
        .join(
            Other,
            (Other.county_code == DuplicateProposal.county_code) & (Other.id == DuplicateProposal.other_id),
        )
        .where(
            DuplicateProposal.county_code.in_(await counties_of(session, actor)),
            visible_to(actor, One),
            visible_to(actor, Other),
        )
    )
    if state is not None:
        statement = statement.where(DuplicateProposal.state == state)
    if state == "proposed":
        statement = statement.where(One.merged_into.is_(None), Other.merged_into.is_(None))
    keys = (DuplicateProposal.id,)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.id,))


async def confirm(
    session: AsyncSession, actor: Actor, proposal_id: UUID, *, winner_id: UUID, reason: str, now: datetime
) -> SubjectMerge:
    """Merges the two; `winner_id` is the one that stays. Raises NotFound, DuplicateDecided and those of `merge`."""
    proposal = await _lock_open(session, actor, proposal_id)
    if winner_id not in (proposal.one_id, proposal.other_id):
        raise MergeEndsDiffer
    loser_id = proposal.other_id if winner_id == proposal.one_id else proposal.one_id
    merged = await merge(
        session,
        actor,
        loser_id=loser_id,
        winner_id=winner_id,
        reason=reason,
        now=now,
        proposal_id=proposal.id,
    )
    await _decide(session, actor, proposal, "confirmed", reason, now)
    return merged


async def dismiss(
    session: AsyncSession, actor: Actor, proposal_id: UUID, *, reason: str, now: datetime
) -> DuplicateProposal:
    """The two are two, for good. Raises NotFound, DuplicateDecided."""
    proposal = await _lock_open(session, actor, proposal_id)
    await _decide(session, actor, proposal, "dismissed", reason, now)
    return proposal


async def _lock_open(session: AsyncSession, actor: Actor, proposal_id: UUID) -> DuplicateProposal:
    proposal = await session.scalar(
        select(DuplicateProposal)
        .where(
            DuplicateProposal.county_code.in_(await counties_of(session, actor)),
            DuplicateProposal.id == proposal_id,
        )
        .with_for_update()
    )
    if proposal is None:
        raise NotFound
    await queries.lock_visible(session, actor, (proposal.one_id, proposal.other_id))
    if proposal.state != "proposed":
        raise DuplicateDecided(current_state=proposal.state)
    return proposal


async def _decide(
    session: AsyncSession,
    actor: Actor,
    proposal: DuplicateProposal,
    state: ProposalState,
    reason: str,
    now: datetime,
) -> None:
    proposal.state, proposal.note = state, reason
    proposal.decided_at, proposal.decided_by = now, actor.account_id
    await events.record(
        session,
        actor.event_actor,
        f"duplicate.{state}",
        ("duplicate", proposal.id),
        {"one_id": str(proposal.one_id), "other_id": str(proposal.other_id)},
        county_code=proposal.county_code,
        now=now,
        area_id=proposal.area_id,
    )


async def _turn(
    session: AsyncSession, loser: Row[Any], winner: Row[Any], *, merged_into: UUID | None, now: datetime
) -> None:
    changed = {"revision": Subject.revision + 1, "updated_at": now}
    for row, more in ((loser, {"merged_into": merged_into}), (winner, {})):
        await session.execute(
            update(Subject)
            .where(Subject.county_code == row.county_code, Subject.id == row.id)
            .values(changed | more)
            .execution_options(synchronize_session=False)
        )


async def _tell(
    session: AsyncSession,
    actor: Actor,
    merged: SubjectMerge,
    loser: Row[Any],
    winner: Row[Any],
    types: tuple[str, str],
    now: datetime,
) -> None:
    new = [_event(types[0], merged, loser, winner.id), _event(types[1], merged, winner, loser.id)]
    await events.record_many(session, actor.event_actor, new, county_code=merged.county_code, now=now)


def _event(type_: str, merged: SubjectMerge, row: Row[Any], other_id: UUID) -> NewEvent:
    data = {
        "kind": row.kind,
        "grid_id": None if row.grid_id is None else str(row.grid_id),
        "merge_id": str(merged.id),
        "other_id": str(other_id),
    }
    return NewEvent(type_, ("subject", row.id), data, row.area_id)


def _ends() -> Sequence[Any]:
    return [
        getattr(end, column).label(f"{name}_{column}")
        for name, end in (("one", One), ("other", Other))
        for column in ("kind", "shown_name", "shown_address")
    ]
