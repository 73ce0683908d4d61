"""Two handhelds that move as one: within metres at the same moments, for long. Pure.

Colleagues on a joint round look the same: the signal says so, and is never more than a question.
"""

from typing import Any

import numpy as np

from app.patrol.fixes import Int64s
from app.patrol.integrity.limits import IntegrityLimits
from app.patrol.integrity.meetings import MISSING, SLOT_S, Minutes, metres_between
from app.patrol.integrity.paths import Bools, Float64s, moment
from app.patrol.integrity.signals import LISTED, Severity

MINUTE_M = 24.0
"""0.4 m/s: slower than this proves nothing."""


def find_twins(
    own: Minutes, other: Minutes, limits: IntegrityLimits
) -> tuple[Severity, dict[str, Any]] | None:
    """Severity and evidence as `own` sees it, or None. Only minutes in which both are known and one moves count."""
    first = max(own.first_slot, other.first_slot)
    last = min(own.first_slot + len(own.lon_e7), other.first_slot + len(other.lon_e7))
    slots = np.arange(first + 1, last)
    at, bt = slots - own.first_slot, slots - other.first_slot
    known = _known(own, at) & _known(other, bt)
    slots, at, bt = slots[known], at[known], bt[known]
    if not len(slots):
        return None
    apart = metres_between(own, at, other, bt)
    walked = metres_between(own, at, own, at - 1)
    moving = np.maximum(walked, metres_between(other, bt, other, bt - 1)) >= MINUTE_M
    near = moving & (apart <= limits.twin_within_m)
    minutes = int(near.sum())
    if minutes < limits.twin_min_minutes:
        return None
    median_m = float(np.median(apart[near]))
    severity: Severity = "high" if median_m <= limits.same_path_m else "low"
    return severity, {
        "minutes_together": minutes,
        "minutes_moving": int(moving.sum()),
        "walked_m": round(float(walked[near].sum())),
        "deviation_median_m": round(median_m, 1),
        "deviation_max_m": round(float(apart[near].max()), 1),
        "start_at": moment(float(slots[near][0] * SLOT_S)),
        "end_at": moment(float(slots[near][-1] * SLOT_S)),
        "moments": _moments(slots[near], own, at[near], apart[near]),
    }


def _known(track: Minutes, index: Int64s) -> Bools:
    known: Bools = (track.lon_e7[index] != MISSING) & (track.lon_e7[index - 1] != MISSING)
    return known


def _moments(slots: Int64s, own: Minutes, at: Int64s, apart: Float64s) -> list[dict[str, Any]]:
    """Evenly spread moments for a person to verify."""
    return [
        {
            "at": moment(float(slots[i] * SLOT_S)),
            "longitude": round(int(own.lon_e7[at[i]]) / 1e7, 6),
            "latitude": round(int(own.lat_e7[at[i]]) / 1e7, 6),
            "deviation_m": round(float(apart[i]), 1),
        }
        for i in np.unique(np.linspace(0, len(slots) - 1, LISTED).astype(int)).tolist()
    ]
