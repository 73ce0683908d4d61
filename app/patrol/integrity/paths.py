"""Tracks as positions over time, and how far two of them are apart moment by moment. Pure."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import metres_per_degree
from app.patrol.day_document import instant
from app.patrol.fixes import Int64s

Float64s = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STEP_S = 10
"""Grid of time on which positions are compared."""
BRIDGE_S = 60
"""Positions are interpolated over silences up to this long, and breaks of a match bridged."""
MOVING_MPS = 0.4
"""Slower than this, everybody's positions stay alike: it proves nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """n >= 0 positions sorted by strictly rising time.

    t_s   float64[n], Unix seconds
    x_m, y_m  float64[n], metres east and north of `origin_e7` (longitude, latitude times 10^7)
    """

    t_s: Float64s
    x_m: Float64s
    y_m: Float64s
    origin_e7: tuple[int, int]

    def __len__(self) -> int:
        return len(self.t_s)

    def at(self, t_s: Float64s) -> tuple[Float64s, Float64s]:
        """Positions at `t_s` (float64[k]), NaN where no two fixes lie close enough around."""
        if len(self) < 2:
            return np.full(len(t_s), np.nan), np.full(len(t_s), np.nan)
        after = np.clip(np.searchsorted(self.t_s, t_s, side="right"), 1, len(self) - 1)
        known = (
            (t_s >= self.t_s[0]) & (t_s <= self.t_s[-1]) & (self.t_s[after] - self.t_s[after - 1] <= BRIDGE_S)
        )
        x, y = np.interp(t_s, self.t_s, self.x_m), np.interp(t_s, self.t_s, self.y_m)
        return np.where(known, x, np.nan), np.where(known, y, np.nan)

    def moments(self, step_s: int = STEP_S) -> Float64s:
        """The instants of a grid of `step_s` seconds within the path."""
        if not len(self):
            return np.empty(0)
        return np.arange(np.ceil(self.t_s[0] / step_s), np.floor(self.t_s[-1] / step_s) + 1) * step_s

    def place(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Longitude and latitude in degrees, to a decimetre."""
        east, north = scale(self.origin_e7[1])
        return (
            round(self.origin_e7[0] / 1e7 + x_m / east, 6),
            round(self.origin_e7[1] / 1e7 + y_m / north, 6),
        )


def scale(lat_e7: int) -> tuple[float, float]:
    """East and north metres in a degree at a latitude."""
    east, north = metres_per_degree(np.array([lat_e7 / 1e7]))
    return float(east[0]), float(north[0])


def path_of(at_ms: Int64s, lon_e7: Int64s, lat_e7: Int64s, origin_e7: tuple[int, int] | None = None) -> Path:
    """A path through fixes in any order; of several at one instant the smallest coordinates count."""
    if not len(at_ms):
        return Path(np.empty(0), np.empty(0), np.empty(0), origin_e7 or (0, 0))
    order = np.lexsort((lat_e7, lon_e7, at_ms))
    at_ms, lon_e7, lat_e7 = at_ms[order], lon_e7[order], lat_e7[order]
    fresh = np.concatenate([[True], np.diff(at_ms) > 0])
    at_ms, lon_e7, lat_e7 = at_ms[fresh], lon_e7[fresh], lat_e7[fresh]
    origin = origin_e7 or (int(lon_e7[0]), int(lat_e7[0]))
    east, north = scale(origin[1])
    return Path(at_ms / 1000, (lon_e7 - origin[0]) / 1e7 * east, (lat_e7 - origin[1]) / 1e7 * north, origin)


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch in which two paths agree: seconds of the first path, metres walked, deviations in metres."""

    start_s: float
    end_s: float
    walked_m: float
    median_m: float
    max_m: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


def longest_match(own: Path, other: Path, shift_s: float, within_m: float) -> Match | None:
    """The longest walk of `own` that `other` makes `shift_s` seconds later, never further off than `within_m`.

    Both paths share an origin. Only the places of a walk prove something; standing, and moments of which one
    path knows nothing, neither count nor end a match, and breaks up to BRIDGE_S are bridged.
    """
    t_s = own.moments()
    if len(t_s) < 2:
        return None
    ox, oy = own.at(t_s)
    px, py = other.at(t_s + shift_s)
    apart = np.hypot(ox - px, oy - py)
    step = np.concatenate([[0.0], np.nan_to_num(np.hypot(np.diff(ox), np.diff(oy)))])
    walking = (step >= MOVING_MPS * STEP_S) & (apart <= within_m)
    best: Match | None = None
    for first, last in runs((apart <= within_m) | np.isnan(apart), BRIDGE_S // STEP_S):
        held = first + np.flatnonzero(walking[first : last + 1])
        if not len(held):
            continue
        found = Match(
            float(t_s[held[0]]),
            float(t_s[held[-1]]),
            float(step[held].sum()),
            float(np.median(apart[held])),
            float(apart[held].max()),
        )
        if best is None or (found.walked_m, -found.start_s) > (best.walked_m, -best.start_s):
            best = found
    return best


def runs(flags: Bools, bridge: int) -> list[tuple[int, int]]:
    """First and last index of each run of True; runs less than `bridge` steps apart are one."""
    held = np.flatnonzero(flags)
    if not len(held):
        return []
    cut = np.flatnonzero(np.diff(held) > bridge)
    first = held[np.concatenate([[0], cut + 1])]
    last = held[np.concatenate([cut, [len(held) - 1]])]
    return list(zip(first.tolist(), last.tolist(), strict=True))


def moment(t_s: float) -> str:
    """RFC 3339 in UTC."""
    return instant(round(t_s * 1000))
