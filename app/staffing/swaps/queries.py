"""SQL of swaps."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Grid
from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound
from app.staffing.gaps import Span
from app.staffing.models import Appointment
from app.staffing.roster_models import GridSwap


async def lock_terms(
    session: AsyncSession, county_code: str, pair: Sequence[UUID], stretch: Span
) -> list[Appointment]:
    """Every appointment, of anybody, in the grids that the pair serves during the stretch; the pair's are locked."""
    during = Range(stretch.start, stretch.end)
    holds = (
        Appointment.county_code == county_code,
        Appointment.cancelled_at.is_(None),
        Appointment.valid.overlaps(during),
    )
    own = select(Appointment).where(*holds, Appointment.inspector_id.in_(pair)).order_by(Appointment.id)
    mine = (await session.scalars(own.with_for_update())).all()
    grids = {row.grid_id for row in mine}
    others = select(Appointment).where(
        *holds, Appointment.grid_id.in_(grids), Appointment.inspector_id.not_in(pair)
    )
    return [*mine, *(await session.scalars(others.order_by(Appointment.id)))]


async def get_grid_codes(
    session: AsyncSession, actor: Actor, county_code: str, grid_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """Codes by grid. Raises NotFound when the actor may not see one of them."""
    rows = await session.execute(
        select(Grid.id, Grid.code).where(
            Grid.county_code == county_code, Grid.id.in_(grid_ids), visible_to(actor, Grid)
        )
    )
    found = {row.id: row.code for row in rows}
    if set(grid_ids) - found.keys():
        raise NotFound
    return found


async def get_swap(session: AsyncSession, actor: Actor, swap_id: UUID) -> GridSwap:
    """The swap, locked, when the actor may see both inspectors. Raises NotFound."""
    seen = select(Account.id).where(visible_to(actor, Account))
    swap: GridSwap | None = await session.scalar(
        select(GridSwap)
        .where(
            GridSwap.county_code.in_(await counties_of(session, actor)),
            GridSwap.id == swap_id,
            GridSwap.inspector_id.in_(seen),
            GridSwap.other_id.in_(seen),
        )
        .with_for_update()
    )
    if swap is None:
        raise NotFound
    return swap


async def list_swaps(
    session: AsyncSession, inspector: Account, cursor: str | None, limit: int
) -> tuple[list[GridSwap], str | None]:
    """One page of the swaps that the inspector takes part in, by begin."""
    statement = select(GridSwap).where(
        GridSwap.county_code == inspector.county_code,
        (GridSwap.inspector_id == inspector.id) | (GridSwap.other_id == inspector.id),
    )
    keys: list[Any] = [func.lower(GridSwap.during, type_=DateTime(timezone=True)), GridSwap.id]
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.during.lower, row.id])
