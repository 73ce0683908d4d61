"""Which grids nobody serves while their inspectors are away: what absences and undone swaps answer with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Grid
from app.identity.models import Account
from app.staffing.away import bounds_of
from app.staffing.gaps import FOREVER, WALKING, Post, Span, clip, unserved
from app.staffing.models import Appointment
from app.staffing.roster_models import Absence


@dataclass(frozen=True, slots=True)
class UnservedGrid:
    """Nobody present serves the grid during [starts_at, ends_at)."""

    grid_id: UUID
    grid_code: str
    starts_at: datetime
    ends_at: datetime


async def list_unserved(
    session: AsyncSession,
    county_code: str,
    inspectors: Sequence[UUID],
    during: Range[datetime],
    *,
    grids: frozenset[UUID] | None = None,
) -> list[UnservedGrid]:
    """What `inspectors` serve during the stretch, all of it or only `grids`, and nobody who is there does."""
    stretch = Span(*bounds_of(during))
    holds = (
        Appointment.county_code == county_code,
        Appointment.cancelled_at.is_(None),
        Appointment.valid.overlaps(during),
        Appointment.role.in_(WALKING),
    )
    theirs = select(Appointment.grid_id).where(*holds, Appointment.inspector_id.in_(inspectors))
    rows = (
        await session.execute(
            select(Appointment, Grid.code)
            .join(Grid, (Grid.county_code == Appointment.county_code) & (Grid.id == Appointment.grid_id))
            .where(*holds, Appointment.grid_id.in_(theirs))
            .order_by(Grid.code, Appointment.valid, Appointment.id)
        )
    ).all()
    posts = [_post(row) for row, _ in rows]
    pieces = [
        (post.grid_id, piece)
        for post in posts
        if post.holder in inspectors
        and (grids is None or post.grid_id in grids)
        and (piece := clip(post.span.start, post.span.end, stretch))
    ]
    away = await list_away(session, county_code, sorted({post.holder for post in posts}), stretch)
    codes = {row.grid_id: code for row, code in rows}
    return [
        UnservedGrid(grid_id, codes[grid_id], gap.start, gap.end)
        for grid_id, gap in unserved(pieces, posts, away)
    ]


async def list_away(
    session: AsyncSession, county_code: str, inspectors: Sequence[UUID], stretch: Span
) -> list[tuple[UUID, Span]]:
    """Approved absences of `inspectors` that overlap the stretch; who may not sign in any more is away throughout."""
    gone = await session.scalars(
        select(Account.id).where(Account.id.in_(inspectors), Account.enabled.is_(False))
    )
    away = [(inspector_id, stretch) for inspector_id in gone]
    rows = await session.scalars(
        select(Absence).where(
            Absence.county_code == county_code,
            Absence.inspector_id.in_(inspectors),
            Absence.state == "approved",
            Absence.during.overlaps(Range(stretch.start, stretch.end)),
        )
    )
    return away + [(row.inspector_id, Span(*bounds_of(row.during))) for row in rows]


def _post(row: Appointment) -> Post:
    since = row.valid.lower
    assert since is not None  # noqa: S101 - ck_appointment_valid
    return Post(row.inspector_id, row.grid_id, Span(since, row.valid.upper or FOREVER))
