"""The anchored track: what an inspector really walked, from fixes that tremble."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import distances_m, metres_per_degree
from app.patrol.anchoring import anchors, corner_knots
from app.patrol.figures import Bools, Int8s, Stay, Verdict
from app.patrol.fixes import Int64s
from app.patrol.fold_rules import FoldRules
from app.patrol.smoothing import Knots, knots_of
from app.patrol.stays import Stop, find_stops, noise_m
from app.patrol.unseen_corners import restore
from app.patrol.vehicles import windowed_speeds

Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Along n valid fixes: verdict, metres gained (integer mm), metres in a vehicle, the track's place.

    error_mm  half the width of the band in which the true distance lies, nine times in ten
    """

    verdicts: Int8s
    credited_mm: Int64s
    vehicle_mm: Int64s
    lon_e7: Int64s
    lat_e7: Int64s
    stays: tuple[Stay, ...]
    error_mm: int


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """Metres east and north of the day's first valid fix, and back to degrees."""

    lon: float
    lat: float
    east: float
    north: float

    @classmethod
    def at(cls, lon: float, lat: float) -> "_Plane":
        east, north = metres_per_degree(np.array([lat]))
        return cls(lon, lat, float(east[0]), float(north[0]))

    def metres(self, lon: Float64s, lat: Float64s) -> tuple[Float64s, Float64s]:
        return (lon - self.lon) * self.east, (lat - self.lat) * self.north

    def degrees(self, x: Float64s, y: Float64s) -> tuple[Float64s, Float64s]:
        return self.lon + x / self.east, self.lat + y / self.north


def trace(
    at_ms: Int64s,
    lon: Float64s,
    lat: Float64s,
    accuracy_m: Float64s,
    piece: Int64s,
    ride: Bools,
    rules: FoldRules,
) -> Track:
    """Draw the track of n valid fixes sorted by time (degrees, metres).

    piece  int64[n], never decreasing: nothing is earned between two pieces
    ride   bool[n], in a vehicle: such metres are measured but not credited
    """
    n = len(at_ms)
    if not n:
        none = np.empty(0, np.int64)
        return Track(np.empty(0, np.int8), none, none, none, none, (), 0)
    plane = _Plane.at(float(lon[0]), float(lat[0]))
    x, y = plane.metres(lon, lat)
    stretch = np.concatenate([[0], np.cumsum((np.diff(piece) != 0) | (np.diff(ride) != 0))]).astype(np.int64)
    speed = windowed_speeds(at_ms, lon, lat, stretch, rules.speed_window_s)
    knots = knots_of(at_ms, x, y, accuracy_m, speed, stretch, rules)
    first_of_knot = np.searchsorted(knots.of_fix, np.arange(len(knots)))
    riding = ride[first_of_knot]
    stops = [s for s in find_stops(knots, rules) if not riding[s.first]]
    line = _draw(knots, stops, riding, piece[first_of_knot], plane, rules)
    in_stop = line.stopped[knots.of_fix]
    verdicts = np.where(ride, Verdict.VEHICLE, np.where(in_stop, Verdict.STATIONARY, Verdict.MOVING))
    track_lon, track_lat = plane.degrees(line.along(knots, line.x), line.along(knots, line.y))
    return Track(
        verdicts=verdicts.astype(np.int8),
        credited_mm=_steps_mm(line.along(knots, line.walked_m)),
        vehicle_mm=_steps_mm(line.along(knots, line.ridden_m)),
        lon_e7=np.rint(track_lon * 1e7).astype(np.int64),
        lat_e7=np.rint(track_lat * 1e7).astype(np.int64),
        stays=_stays(stops, knots, plane, rules),
        error_mm=round(line.error_m * 1000),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """At each knot: place on the track, metres walked and ridden so far, and whether it lies in a stop."""

    x: Float64s
    y: Float64s
    walked_m: Float64s
    ridden_m: Float64s
    stopped: Bools
    error_m: float

    def along(self, knots: Knots, values: Float64s) -> Float64s:
        """`values` at the knots, spread over the fixes by time."""
        return np.interp(knots.fix_key_ms, knots.key_ms, values)


def _draw(
    knots: Knots, stops: list[Stop], riding: Bools, piece: Int64s, plane: _Plane, rules: FoldRules
) -> _Line:
    m = len(knots)
    x, y = knots.x_m.copy(), knots.y_m.copy()
    stopped, fixed = np.zeros(m, bool), riding.copy()
    for stop in stops:
        own = slice(stop.first, stop.last + 1)
        x[own], y[own], stopped[own] = stop.x_m, stop.y_m, True
        fixed[[stop.first, stop.last]] = True
    fresh = np.concatenate([[True], np.diff(knots.stretch) != 0])
    fixed |= fresh | np.append(fresh[1:], True)
    noise = noise_m(knots.accuracy_m, rules)
    corners = corner_knots(x, y, rules.anchor_accuracies * noise, rules.return_accuracies * noise, fixed)
    if len(corners) < 2:
        zero = np.zeros(m)
        return _Line(x, y, zero, zero, stopped, 0.0)
    cut = _cut_m(knots, x, y, corners, rules)
    raw = np.column_stack([knots.raw_x_m, knots.raw_y_m])
    placed = anchors(x, y, raw, corners, knots.stretch, stopped | riding, noise, cut, rules)
    ends = fresh | np.append(fresh[1:], True)
    free = ~(stopped | riding | ends)[corners]
    corners, placed = restore(x, y, knots.at_ms, corners, placed, free, rules)
    return _measure(knots, x, y, corners, placed, riding, piece, stopped, noise, plane, rules)


def _cut_m(
    knots: Knots, x: Float64s, y: Float64s, corners: npt.NDArray[np.intp], rules: FoldRules
) -> Float64s:
    """float64[k]: what blur cuts off each corner: its seconds times the pace of the legs around it."""
    length = np.hypot(np.diff(x[corners]), np.diff(y[corners]))
    seconds = np.maximum(np.diff(knots.at_ms[corners]) / 1000, 1.0)
    pace, shorter = np.zeros(len(corners)), np.zeros(len(corners))
    pace[1:-1] = np.minimum(length[:-1] / seconds[:-1], length[1:] / seconds[1:])
    shorter[1:-1] = np.minimum(length[:-1], length[1:])
    return np.minimum(pace * knots.blur_s[corners], rules.cut_leg_share * shorter)


def _measure(
    knots: Knots,
    x: Float64s,
    y: Float64s,
    corners: npt.NDArray[np.intp],
    placed: Float64s,
    riding: Bools,
    piece: Int64s,
    stopped: Bools,
    noise: Float64s,
    plane: _Plane,
    rules: FoldRules,
) -> _Line:
    lon, lat = plane.degrees(placed[:, 0], placed[:, 1])
    length = distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    a, b = corners[:-1], corners[1:]
    same = piece[a] == piece[b]
    walk = same & ~riding[a] & ~riding[b]
    ride = same & ~walk
    m = len(knots)
    leg = np.minimum(np.searchsorted(corners, np.arange(m), side="right") - 1, len(corners) - 2)
    delta = np.diff(placed, axis=0)
    square = np.maximum((delta**2).sum(axis=1), 1e-9)[leg]
    share = ((x - placed[leg, 0]) * delta[leg, 0] + (y - placed[leg, 1]) * delta[leg, 1]) / square
    share = np.clip(share, 0.0, 1.0)
    share[corners] = 0.0
    share[-1] = 1.0
    # Nobody walks a leg backwards: the furthest point so far counts.
    share = np.maximum.accumulate(share + leg) - leg
    before_walk = np.concatenate([[0.0], np.cumsum(np.where(walk, length, 0.0))])
    before_ride = np.concatenate([[0.0], np.cumsum(np.where(ride, length, 0.0))])
    walked = before_walk[leg] + share * np.where(walk, length, 0.0)[leg]
    ridden = before_ride[leg] + share * np.where(ride, length, 0.0)[leg]
    place = placed[leg] + share[:, None] * delta[leg]
    error = _error_m(length, walk, delta, noise[corners], float(before_walk[-1]), rules)
    return _Line(place[:, 0], place[:, 1], walked, ridden, stopped, error)


def _error_m(
    length: Float64s, walk: Bools, delta: Float64s, noise: Float64s, total_m: float, rules: FoldRules
) -> float:
    """Half-width of the 90 % band.

    Two parts: a share of the distance, because corners cut and noise left over err the same way all day, and
    the noise of each anchor, which shifts a leg's length by what it moves along the bend.
    """
    unit = delta / np.maximum(np.hypot(delta[:, 0], delta[:, 1]), 1e-9)[:, None]
    bend = np.hypot(*(unit[1:] - unit[:-1]).T) * walk[1:] * walk[:-1]
    ends = np.flatnonzero(np.diff(np.concatenate([[False], walk, [False]]).astype(np.int8)))
    variance = float(((bend * noise[1:-1]) ** 2).sum()) + float((noise[ends] ** 2).sum())
    return float(np.hypot(rules.distance_error_share * total_m, 1.645 * np.sqrt(variance / 2)))


def _steps_mm(cumulative_m: Float64s) -> Int64s:
    """Integer millimetres gained up to each fix; they sum exactly to the rounded total."""
    return np.asarray(np.diff(np.rint(cumulative_m * 1000).astype(np.int64), prepend=0), np.int64)


def _stays(stops: list[Stop], knots: Knots, plane: _Plane, rules: FoldRules) -> tuple[Stay, ...]:
    found = []
    for stop in stops:
        own = slice(stop.first, stop.last + 1)
        if knots.at_ms[stop.last] - knots.at_ms[stop.first] < rules.stay_min_s * 1000 - 1:
            continue
        away = np.hypot(knots.raw_x_m[own] - stop.x_m, knots.raw_y_m[own] - stop.y_m)
        lon, lat = plane.degrees(np.array([stop.x_m]), np.array([stop.y_m]))
        found.append(
            Stay(
                start_ms=round(float(knots.at_ms[stop.first])),
                end_ms=round(float(knots.at_ms[stop.last])),
                lon_e7=round(float(lon[0]) * 1e7),
                lat_e7=round(float(lat[0]) * 1e7),
                radius_mm=round(float(np.percentile(away, 95)) * 1000),
            )
        )
    return tuple(found)
