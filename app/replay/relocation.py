"""Moving a walk to another place on the ellipsoid without changing its size or direction. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from app.kit.geodesy import FLATTENING, SEMI_MAJOR_M, LocalMetres
from app.replay.walk import Float64s, Walk

LATTICE = 7
"""Centres tried across a grid, in each direction."""
TRIED_POINTS = 200
"""Points of the walk that are tried for each centre."""
FITS = 0.999

_GEOD = Geod(a=SEMI_MAJOR_M, f=FLATTENING)


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid with its polygon (degrees)."""

    id: str
    code: str
    area_id: str
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the walk's centre goes, and the share of its points that then lies in the grid."""

    grid: Grid
    longitude: float
    latitude: float
    share: float


def centre(walk: Walk) -> tuple[float, float]:
    """The middle of the walk's bounding box, degrees; walks across the antimeridian are not seen as such."""
    lon, lat = walk.longitude, walk.latitude
    return float(lon.min() + lon.max()) / 2, float(lat.min() + lat.max()) / 2


def relocated(walk: Walk, longitude: float, latitude: float) -> Walk:
    """The walk with its centre at the given point; every point keeps bearing and distance from the centre.

    Geodesics after Karney 2013: distances between points change by less than 0.001 % within 50 km.
    """
    lon0, lat0 = centre(walk)
    azimuth, _, distance_m = _GEOD.inv(
        np.full(len(walk), lon0), np.full(len(walk), lat0), walk.longitude, walk.latitude
    )
    lon, lat, _ = _GEOD.fwd(np.full(len(walk), longitude), np.full(len(walk), latitude), azimuth, distance_m)
    return replace(walk, longitude=np.asarray(lon), latitude=np.asarray(lat))


def best_spot(walk: Walk, grid: Grid) -> Spot:
    """The centre inside the grid for which most of the walk lies in it; of equals the one nearest its middle."""
    east_m, north_m = _offsets_m(walk)
    middle = grid.shape.representative_point()
    metres = LocalMetres(middle.x, middle.y)
    shape = metres.to_metres(grid.shape)
    shapely.prepare(shape)
    centres = _centres(shape)
    inside = shapely.contains_xy(shape, centres[:, :1] + east_m, centres[:, 1:] + north_m).mean(axis=1)
    best = int(np.lexsort((np.hypot(*centres.T).round(3), -inside.round(3)))[0])
    place = metres.to_degrees(shapely.Point(centres[best]))
    return Spot(grid, place.x, place.y, float(inside[best]))


def choose_spot(walk: Walk, grids: Sequence[Grid], preferred_id: str | None = None) -> Spot:
    """Where the walk fits best: in the preferred grid if it fits there, else where its largest share lies.

    Of equals the one with the lowest code, so that the same walk always goes to the same place.
    """
    for grid in grids:
        if grid.id == preferred_id and (spot := best_spot(walk, grid)).share >= FITS:
            return spot
    spots = [best_spot(walk, grid) for grid in sorted(grids, key=lambda g: g.code)]
    return max(spots, key=lambda spot: round(spot.share, 3))


def _offsets_m(walk: Walk) -> tuple[Float64s, Float64s]:
    """East and north of the centre, metres, of some points spread over the walk."""
    some = np.unique(np.linspace(0, len(walk) - 1, TRIED_POINTS).astype(np.int64))
    lon0, lat0 = centre(walk)
    azimuth, _, distance_m = _GEOD.inv(
        np.full(len(some), lon0), np.full(len(some), lat0), walk.longitude[some], walk.latitude[some]
    )
    turn = np.radians(azimuth)
    return distance_m * np.sin(turn), distance_m * np.cos(turn)


def _centres(shape: BaseGeometry) -> npt.NDArray[np.float64]:
    """The middle (0, 0) and a lattice of points over the shape's box that lie in it: float64[n, 2], metres."""
    west, south, east, north = shape.bounds
    share = (np.arange(LATTICE) + 0.5) / LATTICE
    x, y = np.meshgrid(west + (east - west) * share, south + (north - south) * share)
    lattice = np.column_stack([x.ravel(), y.ravel()])
    return np.vstack([np.zeros((1, 2)), lattice[shapely.contains_xy(shape, lattice)]])


def extent_m(walk: Walk) -> float:
    """Diagonal of the walk's bounding box in metres."""
    lon, lat = walk.longitude, walk.latitude
    return float(_GEOD.inv(lon.min(), lat.min(), lon.max(), lat.max())[2])
