"""Perfect loops: a closed path repeated with the same pace and without a receiver's noise. Pure."""

import numpy as np

from app.patrol.fixes import Int64s
from app.patrol.integrity.limits import IntegrityLimits
from app.patrol.integrity.paths import (
    MOVING_MPS,
    STEP_S,
    Float64s,
    Match,
    Path,
    longest_match,
    moment,
)
from app.patrol.integrity.signals import Signal

CELL_M = 10.0
SHORTEST_S = 120
"""A round of less than this is no walk."""
ORDERS = 4
"""A place on a walk out and back is passed twice a round: later returns are looked at, too."""
CANDIDATES = 4
RETURNS_MIN = 10
"""So many moments must come back to their place after the same time before a period is looked at closely."""
REFINE_S = 10
REFINE_AT = 50


def find_loop(path: Path, limits: IntegrityLimits) -> Signal | None:
    """The most repeated perfect loop of a path, or None. Real rounds differ in pace and by metres of noise."""
    best: tuple[float, Match] | None = None
    for period_s, returns_s in _periods(path):
        shift_s, apart_m = _refined(path, period_s, returns_s)
        if apart_m > limits.same_path_m:
            continue
        match = longest_match(path, path, shift_s, limits.same_path_m)
        if match is None or not _is_loop(path, match, shift_s, limits):
            continue
        if best is None or match.walked_m > best[1].walked_m:
            best = (shift_s, match)
    return None if best is None else _signal(path, *best)


def _is_loop(path: Path, match: Match, period_s: float, limits: IntegrityLimits) -> bool:
    rounds = 1 + match.duration_s / period_s
    return rounds >= limits.loop_min_rounds and match.walked_m / (rounds - 1) >= limits.loop_min_m


def _periods(path: Path) -> list[tuple[float, Float64s]]:
    """Times after which many moments of the walk come back to their place, the most frequent first; and which."""
    t_s = path.moments()
    x, y = path.at(t_s)
    step = np.concatenate([[0.0], np.nan_to_num(np.hypot(np.diff(x), np.diff(y)))])
    walking = step >= MOVING_MPS * STEP_S
    if walking.sum() < RETURNS_MIN:
        return []
    keys = _cells(x[walking], y[walking])
    order = np.lexsort((t_s[walking], keys))
    keys, times = keys[order], t_s[walking][order]
    lags, begins = [np.empty(0)], [np.empty(0)]
    for k in range(1, min(ORDERS + 1, len(keys))):
        same = (keys[k:] == keys[:-k]) & (times[k:] - times[:-k] >= SHORTEST_S)
        lags.append((times[k:] - times[:-k])[same])
        begins.append(times[:-k][same])
    found, begun = np.round(np.concatenate(lags) / STEP_S), np.concatenate(begins)
    periods, counts = np.unique(found, return_counts=True)
    frequent = [i for i in np.lexsort((periods, -counts))[:CANDIDATES] if counts[i] >= RETURNS_MIN]
    return [(float(periods[i] * STEP_S), np.sort(begun[found == periods[i]])) for i in frequent]


def _cells(x: Float64s, y: Float64s) -> Int64s:
    cx, cy = np.floor(x / CELL_M).astype(np.int64), np.floor(y / CELL_M).astype(np.int64)
    keys: Int64s = cx * 4_000_037 + cy
    return keys


def _refined(path: Path, period_s: float, returns_s: Float64s) -> tuple[float, float]:
    """The period to the second, and how far the returning moments are then from their place (median, metres)."""
    t_s = returns_s[:: max(len(returns_s) // REFINE_AT, 1)]
    x, y = path.at(t_s)
    shifts = np.arange(period_s - REFINE_S, period_s + REFINE_S + 1)
    px, py = path.at((t_s[None, :] + shifts[:, None]).ravel())
    apart = np.hypot(px.reshape(len(shifts), -1) - x, py.reshape(len(shifts), -1) - y)
    medians = np.median(np.nan_to_num(apart, nan=np.inf), axis=1)
    best = int(np.argmin(medians))
    return float(shifts[best]), float(medians[best])


def _signal(path: Path, period_s: float, match: Match) -> Signal:
    x, y = path.at(np.array([match.start_s]))
    longitude, latitude = path.place(float(x[0]), float(y[0]))
    rounds = 1 + match.duration_s / period_s
    return Signal(
        "loop",
        "high",
        {
            "start_at": moment(match.start_s),
            "end_at": moment(match.end_s + period_s),
            "rounds": round(rounds, 1),
            "period_s": round(period_s),
            "loop_m": round(match.walked_m / (rounds - 1)),
            "deviation_median_m": round(match.median_m, 2),
            "deviation_max_m": round(match.max_m, 2),
            "longitude": longitude,
            "latitude": latitude,
        },
    )
