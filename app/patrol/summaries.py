"""Gaps, segments and totals: the readable side of a folded day."""

import numpy as np
import numpy.typing as npt

from app.patrol import intervals
from app.patrol.day_inputs import GapReport
from app.patrol.figures import Bools, Gap, Int8s, Segment, Verdict, VerdictTotals
from app.patrol.fixes import Int64s


def find_gaps(
    heard: intervals.Spans,
    signals_ms: Int64s,
    windows: intervals.Spans,
    reports: tuple[GapReport, ...],
    gap_ms: int,
) -> tuple[Gap, ...]:
    """Silences longer than `gap_ms` in each duty window.

    heard       int64[k, 2] time that counts as online
    signals_ms  int64[m] sorted: single signals may stand alone between two silences
    A window without any signal is one gap `before_first`.
    """
    gaps: list[Gap] = []
    for start, end in windows.tolist():
        own = heard[(heard[:, 1] > start) & (heard[:, 0] < end)]
        alone = signals_ms[(signals_ms >= start) & (signals_ms < end)]
        marks = np.concatenate([own, np.column_stack([alone, alone])])
        marks = marks[np.lexsort((marks[:, 1], marks[:, 0]))]
        reach = np.maximum.accumulate(np.concatenate([[start], marks[:, 1]]))
        for before in np.flatnonzero(marks[:, 0] - reach[:-1] > gap_ms).tolist():
            edge = "between" if before else "before_first"
            gaps.append(_gap(int(reach[before]), int(marks[before, 0]), reports, gap_ms, edge))
        if end - reach[-1] > gap_ms:
            gaps.append(
                _gap(int(reach[-1]), end, reports, gap_ms, "after_last" if len(marks) else "before_first")
            )
    return tuple(gaps)


def _gap(start: int, end: int, reports: tuple[GapReport, ...], slack_ms: int, edge: str) -> Gap:
    """The earliest report from shortly before the silence to its end names the cause."""
    told = sorted(r for r in reports if start - slack_ms <= r.at_ms <= end)
    return Gap(start, end, told[0].cause if told else None, edge)  # type: ignore[arg-type]


def verdict_totals(
    verdicts: Int8s, raw_mm: Int64s, credited_mm: Int64s, duration_ms: Int64s, outside_duty: int
) -> dict[Verdict, VerdictTotals]:
    """Counts, metres and time of each verdict, also of those that nobody got (arrays: fixes on duty)."""
    totals = {}
    for verdict in Verdict:
        own = verdicts == verdict
        totals[verdict] = VerdictTotals(
            fixes=int(own.sum()),
            raw_mm=int(raw_mm[own].sum()),
            credited_mm=int(credited_mm[own].sum()),
            duration_ms=int(duration_ms[own].sum()),
        )
    totals[Verdict.OUTSIDE_DUTY] = VerdictTotals(outside_duty, 0, 0, 0)
    return totals


def find_segments(
    at_ms: Int64s,
    verdicts: Int8s,
    index: Int64s | npt.NDArray[np.intp],
    breaks: Bools,
    in_grid: Bools,
    raw_mm: Int64s,
    credited_mm: Int64s,
    vehicle_mm: Int64s,
) -> tuple[Segment, ...]:
    """Runs of one verdict along n fixes sorted by time; `breaks` (bool[n]) starts a new run anyway.

    index: int64[n], the position of each fix in the whole day.
    """
    if not len(at_ms):
        return ()
    fresh = np.concatenate([[True], (verdicts[1:] != verdicts[:-1]) | breaks[1:]])
    first = np.flatnonzero(fresh)
    last = np.concatenate([first[1:] - 1, [len(at_ms) - 1]])
    sums = [np.add.reduceat(a.astype(np.int64), first) for a in (raw_mm, credited_mm, vehicle_mm, in_grid)]
    # A run of n > 1 fixes begins where the one before ended, unless a silence lies between.
    begin = np.where(breaks[first] | (first == 0), first, first - 1)
    return tuple(
        Segment(
            verdict=Verdict(int(verdicts[a])),
            start_ms=int(at_ms[b]),
            end_ms=int(at_ms[z]),
            first=int(index[a]),
            last=int(index[z]),
            raw_mm=int(raw),
            credited_mm=int(credited),
            vehicle_mm=int(vehicle),
            fixes_in_grid=int(inside),
            fixes_count=int(z - a + 1),
        )
        for a, z, b, raw, credited, vehicle, inside in zip(first, last, begin, *sums, strict=True)
    )
