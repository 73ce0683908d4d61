"""The fold: from the inputs of a day to its figures, purely. Same inputs in any order, same bits out."""

from dataclasses import dataclass

import numpy as np

from app.patrol import intervals
from app.patrol.day_inputs import DayInputs
from app.patrol.figures import Bools, DayFold, Gap, Int8s, Segment, Verdict
from app.patrol.fixes import Fixes, Int64s
from app.patrol.scene import (
    Indices,
    Scene,
    lend_verdicts,
    patrol_spans,
    plain_verdicts,
    raw_steps,
    unbroken_pieces,
)
from app.patrol.summaries import find_gaps, find_segments, verdict_totals
from app.patrol.track import Track, trace
from app.patrol.vehicles import find_rides

FOLD_VERSION = 1
"""Raised with every change that can alter a figure; a judged day names the version it was folded with."""


def fold_day(inputs: DayInputs) -> DayFold:
    """Fold one inspector's service day.

    Pure: no clock, no I/O. Any order, split or repetition of the same inputs gives bit-identical figures:
    the fixes are put in canonical order first, and metres and time are summed as integers (mm, ms).
    An empty day gives zeros. Raises nothing, whatever the columns hold.
    """
    rules, gap_ms = inputs.rules, inputs.rules.online_gap_s * 1000
    fixes = inputs.fixes.canonical()
    windows = intervals.union(intervals.spans([(d.start_ms, d.end_ms) for d in inputs.duty]))
    window = intervals.window_of(fixes.at_ms, windows)
    duty = np.flatnonzero(window >= 0)
    scene = Scene.of(fixes.take(duty), window[duty], inputs)
    verdicts, valid, leap = plain_verdicts(scene, rules)
    piece = unbroken_pieces(scene, valid, leap, gap_ms)
    at_ms, lon, lat = scene.fixes.at_ms[valid], scene.lon[valid], scene.lat[valid]
    ride = find_rides(at_ms, lon, lat, scene.caps_mps[valid], piece, rules)
    track = trace(at_ms, lon, lat, scene.accuracy_m[valid], piece, ride, rules)
    verdicts[valid] = track.verdicts
    lend_verdicts(verdicts, scene, valid)
    return _assemble(inputs, fixes, _Folded(windows, duty, scene, verdicts, valid, track))


@dataclass(frozen=True, slots=True, eq=False)
class _Folded:
    """What is known once every fix has its verdict; `duty` and `valid` index the day and the scene."""

    windows: intervals.Spans
    duty: Indices
    scene: Scene
    verdicts: Int8s
    valid: Indices
    track: Track

    def on_scene(self, values: Int64s) -> Int64s:
        """Values of the valid fixes, zero at the others on duty."""
        whole = np.zeros(len(self.scene), np.int64)
        whole[self.valid] = values
        return whole

    def on_day(self, values: Int64s, fill: Int64s) -> Int64s:
        """Values of the fixes on duty, `fill` at the others of the day."""
        whole = fill.copy()
        whole[self.duty] = values
        return whole

    def both_in_grid(self) -> Bools:
        """bool[n]: the fix and the valid one before it lie in an own grid."""
        inside = np.zeros(len(self.scene), bool)
        own = self.scene.in_grid[self.valid]
        inside[self.valid[1:]] = own[1:] & own[:-1]
        return inside


def _assemble(inputs: DayInputs, fixes: Fixes, day: _Folded) -> DayFold:
    gap_ms, scene, track = inputs.rules.online_gap_s * 1000, day.scene, day.track
    work = _work(inputs, day.windows)
    online, gaps = _online(inputs, day, work)
    raw_mm, duration_ms = raw_steps(scene, gap_ms)
    credited, vehicle = day.on_scene(track.credited_mm), day.on_scene(track.vehicle_mm)
    distance_mm = int(credited.sum())
    none = np.zeros(len(fixes), np.int64)
    track_lon, track_lat = fixes.lon_e7.copy(), fixes.lat_e7.copy()
    track_lon[day.duty[day.valid]], track_lat[day.duty[day.valid]] = track.lon_e7, track.lat_e7
    return DayFold(
        fold_version=FOLD_VERSION,
        fixes=fixes,
        verdicts=day.on_day(day.verdicts.astype(np.int64), none + Verdict.OUTSIDE_DUTY).astype(np.int8),
        in_grid=day.on_day(scene.in_grid.astype(np.int64), none).astype(bool),
        primary=day.on_day(scene.primary.astype(np.int64), none).astype(bool),
        credited_mm=day.on_day(credited, none),
        vehicle_mm=day.on_day(vehicle, none),
        track_lon_e7=track_lon,
        track_lat_e7=track_lat,
        online_ms=intervals.length_ms(online),
        patrol_ms=intervals.length_ms(intervals.union(patrol_spans(scene, day.valid, gap_ms), work)),
        distance_mm=distance_mm,
        in_grid_distance_mm=int(credited[day.both_in_grid()].sum()),
        vehicle_distance_mm=int(vehicle.sum()),
        distance_low_mm=max(distance_mm - track.error_mm, 0),
        distance_high_mm=distance_mm + track.error_mm,
        naive_mm=int(raw_mm.sum()),
        max_gap_ms=max((g.end_ms - g.start_ms for g in gaps if g.edge == "between"), default=0),
        duty_ms=intervals.length_ms(day.windows),
        work_ms=intervals.length_ms(work),
        fixes_on_duty=len(scene),
        outside_duty=len(fixes) - len(scene),
        first_at_ms=int(scene.fixes.at_ms[0]) if len(scene) else None,
        last_at_ms=int(scene.fixes.at_ms[-1]) if len(scene) else None,
        totals=verdict_totals(day.verdicts, raw_mm, credited, duration_ms, len(fixes) - len(scene)),
        gaps=gaps,
        stays=track.stays,
        segments=_segments(day, raw_mm, credited, vehicle, gap_ms),
    )


def _work(inputs: DayInputs, windows: intervals.Spans) -> intervals.Spans:
    """Visits and submissions on duty: online and on patrol whatever the fixes say."""
    return intervals.clip(
        intervals.union(intervals.spans([(w.start_ms, w.end_ms) for w in inputs.work])), windows
    )


def _online(
    inputs: DayInputs, day: _Folded, work: intervals.Spans
) -> tuple[intervals.Spans, tuple[Gap, ...]]:
    """Time online by fixes, beats and work, and the silences between."""
    beats = np.unique(np.asarray(inputs.beats_ms, np.int64))
    beats = beats[intervals.window_of(beats, day.windows) >= 0]
    signals = np.unique(np.concatenate([day.scene.fixes.at_ms, beats]))
    gap_ms = inputs.rules.online_gap_s * 1000
    heard = intervals.linked(signals, intervals.window_of(signals, day.windows), gap_ms)
    online = intervals.union(heard, work)
    return online, find_gaps(online, signals, day.windows, inputs.gap_reports, gap_ms)


def _segments(
    day: _Folded, raw_mm: Int64s, credited_mm: Int64s, vehicle_mm: Int64s, gap_ms: int
) -> tuple[Segment, ...]:
    """Runs of one verdict along the primary fixes, cut at silences."""
    scene, own = day.scene, np.flatnonzero(day.scene.primary)
    silent = np.concatenate([[False], np.diff(scene.fixes.at_ms[own]) > gap_ms])[: len(own)]
    return find_segments(
        scene.fixes.at_ms[own],
        day.verdicts[own],
        day.duty[own],
        silent,
        scene.in_grid[own],
        raw_mm[own],
        credited_mm[own],
        vehicle_mm[own],
    )
