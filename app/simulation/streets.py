"""Ways inside a grid: straight legs between places that see each other within the polygon, or along a route."""

import math

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from app.kit.geodesy import LocalMetres
from app.simulation.truths import Float64s

PLACES = 24
FROM_BORDER_M = 25.0
LEG_MIN_M = 30.0
ROUTE_STEP_M = 150.0


class Streets:
    """Places (float64[k, 2], metres) and which of them a straight way joins. `metres` leads back to degrees."""

    def __init__(self, shape: BaseGeometry, rng: np.random.Generator) -> None:
        """shape: polygon or line, degrees, EPSG:4490, at most some 50 km wide. Raises ValueError when empty."""
        if shape.is_empty:
            raise ValueError("nobody walks in an empty polygon")
        self.metres = LocalMetres.around(shape)
        drawn = self.metres.to_metres(shape)
        if shapely.get_dimensions(shape) == 2:
            inside = _inner_part(drawn)
            self.places, joined = _open_ground(inside, rng)
            if not joined.any():  # a sliver in which nothing sees anything
                self.places, joined = _along(inside.exterior, closed=True)
        else:
            self.places, joined = _along(max(shapely.get_parts(drawn), key=shapely.length), closed=False)
        self.next_to = [np.flatnonzero(row).tolist() for row in joined]
        self.start = int(joined.sum(axis=1).argmax())


def _inner_part(drawn: BaseGeometry) -> BaseGeometry:
    """The largest part of the polygon, a little away from its border where it is wide enough."""
    for from_border_m in (FROM_BORDER_M, FROM_BORDER_M / 5, 0.0):
        parts = shapely.get_parts(shapely.simplify(shapely.buffer(drawn, -from_border_m), from_border_m / 5))
        parts = parts[shapely.area(parts) > 0]
        if len(parts):
            return parts[int(shapely.area(parts).argmax())]
    raise ValueError("nobody walks in a polygon without area")


def _open_ground(inside: BaseGeometry, rng: np.random.Generator) -> tuple[Float64s, npt.NDArray[np.bool_]]:
    west, south, east, north = inside.bounds
    shapely.prepare(inside)
    found = np.empty((0, 2))
    for _ in range(50):
        tried = rng.uniform((west, south), (east, north), (PLACES * 4, 2))
        found = np.vstack([found, tried[shapely.contains_xy(inside, tried[:, 0], tried[:, 1])]])
        if len(found) >= PLACES:
            break
    places = found[:PLACES]
    joined = np.zeros((len(places), len(places)), bool)
    if len(places) > 1:
        first, second = np.triu_indices(len(places), 1)
        legs = shapely.linestrings(np.stack([places[first], places[second]], axis=1))
        seen = shapely.covers(inside, legs) & (shapely.length(legs) > LEG_MIN_M)
        joined[first, second] = joined[second, first] = seen
    return places, joined


def _along(line: BaseGeometry, *, closed: bool) -> tuple[Float64s, npt.NDArray[np.bool_]]:
    length = float(line.length)
    n = max(math.ceil(length / ROUTE_STEP_M), 3)
    marks = np.linspace(0, length, n, endpoint=not closed)
    places = shapely.get_coordinates(shapely.line_interpolate_point(line, marks))
    joined = np.eye(n, k=1, dtype=bool) | np.eye(n, k=-1, dtype=bool)
    joined[0, -1] = joined[-1, 0] = closed or joined[0, -1]
    return places, joined


class Wanderer:
    """Somebody on the streets: where he is, and where he is heading for. Metres."""

    def __init__(self, streets: Streets, rng: np.random.Generator) -> None:
        self._streets, self._rng = streets, rng
        self._came_from = self._heads_for = streets.start
        self.x_m, self.y_m = (float(c) for c in streets.places[streets.start])

    def move(
        self, speed_mps: float, *, lasts_s: float, metres: float = math.inf, stop_s: float = 0.0
    ) -> list[tuple[float, float, float]]:
        """Goes on for so long or so far, whichever ends first: (seconds, x, y) at start, corners and end.

        Every leg has its own pace, 0.9 to 1.1 times `speed_mps`; up to `stop_s` of rest at a corner.
        """
        knots, clock = [(0.0, self.x_m, self.y_m)], 0.0
        while clock < lasts_s and metres > 1e-6:
            x, y = self._streets.places[self._heads_for].tolist()
            leg = math.hypot(x - self.x_m, y - self.y_m)
            if leg < 1e-6:
                if stop_s and len(knots) > 1:
                    clock = min(clock + self._rng.uniform(0, stop_s), lasts_s)
                    knots.append((clock, self.x_m, self.y_m))
                self._turn()
                continue
            pace = speed_mps * self._rng.uniform(0.9, 1.1)
            done = min(leg, metres, pace * (lasts_s - clock))
            self.x_m += (x - self.x_m) * done / leg
            self.y_m += (y - self.y_m) * done / leg
            if done == leg:
                self.x_m, self.y_m = x, y
            clock += done / pace
            metres -= done
            knots.append((clock, self.x_m, self.y_m))
        return knots

    def _turn(self) -> None:
        """Picks the next place, the one he came from only at a dead end."""
        here = self._heads_for
        ways = [p for p in self._streets.next_to[here] if p != self._came_from]
        self._heads_for = int(self._rng.choice(ways)) if ways else self._came_from
        self._came_from = here
