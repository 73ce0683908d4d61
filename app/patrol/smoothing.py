"""From fixes to knots: noise averaged over time, so that 1 Hz and 10 s sampling describe the same walk."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.patrol.fixes import Int64s
from app.patrol.fold_rules import FoldRules

Float64s = npt.NDArray[np.float64]

APART_MS = 10**12
"""Added per stretch to a time key, so that one sorted search never reaches into another stretch."""


@dataclass(frozen=True, slots=True, eq=False)
class Knots:
    """m means over short stretches of time, in metres around the day's first fix.

    at_ms       float64[m] mean time
    x_m, y_m    float64[m] smoothed place
    raw_x_m, raw_y_m  float64[m] place without smoothing, for the ends of a walk
    accuracy_m  float64[m]
    blur_s      float64[m] how long before and after its own time a knot looks, on average
    stretch     int64[m], never decreasing
    key_ms      float64[m] time made unique across stretches, increasing
    of_fix      int64[n] the knot of each fix
    fix_key_ms  float64[n] the same key for the fixes
    """

    at_ms: Float64s
    x_m: Float64s
    y_m: Float64s
    raw_x_m: Float64s
    raw_y_m: Float64s
    accuracy_m: Float64s
    blur_s: Float64s
    stretch: Int64s
    key_ms: Float64s
    of_fix: Int64s
    fix_key_ms: Float64s

    def __len__(self) -> int:
        return len(self.at_ms)


def window_means(key: Float64s, low: Float64s, high: Float64s, values: list[Float64s]) -> list[Float64s]:
    """Mean of each of `values` over the samples with low <= key < high; NaN where there is none."""
    first, last = np.searchsorted(key, low), np.searchsorted(key, high)
    count = last - first
    means = []
    with np.errstate(invalid="ignore"):
        for value in values:
            running = np.concatenate([[0.0], np.cumsum(value)])
            means.append((running[last] - running[first]) / count)
    return means


def _cells(key: Float64s, stretch: Int64s) -> tuple[Float64s, Float64s]:
    """The stretch of time each fix stands for: to the middle between it and its neighbours."""
    middle = (key[1:] + key[:-1]) / 2
    same = stretch[1:] == stretch[:-1]
    begin = np.concatenate([[key[0] - 0.5], np.where(same, middle, key[1:] - 0.5)])
    end = np.append(np.where(same, middle, key[:-1] + 0.5), key[-1] + 0.5)
    return begin, end


def smoothed(
    key: Float64s, stretch: Int64s, x_m: Float64s, y_m: Float64s, speed_mps: Float64s, rules: FoldRules
) -> tuple[Float64s, Float64s, Float64s]:
    """Means over `smooth_s` around each fix, or over `smooth_m` of way where that is shorter; and the blur.

    Each fix stands for the time around it. Sampling has blurred sparse fixes already, so they are smoothed
    the less: the two blurs add up in squares, and every sampling rate cuts corners alike. The blur is
    the mean distance in time (seconds) between a window's middle and what it averages, or between a sparse
    fix and the unseen turning point beside it: what either cuts off the tip of a way out and back.
    """
    begin, end = _cells(key, stretch)
    edges, width = np.column_stack([begin, end]).ravel(), end - begin
    # At a turning point the net speed is low for a moment: the pace around it says how much way a second is.
    (pace,) = window_means(key, key - rules.stay_min_s * 500.0, key + rules.stay_min_s * 500.0, [speed_mps])
    window_s = np.minimum(rules.smooth_s, rules.smooth_m / np.maximum(pace, 0.01))
    sampled_s = rules.smooth_sampling_share * np.minimum(width / 1000, window_s)
    half = np.maximum(np.sqrt(np.maximum(window_s**2 - sampled_s**2, 0.0)) * 500, 0.25)
    clock = key - stretch * float(APART_MS)

    def integral(values: Float64s, until: Float64s) -> Float64s:
        sums = np.cumsum(values * width)
        return np.interp(until, edges, np.column_stack([sums - values * width, sums]).ravel())

    one = np.ones(len(key))
    low, high = key - half, key + half
    span = integral(one, high) - integral(one, low)
    x = (integral(x_m, high) - integral(x_m, low)) / span
    y = (integral(y_m, high) - integral(y_m, low)) / span
    now = integral(clock, key)
    later = integral(clock, high) - now - clock * (integral(one, high) - integral(one, key))
    earlier = clock * (integral(one, key) - integral(one, low)) - now + integral(clock, low)
    unseen = np.minimum(end - key, key - begin) / 2
    return x, y, np.maximum((later + earlier) / span, unseen) / 1000


def knots_of(
    at_ms: Int64s,
    x_m: Float64s,
    y_m: Float64s,
    accuracy_m: Float64s,
    speed_mps: Float64s,
    stretch: Int64s,
    rules: FoldRules,
) -> Knots:
    """Smooth n > 0 fixes and gather them into knots of `knot_s`; a knot never spans two stretches."""
    key = (at_ms - at_ms[0]).astype(np.float64) + stretch * float(APART_MS)
    smooth_x, smooth_y, blur = smoothed(key, stretch, x_m, y_m, speed_mps, rules)
    begin = at_ms[np.searchsorted(stretch, stretch)]
    cell = (at_ms - begin) // (rules.knot_s * 1000)
    fresh = np.concatenate([[True], (np.diff(cell) != 0) | (np.diff(stretch) != 0)])
    first = np.flatnonzero(fresh)
    count = np.diff(np.append(first, len(at_ms)))

    def mean(values: Float64s) -> Float64s:
        return np.asarray(np.add.reduceat(values, first) / count, np.float64)

    return Knots(
        at_ms=mean((at_ms - at_ms[0]).astype(np.float64)) + float(at_ms[0]),
        x_m=mean(smooth_x),
        y_m=mean(smooth_y),
        raw_x_m=mean(x_m),
        raw_y_m=mean(y_m),
        accuracy_m=mean(accuracy_m),
        blur_s=mean(blur),
        stretch=stretch[first],
        key_ms=mean(key),
        of_fix=np.repeat(np.arange(len(first)), count),
        fix_key_ms=key,
    )
