"""Divides land into cells of about equal size that share every border vertex: no gaps, no overlaps.

Seeded points, relaxed (Lloyd), become Voronoi cells. Cutting each cell with the coast by itself would let
neighbours differ in the last bits; so the cells' borders and the coast are noded together and the faces
collected.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPoint, MultiPolygon, Polygon

from app.kit.geodesy import LocalMetres

RELAXATIONS = 12
DECIMALS = 7
"""Border points inland are rounded to a centimetre; the coast keeps its own coordinates."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of land (degrees) and the seed it grew from (metres, for neighbourhood)."""

    shape: MultiPolygon
    x_m: float
    y_m: float


def tessellate(islands: Sequence[Polygon], cells: int, seed: int) -> list[Cell]:
    """`islands` (degrees) divided into `cells` cells; the same input gives the same output.

    Each island gets cells in proportion to its size; an islet too small for one goes to the nearest cell.
    Raises ValueError when `cells` is less than 1.
    """
    if cells < 1:
        raise ValueError("at least one cell is needed")
    rng = np.random.default_rng(seed)
    metres = LocalMetres.around(MultiPolygon(islands))
    ordered = sorted(islands, key=lambda p: (-p.area, p.bounds))
    found: list[Cell] = []
    islets = []
    for island, share in zip(ordered, _shares([p.area for p in ordered], cells), strict=True):
        if share:
            found += _divide(island, share, metres, rng)
        else:
            islets.append(island)
    for islet in islets:
        centre = metres.to_metres(islet.centroid)
        nearest = min(
            range(len(found)), key=lambda i: np.hypot(found[i].x_m - centre.x, found[i].y_m - centre.y)
        )
        grown = MultiPolygon([*found[nearest].shape.geoms, islet])
        found[nearest] = Cell(grown, found[nearest].x_m, found[nearest].y_m)
    return found


def _shares(areas: Sequence[float], cells: int) -> list[int]:
    """`cells` shared out in proportion to `areas` (largest remainder, the larger area first)."""
    exact = np.array(areas) / sum(areas) * cells
    shares = np.floor(exact).astype(int)
    order = np.argsort(-(exact - shares), kind="stable")
    shares[order[: cells - shares.sum()]] += 1
    return [int(s) for s in shares]


def _divide(island: Polygon, cells: int, metres: LocalMetres, rng: np.random.Generator) -> list[Cell]:
    land = metres.to_metres(island)
    seeds = _scatter(land, cells, rng)
    for _ in range(RELAXATIONS):
        seeds = _centres(land, seeds)
    if cells == 1:
        return [Cell(MultiPolygon([island]), *seeds[0])]
    edges = metres.to_degrees(shapely.voronoi_polygons(MultiPoint(seeds), extend_to=land, only_edges=True))
    edges = shapely.transform(edges, lambda xy: np.round(xy, DECIMALS))
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([edges, island.boundary])]))
    shapely.prepare(island)
    inside = [face for face in faces if island.contains(face.representative_point())]
    owners = [_nearest(seeds, metres.to_metres(face.representative_point())) for face in inside]
    return [
        Cell(_joined([face for face, owner in zip(inside, owners, strict=True) if owner == i]), *seeds[i])
        for i in range(cells)
    ]


def _scatter(land: Polygon, cells: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    west, south, east, north = land.bounds
    shapely.prepare(land)
    points: list[npt.NDArray[np.float64]] = []
    while len(points) < cells:
        tried = rng.uniform((west, south), (east, north), (cells, 2))
        points += list(tried[shapely.contains_xy(land, tried)])
    return np.array(points[:cells])


def _centres(land: Polygon, seeds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each seed moved to the centre of its cell, or to a point within where the centre lies in the sea."""
    if len(seeds) == 1:
        return np.array(land.representative_point().coords)
    cells = shapely.voronoi_polygons(MultiPoint(seeds), extend_to=land, ordered=True)
    on_land = shapely.intersection(shapely.get_parts(cells), land)
    centres = shapely.centroid(on_land)
    at_sea = ~shapely.contains(on_land, centres)
    centres[at_sea] = shapely.point_on_surface(on_land[at_sea])
    return np.asarray(shapely.get_coordinates(centres))


def _nearest(seeds: npt.NDArray[np.float64], point: shapely.Point) -> int:
    return int(np.argmin(np.hypot(seeds[:, 0] - point.x, seeds[:, 1] - point.y)))


def _joined(faces: Sequence[Polygon]) -> MultiPolygon:
    joined = shapely.union_all(faces)
    return joined if isinstance(joined, MultiPolygon) else MultiPolygon([joined])
