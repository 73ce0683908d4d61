"""SQL of staffing for the people who plan. What ingest and folder read is in `inputs`."""

from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Grid
from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import visible_to
from app.kit import pagination
from app.kit.problems import NotFound, PreconditionFailed
from app.staffing.models import Appointment, DayKind, Shift
from app.staffing.problems import NotAnInspector

Row = TypeVar("Row", Shift, Appointment)


async def get_inspector(session: AsyncSession, actor: Actor, inspector_id: UUID) -> Account:
    """The inspector, if the actor may see him; an inspector sees only himself.

    Raises NotFound, or NotAnInspector for another role.
    """
    if actor.role is Role.INSPECTOR and inspector_id != actor.account_id:
        raise NotFound
    account: Account | None = await session.scalar(
        select(Account).where(Account.id == inspector_id, visible_to(actor, Account))
    )
    if account is None:
        raise NotFound
    if account.role != Role.INSPECTOR:
        raise NotAnInspector
    return account


async def get_grid(session: AsyncSession, actor: Actor, county_code: str, grid_id: UUID) -> Grid:
    """The grid of that county, if the actor may see it. Raises NotFound."""
    grid: Grid | None = await session.scalar(
        select(Grid).where(Grid.county_code == county_code, Grid.id == grid_id, visible_to(actor, Grid))
    )
    if grid is None:
        raise NotFound
    return grid


async def get_planned(
    session: AsyncSession, actor: Actor, table: type[Row], row_id: UUID, version: int
) -> Row:
    """The shift or appointment, locked, at the version that the caller has read.

    Raises NotFound (also when cancelled), PreconditionFailed.
    """
    seen = select(Account.id).where(visible_to(actor, Account))
    row: Row | None = await session.scalar(
        select(table)
        .where(table.id == row_id, table.cancelled_at.is_(None), table.inspector_id.in_(seen))
        .with_for_update()
    )
    if row is None:
        raise NotFound
    if row.version != version:
        raise PreconditionFailed(version=row.version)
    return row


async def list_shifts(
    session: AsyncSession, inspector: Account, first: date, last: date, cursor: str | None, limit: int
) -> tuple[list[Shift], str | None]:
    """One page of the inspector's shifts of these service days, by start."""
    keys: list[Any] = [Shift.starts_at, Shift.id]
    statement = select(Shift).where(
        Shift.county_code == inspector.county_code,
        Shift.inspector_id == inspector.id,
        Shift.service_day.between(first, last),
        Shift.cancelled_at.is_(None),
    )
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.starts_at, row.id])


async def list_appointments(
    session: AsyncSession, inspector: Account, at: datetime | None, cursor: str | None, limit: int
) -> tuple[list[Appointment], str | None]:
    """One page of the inspector's appointments, all or those at an instant."""
    statement = select(Appointment).where(
        Appointment.county_code == inspector.county_code,
        Appointment.inspector_id == inspector.id,
        Appointment.cancelled_at.is_(None),
    )
    if at is not None:
        statement = statement.where(Appointment.valid.contains(at))
    keys: list[Any] = [Appointment.id]
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.id])


async def list_day_kinds(session: AsyncSession) -> list[DayKind]:
    """All kinds of days, by code."""
    return list(await session.scalars(select(DayKind).order_by(DayKind.code)))


async def has_day_kind(session: AsyncSession, code: str) -> bool:
    """Whether there is such a kind of day."""
    return await session.get(DayKind, code) is not None
