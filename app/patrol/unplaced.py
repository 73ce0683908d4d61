"""Time on line without a place: the handheld gave signs of life, but no fix that proves where. Pure."""

from dataclasses import dataclass

import numpy as np

from app.patrol import intervals
from app.patrol.day_inputs import DayInputs
from app.patrol.figures import VALID_VERDICTS, DayFold
from app.patrol.fixes import Int64s


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A stretch on duty that is no gap and has no valid fix; `cause` as the handheld reported it, or None."""

    start_ms: int
    end_ms: int
    cause: str | None

    @property
    def duration_s(self) -> float:
        return (self.end_ms - self.start_ms) / 1000


def find_unplaced(fold: DayFold, inputs: DayInputs) -> tuple[Unplaced, ...]:
    """Stretches longer than the online gap, by time. It is online time, but no patrol: nobody knows where.

    Work intervals prove presence by themselves and are left out.
    """
    gap_ms = inputs.rules.online_gap_s * 1000
    windows = intervals.union(intervals.spans([(d.start_ms, d.end_ms) for d in inputs.duty]))

    def linked(at_ms: Int64s) -> intervals.Spans:
        signals = np.unique(at_ms)
        window = intervals.window_of(signals, windows)
        return intervals.linked(signals[window >= 0], window[window >= 0], gap_ms)

    placed = linked(fold.fixes.at_ms[np.isin(fold.verdicts, VALID_VERDICTS)])
    known = intervals.union(placed, intervals.spans([(w.start_ms, w.end_ms) for w in inputs.work]))
    found: list[Unplaced] = []
    # from the first sign of life to the last: what lies before and after is no online time
    for start, end in linked(
        np.concatenate([fold.fixes.at_ms, np.asarray(inputs.beats_ms, np.int64)])
    ).tolist():
        own = intervals.clip(known, np.array([[start, end]], np.int64))
        edges = np.concatenate([[start], own.ravel(), [end]]).reshape(-1, 2)
        for low, high in edges[edges[:, 1] - edges[:, 0] > gap_ms].tolist():
            found.append(Unplaced(low, high, _cause(inputs, low - gap_ms, high)))
    return tuple(found)


def _cause(inputs: DayInputs, since_ms: int, until_ms: int) -> str | None:
    """The earliest report from shortly before to the end, as for gaps."""
    told = sorted(r for r in inputs.gap_reports if since_ms <= r.at_ms <= until_ms)
    return told[0].cause if told else None
