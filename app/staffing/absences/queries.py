"""SQL of absences."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound
from app.staffing.absences.states import AbsenceState
from app.staffing.roster_models import Absence


async def insert_absence(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Whether it is new; False when the id is taken. The exclusion constraint answers AbsenceOverlaps."""
    statement = (
        insert(Absence)
        .values(values)
        .on_conflict_do_nothing(index_elements=["county_code", "id"])
        .returning(Absence.id)
    )
    return await session.scalar(statement) is not None


async def get_absence(
    session: AsyncSession, actor: Actor, absence_id: UUID, *, lock: bool = False
) -> tuple[Absence, UUID]:
    """The absence and its inspector's area; an inspector sees his own. Raises NotFound."""
    statement = (await _visible(session, actor)).where(Absence.id == absence_id)
    row = (await session.execute(statement.with_for_update(of=Absence) if lock else statement)).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def list_absences(
    session: AsyncSession,
    actor: Actor,
    *,
    state: AbsenceState | None,
    inspector_id: UUID | None,
    since: datetime | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Absence], str | None]:
    """One page of the visible absences by begin, those that end after `since`."""
    statement = await _visible(session, actor)
    if state is not None:
        statement = statement.where(Absence.state == state)
    if inspector_id is not None:
        statement = statement.where(Absence.inspector_id == inspector_id)
    if since is not None:
        statement = statement.where(func.upper(Absence.during) > since)
    keys: list[Any] = [func.lower(Absence.during, type_=DateTime(timezone=True)), Absence.id]
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.during.lower, row.id])


async def _visible(session: AsyncSession, actor: Actor) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(Absence, Account.area_id)
        .join(Account, Account.id == Absence.inspector_id)
        .where(Absence.county_code.in_(await counties_of(session, actor)), visible_to(actor, Account))
    )
    if actor.role is Role.INSPECTOR:
        statement = statement.where(Absence.inspector_id == actor.account_id)
    return statement
