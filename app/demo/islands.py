"""Which town lies on which island of Daishan, and which cell becomes which community's grid.

The islands and the towns on them are real, as the public map has them; where a community's border runs is
not known to us, so communities are compact groups of cells. Approximate, synthetic, and labelled so.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon, shape

from app.areas.grid_codes import grid_code, numbering_order
from app.demo.divisions import Division
from app.demo.tessellation import Cell, tessellate

GAOTING, DONGSHA, DAIDONG = "330921100000", "330921101000", "330921102000"
DAIXI, CHANGTU, QUSHAN, XIUSHAN = "330921103000", "330921105000", "330921106000", "330921200000"

# Every island goes to the nearest of these places (longitude, latitude).
PLACES = {
    "daishan": (122.17, 30.28),
    "yushan": (121.96, 30.32),
    "guanshan": (122.19, 30.22),
    "qushan": (122.36, 30.45),
    "xiushan": (122.17, 30.17),
    "changtu": (122.30, 30.25),
}
# Communities of 高亭镇 that lie on islands of their own.
OFF_MAIN_ISLAND = {
    "330921100233": "yushan",  # 渔山村
    "330921100400": "yushan",  # 舟山绿色石化基地社区
    "330921100212": "guanshan",  # 江南村
    "330921100234": "guanshan",  # 官山村
}
TOWN_PLACES = {CHANGTU: "changtu", QUSHAN: "qushan", XIUSHAN: "xiushan"}
SEED = 330921
ROOMY = {"changtu": 8, "xiushan": 8, "yushan": 8}
"""Grids a community where few communities share much land; elsewhere 4, urban ones 5 (S2-04: 4 to 8)."""


@dataclass(frozen=True, slots=True)
class DemoGrid:
    """A synthetic grid: 15-digit code, its community, a name that says it is synthetic, and its ground."""

    code: str
    community: Division
    name: str
    shape: MultiPolygon


def read_outline() -> MultiPolygon:
    """The real outline of Daishan, degrees, EPSG:4490."""
    document = json.loads((files("app.demo") / "data" / "daishan.geojson").read_text(encoding="utf-8"))
    outline = shape(document["features"][0]["geometry"])
    assert isinstance(outline, MultiPolygon)  # noqa: S101 - our own file
    return outline


def divide_county(outline: MultiPolygon, communities: Sequence[Division]) -> list[DemoGrid]:
    """All grids of the county by code: every community gets its own, together they are the outline."""
    islands: dict[str, list[Polygon]] = {place: [] for place in PLACES}
    for island in outline.geoms:
        islands[_nearest_place(island)].append(island)
    grids: list[DemoGrid] = []
    for number, place in enumerate(PLACES):
        here = [c for c in communities if _place_of(c) == place]
        wanted = {c.code: _grids_of(c, place) for c in here}
        cells = tessellate(islands[place], sum(wanted.values()), SEED + number)
        by_town = _split_main_island(cells, here, wanted) if place == "daishan" else [(cells, here)]
        for town_cells, town_communities in by_town:
            for community, own in _allot(town_cells, town_communities, wanted):
                grids += _number(community, own)
    return sorted(grids, key=lambda g: g.code)


def _nearest_place(island: Polygon) -> str:
    centre = island.centroid
    return min(PLACES, key=lambda p: np.hypot(PLACES[p][0] - centre.x, PLACES[p][1] - centre.y))


def _place_of(community: Division) -> str:
    return OFF_MAIN_ISLAND.get(community.code) or TOWN_PLACES.get(community.parent or "", "daishan")


def _grids_of(community: Division, place: str) -> int:
    return ROOMY.get(place) or (5 if community.name.endswith("居委会") else 4)


def _split_main_island(
    cells: Sequence[Cell], communities: Sequence[Division], wanted: dict[str, int]
) -> list[tuple[list[Cell], list[Division]]]:
    """岱西 in the south-west, 东沙 in the north-west, 岱东 in the north-east, 高亭 in the south-east."""
    towns = {
        town: [c for c in communities if c.parent == town] for town in (DONGSHA, DAIXI, DAIDONG, GAOTING)
    }
    sizes = {town: sum(wanted[c.code] for c in own) for town, own in towns.items()}
    from_west = sorted(cells, key=lambda c: (c.x_m, c.y_m))
    cut = sizes[DONGSHA] + sizes[DAIXI]
    parts = []
    for half, (north, south) in (
        (from_west[:cut], (DONGSHA, DAIXI)),
        (from_west[cut:], (DAIDONG, GAOTING)),
    ):
        from_north = sorted(half, key=lambda c: (-c.y_m, c.x_m))
        parts.append((from_north[: sizes[north]], towns[north]))
        parts.append((from_north[sizes[north] :], towns[south]))
    return parts


def _allot(
    cells: Sequence[Cell], communities: Sequence[Division], wanted: dict[str, int]
) -> list[tuple[Division, list[Cell]]]:
    """Compact groups of cells, one a community: halved across the longer side until one is left."""
    if len(communities) == 1:
        return [(communities[0], list(cells))]
    xs, ys = [c.x_m for c in cells], [c.y_m for c in cells]
    if np.ptp(xs) >= np.ptp(ys):
        ordered = sorted(cells, key=lambda c: (c.x_m, c.y_m))
    else:
        ordered = sorted(cells, key=lambda c: (-c.y_m, c.x_m))
    half = len(communities) // 2
    cut = sum(wanted[c.code] for c in communities[:half])
    return _allot(ordered[:cut], communities[:half], wanted) + _allot(
        ordered[cut:], communities[half:], wanted
    )


def _number(community: Division, cells: Sequence[Cell]) -> list[DemoGrid]:
    order = numbering_order([cell.shape for cell in cells])
    return [
        DemoGrid(
            code=grid_code(community.code, sequence),
            community=community,
            name=f"{community.short_name}第{sequence}网格(合成)",
            shape=shapely.orient_polygons(cells[i].shape),
        )
        for sequence, i in enumerate(order, start=1)
    ]
