"""Sums and unions of stretches of time, in integer milliseconds."""

import numpy as np
import numpy.typing as npt

from app.patrol.fixes import Int64s

Spans = npt.NDArray[np.int64]
"""int64[k, 2]: half-open [start_ms, end_ms), sorted, disjoint after `union`."""


def spans(pairs: list[tuple[int, int]]) -> Spans:
    """Pairs (start_ms, end_ms) as an array; empty and backward ones are dropped."""
    kept = [p for p in pairs if p[1] > p[0]]
    return np.array(sorted(kept), np.int64).reshape(-1, 2)


def union(*parts: Spans) -> Spans:
    """The union of all spans of all parts: sorted, disjoint, touching ones joined."""
    rows = np.concatenate([p.reshape(-1, 2) for p in parts]) if parts else np.empty((0, 2), np.int64)
    rows = rows[rows[:, 1] > rows[:, 0]]
    if not len(rows):
        return rows
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    reach = np.maximum.accumulate(rows[:, 1])
    fresh = np.concatenate([[True], rows[1:, 0] > reach[:-1]])
    first = np.flatnonzero(fresh)
    last = np.concatenate([first[1:] - 1, [len(rows) - 1]])
    return np.column_stack([rows[first, 0], reach[last]])


def clip(parts: Spans, windows: Spans) -> Spans:
    """Every span cut to every window (both disjoint and sorted): their intersection."""
    if not len(parts) or not len(windows):
        return np.empty((0, 2), np.int64)
    start = np.maximum(parts[:, None, 0], windows[None, :, 0]).ravel()
    end = np.minimum(parts[:, None, 1], windows[None, :, 1]).ravel()
    return union(np.column_stack([start, end]))


def length_ms(parts: Spans) -> int:
    """Total milliseconds of disjoint spans."""
    return int((parts[:, 1] - parts[:, 0]).sum())


def window_of(at_ms: Int64s, windows: Spans) -> Int64s:
    """int64[n]: index of the disjoint sorted window that holds each instant, -1 for none."""
    if not len(windows):
        return np.full(len(at_ms), -1, np.int64)
    index = np.searchsorted(windows[:, 0], at_ms, side="right") - 1
    inside = (index >= 0) & (at_ms < windows[np.maximum(index, 0), 1])
    return np.where(inside, index, -1)


def linked(at_ms: Int64s, window: Int64s, gap_ms: int) -> Spans:
    """Spans between sorted neighbours no further than `gap_ms` apart and in the same duty window."""
    if len(at_ms) < 2:
        return np.empty((0, 2), np.int64)
    near = (np.diff(at_ms) <= gap_ms) & (window[1:] == window[:-1])
    return union(np.column_stack([at_ms[:-1][near], at_ms[1:][near]]))
