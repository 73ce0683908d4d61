"""Rows of areas and grids: plain async functions over a session."""

from datetime import date
from uuid import UUID

import shapely
from shapely.geometry import MultiPolygon, box
from shapely.geometry.base import BaseGeometry
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.areas import closure
from app.areas.models import Area, AreaCode, AreaOutline, AreaVersion, Grid, GridVersion

SINCE = date(2024, 1, 1)
COUNTY = "330921"


def square(column: int, row: int = 0, *, size: float = 0.01, width: int = 1) -> MultiPolygon:
    """A cell of a regular lattice near Daishan, about 1 km wide, `width` columns of it."""
    west, south = 122.0 + column * size, 30.0 + row * size
    return MultiPolygon([box(west, south, west + width * size, south + size)])


async def area(
    session: AsyncSession,
    level: str,
    name: str,
    *,
    parent: UUID | None = None,
    code: str | None = None,
    county_code: str = COUNTY,
    outline: BaseGeometry | None = None,
) -> UUID:
    """An area below `parent` since SINCE, with its NBS code, outline and closure."""
    area_id = uuid7()
    session.add(Area(id=area_id, county_code=county_code, level=level))
    await session.flush()
    valid = Range(SINCE, None)
    session.add(AreaVersion(id=uuid7(), area_id=area_id, parent_id=parent, name=name, valid=valid))
    if code:
        session.add(AreaCode(id=uuid7(), area_id=area_id, code_system="NBS2023", code=code, valid=valid))
    if outline is not None:
        shape = outline if isinstance(outline, MultiPolygon) else MultiPolygon([outline])
        session.add(AreaOutline(id=uuid7(), area_id=area_id, geometry=shape, source="test", valid=valid))
    await session.flush()
    await closure.attach(session, area_id, parent)
    return area_id


async def grid(
    session: AsyncSession,
    area_id: UUID,
    code: str,
    shape: BaseGeometry | None,
    *,
    county_code: str = COUNTY,
    grid_class: str = "B",
    in_grid_rule: str | None = None,
    valid: Range[date] | None = None,
) -> UUID:
    """A grid since SINCE with one version, or without a shape."""
    grid_id = uuid7()
    rule = in_grid_rule or ("polygon" if shape is not None else "none")
    session.add(
        Grid(
            county_code=county_code,
            id=grid_id,
            area_id=area_id,
            code=code,
            name=f"网格{code[12:]}",
            grid_class=grid_class,
            in_grid_rule=rule,
            movement_profile="foot",
            opened_on=SINCE,
            retired_on=None,
            synthetic=True,
        )
    )
    await session.flush()
    if shape is not None:
        is_route = isinstance(shape, shapely.LineString)
        session.add(
            GridVersion(
                county_code=county_code,
                id=uuid7(),
                grid_id=grid_id,
                version=1,
                geometry=None if is_route else shape,
                route=shape if is_route else None,
                valid=valid or Range(SINCE, None),
                reason="test",
                decided_by=None,
            )
        )
        await session.flush()
    return grid_id
