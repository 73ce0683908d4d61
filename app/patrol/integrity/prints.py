"""A track's print: a few numbers that equal tracks share, whenever they were sampled. Pure.

The way is followed in steps of 5 m through cells of 15 m; every six cells in a row are hashed, and the sixteen
smallest hashes kept (a bottom-k sketch, Broder 1997). Real walks along one street rarely share any: receivers
err by a cell's width.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import METRES_A_DEGREE
from app.patrol.fixes import Int64s
from app.patrol.integrity.paths import BRIDGE_S, MOVING_MPS, STEP_S, Path, scale

UInt64s = npt.NDArray[np.uint64]

CELL_M = 15.0
"""Cells are the same for every track: east-west they shrink with the cosine of the latitude."""
FOLLOW_M = 5.0
SHINGLE = 6
KEPT = 16
SHARED_MIN = 2
"""Tracks with so many numbers in common are looked at closely."""
CANDIDATES_PER_TRACK = 20
MIX = np.uint64(0x9E3779B97F4A7C15)


def print_of(path: Path) -> Int64s:
    """int64[<= KEPT], sorted; empty for a track that goes nowhere."""
    cells = _cells(path)
    if len(cells) < SHINGLE:
        return np.empty(0, np.int64)
    hashed = np.zeros(len(cells) - SHINGLE + 1, np.uint64)
    for k in range(SHINGLE):
        hashed = _mixed(hashed ^ cells[k : len(cells) - SHINGLE + 1 + k])
    return np.unique((hashed >> np.uint64(1)).astype(np.int64))[:KEPT]


def shared_prints(own: Sequence[Int64s], others: Sequence[Int64s]) -> list[tuple[int, int, int]]:
    """(own, other, numbers in common) of pairs that share SHARED_MIN or more, at most CANDIDATES_PER_TRACK each.

    One sort over all numbers; a number that dozens of tracks share (a common start) names nobody.
    """
    if not own or not others:
        return []
    keys = np.concatenate(list(others))
    who = np.repeat(np.arange(len(others)), [len(p) for p in others])
    order = np.lexsort((who, keys))
    keys, who = keys[order], who[order]
    found: list[tuple[int, int, int]] = []
    for index, numbers in enumerate(own):
        first, last = np.searchsorted(keys, numbers), np.searchsorted(keys, numbers, side="right")
        hits = [who[a:b] for a, b in zip(first, last, strict=True) if 0 < b - a <= 3 * CANDIDATES_PER_TRACK]
        if not hits:
            continue
        other, counts = np.unique(np.concatenate(hits), return_counts=True)
        best = np.lexsort((other, -counts))[:CANDIDATES_PER_TRACK]
        found += [(index, int(other[i]), int(counts[i])) for i in best if counts[i] >= SHARED_MIN]
    return found


def _cells(path: Path) -> UInt64s:
    """The cells that the way passes, neighbours distinct; anchored to the globe, so that days compare."""
    if len(path) < 2:
        return np.empty(0, np.uint64)
    east, north = scale(path.origin_e7[1])
    x = (path.origin_e7[0] / 1e7 + path.x_m / east) * METRES_A_DEGREE
    y = (path.origin_e7[1] / 1e7 + path.y_m / north) * METRES_A_DEGREE
    step, gap = np.hypot(np.diff(path.x_m), np.diff(path.y_m)), np.diff(path.t_s)
    walked = np.where((gap <= BRIDGE_S) & (step >= MOVING_MPS * np.minimum(gap, STEP_S)), step, 0.0)
    along = np.concatenate([[0.0], np.cumsum(walked)])
    keep = np.concatenate([[True], np.diff(along) > 0])
    if keep.sum() < 2:
        return np.empty(0, np.uint64)
    points = np.arange(0.0, along[-1], FOLLOW_M)
    cx = np.floor(np.interp(points, along[keep], x[keep]) / CELL_M).astype(np.int64)
    cy = np.floor(np.interp(points, along[keep], y[keep]) / CELL_M).astype(np.int64)
    cells: UInt64s = (cx * 40_000_003 + cy).astype(np.uint64)
    fresh = np.concatenate([[True], cells[1:] != cells[:-1]])
    distinct: UInt64s = cells[fresh]
    return distinct


def _mixed(
    values: UInt64s,
) -> UInt64s:
    """One round of splitmix64: wrapping is meant."""
    mixed = values * MIX
    mixed ^= mixed >> np.uint64(29)
    return mixed * np.uint64(0xBF58476D1CE4E5B9)
