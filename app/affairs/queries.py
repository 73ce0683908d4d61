"""SQL of affairs and of the items they admit."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.models import Affair, AffairItem, CollectionItem
from app.identity.actor import Actor
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound

ITEM_CODES = (
    select(func.coalesce(func.array_agg(CollectionItem.code), []))
    .join(AffairItem, AffairItem.item_id == CollectionItem.id)
    .where(AffairItem.county_code == Affair.county_code, AffairItem.affair_id == Affair.id)
    .scalar_subquery()
)


def _state_at(now: datetime) -> ColumnElement[str]:
    """As `workflow.state_at`."""
    return case(((Affair.state == "admitted") & (Affair.in_force_until <= now), "ended"), else_=Affair.state)


async def _known_to(session: AsyncSession, actor: Actor) -> ColumnElement[bool]:
    """Affairs of the actor's area and below, and those above, which hold for him as well."""
    above = select(AreaClosure.ancestor_id).where(AreaClosure.area_id == actor.area_id)
    here = visible_to(actor, Affair) | Affair.area_id.in_(above)
    return Affair.county_code.in_(await counties_of(session, actor)) & here


def _read(now: datetime) -> Select[Any]:
    stored = [column for column in Affair.__table__.c if column.name != "state"]
    return select(*stored, _state_at(now).label("state"), ITEM_CODES.label("item_codes"))


async def list_affairs(
    session: AsyncSession,
    actor: Actor,
    *,
    state: str | None,
    kind: str | None,
    platform: str | None,
    area_id: UUID | None,
    item_code: str | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Row[Any]], str | None]:
    """One page, the oldest proposal first. area_id: only those that hold there."""
    statement = _read(now).where(await _known_to(session, actor))
    for column, value in ((_state_at(now), state), (Affair.kind, kind), (Affair.platform, platform)):
        if value is not None:
            statement = statement.where(column == value)
    if area_id is not None:
        above = select(AreaClosure.ancestor_id).where(AreaClosure.area_id == area_id)
        statement = statement.where(Affair.area_id.in_(above))
    if item_code is not None:
        admitted = select(AffairItem.affair_id).join(CollectionItem, CollectionItem.id == AffairItem.item_id)
        statement = statement.where(
            Affair.id.in_(
                admitted.where(CollectionItem.code == item_code, AffairItem.county_code == Affair.county_code)
            )
        )
    keys = (Affair.proposed_at, Affair.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.proposed_at, row.id))


async def get_affair(session: AsyncSession, actor: Actor, affair_id: UUID, now: datetime) -> Row[Any]:
    """One affair with its items. Raises NotFound."""
    statement = _read(now).where(Affair.id == affair_id, await _known_to(session, actor))
    row: Row[Any] | None = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return row


async def get_locked(session: AsyncSession, actor: Actor, affair_id: UUID) -> tuple[Affair, bool]:
    """The affair for a change, its row locked, and whether it is one of the actor's own area. Raises NotFound."""
    statement = (
        select(Affair, visible_to(actor, Affair).label("is_inside"))
        .where(Affair.id == affair_id, await _known_to(session, actor))
        .with_for_update(of=Affair)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return row.Affair, row.is_inside


async def list_over(session: AsyncSession, now: datetime) -> Sequence[Affair]:
    """Admitted affairs whose end has passed, locked; those that somebody is changing are left for later."""
    statement = (
        select(Affair)
        .where(Affair.state == "admitted", Affair.in_force_until <= now)
        .order_by(Affair.county_code, Affair.id)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def find_items(session: AsyncSession, county_code: str, item_codes: Collection[str]) -> dict[str, UUID]:
    """Ids of the items that the county knows, by code."""
    statement = select(CollectionItem.code, CollectionItem.id).where(
        CollectionItem.code.in_(sorted(item_codes)),
        or_(CollectionItem.county_code.is_(None), CollectionItem.county_code == county_code),
    )
    return {row.code: row.id for row in await session.execute(statement)}


async def list_items_of(session: AsyncSession, affair: Affair) -> Sequence[UUID]:
    """The items that an affair admits, by id."""
    statement = select(AffairItem.item_id).where(
        AffairItem.county_code == affair.county_code, AffairItem.affair_id == affair.id
    )
    return (await session.scalars(statement.order_by(AffairItem.item_id))).all()


async def touch_items(session: AsyncSession, item_ids: Collection[UUID]) -> None:
    """Items whose admission or forms changed get a new version; rows are locked in the order of their ids."""
    ordered = select(CollectionItem.id).where(CollectionItem.id.in_(item_ids)).order_by(CollectionItem.id)
    locked = (await session.scalars(ordered.with_for_update())).all()
    await session.execute(
        update(CollectionItem)
        .where(CollectionItem.id.in_(locked))
        .values(version=CollectionItem.version + 1)
        .execution_options(synchronize_session=False)
    )
