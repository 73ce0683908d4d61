"""The instant online rate of areas, minute by minute, and what it adds up to. Pure.

online(t) = expected at t and heard within the last minutes (rule); rate(t) = online(t) ÷ expected(t), null where
nobody is expected, never 0. With leave, those on leave count as expected. Figures of longer times are means of the
minutes' rates. Sources: Daishan 2018, 一 (即时在线率达到60%, S4-06); readings: requirements A.6 Q3 and Q4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MINUTES = 1440
QUARTER_MIN = 15
LOOK_BACK_MIN = 60
"""Minutes before the first one asked for that `heard` reaches back: the largest value of the rule."""
CHUNK = 255
"""So many rows of bytes add up without overflow."""


@dataclass(frozen=True, slots=True)
class Spans:
    """k stretches of minutes [start, end) of inspectors (row numbers), all int64[k]."""

    row: Ints
    start: Ints
    end: Ints

    def mask(self, rows: int, minutes: int) -> Bools:
        """bool[rows, minutes]: True inside a span of that row."""
        found = np.zeros((rows, minutes), bool)
        clock = np.arange(minutes, dtype=np.int16)
        layer = _occurrence(self.row)
        for number in range(int(layer.max()) + 1 if len(layer) else 0):
            own = np.flatnonzero(layer == number)
            start, end = (bound[own].astype(np.int16)[:, None] for bound in (self.start, self.end))
            within = (clock >= start) & (clock < end)
            if len(own) == rows and number == 0:
                found[self.row[own]] = within
            else:
                found[self.row[own]] |= within
        return found


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of an area's inspectors, int64[areas, minutes] each."""

    online: Ints
    expected: Ints
    online_with_leave: Ints
    expected_with_leave: Ints


@dataclass(frozen=True, slots=True)
class DayRate:
    """One area's rates of a day, or of a part of it."""

    minutes: int
    rate_sum: float
    quarters: list[float | None]

    @property
    def mean(self) -> float | None:
        """The mean of the minutes' rates; None where nobody was expected in any."""
        return self.rate_sum / self.minutes if self.minutes else None


def online_minutes(heard: Bools, within_min: Ints) -> Bools:
    """bool[n, m]: whether each inspector was heard in the minute or in the `within_min - 1` before it.

    heard: bool[n, LOOK_BACK_MIN + m], its first columns lie before the minutes asked for; within_min: int64[n].
    """
    found = np.empty((len(heard), heard.shape[1] - LOOK_BACK_MIN), bool)
    for within in np.unique(within_min).tolist():
        own = within_min == within
        reached = heard if own.all() else heard[own]
        covered = 1
        while covered < within:  # each round at most doubles the minutes that a signal lasts
            step = min(covered, within - covered)
            later = reached.copy()
            later[:, step:] |= reached[:, :-step]
            reached, covered = later, covered + step
        found[own] = reached[:, LOOK_BACK_MIN:]
    return found


def count(
    online: Bools, expected: Bools, on_leave: Bools, leaf: Ints, above: Sequence[Sequence[int]], areas: int
) -> Counts:
    """Counts of `areas` areas, numbered from 0.

    online, expected, on_leave: bool[n, m]; who is on leave and expected at once is expected.
    leaf: int64[n], sorted: number of the leaf that each inspector belongs to; above[leaf] are the areas it lies in.
    """
    away = on_leave & ~expected
    at_work, all_at_work = _by_leaf(online & expected, leaf, len(above)), _by_leaf(expected, leaf, len(above))
    absent = np.flatnonzero(away.any(axis=1))
    present_away = _by_leaf(online[absent] & away[absent], leaf[absent], len(above))
    all_away = _by_leaf(away[absent], leaf[absent], len(above))
    pairs = [(number, area) for number, held_by in enumerate(above) for area in held_by]
    return Counts(
        *(
            _climb(of_leaf, pairs, areas)
            for of_leaf in (at_work, all_at_work, at_work + present_away, all_at_work + all_away)
        )
    )


def rates(online: Ints, expected: Ints) -> Floats:
    """online ÷ expected, NaN where nobody is expected."""
    found: Floats = np.divide(online, expected, out=np.full(online.shape, np.nan), where=expected > 0)
    return found


def day_rate(rate: Floats) -> DayRate:
    """What the rates of a day's minutes, float64[1440] with NaN where there is none, add up to."""
    known = ~np.isnan(rate)
    by_quarter = rate.reshape(-1, QUARTER_MIN)
    minutes = known.reshape(-1, QUARTER_MIN).sum(axis=1)
    sums = np.nansum(by_quarter, axis=1)
    quarters = [float(s / n) if n else None for s, n in zip(sums.tolist(), minutes.tolist(), strict=True)]
    return DayRate(int(known.sum()), float(np.nansum(rate)), quarters)


def _occurrence(row: Ints) -> Ints:
    """For each element how many equal ones come before it."""
    order = np.argsort(row, kind="stable")
    ordered = row[order]
    first = np.searchsorted(ordered, ordered)
    found = np.empty(len(row), np.int64)
    found[order] = np.arange(len(row)) - first
    return found


def _by_leaf(mask: Bools, leaf: Ints, leaves: int) -> Ints:
    """int64[leaves, m]: how many rows of each leaf are True; `leaf` is sorted."""
    found = np.zeros((leaves, mask.shape[1]), np.int64)
    if not len(leaf):
        return found
    chunk = _occurrence(leaf) // CHUNK
    starts = np.flatnonzero(np.r_[True, (np.diff(leaf) != 0) | (np.diff(chunk) != 0)])
    sums = np.add.reduceat(mask.view(np.uint8), starts, axis=0, dtype=np.uint8)
    of_leaf, of_chunk = leaf[starts], chunk[starts]
    for number in range(int(chunk.max()) + 1):  # within one chunk number every leaf comes once
        own = of_chunk == number
        found[of_leaf[own]] += sums[own]
    return found


def _climb(of_leaf: Ints, pairs: Sequence[tuple[int, int]], areas: int) -> Ints:
    found = np.zeros((areas, of_leaf.shape[1]), np.int64)
    if pairs:
        area, leaf = np.array(sorted((area, leaf) for leaf, area in pairs)).T
        starts = np.flatnonzero(np.r_[True, np.diff(area) != 0])
        found[area[starts]] = np.add.reduceat(of_leaf[leaf], starts, axis=0)
    return found
