"""Rides: sustained speed above what the movement profile allows, with the stops on the way."""

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import distances_m
from app.patrol.figures import Bools
from app.patrol.fixes import Int64s
from app.patrol.fold_rules import FoldRules

Float64s = npt.NDArray[np.float64]


def find_rides(
    at_ms: Int64s, lon: Float64s, lat: Float64s, caps_mps: Float64s, piece: Int64s, rules: FoldRules
) -> Bools:
    """bool[n] over valid fixes sorted by time: True where the inspector sat in a vehicle.

    The speed is the net displacement over `speed_window_s`, so that noise of 1 Hz fixes (1 m is 3.6 km/h) does
    not read as speed. A ride must last `vehicle_min_s` above the cap; it reaches on while the speed stays
    above a fast walk, and over stops shorter than `vehicle_bridge_s`, so that a bus earns nothing at its stops.
    """
    if len(at_ms) < 2:
        return np.zeros(len(at_ms), bool)
    speed = windowed_speeds(at_ms, lon, lat, piece, rules.speed_window_s)
    speed = np.maximum(speed, sparse_speeds(at_ms, lon, lat, piece, rules.speed_window_s))
    fast = _lasting(speed > caps_mps, at_ms, piece, rules.vehicle_min_s)
    if not fast.any():
        return fast
    lingering = (speed > np.minimum(rules.vehicle_linger_mps, caps_mps)) | fast
    ride = _runs_touching(lingering, fast, piece)
    return _bridged(ride, at_ms, piece, rules.vehicle_bridge_s)


def windowed_speeds(at_ms: Int64s, lon: Float64s, lat: Float64s, piece: Int64s, window_s: float) -> Float64s:
    """float64[n] m/s: net displacement over `window_s` around each fix, at least to both neighbours."""
    half = round(window_s * 500)
    index = np.arange(len(at_ms))
    begin, end = np.searchsorted(piece, piece), np.searchsorted(piece, piece, side="right") - 1
    low = np.minimum(np.searchsorted(at_ms, at_ms - half), index - 1)
    high = np.maximum(np.searchsorted(at_ms, at_ms + half, side="right") - 1, index + 1)
    low, high = np.maximum(low, begin), np.minimum(high, end)
    metres = distances_m(lon[low], lat[low], lon[high], lat[high])
    return np.asarray(metres * 1000 / np.maximum(at_ms[high] - at_ms[low], 1000), np.float64)


def sparse_speeds(at_ms: Int64s, lon: Float64s, lat: Float64s, piece: Int64s, window_s: float) -> Float64s:
    """float64[n] m/s: the faster of the steps to both neighbours, where a step is long enough to trust.

    At 30 s sampling a window over both neighbours would average a bus with its stop.
    """
    elapsed = np.diff(at_ms)
    metres = distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    trusted = (elapsed >= window_s * 500) & (np.diff(piece) == 0)
    speed = np.where(trusted, metres * 1000 / np.maximum(elapsed, 1), 0.0)
    return np.asarray(np.maximum(np.append(speed, 0.0), np.concatenate([[0.0], speed])), np.float64)


def runs(mask: Bools, piece: Int64s) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First and last index of every run of True, cut at the borders of pieces."""
    if not len(mask):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    border = np.concatenate([[True], (mask[1:] != mask[:-1]) | (piece[1:] != piece[:-1])])
    first = np.flatnonzero(border)
    last = np.concatenate([first[1:] - 1, [len(mask) - 1]])
    return first[mask[first]], last[mask[first]]


def _lasting(mask: Bools, at_ms: Int64s, piece: Int64s, min_s: float) -> Bools:
    kept = np.zeros(len(mask), bool)
    for first, last in zip(*runs(mask, piece), strict=True):
        before = first - 1 if first and piece[first - 1] == piece[first] else first
        if at_ms[last] - at_ms[before] >= min_s * 1000:
            kept[first : last + 1] = True
    return kept


def _runs_touching(mask: Bools, core: Bools, piece: Int64s) -> Bools:
    kept = np.zeros(len(mask), bool)
    for first, last in zip(*runs(mask, piece), strict=True):
        if core[first : last + 1].any():
            kept[first : last + 1] = True
    return kept


def _bridged(mask: Bools, at_ms: Int64s, piece: Int64s, bridge_s: float) -> Bools:
    joined = mask.copy()
    firsts, lasts = runs(mask, piece)
    for last, following in zip(lasts[:-1], firsts[1:], strict=True):
        if piece[last] == piece[following] and at_ms[following] - at_ms[last] <= bridge_s * 1000:
            joined[last:following] = True
    return joined
