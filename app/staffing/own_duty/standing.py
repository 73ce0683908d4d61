"""Where an inspector stands at an instant, from his windows on duty. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.staffing.duty import DutyWindow


@dataclass(frozen=True, slots=True)
class Standing:
    """On duty since `since_ms`, and if nobody presses anything until `closes_ms`; both None when off duty."""

    since_ms: int | None
    closes_ms: int | None

    @property
    def is_on_duty(self) -> bool:
        """Whether he is on duty."""
        return self.since_ms is not None


def standing(windows: Sequence[DutyWindow], now_ms: int) -> Standing:
    """The stretch of touching windows that holds `now_ms`; `windows` sorted and disjoint."""
    since_ms = closes_ms = None
    for window in windows:
        if closes_ms != window.start_ms:
            if closes_ms is not None and now_ms < closes_ms:
                break
            since_ms = window.start_ms
        closes_ms = window.end_ms
    if since_ms is None or closes_ms is None or not since_ms <= now_ms < closes_ms:
        return Standing(None, None)
    return Standing(since_ms, closes_ms)
