"""Reading grids and their dated shapes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Grid, GridVersion
from app.identity.actor import Actor
from app.identity.scope import AreaClosure, visible_to
from app.kit import pagination
from app.kit.db import driver_connection
from app.kit.geo import literal
from app.kit.problems import NotFound

PARTITION_CLASSES = ("B", "S")
"""Base and special grids together cover the ground once; micro grids lie inside base grids."""


@dataclass(frozen=True, slots=True)
class GridVersionRow:
    """A dated shape of a grid; `shape` is None for grids judged without one (fishing boats).

    `version_id` and `version` are None where no shape is on file. `valid_from` and `valid_to` (exclusive,
    None: open) are dates.
    """

    grid_id: UUID
    code: str
    in_grid_rule: str
    movement_profile: str
    version_id: UUID | None
    version: int | None
    shape: BaseGeometry | None
    valid_from: date
    valid_to: date | None


LOAD_VERSIONS = """
    SELECT g.id, g.code, g.in_grid_rule, g.movement_profile, v.id, v.version,
           ST_AsBinary(coalesce(v.geometry, v.route)),
           coalesce(lower(v.valid), g.opened_on),
           CASE WHEN v.id IS NULL THEN g.retired_on ELSE upper(v.valid) END
      FROM grid g
      LEFT JOIN grid_version v
        ON v.county_code = g.county_code AND v.grid_id = g.id
       AND v.valid && daterange(%(day_from)s, %(day_to)s, '[]')
     WHERE g.county_code = %(county_code)s AND g.id = ANY(%(grid_ids)s)
       AND g.opened_on <= %(day_to)s AND (g.retired_on IS NULL OR g.retired_on > %(day_from)s)
     ORDER BY g.code, v.version
"""


async def load_grid_versions(
    session: AsyncSession, county_code: str, grid_ids: Collection[UUID], day_from: date, day_to: date
) -> list[GridVersionRow]:
    """Every shape that the given grids had from `day_from` to `day_to` (both included), by code and version.

    One statement for any number of grids. A grid without a shape in that time is one row without one; a grid
    that did not exist then, or is not of this county, is none.
    """
    if not grid_ids:
        return []
    connection = await driver_connection(session)
    cursor = await connection.execute(
        LOAD_VERSIONS,
        {
            "county_code": county_code,
            "grid_ids": list(grid_ids),
            "day_from": day_from,
            "day_to": day_to,
        },
        binary=True,
    )
    rows = await cursor.fetchall()
    shapes = shapely.from_wkb([row[6] for row in rows])
    return [
        GridVersionRow(grid_id, code, rule, profile, version_id, version, shape, since, until)
        for (grid_id, code, rule, profile, version_id, version, _, since, until), shape in zip(
            rows, shapes, strict=True
        )
    ]


GRID_COLUMNS: tuple[Any, ...] = (
    Grid.id,
    Grid.county_code,
    Grid.area_id,
    Grid.code,
    Grid.name,
    Grid.grid_class,
    Grid.in_grid_rule,
    Grid.movement_profile,
    Grid.opened_on,
    Grid.retired_on,
    Grid.synthetic,
    GridVersion.version,
    func.lower(GridVersion.valid).label("valid_from"),
    func.upper(GridVersion.valid).label("valid_to"),
)


def _grids_on(day: date) -> Select[Any]:
    return (
        select(*GRID_COLUMNS)
        .select_from(Grid)
        .outerjoin(
            GridVersion,
            (GridVersion.county_code == Grid.county_code)
            & (GridVersion.grid_id == Grid.id)
            & GridVersion.valid.contains(day),
        )
        .where(Grid.opened_on <= day, Grid.retired_on.is_(None) | (Grid.retired_on > day))
    )


def _shape() -> Any:
    return func.coalesce(GridVersion.geometry, GridVersion.route, type_=GridVersion.geometry.type).label(
        "shape"
    )


def _inside(area_id: UUID) -> Select[Any]:
    return select(AreaClosure.area_id).where(AreaClosure.ancestor_id == area_id)


async def list_grids(
    session: AsyncSession,
    actor: Actor,
    day: date,
    *,
    area_id: UUID | None,
    grid_class: str | None,
    code: str | None,
    with_shape: bool = False,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """One page of the visible grids on `day`, by code, and the cursor of the next. `code` is a beginning."""
    grids = _grids_on(day).where(visible_to(actor, Grid))
    if with_shape:
        grids = grids.add_columns(_shape())
    if area_id is not None:
        grids = grids.where(Grid.area_id.in_(_inside(area_id)))
    if grid_class is not None:
        grids = grids.where(Grid.grid_class == grid_class)
    if code is not None:
        grids = grids.where(Grid.code.startswith(code, autoescape=True))
    keys: list[Any] = [Grid.county_code, Grid.code]
    rows = (await session.execute(pagination.after(grids, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.county_code, row.code))


async def list_some_grids(
    session: AsyncSession, county_code: str, grid_ids: Collection[UUID], day: date
) -> list[Row[Any]]:
    """Those of the grids that are open on `day`, by id, each with its `shape`. Whose they are, the caller knows."""
    if not grid_ids:
        return []
    statement = _grids_on(day).add_columns(_shape())
    chosen = statement.where(Grid.county_code == county_code, Grid.id.in_(grid_ids)).order_by(Grid.id)
    return list((await session.execute(chosen)).all())


async def get_grid(session: AsyncSession, actor: Actor, grid_id: UUID, day: date) -> Row[Any]:
    """The grid as it was on `day`, with its `shape`. Raises NotFound when not visible or not open then."""
    statement = _grids_on(day).add_columns(_shape()).where(Grid.id == grid_id, visible_to(actor, Grid))
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return row


async def list_versions(session: AsyncSession, actor: Actor, grid_id: UUID) -> list[Row[Any]]:
    """All versions of a visible grid, oldest first, with shapes. Raises NotFound when it is not visible."""
    if await session.scalar(select(Grid.id).where(Grid.id == grid_id, visible_to(actor, Grid))) is None:
        raise NotFound
    statement = (
        select(
            GridVersion.id,
            GridVersion.version,
            func.lower(GridVersion.valid).label("valid_from"),
            func.upper(GridVersion.valid).label("valid_to"),
            GridVersion.reason,
            GridVersion.decided_by,
            _shape(),
        )
        .where(GridVersion.grid_id == grid_id)
        .order_by(GridVersion.version)
    )
    return list((await session.execute(statement)).all())


async def list_at_point(
    session: AsyncSession, actor: Actor, lon: float, lat: float, day: date
) -> list[Row[Any]]:
    """The visible grids whose polygon holds the point on `day`: base first, then special and micro."""
    point = shapely.Point(lon, lat)
    statement = (
        _grids_on(day)
        .where(
            visible_to(actor, Grid),
            func.ST_Covers(GridVersion.geometry, literal(point)),
        )
        .order_by(Grid.grid_class, Grid.code)
    )
    return list((await session.execute(statement)).all())


async def list_shapes(session: AsyncSession, area_id: UUID, day: date) -> Sequence[Row[Any]]:
    """(id, code, shape) of the base and special grids with a polygon in an area on `day`, by code."""
    statement = (
        select(Grid.id, Grid.code, GridVersion.geometry.label("shape"))
        .join(GridVersion, (GridVersion.county_code == Grid.county_code) & (GridVersion.grid_id == Grid.id))
        .where(
            Grid.area_id.in_(_inside(area_id)),
            Grid.grid_class.in_(PARTITION_CLASSES),
            GridVersion.valid.contains(day),
            GridVersion.geometry.is_not(None),
        )
        .order_by(Grid.code)
    )
    return (await session.execute(statement)).all()


async def list_neighbours(
    session: AsyncSession, county_code: str, grid_id: UUID, shape: BaseGeometry, valid: Range[date]
) -> Sequence[Row[Any]]:
    """(id, code, shape) of other base and special grids of the county near `shape` at any time in `valid`."""
    statement = (
        select(Grid.id, Grid.code, GridVersion.geometry.label("shape"))
        .join(GridVersion, (GridVersion.county_code == Grid.county_code) & (GridVersion.grid_id == Grid.id))
        .where(
            Grid.county_code == county_code,
            Grid.id != grid_id,
            Grid.grid_class.in_(PARTITION_CLASSES),
            GridVersion.valid.overlaps(valid),
            GridVersion.geometry.bool_op("&&")(
                literal(shape)
            ),  # the box test uses the GiST index; the exact one is topology's
        )
        .order_by(Grid.code)
    )
    return (await session.execute(statement)).all()


async def latest_version(session: AsyncSession, county_code: str, grid_id: UUID) -> int:
    """The number of a grid's newest version, whenever it takes effect; 0 when it has none."""
    statement = select(func.coalesce(func.max(GridVersion.version), 0)).where(
        GridVersion.county_code == county_code, GridVersion.grid_id == grid_id
    )
    return (await session.execute(statement)).scalar_one()


async def lock_topology(session: AsyncSession, county_code: str) -> None:
    """Lets one change of grids at a time pass in a county: two neighbours could each look free of overlap."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('grid topology'), cast(:county AS int))"),
        {"county": county_code},
    )
