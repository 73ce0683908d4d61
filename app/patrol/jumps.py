"""Fixes that a receiver threw somewhere else: spikes, and leaps that the following fixes do not confirm."""

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import distances_m
from app.patrol.figures import Bools
from app.patrol.fixes import Int64s
from app.patrol.fold_rules import FoldRules

Float64s = npt.NDArray[np.float64]


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
    found: list[tuple[int, int, bool]] = []
    position = 0
    while position < len(suspects):
        first = int(suspects[position])
        end, confirmed = _outcome(first, at_ms, lon, lat, accuracy_m, too_fast, rules)
        found.append((first, end - first, confirmed))
        position = int(np.searchsorted(suspects, end, side="left" if confirmed else "right"))
        if confirmed:
            position = max(position, int(np.searchsorted(suspects, first, side="right")))
    return found


def _outcome(
    first: int,
    at_ms: Int64s,
    lon: Float64s,
    lat: Float64s,
    accuracy_m: Float64s,
    too_fast: Bools,
    rules: FoldRules,
) -> tuple[int, bool]:
    """How the leap to `first` ends: (index of the first fix that is back, False) or (first, True)."""
    last_good = first - 1
    ahead = np.arange(first, min(first + rules.leap_lookahead_fixes, len(at_ms)))
    away = distances_m(lon[last_good], lat[last_good], lon[ahead], lat[ahead])
    slack = rules.leap_slack_accuracies * (accuracy_m[last_good] + accuracy_m[ahead])
    elapsed_s = (at_ms[ahead] - at_ms[last_good]) / 1000
    back = np.flatnonzero(away - slack <= rules.leap_return_mps * elapsed_s)
    further = np.flatnonzero(too_fast[first:]) + first + 1
    settled_end = int(further[0]) if len(further) else len(at_ms)
    settled = settled_end - first
    long_enough = (at_ms[settled_end - 1] - at_ms[first]) >= rules.leap_confirm_s * 1000
    if len(back) and int(ahead[back[0]]) <= settled_end:
        return int(ahead[back[0]]), False
    if settled >= rules.leap_confirm_fixes and long_enough:
        return first, True
    return (int(ahead[back[0]]) if len(back) else settled_end), False
