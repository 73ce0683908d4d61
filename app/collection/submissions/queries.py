"""SQL of submissions: lists, details, figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.submissions.models import SubjectConflict, Submission
from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound

WAITING = ("held", "stuck")


@dataclass(frozen=True, slots=True)
class SubmissionFilter:
    """Which submissions are wanted; None: whatever it is."""

    state: str | None = None
    review_state: str | None = None
    item_code: str | None = None
    subject_id: UUID | None = None
    inspector_id: UUID | None = None
    area_id: UUID | None = None
    grid_id: UUID | None = None
    outside_own_grid: bool | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None


async def list_submissions(
    session: AsyncSession,
    actor: Actor,
    wanted: SubmissionFilter,
    *,
    states: Sequence[str] | None = None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """What the actor may see, in the order of its arrival: an inspector's own, everybody else's area."""
    statement = _filtered(await _visible(session, actor), wanted)
    if states is not None:
        statement = statement.where(Submission.state.in_(states))
    keys = (Submission.received_at, Submission.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.received_at, row.id))


async def get_submission(session: AsyncSession, actor: Actor, submission_id: UUID) -> Row[Any]:
    """One submission with its author's name. Raises NotFound outside the actor's scope."""
    statement = (await _visible(session, actor)).where(Submission.id == submission_id)
    row: Row[Any] | None = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return row


async def lock_submission(session: AsyncSession, actor: Actor, submission_id: UUID) -> Submission:
    """The submission for a change, its row locked. Raises NotFound."""
    found: Submission | None = await session.scalar(
        select(Submission)
        .where(
            Submission.county_code.in_(await counties_of(session, actor)),
            Submission.id == submission_id,
            visible_to(actor, Submission),
        )
        .with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def open_conflicts(session: AsyncSession, county_code: str, submission_id: UUID) -> list[str]:
    """Fields of a submission that wait for a person."""
    statement = (
        select(SubjectConflict.field)
        .where(
            SubjectConflict.county_code == county_code,
            SubjectConflict.submission_id == submission_id,
            SubjectConflict.state == "open",
        )
        .order_by(SubjectConflict.field)
    )
    return list(await session.scalars(statement))


FRESH_AT = text("SELECT fresh_at FROM subject WHERE county_code = :county_code AND id = :subject_id")


async def fresh_at(session: AsyncSession, county_code: str, subject_id: UUID | None) -> datetime | None:
    """When a subject was last confirmed."""
    found: datetime | None = await session.scalar(
        FRESH_AT, {"county_code": county_code, "subject_id": subject_id}
    )
    return found


MONTH = text("""
SELECT count(*) AS submissions, round(avg(s.quality_score), 1)::float8 AS mean_quality,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY s.entry_lag_s) AS median_entry_lag_s,
       count(*) FILTER (WHERE s.entry_lag_s <= :prompt_s) AS prompt,
       count(*) FILTER (WHERE s.outside_own_grid) AS outside_own_grid,
       count(*) FILTER (WHERE s.review_state = 'returned') AS returned
  FROM submission s
 WHERE s.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :area_id)
   AND s.recorded_at >= :since AND s.recorded_at < :until AND s.state <> 'discarded'
""")
OPEN_CONFLICTS = text("""
SELECT count(*) FROM subject_conflict c
  JOIN submission s ON s.county_code = c.county_code AND s.id = c.submission_id
 WHERE c.state = 'open' AND s.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :area_id)
   AND s.recorded_at >= :since AND s.recorded_at < :until
""")


async def month_figures(
    session: AsyncSession, area_id: UUID, since: datetime, until: datetime, prompt_s: int
) -> dict[str, Any]:
    """Counts, median lag and mean quality of what was recorded in an area between two instants."""
    asked = {"area_id": area_id, "since": since, "until": until}
    row = (await session.execute(MONTH, asked | {"prompt_s": prompt_s})).one()
    return dict(row._mapping) | {"conflicts_open": await session.scalar(OPEN_CONFLICTS, asked) or 0}


async def _visible(session: AsyncSession, actor: Actor) -> Select[Any]:
    return (
        select(*Submission.__table__.c, Account.display_name.label("author_name"))
        .join(Account, Account.id == Submission.author_id)
        .where(Submission.county_code.in_(await counties_of(session, actor)), visible_to(actor, Submission))
    )


def _filtered(statement: Select[Any], wanted: SubmissionFilter) -> Select[Any]:
    for name in (
        "state",
        "review_state",
        "item_code",
        "subject_id",
        "inspector_id",
        "grid_id",
        "outside_own_grid",
    ):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(getattr(Submission, name) == value)
    if wanted.area_id is not None:
        below = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == wanted.area_id)
        statement = statement.where(Submission.area_id.in_(below))
    if wanted.recorded_from is not None:
        statement = statement.where(Submission.recorded_at >= wanted.recorded_from)
    if wanted.recorded_until is not None:
        statement = statement.where(Submission.recorded_at < wanted.recorded_until)
    return statement
