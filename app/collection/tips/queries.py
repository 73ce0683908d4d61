"""SQL of tips."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.tips.models import Tip
from app.collection.tips.workflow import TipState
from app.identity.actor import Actor
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound


@dataclass(frozen=True, slots=True)
class TipFilter:
    """Which tips are listed; None: all."""

    area_id: UUID | None = None
    grid_id: UUID | None = None
    state: TipState | None = None
    meeting_on: date | None = None


async def lock_tips(session: AsyncSession, county_code: str, ids: Iterable[UUID]) -> dict[UUID, Tip]:
    """The tips, locked in the order of their ids."""
    statement = (
        select(Tip)
        .where(Tip.county_code == county_code, Tip.id.in_(set(ids)))
        .order_by(Tip.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {tip.id: tip for tip in await session.scalars(statement)}


async def lock_visible(session: AsyncSession, actor: Actor, ids: Iterable[UUID]) -> dict[UUID, Tip]:
    """Those of the tips that lie in the actor's area, locked in the order of their ids."""
    statement = (
        select(Tip)
        .where(Tip.county_code == actor.county_code, Tip.id.in_(set(ids)), visible_to(actor, Tip))
        .order_by(Tip.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {tip.id: tip for tip in await session.scalars(statement)}


async def get_tip(session: AsyncSession, actor: Actor, tip_id: UUID) -> Tip:
    """The tip. Raises NotFound outside the actor's area."""
    found: Tip | None = await session.scalar(
        select(Tip).where(
            Tip.county_code.in_(await counties_of(session, actor)), Tip.id == tip_id, visible_to(actor, Tip)
        )
    )
    if found is None:
        raise NotFound
    return found


async def list_tips(
    session: AsyncSession, actor: Actor, wanted: TipFilter, *, cursor: str | None, limit: int
) -> tuple[list[Tip], str | None]:
    """One page, the oldest first: the weekly list."""
    statement = select(Tip).where(
        Tip.county_code.in_(await counties_of(session, actor)), visible_to(actor, Tip)
    )
    if wanted.area_id is not None:
        below = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == wanted.area_id)
        statement = statement.where(Tip.area_id.in_(below))
    for column in ("grid_id", "state", "meeting_on"):
        value = getattr(wanted, column)
        if value is not None:
            statement = statement.where(getattr(Tip, column) == value)
    keys = (Tip.registered_at, Tip.id)
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.registered_at, row.id))
