"""Signals that one folded day tells by itself. Pure; reads the fold and changes nothing of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.patrol.day_document import instant
from app.patrol.figures import DayFold, Segment, Verdict
from app.patrol.integrity.clocks import ClockReading, find_clock_skew
from app.patrol.integrity.limits import IntegrityLimits
from app.patrol.integrity.loops import find_loop
from app.patrol.integrity.paths import path_of
from app.patrol.integrity.signals import LISTED, Signal

WALKED = (Verdict.VEHICLE, Verdict.STATIONARY, Verdict.MOVING)


def find_day_signals(
    fold: DayFold, clocks: Sequence[ClockReading], limits: IntegrityLimits
) -> tuple[Signal, ...]:
    """All signals of one day, by kind. The same fixes in any order give the same signals."""
    found = (
        _mock(fold, limits),
        _vehicle(fold, limits),
        find_clock_skew(fold, clocks, limits),
        _loop(fold, limits),
    )
    return tuple(signal for signal in found if signal is not None)


def _mock(fold: DayFold, limits: IntegrityLimits) -> Signal | None:
    fixes = fold.totals[Verdict.MOCK].fixes
    if fixes < limits.mock_min_fixes:
        return None
    on_duty = len(fold.fixes) - fold.outside_duty
    return Signal(
        "mock",
        "high" if fixes * 2 >= on_duty else "medium",
        {"fixes": fixes, "fixes_on_duty": on_duty, "stretches": _stretches(fold, Verdict.MOCK)},
    )


def _vehicle(fold: DayFold, limits: IntegrityLimits) -> Signal | None:
    if fold.vehicle_distance_m < limits.vehicle_min_m:
        return None
    share = fold.vehicle_distance_m / (fold.vehicle_distance_m + fold.distance_m)
    return Signal(
        "vehicle",
        "medium" if share >= 0.5 else "low",
        {
            "distance_m": round(fold.vehicle_distance_m),
            "duration_s": round(fold.totals[Verdict.VEHICLE].duration_s),
            "walked_m": round(fold.distance_m),
            "stretches": _stretches(fold, Verdict.VEHICLE),
        },
    )


def _stretches(fold: DayFold, verdict: Verdict) -> list[dict[str, Any]]:
    """The longest runs with a verdict, in time order: when, where from and to, how far and how fast."""
    own = [s for s in fold.segments if s.verdict is verdict]
    longest = sorted(own, key=lambda s: (s.start_ms - s.end_ms, s.start_ms))[:LISTED]
    return [_stretch(fold, s) for s in sorted(longest, key=lambda s: s.start_ms)]


def _stretch(fold: DayFold, segment: Segment) -> dict[str, Any]:
    seconds = (segment.end_ms - segment.start_ms) / 1000
    return {
        "start_at": instant(segment.start_ms),
        "end_at": instant(segment.end_ms),
        "fixes": segment.fixes_count,
        "raw_distance_m": round(segment.raw_mm / 1000),
        "speed_kmh": round(segment.raw_mm / 1000 / seconds * 3.6, 1) if seconds else None,
        "from": _place(fold, segment.first),
        "to": _place(fold, segment.last),
    }


def _place(fold: DayFold, index: int) -> list[float]:
    return [round(int(fold.fixes.lon_e7[index]) / 1e7, 6), round(int(fold.fixes.lat_e7[index]) / 1e7, 6)]


def _loop(fold: DayFold, limits: IntegrityLimits) -> Signal | None:
    used = np.isin(fold.verdicts, WALKED) & fold.primary
    fixes = fold.fixes
    return find_loop(path_of(fixes.at_ms[used], fixes.lon_e7[used], fixes.lat_e7[used]), limits)
