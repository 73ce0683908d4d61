"""Reading the division tree as it was on a day."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, Select, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area, AreaCode, AreaOutline, AreaVersion
from app.identity.actor import Actor
from app.identity.scope import visible_to
from app.kit import pagination
from app.kit.problems import NotFound


def _areas_on(day: date) -> Select[Any]:
    code = (
        select(AreaCode.code)
        .where(AreaCode.area_id == Area.id, AreaCode.valid.contains(day))
        .order_by(AreaCode.code_system.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        Area.id,
        Area.county_code,
        Area.level,
        AreaVersion.name,
        AreaVersion.parent_id,
        code.label("code"),
        func.lower(AreaVersion.valid).label("valid_from"),
        func.upper(AreaVersion.valid).label("valid_to"),
    ).join(AreaVersion, (AreaVersion.area_id == Area.id) & AreaVersion.valid.contains(day))


async def list_areas(
    session: AsyncSession,
    actor: Actor,
    day: date,
    *,
    parent_id: UUID | None,
    level: str | None,
    text: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """One page of the visible areas on `day`, by code, and the cursor of the next.

    `text` is part of the name, or the beginning of any official code in force that day.
    """
    areas = _areas_on(day).where(visible_to(actor, Area))
    if parent_id is not None:
        areas = areas.where(AreaVersion.parent_id == parent_id)
    if level is not None:
        areas = areas.where(Area.level == level)
    if text:
        coded = select(AreaCode.area_id).where(
            AreaCode.valid.contains(day), AreaCode.code.startswith(text, autoescape=True)
        )
        areas = areas.where(AreaVersion.name.contains(text, autoescape=True) | Area.id.in_(coded))
    found = areas.subquery()
    keys = [func.coalesce(found.c.code, ""), found.c.id]
    rows = (await session.execute(pagination.after(select(found), keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.code or "", row.id))


async def get_area(session: AsyncSession, actor: Actor, area_id: UUID, day: date) -> Row[Any]:
    """The area as it was on `day`. Raises NotFound when it is not visible, or did not exist then."""
    statement = _areas_on(day).where(Area.id == area_id, visible_to(actor, Area))
    row: Row[Any] | None = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return row


async def list_ancestors(session: AsyncSession, area_id: UUID, day: date) -> list[Row[Any]]:
    """The areas above `area_id` on `day`, nearest first. The caller has checked that the area is visible."""
    climb = (
        select(AreaVersion.parent_id.label("id"), literal(1).label("depth"))
        .where(
            AreaVersion.area_id == area_id,
            AreaVersion.valid.contains(day),
            AreaVersion.parent_id.is_not(None),
        )
        .cte("climb", recursive=True)
    )
    climb = climb.union(
        select(AreaVersion.parent_id, climb.c.depth + 1).where(
            AreaVersion.area_id == climb.c.id,
            AreaVersion.valid.contains(day),
            AreaVersion.parent_id.is_not(None),
            climb.c.depth < 10,  # the tree has four levels; a loop in bad data must end
        )
    )
    statement = _areas_on(day).join(climb, climb.c.id == Area.id).order_by(climb.c.depth)
    return list((await session.execute(statement)).all())


async def list_codes(session: AsyncSession, area_id: UUID) -> list[Row[Any]]:
    """All official codes an area ever had, by system and date."""
    statement = (
        select(
            AreaCode.code_system,
            AreaCode.code,
            func.lower(AreaCode.valid).label("valid_from"),
            func.upper(AreaCode.valid).label("valid_to"),
        )
        .where(AreaCode.area_id == area_id)
        .order_by(AreaCode.code_system, func.lower(AreaCode.valid))
    )
    return list((await session.execute(statement)).all())


async def find_outline(session: AsyncSession, area_id: UUID, day: date) -> BaseGeometry | None:
    """The outline of an area on `day`, or None where none is known."""
    shape: BaseGeometry | None = await session.scalar(
        select(AreaOutline.geometry).where(AreaOutline.area_id == area_id, AreaOutline.valid.contains(day))
    )
    return shape


async def find_community_codes(session: AsyncSession, area_id: UUID, day: date) -> Sequence[str]:
    """The 12-digit codes of a community on `day`, the newest code system first; empty for other areas."""
    statement = (
        select(AreaCode.code)
        .join(Area, Area.id == AreaCode.area_id)
        .where(
            Area.id == area_id,
            Area.level == "community",
            AreaCode.valid.contains(day),
            AreaCode.code.regexp_match("^[1-9][0-9]{11}$"),
        )
        .order_by(AreaCode.code_system.desc())
    )
    return (await session.scalars(statement)).all()
