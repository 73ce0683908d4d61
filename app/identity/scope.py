"""The one place that decides which rows an actor may see."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, SmallInteger, and_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.identity.actor import ADMINISTRATORS, Actor, Role
from app.kit.db import Base, driver_connection
from app.kit.problems import NotFound
from app.rules.editions import EditionCache, current_stamps


class AreaClosure(Base):
    """Every (area, ancestor) pair of the current tree, with itself at depth 0. Kept by `areas`."""

    __tablename__ = "area_closure"
    __table_args__ = (Index("ix_area_closure_ancestor_id_area_id", "ancestor_id", "area_id"),)

    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"), primary_key=True)
    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"), primary_key=True)
    depth: Mapped[int] = mapped_column(SmallInteger)


def visible_to(actor: Actor, model: type[Any]) -> ColumnElement[bool]:
    """The rows of `model` inside the actor's area; of an inspector only those that are about them.

    `model` has `area_id`, and `inspector_id` where a row belongs to one person. Whatever this leaves out
    is answered as NotFound, never as Forbidden: its existence is nobody's business.
    """
    if actor.is_system:
        return true()
    inside: ColumnElement[bool] = model.area_id.in_(
        select(AreaClosure.area_id).where(AreaClosure.ancestor_id == actor.area_id)
    )
    if actor.role is Role.INSPECTOR and hasattr(model, "inspector_id"):
        return and_(inside, model.inspector_id == actor.account_id)
    return inside


async def require_area(session: AsyncSession, actor: Actor, area_id: UUID) -> None:
    """Raises NotFound unless `area_id` is the actor's area or lies inside it."""
    if actor.is_system:
        return
    inside = select(AreaClosure.area_id).where(
        AreaClosure.area_id == area_id, AreaClosure.ancestor_id == actor.area_id
    )
    if await session.scalar(inside) is None:
        raise NotFound


async def holds_everything(session: AsyncSession, actor: Actor) -> bool:
    """Whether no area lies beside the actor's own: what he decides for everywhere binds nobody else's."""
    if actor.is_system:
        return True
    inside = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == actor.area_id)
    above = select(AreaClosure.ancestor_id).where(AreaClosure.area_id == actor.area_id)
    beside = select(AreaClosure.area_id).where(
        AreaClosure.depth == 0, AreaClosure.area_id.not_in(inside), AreaClosure.area_id.not_in(above)
    )
    return await session.scalar(beside.limit(1)) is None


async def area_path(session: AsyncSession, area_id: UUID) -> list[UUID]:
    """Ids from `area_id` up to the root, the most specific first, as the rule book wants them."""
    return (await area_paths(session, [area_id])).get(area_id, [])


PATHS_KEPT = 20_000
PATHS = """
SELECT area_id, array_agg(ancestor_id ORDER BY depth) FROM area_closure WHERE area_id = ANY(%s) GROUP BY area_id
"""
_paths: EditionCache[UUID, dict[UUID, list[UUID]]] = EditionCache()


async def area_paths(session: AsyncSession, area_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """`area_path` of each area that exists; from memory for as long as no area has changed."""
    wanted = set(area_ids)
    stamp = (await current_stamps(session))["areas"]
    known = _paths.get(stamp)
    if known is None or len(known) > PATHS_KEPT:
        known = _paths.keep(stamp, {})
    missing = [each for each in wanted if each not in known]
    if missing:
        connection = await driver_connection(session)
        known.update(await (await connection.execute(PATHS, [missing], binary=True)).fetchall())
    return {each: list(known[each]) for each in wanted if each in known}


# `areas` lies above this package, so its table is named in SQL.
COUNTIES = text("""
SELECT DISTINCT a.county_code FROM area a JOIN area_closure c ON c.area_id = a.id WHERE c.ancestor_id = :area_id
""")


async def counties_of(session: AsyncSession, actor: Actor) -> list[str]:
    """Home codes of the counties whose rows the actor may see: one, but for a city
    and its administrators.

    County is the first column of every large key: naming it keeps a query within its county.
    """
    if actor.role is not Role.CITY and actor.role not in ADMINISTRATORS:
        return [actor.county_code]
    return list(await session.scalars(COUNTIES, {"area_id": actor.area_id}))
