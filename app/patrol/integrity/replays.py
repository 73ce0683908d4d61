"""A track that was walked before: the same places in the same rhythm, shifted in time. Pure."""

from typing import Any

import numpy as np

from app.patrol.fixes import Int64s
from app.patrol.integrity.limits import IntegrityLimits
from app.patrol.integrity.paths import STEP_S, Float64s, Match, Path, longest_match, moment
from app.patrol.integrity.signals import LISTED, Severity

CELL_M = 5.0
SHIFTS = 4
SAME_TIME_S = 60
"""Two handhelds at one place at one time are twins, not a replay."""


def find_replay(own: Path, other: Path, limits: IntegrityLimits) -> tuple[Severity, dict[str, Any]] | None:
    """Severity and evidence when `own` repeats `other`, or None. Both paths share an origin.

    A person on his usual round keeps neither his pace nor a receiver's errors: two walks of one street lie
    metres apart at every moment.
    """
    best: tuple[float, Match] | None = None
    for shift_s in _shifts(own, other):
        if abs(shift_s) < SAME_TIME_S:
            continue
        refined = _refined(own, other, shift_s)
        match = longest_match(own, other, refined, limits.same_path_m)
        if match and (best is None or match.walked_m > best[1].walked_m):
            best = (refined, match)
    if best is None or best[1].walked_m < limits.replay_min_m:
        return None
    shift_s, match = best
    return "high", {
        "start_at": moment(match.start_s),
        "end_at": moment(match.end_s),
        "counterpart_start_at": moment(match.start_s + shift_s),
        "shift_s": round(shift_s),
        "walked_m": round(match.walked_m),
        "deviation_median_m": round(match.median_m, 2),
        "deviation_max_m": round(match.max_m, 2),
        "moments": _moments(own, other, shift_s, match),
    }


def _shifts(own: Path, other: Path) -> list[float]:
    """Time differences at which the two are most often at one place, to STEP_S."""
    times, keys = _visits(own)
    other_times, other_keys = _visits(other)
    if not len(keys) or not len(other_keys):
        return []
    order = np.argsort(other_keys, kind="stable")
    other_times, other_keys = other_times[order], other_keys[order]
    first = np.searchsorted(other_keys, keys)
    last = np.searchsorted(other_keys, keys, side="right")
    differences = [other_times[a:b] - t for a, b, t in zip(first, last, times, strict=True) if b > a]
    if not differences:
        return []
    shifts, counts = np.unique(np.round(np.concatenate(differences) / STEP_S), return_counts=True)
    return [float(shifts[i] * STEP_S) for i in np.lexsort((shifts, -counts))[:SHIFTS]]


def _visits(path: Path) -> tuple[Float64s, Int64s]:
    t_s = path.moments()
    x, y = path.at(t_s)
    known = ~np.isnan(x)
    cells = np.floor(x[known] / CELL_M).astype(np.int64) * 4_000_037 + np.floor(y[known] / CELL_M).astype(
        np.int64
    )
    fresh = np.concatenate([[True], np.diff(cells) != 0]) if len(cells) else np.empty(0, bool)
    return t_s[known][fresh], cells[fresh]


def _refined(own: Path, other: Path, shift_s: float) -> float:
    """The shift to the second."""
    t_s = own.moments(3 * STEP_S)
    x, y = own.at(t_s)
    best = (0, np.inf, shift_s)
    for candidate in np.arange(shift_s - STEP_S, shift_s + STEP_S + 1):
        px, py = other.at(t_s + candidate)
        apart = np.hypot(px - x, py - y)
        near = apart[apart < 2 * CELL_M]
        if len(near):
            best = min(best, (-len(near), float(near.mean()), float(candidate)))
    return best[2]


def _moments(own: Path, other: Path, shift_s: float, match: Match) -> list[dict[str, Any]]:
    """Evenly spread moments for a person to verify."""
    t_s = np.unique(np.linspace(match.start_s, match.end_s, LISTED).round())
    x, y = own.at(t_s)
    px, py = other.at(t_s + shift_s)
    return [
        {
            "at": moment(t),
            "counterpart_at": moment(t + shift_s),
            "longitude": own.place(a, b)[0],
            "latitude": own.place(a, b)[1],
            "deviation_m": round(float(np.hypot(c - a, d - b)), 2),
        }
        for t, a, b, c, d in zip(*(v.tolist() for v in (t_s, x, y, px, py)), strict=True)
        if not np.isnan(a + b + c + d)
    ]
