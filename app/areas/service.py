"""The verbs of areas and grids: how an area is covered, opening, reshaping and retiring a grid."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from anyio import to_thread
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.areas import grid_codes, grid_queries, patrol_inputs, queries, topology
from app.areas.models import Grid, GridVersion
from app.areas.problems import (
    GridCodesExhausted,
    GridNotOpen,
    GridOverlap,
    GridVersionExists,
    NotACommunity,
    ShapeNotFitting,
)
from app.areas.schemas import GridOpen, GridReshape, GridRetire
from app.areas.topology import Coverage, Region, Tolerance
from app.identity.actor import Actor
from app.identity.scope import area_path, require_area, visible_to
from app.kit import events
from app.kit.geo import parse_area, parse_route, to_geojson
from app.kit.problems import NotFound, PreconditionFailed
from app.rules import service as rules
from app.rules.catalogue import areas as area_rules

MAX_REPORTED_OVERLAPS = 20


@dataclass(frozen=True, slots=True)
class AreaCoverage:
    """A coverage with the number of grids looked at and the version of the rules that set the tolerances."""

    coverage: Coverage
    grids: int
    rule_version: str


async def cover(session: AsyncSession, actor: Actor, area_id: UUID, day: date) -> AreaCoverage:
    """How the grids of an area fill its outline on `day` (S0-03, S4-01). Raises NotFound out of scope."""
    await queries.get_area(session, actor, area_id, day)
    tolerance, version = await _tolerance(session, area_id, day)
    rows = await grid_queries.list_shapes(session, area_id, day)
    outline = await queries.find_outline(session, area_id, day)
    regions = [Region(row.id, row.shape) for row in rows]
    # in a thread: a county of thousands of grids takes a second, in which others want answers
    found = await to_thread.run_sync(topology.coverage, outline, regions, tolerance)
    return AreaCoverage(found, len(rows), version)


async def open_grid(session: AsyncSession, actor: Actor, body: GridOpen, *, now: datetime) -> UUID:
    """A new grid with the next code of its community; returns its id.

    Raises NotFound out of scope, NotACommunity, GridCodesExhausted, ShapeNotFitting, InvalidGeometry,
    GridOverlap.
    """
    await require_area(session, actor, body.area_id)
    shape = _fitting_shape(body.in_grid_rule, body.geometry)
    await grid_queries.lock_topology(session, actor.county_code)
    grid = Grid(
        county_code=actor.county_code,
        id=uuid7(),
        code=await _next_code(session, body.area_id, body.opened_on),
        retired_on=None,
        **body.model_dump(exclude={"geometry", "reason"}),
    )
    session.add(grid)
    await session.flush()  # the version below refers to the row
    if shape is not None:
        await _add_version(session, actor, grid, 1, shape, Range(body.opened_on, None), body.reason)
    await _record(session, actor, grid, "grid.opened", {"code": grid.code, "reason": body.reason}, now)
    return grid.id


async def reshape_grid(
    session: AsyncSession, actor: Actor, grid_id: UUID, body: GridReshape, *, read_version: int, now: datetime
) -> None:
    """Gives a grid a new shape from a day on; the shape before it ends there and is kept (S4-12, S4-16).

    A new version takes the rest of the time of the version that it cuts. Patrol days from then on are folded
    again. Raises NotFound, PreconditionFailed when `read_version` isn't the newest, GridNotOpen,
    GridVersionExists, ShapeNotFitting, InvalidGeometry, GridOverlap.
    """
    await grid_queries.lock_topology(session, actor.county_code)
    grid = await _locked_grid(session, actor, grid_id, read_version)
    shape = _fitting_shape(grid.in_grid_rule, body.geometry)
    if shape is None:
        raise ShapeNotFitting(in_grid_rule=grid.in_grid_rule)
    _require_open(grid, body.valid_from)
    valid = await _cut_version(session, grid, body.valid_from)
    await _add_version(session, actor, grid, read_version + 1, shape, valid, body.reason)
    days = await patrol_inputs.mark_grid_changed(
        session, grid.county_code, grid.id, body.valid_from, valid.upper
    )
    data = {
        "code": grid.code,
        "version": read_version + 1,
        "valid_from": body.valid_from.isoformat(),
        "valid_to": valid.upper.isoformat() if valid.upper else None,
        "reason": body.reason,
        "patrol_days_to_fold": days,
    }
    await _record(session, actor, grid, "grid.reshaped", data, now)


async def retire_grid(
    session: AsyncSession, actor: Actor, grid_id: UUID, body: GridRetire, *, read_version: int, now: datetime
) -> Row[Any]:
    """Ends a grid; its code, versions and history stay (S4-15, S4-16). Returns it as on its last day.

    Raises NotFound, PreconditionFailed, GridNotOpen; GridVersionExists when a shape begins on or after the
    day: a decided future is changed first.
    """
    await grid_queries.lock_topology(session, actor.county_code)
    grid = await _locked_grid(session, actor, grid_id, read_version)
    _require_open(grid, body.retired_on)
    if body.retired_on == grid.opened_on or grid.retired_on is not None:
        raise GridNotOpen(opened_on=grid.opened_on, retired_on=grid.retired_on)
    grid.retired_on = body.retired_on
    if read_version:
        later = await session.scalar(
            select(func.min(func.lower(GridVersion.valid))).where(
                *_versions_of(grid), func.lower(GridVersion.valid) >= body.retired_on
            )
        )
        if later is not None:
            raise GridVersionExists(valid_from=later)
        await _cut_version(session, grid, body.retired_on)
    days = await patrol_inputs.mark_grid_changed(session, grid.county_code, grid.id, body.retired_on, None)
    data = {
        "code": grid.code,
        "retired_on": body.retired_on.isoformat(),
        "reason": body.reason,
        "patrol_days_to_fold": days,
    }
    await _record(session, actor, grid, "grid.retired", data, now)
    return await grid_queries.get_grid(session, actor, grid.id, body.retired_on - timedelta(days=1))


async def _tolerance(session: AsyncSession, area_id: UUID, day: date) -> tuple[Tolerance, str]:
    found = await rules.resolve(session, await area_path(session, area_id), day)
    tolerance = Tolerance(
        overlap_m2=found[area_rules.OVERLAP_TOLERANCE_M2],
        gap_m2=found[area_rules.GAP_TOLERANCE_M2],
        sliver_width_m=found[area_rules.SLIVER_WIDTH_M],
    )
    return tolerance, found.version_of("areas.")


async def _next_code(session: AsyncSession, area_id: UUID, day: date) -> str:
    codes = await queries.find_community_codes(session, area_id, day)
    if not codes:
        raise NotACommunity
    given = await session.scalars(select(Grid.code).where(Grid.code.startswith(codes[0])))
    try:
        return grid_codes.next_code(codes[0], given)
    except grid_codes.CodesExhaustedError as error:
        raise GridCodesExhausted from error


def _fitting_shape(in_grid_rule: str, geojson: dict[str, Any] | None) -> BaseGeometry | None:
    """The shape that the rule needs, None where it needs none. Raises ShapeNotFitting, InvalidGeometry."""
    kind = None if geojson is None else geojson.get("type")
    fits = {
        "polygon": kind not in (None, "LineString"),
        "route": kind == "LineString",
        "none": kind is None,
    }
    if not fits[in_grid_rule]:
        raise ShapeNotFitting(in_grid_rule=in_grid_rule)
    if geojson is None:
        return None
    return parse_route(geojson) if in_grid_rule == "route" else parse_area(geojson)


async def _locked_grid(session: AsyncSession, actor: Actor, grid_id: UUID, read_version: int) -> Grid:
    grid = await session.scalar(
        select(Grid)
        .where(Grid.id == grid_id, visible_to(actor, Grid))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if grid is None:
        raise NotFound
    if await grid_queries.latest_version(session, grid.county_code, grid.id) != read_version:
        raise PreconditionFailed
    return grid


def _require_open(grid: Grid, day: date) -> None:
    if day < grid.opened_on or (grid.retired_on is not None and day >= grid.retired_on):
        raise GridNotOpen(opened_on=grid.opened_on, retired_on=grid.retired_on)


def _versions_of(grid: Grid) -> tuple[Any, ...]:
    return GridVersion.county_code == grid.county_code, GridVersion.grid_id == grid.id


async def _cut_version(session: AsyncSession, grid: Grid, day: date) -> Range[date]:
    """Ends the version in force on `day` there and returns the time from `day` on that it loses."""
    version = await session.scalar(
        select(GridVersion).where(*_versions_of(grid), GridVersion.valid.contains(day)).with_for_update()
    )
    if version is None:  # a gap between versions, or the grid has none yet: until the next one begins
        following = await session.scalar(
            select(func.min(func.lower(GridVersion.valid))).where(
                *_versions_of(grid), func.lower(GridVersion.valid) > day
            )
        )
        return Range(day, following)
    lower, upper = version.valid.lower, version.valid.upper
    if lower == day:
        raise GridVersionExists(valid_from=day)
    await session.execute(
        update(GridVersion)
        .where(*_versions_of(grid), GridVersion.id == version.id)
        .values(valid=Range(lower, day))
    )
    return Range(day, upper)


async def _add_version(
    session: AsyncSession,
    actor: Actor,
    grid: Grid,
    number: int,
    shape: BaseGeometry,
    valid: Range[date],
    reason: str,
) -> None:
    is_polygon = isinstance(shape, MultiPolygon)
    if is_polygon and grid.grid_class in grid_queries.PARTITION_CLASSES:
        await _refuse_overlap(session, grid, shape, valid)
    session.add(
        GridVersion(
            county_code=grid.county_code,
            id=uuid7(),
            grid_id=grid.id,
            version=number,
            geometry=shape if is_polygon else None,
            route=None if is_polygon else shape,
            valid=valid,
            reason=reason,
            decided_by=None if actor.is_system else actor.account_id,
        )
    )


async def _refuse_overlap(session: AsyncSession, grid: Grid, shape: BaseGeometry, valid: Range[date]) -> None:
    assert valid.lower is not None  # noqa: S101 - a dated version always begins
    tolerance, _ = await _tolerance(session, grid.area_id, valid.lower)
    rows = await grid_queries.list_neighbours(session, grid.county_code, grid.id, shape, valid)
    codes = {row.id: row.code for row in rows}
    found = topology.clashes(Region(grid.id, shape), [Region(row.id, row.shape) for row in rows], tolerance)
    if found:
        raise GridOverlap(
            count=len({f.ids[1] for f in found}),
            largest_m2=round(found[0].area_m2, 1),
            overlaps=[
                {
                    "grid_id": str(f.ids[1]),
                    "code": codes[f.ids[1]],
                    "area_m2": round(f.area_m2, 1),
                    "geometry": to_geojson(f.shape),
                }
                for f in found[:MAX_REPORTED_OVERLAPS]
            ],
        )


async def _record(
    session: AsyncSession, actor: Actor, grid: Grid, type_: str, data: dict[str, Any], now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("grid", grid.id),
        data,
        county_code=grid.county_code,
        area_id=grid.area_id,
        now=now,
    )
