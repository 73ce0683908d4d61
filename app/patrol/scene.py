"""The fixes on duty with what is plain about each: device, window, grid, cap; and their first verdicts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import distances_m
from app.patrol import intervals
from app.patrol.day_inputs import DayInputs
from app.patrol.figures import Bools, Int8s, Verdict
from app.patrol.fixes import FLAG_MOCK, Fixes, Int64s
from app.patrol.fold_rules import FoldRules
from app.patrol.jumps import find_jumps
from app.patrol.presence import inside_own_grids, primary_device, speed_caps

Float64s = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """n fixes on duty in canonical order.

    window    int64[n], the duty window of each
    primary   bool[n], whether its device draws the track at that moment
    lon, lat  float64[n] degrees
    accuracy_m, caps_mps  float64[n], the claim (or the rule's stand-in) and the profile's speed cap
    in_grid   bool[n], inside an own grid of that moment
    """

    fixes: Fixes
    window: Int64s
    primary: Bools
    lon: Float64s
    lat: Float64s
    accuracy_m: Float64s
    caps_mps: Float64s
    in_grid: Bools

    @classmethod
    def of(cls, fixes: Fixes, window: Int64s, inputs: DayInputs) -> "Scene":
        """Look up everything that depends on one fix alone."""
        rules = inputs.rules
        lon, lat = fixes.lon_e7 / 1e7, fixes.lat_e7 / 1e7
        known = fixes.accuracy_dm > 0
        return cls(
            fixes=fixes,
            window=window,
            primary=primary_device(fixes.at_ms, fixes.device, rules.online_gap_s * 1000),
            lon=lon,
            lat=lat,
            accuracy_m=np.where(known, fixes.accuracy_dm / 10, float(rules.unknown_accuracy_m)),
            caps_mps=speed_caps(fixes.at_ms, inputs.profiles, rules),
            in_grid=inside_own_grids(fixes.at_ms, lon, lat, inputs.grids, rules.grid_buffer_m),
        )

    def __len__(self) -> int:
        return len(self.fixes)


def plain_verdicts(scene: Scene, rules: FoldRules) -> tuple[Int8s, Indices, Bools]:
    """Mock, inaccurate and jump; then the indices of the valid primary fixes, and which begin after a leap."""
    verdicts = np.full(len(scene), Verdict.MOVING, np.int8)
    verdicts[scene.accuracy_m > rules.max_accuracy_m] = Verdict.INACCURATE
    verdicts[(scene.fixes.flags & FLAG_MOCK) != 0] = Verdict.MOCK
    plausible = np.flatnonzero(scene.primary & (verdicts == Verdict.MOVING))
    jump, leap = find_jumps(
        scene.fixes.at_ms[plausible],
        scene.lon[plausible],
        scene.lat[plausible],
        scene.accuracy_m[plausible],
        scene.caps_mps[plausible],
        rules,
    )
    verdicts[plausible[jump]] = Verdict.JUMP
    return verdicts, plausible[~jump], leap[~jump]


def unbroken_pieces(scene: Scene, valid: Indices, leap: Bools, gap_ms: int) -> Int64s:
    """int64[k]: number of the unbroken piece of each valid fix; nothing is earned between two pieces.

    A piece ends at a silence, a confirmed leap, the end of a duty window or a change of device.
    """
    if not len(valid):
        return np.empty(0, np.int64)
    silent = np.diff(scene.fixes.at_ms[valid]) > gap_ms
    other = (np.diff(scene.window[valid]) != 0) | (np.diff(scene.fixes.device[valid]) != 0)
    return np.concatenate([[0], np.cumsum(silent | other | leap[1:])]).astype(np.int64)


def lend_verdicts(verdicts: Int8s, scene: Scene, valid: Indices) -> None:
    """A plausible fix of a second device takes the verdict of the track at that time (in place)."""
    second = np.flatnonzero(~scene.primary & (verdicts == Verdict.MOVING))
    if len(valid):
        verdicts[second] = verdicts[valid[np.maximum(np.searchsorted(valid, second) - 1, 0)]]
    else:
        verdicts[second] = Verdict.STATIONARY


def patrol_spans(scene: Scene, valid: Indices, gap_ms: int) -> intervals.Spans:
    """Time between neighbouring valid fixes that both lie in an own grid."""
    at_ms, inside, window = scene.fixes.at_ms[valid], scene.in_grid[valid], scene.window[valid]
    near = (np.diff(at_ms) <= gap_ms) & (window[1:] == window[:-1]) & inside[1:] & inside[:-1]
    return intervals.union(np.column_stack([at_ms[:-1][near], at_ms[1:][near]]))


def raw_steps(scene: Scene, gap_ms: int) -> tuple[Int64s, Int64s]:
    """int64[n] each: raw step (mm) and time (ms) that end in each primary fix; both 0 after a silence."""
    raw_mm, duration_ms = np.zeros(len(scene), np.int64), np.zeros(len(scene), np.int64)
    own = np.flatnonzero(scene.primary)
    a, b = own[:-1], own[1:]
    elapsed = scene.fixes.at_ms[b] - scene.fixes.at_ms[a]
    near = (elapsed <= gap_ms) & (scene.window[a] == scene.window[b])
    metres = distances_m(scene.lon[a], scene.lat[a], scene.lon[b], scene.lat[b])
    raw_mm[b] = np.where(near, np.rint(metres * 1000), 0).astype(np.int64)
    duration_ms[b] = np.where(near, elapsed, 0)
    return raw_mm, duration_ms
