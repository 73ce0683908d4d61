"""The fold: from the inputs of a day to its figures, purely. Same inputs in any order, same bits out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import distances_m
from app.patrol import intervals
from app.patrol.day_inputs import DayInputs
from app.patrol.figures import Bools, DayFold, Int8s, Verdict
from app.patrol.fixes import FLAG_MOCK, Fixes, Int64s
from app.patrol.fold_rules import FoldRules
from app.patrol.jumps import find_jumps
from app.patrol.presence import inside_own_grids, primary_device, speed_caps
from app.patrol.summaries import find_gaps, find_segments, verdict_totals
from app.patrol.track import Track, trace
from app.patrol.vehicles import find_rides

FOLD_VERSION = 1
"""Raised with every change that can alter a figure; a judged day names the version it was folded with."""

Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """The fixes on duty, n of them in canonical order, and what is plain about each."""

    fixes: Fixes
    window: Int64s
    primary: Bools
    lon: Float64s
    lat: Float64s
    accuracy_m: Float64s
    caps_mps: Float64s
    in_grid: Bools

    @classmethod
    def of(cls, fixes: Fixes, window: Int64s, inputs: DayInputs) -> "_Scene":
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


def fold_day(inputs: DayInputs) -> DayFold:
    """Fold one inspector's service day.

    Pure: no clock, no I/O. Any order, split or repetition of the same inputs gives bit-identical figures:
    the fixes are put in canonical order first, and metres and time are summed as integers (mm, ms).
    An empty day gives zeros. Raises nothing, whatever the columns hold.
    """
    fixes = inputs.fixes.canonical()
    windows = intervals.union(intervals.spans([(d.start_ms, d.end_ms) for d in inputs.duty]))
    window = intervals.window_of(fixes.at_ms, windows)
    duty = np.flatnonzero(window >= 0)
    scene = _Scene.of(fixes.take(duty), window[duty], inputs)
    verdicts, valid, leap = _plain_verdicts(scene, inputs.rules)
    piece = _pieces(scene, valid, leap, inputs.rules)
    at_ms, lon, lat = scene.fixes.at_ms[valid], scene.lon[valid], scene.lat[valid]
    ride = find_rides(at_ms, lon, lat, scene.caps_mps[valid], piece, inputs.rules)
    track = trace(at_ms, lon, lat, scene.accuracy_m[valid], piece, ride, inputs.rules)
    verdicts[valid] = track.verdicts
    _lend_verdicts(verdicts, scene, valid)
    return _assemble(inputs, fixes, windows, duty, scene, verdicts, valid, piece, track)


def _plain_verdicts(scene: _Scene, rules: FoldRules) -> tuple[Int8s, Int64s, Bools]:
    """Mock, inaccurate and jump; then the indices of the valid primary fixes, and which begin after a leap."""
    verdicts = np.full(len(scene.fixes), Verdict.MOVING, np.int8)
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


def _pieces(scene: _Scene, valid: Int64s, leap: Bools, rules: FoldRules) -> Int64s:
    """int64[n]: number of the unbroken piece of each valid fix; nothing is earned between two pieces.

    A piece ends at a silence, a confirmed leap, the end of a duty window or a change of device.
    """
    if not len(valid):
        return np.empty(0, np.int64)
    silent = np.diff(scene.fixes.at_ms[valid]) > rules.online_gap_s * 1000
    other = (np.diff(scene.window[valid]) != 0) | (np.diff(scene.fixes.device[valid]) != 0)
    return np.concatenate([[0], np.cumsum(silent | other | leap[1:])]).astype(np.int64)


def _lend_verdicts(verdicts: Int8s, scene: _Scene, valid: Int64s) -> None:
    """A plausible fix of a second device takes the verdict of the track at that time."""
    second = np.flatnonzero(~scene.primary & (verdicts == Verdict.MOVING))
    if len(second) and len(valid):
        before = np.maximum(np.searchsorted(valid, second) - 1, 0)
        verdicts[second] = verdicts[valid[before]]
    elif len(second):
        verdicts[second] = Verdict.STATIONARY


def _online(inputs: DayInputs, scene: _Scene, windows: intervals.Spans) -> tuple[intervals.Spans, Int64s]:
    """Time online by fixes, beats and work, and the sorted signals behind it."""
    beats = np.unique(np.asarray(inputs.beats_ms, np.int64))
    beats = beats[intervals.window_of(beats, windows) >= 0]
    signals = np.unique(np.concatenate([scene.fixes.at_ms, beats]))
    gap_ms = inputs.rules.online_gap_s * 1000
    heard = intervals.linked(signals, intervals.window_of(signals, windows), gap_ms)
    return intervals.union(heard, _work(inputs, windows)), signals


def _work(inputs: DayInputs, windows: intervals.Spans) -> intervals.Spans:
    work = intervals.union(intervals.spans([(w.start_ms, w.end_ms) for w in inputs.work]))
    return intervals.clip(work, windows)


def _patrol(scene: _Scene, valid: Int64s, gap_ms: int) -> intervals.Spans:
    """Time between neighbouring valid fixes that both lie in an own grid."""
    at_ms, inside = scene.fixes.at_ms[valid], scene.in_grid[valid]
    if len(at_ms) < 2:
        return np.empty((0, 2), np.int64)
    window = scene.window[valid]
    near = (np.diff(at_ms) <= gap_ms) & (window[1:] == window[:-1]) & inside[1:] & inside[:-1]
    return intervals.union(np.column_stack([at_ms[:-1][near], at_ms[1:][near]]))


def _raw_steps(scene: _Scene, gap_ms: int) -> tuple[Int64s, Int64s]:
    """Raw step (mm) and time (ms) that end in each primary fix; both 0 after a silence."""
    n = len(scene.fixes)
    raw_mm, duration_ms = np.zeros(n, np.int64), np.zeros(n, np.int64)
    own = np.flatnonzero(scene.primary)
    if len(own) > 1:
        a, b = own[:-1], own[1:]
        elapsed = scene.fixes.at_ms[b] - scene.fixes.at_ms[a]
        near = (elapsed <= gap_ms) & (scene.window[a] == scene.window[b])
        metres = distances_m(scene.lon[a], scene.lat[a], scene.lon[b], scene.lat[b])
        raw_mm[b] = np.where(near, np.rint(metres * 1000), 0).astype(np.int64)
        duration_ms[b] = np.where(near, elapsed, 0)
    return raw_mm, duration_ms


def _assemble(
    inputs: DayInputs,
    fixes: Fixes,
    windows: intervals.Spans,
    duty: Int64s,
    scene: _Scene,
    verdicts: Int8s,
    valid: Int64s,
    piece: Int64s,
    track: Track,
) -> DayFold:
    gap_ms = inputs.rules.online_gap_s * 1000
    online, signals = _online(inputs, scene, windows)
    work = _work(inputs, windows)
    gaps = find_gaps(online, signals, windows, inputs.gap_reports, gap_ms)
    raw_mm, duration_ms = _raw_steps(scene, gap_ms)
    n = len(scene.fixes)
    credited, vehicle = np.zeros(n, np.int64), np.zeros(n, np.int64)
    credited[valid], vehicle[valid] = track.credited_mm, track.vehicle_mm
    track_lon, track_lat = fixes.lon_e7.copy(), fixes.lat_e7.copy()
    track_lon[duty[valid]], track_lat[duty[valid]] = track.lon_e7, track.lat_e7
    both_in = np.zeros(n, bool)
    both_in[valid[1:]] = scene.in_grid[valid[1:]] & scene.in_grid[valid[:-1]]
    own = np.flatnonzero(scene.primary)
    silent = np.concatenate([[False], np.diff(scene.fixes.at_ms[own]) > gap_ms])[: len(own)]

    def spread(values: npt.NDArray[np.generic], fill: int) -> npt.NDArray[np.generic]:
        whole = np.full(len(fixes), fill, values.dtype)
        whole[duty] = values
        return whole

    return DayFold(
        fold_version=FOLD_VERSION,
        fixes=fixes,
        verdicts=spread(verdicts, Verdict.OUTSIDE_DUTY),
        in_grid=spread(scene.in_grid, 0),
        primary=spread(scene.primary, 0),
        credited_mm=spread(credited, 0),
        vehicle_mm=spread(vehicle, 0),
        track_lon_e7=track_lon,
        track_lat_e7=track_lat,
        online_ms=intervals.length_ms(online),
        patrol_ms=intervals.length_ms(intervals.union(_patrol(scene, valid, gap_ms), work)),
        distance_mm=int(credited.sum()),
        in_grid_distance_mm=int(credited[both_in].sum()),
        vehicle_distance_mm=int(vehicle.sum()),
        distance_low_mm=max(int(credited.sum()) - track.error_mm, 0),
        distance_high_mm=int(credited.sum()) + track.error_mm,
        naive_mm=int(raw_mm.sum()),
        max_gap_ms=max((g.end_ms - g.start_ms for g in gaps if g.edge == "between"), default=0),
        duty_ms=intervals.length_ms(windows),
        work_ms=intervals.length_ms(work),
        fixes_on_duty=n,
        outside_duty=len(fixes) - n,
        first_at_ms=int(scene.fixes.at_ms[0]) if n else None,
        last_at_ms=int(scene.fixes.at_ms[-1]) if n else None,
        totals=verdict_totals(verdicts, raw_mm, credited, duration_ms),
        gaps=gaps,
        stays=track.stays,
        segments=find_segments(
            scene.fixes.at_ms[own],
            verdicts[own],
            duty[own],
            silent,
            scene.in_grid[own],
            raw_mm[own],
            credited[own],
            vehicle[own],
        ),
    )
