"""The verbs of conflicts: list, look at, reveal, resolve."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.usable import load_offer
from app.collection.subjects import store
from app.collection.subjects.changing import Change, Stored
from app.collection.subjects.models import Subject
from app.collection.subjects.problems import RevealNotAllowed
from app.collection.subjects.reveals import allowed
from app.collection.submissions import sealing
from app.collection.submissions.conflict_schemas import ResolutionCreate
from app.collection.submissions.models import SubjectConflict, Submission
from app.collection.submissions.news import conflict_event, submission_event
from app.collection.submissions.places import day_of
from app.collection.submissions.problems import ConflictMoved, ConflictResolved, SubmissionInvalid
from app.exchange.items import Desk
from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit import events, pagination
from app.kit.crypto import Vault
from app.kit.problems import NotFound


async def list_conflicts(
    session: AsyncSession,
    actor: Actor,
    *,
    state: str | None,
    subject_id: UUID | None,
    grid_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """Conflicts that the actor may see, the oldest first; an inspector those of his own edits."""
    statement = await _visible(session, actor)
    wanted = (
        (SubjectConflict.state, state),
        (SubjectConflict.subject_id, subject_id),
        (SubjectConflict.grid_id, grid_id),
    )
    for column, value in wanted:
        if value is not None:
            statement = statement.where(column == value)
    keys = (SubjectConflict.opened_at, SubjectConflict.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.opened_at, row.id))


async def get_conflict(session: AsyncSession, actor: Actor, conflict_id: UUID) -> dict[str, Any]:
    """Everything `ConflictDetailRead` promises. Raises NotFound."""
    row = await _get(session, actor, conflict_id)
    asked = {"county_code": row.county_code, "subject_id": row.subject_id}
    version = await session.scalar(STANDING_VERSION, asked)
    return dict(row._mapping) | {"subject_version": version}


# Of the subject that a decision would change: the one that was kept, where it has been merged since.
STANDING_VERSION = text("""
WITH RECURSIVE up AS (
    SELECT version, merged_into FROM subject WHERE county_code = :county_code AND id = :subject_id
    UNION ALL
    SELECT s.version, s.merged_into FROM up JOIN subject s ON s.county_code = :county_code AND s.id = up.merged_into)
SELECT version FROM up WHERE merged_into IS NULL
""")


async def reveal_conflict(
    session: AsyncSession, actor: Actor, conflict_id: UUID, reason: str, *, vault: Vault, desk: Desk
) -> dict[str, Any]:
    """Both values in plain; leaves an event. Who may see them is ruled as for the subject.

    Raises NotFound, RevealNotAllowed.
    """
    row = await _get(session, actor, conflict_id)
    subject = (
        await session.execute(
            select(Subject.__table__).where(
                Subject.county_code == row.county_code, Subject.id == row.subject_id
            )
        )
    ).one()
    today = day_of(desk.now, desk.zone)
    personal, sensitive = await allowed(session, actor, subject, now=desk.now, today=today)
    is_sensitive = row.is_masked and row.current_value is None and row.sent_value is None
    if row.is_masked and not (sensitive if is_sensitive else personal):
        raise RevealNotAllowed
    values = _plain(row, vault)
    told = conflict_event("conflict.revealed", dict(row._mapping), {"field": row.field, "reason": reason})
    await events.record_many(session, actor.event_actor, [told], county_code=row.county_code, now=desk.now)
    return {"id": row.id, "current_value": values["current"], "sent_value": values["sent"]}


async def resolve(session: AsyncSession, desk: Desk, conflict_id: UUID, body: ResolutionCreate) -> None:
    """Decides which value holds; always makes a version, even one that changes nothing.

    Raises NotFound, ConflictResolved, ConflictMoved, SubmissionInvalid.
    """
    conflict = await _lock(session, desk.actor, conflict_id)
    if conflict.state == "resolved":
        raise ConflictResolved(choice=conflict.choice)
    stored = await _subject(session, desk, conflict)
    await _require_unmoved(session, conflict, stored, body.subject_version)
    change = await _decided(session, desk, conflict, stored, body)
    await store.write_many(session, desk, [change])
    conflict.state, conflict.choice, conflict.reason = "resolved", body.choice, body.reason
    conflict.resolved_by, conflict.resolved_at = desk.actor.account_id, desk.now
    conflict.made_version = stored.version + 1
    await session.flush()  # the question below counts what is still open
    await _tell(session, desk, conflict)


async def _lock(session: AsyncSession, actor: Actor, conflict_id: UUID) -> SubjectConflict:
    found: SubjectConflict | None = await session.scalar(
        select(SubjectConflict)
        .where(
            SubjectConflict.county_code.in_(await counties_of(session, actor)),
            SubjectConflict.id == conflict_id,
            visible_to(actor, SubjectConflict),
        )
        .with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def _subject(session: AsyncSession, desk: Desk, conflict: SubjectConflict) -> Stored:
    """The subject as it stands, locked; the one it was merged into, if it was."""
    subject_id: UUID | None = conflict.subject_id
    while subject_id is not None:
        locked = await store.lock_many(session, desk.vault, conflict.county_code, [subject_id])
        stored = locked[subject_id]
        subject_id = stored.merged_into
    return stored


async def _require_unmoved(
    session: AsyncSession, conflict: SubjectConflict, stored: Stored, seen_version: int
) -> None:
    later = await store.history(session, conflict.county_code, {stored.id: seen_version})
    if seen_version > stored.version or any(conflict.field in note.changed for note in later[stored.id]):
        raise ConflictMoved(current_version=stored.version)


async def _decided(
    session: AsyncSession, desk: Desk, conflict: SubjectConflict, stored: Stored, body: ResolutionCreate
) -> Change:
    row = await session.get_one(Submission, (conflict.county_code, conflict.submission_id))
    offer = await load_offer(session, conflict.county_code, {row.item_code})
    form = offer.any_form(row.item_code, row.form_version, at=row.received_at)
    if form is None:
        raise NotFound  # an item that the county has given up altogether
    values: Mapping[str, Any] = {}
    if body.choice == "sent":
        values = {conflict.field: _plain(conflict, desk.vault)["sent"]}
    elif body.choice == "other":
        values = form.normalized({conflict.field: body.value})
        errors = form.errors(values, today=day_of(desk.now, desk.zone), only_changes=True)
        if errors:
            raise SubmissionInvalid(errors=[error.told() for error in errors])
    return Change(
        subject_id=stored.id,
        kind=stored.kind,
        item_code=stored.item_code,
        fields=form.fields,
        values=values,
        recorded_at=desk.now,
        day=day_of(desk.now, desk.zone),
        stored=stored,
        author_id=desk.actor.account_id,
    )


async def _tell(session: AsyncSession, desk: Desk, conflict: SubjectConflict) -> None:
    """The conflict is resolved; a submission without another is applied as a whole."""
    about = {name: getattr(conflict, name) for name in TOLD}
    facts = {"field": conflict.field, "choice": conflict.choice, "version": conflict.made_version}
    news = [conflict_event("conflict.resolved", about, facts)]
    still_open = select(SubjectConflict.id).where(
        SubjectConflict.county_code == conflict.county_code,
        SubjectConflict.submission_id == conflict.submission_id,
        SubjectConflict.state == "open",
    )
    settled = await session.execute(
        update(Submission)
        .where(
            Submission.county_code == conflict.county_code,
            Submission.id == conflict.submission_id,
            Submission.state == "conflict",
            ~still_open.exists(),
        )
        .values(state="applied", revision=Submission.revision + 1)
        .returning(
            Submission.id,
            Submission.area_id,
            Submission.grid_id,
            Submission.inspector_id,
            Submission.outside_own_grid,
        )
    )
    news += [
        submission_event("submission.settled", dict(row._mapping), {"state": "applied"}) for row in settled
    ]
    await events.record_many(
        session, desk.actor.event_actor, news, county_code=conflict.county_code, now=desk.now
    )


TOLD = ("id", "subject_id", "submission_id", "inspector_id", "grid_id", "area_id")


def _plain(row: Any, vault: Vault) -> dict[str, Any]:
    if row.sealed is None:
        return {"current": row.current_value, "sent": row.sent_value}
    return sealing.opened(vault, {}, row.sealed, row.id, sealing.CONFLICT)


async def _get(session: AsyncSession, actor: Actor, conflict_id: UUID) -> Row[Any]:
    statement = (await _visible(session, actor)).where(SubjectConflict.id == conflict_id)
    row: Row[Any] | None = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return row


async def _visible(session: AsyncSession, actor: Actor) -> Select[Any]:
    return (
        select(
            *SubjectConflict.__table__.c,
            SubjectConflict.sealed.is_not(None).label("is_masked"),
            Account.display_name.label("author_name"),
            Submission.recorded_at,
        )
        .join(
            Submission,
            (Submission.county_code == SubjectConflict.county_code)
            & (Submission.id == SubjectConflict.submission_id),
        )
        .join(Account, Account.id == Submission.author_id)
        .where(
            SubjectConflict.county_code.in_(await counties_of(session, actor)),
            visible_to(actor, SubjectConflict),
        )
    )
