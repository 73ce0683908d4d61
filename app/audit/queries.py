"""SQL of the event log's read side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area
from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.events import Event
from app.kit.problems import NotFound


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What a list of events is narrowed to; instants are UTC, `until` excluded. A type may end in `*`."""

    since: datetime
    until: datetime | None = None
    type: str | None = None
    subject_type: str | None = None
    subject_id: UUID | None = None
    actor_id: UUID | None = None


async def list_events(
    session: AsyncSession, actor: Actor, wanted: EventFilter, *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """Sealed events the actor may see, by county and `seq`, with the user name of who did it."""
    statement = (
        select(*Event.__table__.c, Account.username.label("actor_username"))
        .outerjoin(Account, and_(Event.actor_kind == "account", Account.id == Event.actor_id))
        .where(
            Event.county_code.in_(await counties_of(session, actor)),
            Event.seq.is_not(None),
            Event.occurred_at >= wanted.since,
            or_(visible_to(actor, Event), Event.area_id.is_(None) & await _holds_a_county(session, actor)),
            *_conditions(wanted),
        )
    )
    rows = (
        await session.execute(pagination.after(statement, [Event.county_code, Event.seq], cursor, limit))
    ).all()
    return pagination.page(rows, limit, lambda row: [row.county_code, row.seq])


async def get_county(session: AsyncSession, actor: Actor, county_code: str | None) -> str:
    """The county asked for, or the actor's own. Raises NotFound outside his area."""
    asked = county_code or actor.county_code
    if asked not in await counties_of(session, actor):
        raise NotFound
    return asked


async def _holds_a_county(session: AsyncSession, actor: Actor) -> bool:
    """Events without an area (keys, the calendar) are seen by whoever answers for a whole county."""
    level = await session.scalar(select(Area.level).where(Area.id == actor.area_id))
    return level in ("city", "county")


def _conditions(wanted: EventFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.until is not None:
        found.append(Event.occurred_at < wanted.until)
    if wanted.type is not None:
        exact, prefix = Event.type == wanted.type, Event.type.startswith(wanted.type[:-1], autoescape=True)
        found.append(prefix if wanted.type.endswith("*") else exact)
    if wanted.subject_type is not None:
        found.append(Event.subject_type == wanted.subject_type)
    if wanted.subject_id is not None:
        found.append(Event.subject_id == wanted.subject_id)
    if wanted.actor_id is not None:
        found.append(Event.actor_id == wanted.actor_id)
    return found
