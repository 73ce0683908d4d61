"""Fixes that a receiver threw somewhere else: spikes, and leaps that the following fixes do not confirm."""

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import distances_m, offsets_m
from app.patrol.figures import Bools
from app.patrol.fixes import Int64s
from app.patrol.fold_rules import FoldRules

Float64s = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

LOOKAHEADS_MAX = 1_000_000
"""Fixes that all leaps of a day look at together. 1,600 leaps have the whole lookahead; no receiver throws more."""
LOOKAHEADS_AT_ONCE = 65_536
"""Of these so many at once: half a megabyte a column stays in the processor's cache."""


def find_jumps(
    at_ms: Int64s, lon: Float64s, lat: Float64s, accuracy_m: Float64s, caps_mps: Float64s, rules: FoldRules
) -> tuple[Bools, Bools]:
    """Two bool[n] over plausible fixes sorted by time (degrees, metres, m/s): `jump`, `leap`.

    `jump` marks fixes that are not where the inspector was. `leap` marks the first fix of a new place that
    the following fixes confirm: such a fix is good, but the way to it earns nothing.
    """
    jump = find_spikes(at_ms, lon, lat, accuracy_m, caps_mps, rules)
    kept = np.flatnonzero(~jump)
    leap = np.zeros(len(at_ms), bool)
    for first, count, confirmed in _leaps(at_ms[kept], lon[kept], lat[kept], accuracy_m[kept], rules):
        if confirmed:
            leap[kept[first]] = True
        else:
            jump[kept[first : first + count]] = True
    return jump, leap


def find_spikes(
    at_ms: Int64s, lon: Float64s, lat: Float64s, accuracy_m: Float64s, caps_mps: Float64s, rules: FoldRules
) -> Bools:
    """bool[n]: single fixes far from both neighbours, which themselves lie close together.

    Sparse sampling hides a throw of 100 m below every speed limit (100 m in 30 s is 12 km/h), hence the test
    of shape: out and straight back, faster than half the profile's cap.
    """
    spike = np.zeros(len(at_ms), bool)
    if len(at_ms) < 3:
        return spike
    step = distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    skip = distances_m(lon[:-2], lat[:-2], lon[2:], lat[2:])
    speed = step / np.maximum(np.diff(at_ms), 1) * 1000
    out, back = step[:-1], step[1:]
    slowest = rules.spike_cap_share * caps_mps[1:-1]
    quick = (speed[:-1] > slowest) & (speed[1:] > slowest)
    far = np.minimum(out, back) > np.maximum(rules.spike_min_m, rules.spike_accuracies * accuracy_m[1:-1])
    spike[1:-1] = quick & far & (skip < rules.spike_return_share * np.minimum(out, back))
    return spike


def _leaps(
    at_ms: Int64s, lon: Float64s, lat: Float64s, accuracy_m: Float64s, rules: FoldRules
) -> list[tuple[int, int, bool]]:
    """Leaps as (index of the first fix after it, fixes before the return, confirmed)."""
    if len(at_ms) < 2:
        return []
    step = distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    slack = rules.leap_slack_accuracies * (accuracy_m[:-1] + accuracy_m[1:])
    too_fast = (step - slack) * 1000 > rules.jump_mps * np.maximum(np.diff(at_ms), 1)
    suspects = np.flatnonzero(too_fast) + 1
    settled_end = np.append(suspects[1:], len(at_ms))[: len(suspects)]
    back = _returns(suspects, at_ms, lon, lat, accuracy_m, rules)
    long_enough = at_ms[settled_end - 1] - at_ms[suspects] >= rules.leap_confirm_s * 1000
    settled = (settled_end - suspects >= rules.leap_confirm_fixes) & long_enough
    confirmed = (settled & (back > settled_end)).tolist()
    end = np.where(back < len(at_ms), back, settled_end)
    beyond = np.searchsorted(suspects, end, side="right").tolist()
    found: list[tuple[int, int, bool]] = []
    position = 0
    while position < len(suspects):
        first = int(suspects[position])
        if confirmed[position]:
            found.append((first, 0, True))
            position += 1
        else:
            found.append((first, int(end[position]) - first, False))
            position = beyond[position]
    return found


def _returns(
    suspects: Indices, at_ms: Int64s, lon: Float64s, lat: Float64s, accuracy_m: Float64s, rules: FoldRules
) -> Indices:
    """int[k]: the first fix after each leap that is back within reach of the fix before it.

    `len(at_ms) + 1` where none is. All leaps at once, a block of them at a time.
    """
    n = len(at_ms)
    found = np.full(len(suspects), n + 1)
    lookahead = min(rules.leap_lookahead_fixes, max(LOOKAHEADS_MAX // max(len(suspects), 1), 1))
    block = max(LOOKAHEADS_AT_ONCE // lookahead, 1)
    for start in range(0, len(suspects), block):
        first = suspects[start : start + block, None]
        before = first - 1
        ahead = np.minimum(first + np.arange(lookahead), n - 1)
        away = np.hypot(*offsets_m(lon[before], lat[before], lon[ahead], lat[ahead]))
        slack = rules.leap_slack_accuracies * (accuracy_m[before] + accuracy_m[ahead])
        back = away - slack <= rules.leap_return_mps * ((at_ms[ahead] - at_ms[before]) / 1000)
        index = back.argmax(axis=1)
        rows = np.arange(len(index))
        found[start : start + block] = np.where(back[rows, index], ahead[rows, index], n + 1)
    return found
