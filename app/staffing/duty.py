"""When an inspector is on duty: planned shifts, corrected by presses on the handheld. Pure.

- A planned shift counts by itself: a forgotten press costs nothing.
- An `off` press ends duty until the next `on`, at the latest until the shift's end; the next shift begins
  on duty again.
- An `on` press outside every shift opens a voluntary window. It ends at the next `off`, where a shift begins,
  or by itself after `voluntary_max_ms`; a later `on` counts that time anew.
- Absences and exemptions cut a shift into stretches of different kinds. A stretch on duty that touches the one
  before it goes on as that one was: nobody who pressed `off` is put on duty by a base station that fails.
- Duty that was pressed on in a shift, or ran into it, goes on after its end as a voluntary window until
  `off`, at most for `auto_close_ms`; not where an absence cut the shift. It is not handed on to a further
  shift: a window depends on nothing older than one voluntary window and one shift, so a day can be computed
  from its surroundings (`LOOK_AROUND`).
- A window belongs to the service day of its shift, also past midnight; so do the voluntary minutes right
  before (pressed at most `early_press_ms` early) and after it. Other voluntary windows belong to the local
  date of the press that opened them.

Presses and shifts may come in any order and any number of times; windows come out sorted and disjoint.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

VOLUNTARY = "voluntary"
MAX_SHIFT = timedelta(hours=24)
LOOK_AROUND = timedelta(hours=72)
"""Shifts and presses within this of a day decide its windows: the longest chain is 16 h voluntary before
24 h of shift before 4 h of grace before 4 h of early press."""

PressKind = Literal["on", "off"]


@dataclass(frozen=True, slots=True, order=True)
class PlannedShift:
    """A shift [start_ms, end_ms), Unix ms, or the stretch of one that an absence or exemption left or took.

    on_duty   False (leave, rest): planned, but not on duty
    shift_id  tells which stretches are of one shift
    """

    start_ms: int
    end_ms: int
    service_day: date
    kind: str
    on_duty: bool = True
    shift_id: UUID | None = None

    def touches(self, later: "PlannedShift") -> bool:
        """Whether `later` follows at once, in the same shift."""
        return self.shift_id is not None and (self.shift_id, self.end_ms) == (later.shift_id, later.start_ms)


@dataclass(frozen=True, slots=True, order=True)
class Press:
    """A press on the handheld, at its corrected time."""

    at_ms: int
    kind: PressKind


@dataclass(frozen=True, slots=True)
class DutyRules:
    """Rules `duty.*` in milliseconds."""

    auto_close_ms: int = 30 * 60_000
    early_press_ms: int = 60 * 60_000
    voluntary_max_ms: int = 4 * 3600_000


@dataclass(frozen=True, slots=True, order=True)
class DutyWindow:
    """A stretch [start_ms, end_ms) on duty. `kind` is the shift's day kind, or VOLUNTARY."""

    start_ms: int
    end_ms: int
    service_day: date
    kind: str
    voluntary: bool


class _Mark(IntEnum):
    """What happens at an instant, in this order."""

    SHIFT_ENDS = 0
    SHIFT_BEGINS = 1
    OFF = 2
    ON = 3


def duty_windows(
    shifts: Iterable[PlannedShift], presses: Iterable[Press], rules: DutyRules, zone: ZoneInfo
) -> tuple[DutyWindow, ...]:
    """The windows on duty, sorted and disjoint. `zone` turns presses into service days."""
    return _windows(frozenset(shifts), frozenset(presses), rules, zone)


@lru_cache(maxsize=8192)  # ingest asks for the same inspector's day with every upload
def _windows(
    shifts: frozenset[PlannedShift], presses: frozenset[Press], rules: DutyRules, zone: ZoneInfo
) -> tuple[DutyWindow, ...]:
    planned = _disjoint(shifts)
    marks = {(s.start_ms, _Mark.SHIFT_BEGINS, i) for i, s in enumerate(planned)}
    marks |= {(s.end_ms, _Mark.SHIFT_ENDS, i) for i, s in enumerate(planned)}
    marks |= {(p.at_ms, _Mark.ON if p.kind == "on" else _Mark.OFF, -1) for p in presses}
    away = frozenset((s.shift_id, s.start_ms) for s in shifts if s.shift_id and not s.on_duty)
    sweep = _Sweep(planned, away, rules, zone)
    for at_ms, mark, index in sorted(marks):
        sweep.advance(at_ms)
        sweep.turn(at_ms, mark, index)
    sweep.finish()
    return tuple(_joined(sweep.windows))


def _disjoint(shifts: Iterable[PlannedShift]) -> list[PlannedShift]:
    """On-duty shifts in order. Where two overlap (the database forbids it) the later one yields."""
    kept: list[PlannedShift] = []
    for shift in sorted(set(shifts)):
        start_ms = max(shift.start_ms, kept[-1].end_ms) if kept else shift.start_ms
        if shift.on_duty and start_ms < shift.end_ms:
            kept.append(replace(shift, start_ms=start_ms))
    return kept


class _Sweep:
    """Goes along the marks. `since_ms` is where the open window began, None when off duty.

    away: (shift, start) of the stretches that absences took.
    """

    def __init__(
        self,
        planned: list[PlannedShift],
        away: frozenset[tuple[UUID | None, int]],
        rules: DutyRules,
        zone: ZoneInfo,
    ) -> None:
        self.windows: list[DutyWindow] = []
        self._planned, self._away, self._rules, self._zone = planned, away, rules, zone
        self._begun = 0  # how many shifts have begun
        self._shift: PlannedShift | None = None
        self._since_ms: int | None = None
        self._closes_ms = 0
        self._day: date | None = None
        self._pressed = False

    def advance(self, at_ms: int) -> None:
        """Up to `at_ms`: a voluntary window whose time is over closes by itself."""
        if self._shift is None and self._since_ms is not None and self._closes_ms <= at_ms:
            self._close(self._closes_ms)
            self._pressed = False

    def turn(self, at_ms: int, mark: _Mark, index: int) -> None:
        """What `mark` changes at `at_ms`."""
        match mark:
            case _Mark.SHIFT_BEGINS:
                self._begin_shift(at_ms, index)
            case _Mark.SHIFT_ENDS:
                if not self._goes_on(index):
                    self._end_shift(at_ms)
            case _Mark.OFF:
                self._close(at_ms)
                self._pressed = False
            case _Mark.ON:
                self._press_on(at_ms)

    def finish(self) -> None:
        """After the last mark."""
        self._close(self._closes_ms)

    def _goes_on(self, index: int) -> bool:
        """Whether the stretch after this one is of the same shift and touches it."""
        following = self._planned[index + 1 : index + 2]
        return bool(following) and self._planned[index].touches(following[0])

    def _begin_shift(self, at_ms: int, index: int) -> None:
        stays_off = index > 0 and self._goes_on(index - 1) and self._since_ms is None
        self._close(at_ms)
        self._shift, self._begun = self._planned[index], index + 1
        if not stays_off:
            self._open(at_ms, self._shift.service_day, self._shift.end_ms)

    def _end_shift(self, at_ms: int) -> None:
        ended = self._shift
        self._close(at_ms)
        self._shift = None
        if self._pressed and ended is not None and (ended.shift_id, at_ms) not in self._away:
            self._open(at_ms, ended.service_day, at_ms + self._rules.auto_close_ms)
        self._pressed = False

    def _press_on(self, at_ms: int) -> None:
        self._pressed = True
        if self._shift is not None:
            if self._since_ms is None:
                self._open(at_ms, self._shift.service_day, self._shift.end_ms)
            return
        self._close(at_ms)
        self._open(at_ms, self._day_of_press(at_ms), at_ms + self._rules.voluntary_max_ms)

    def _day_of_press(self, at_ms: int) -> date:
        early = (
            self._planned[self._begun]
            if self._begun < len(self._planned)
            and self._planned[self._begun].start_ms - at_ms <= self._rules.early_press_ms
            else None
        )
        return (
            early.service_day
            if early
            else datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone).date()
        )

    def _open(self, at_ms: int, day: date, closes_ms: int) -> None:
        self._since_ms, self._day, self._closes_ms = at_ms, day, closes_ms

    def _close(self, at_ms: int) -> None:
        if self._since_ms is not None and self._day is not None and self._since_ms < at_ms:
            kind = VOLUNTARY if self._shift is None else self._shift.kind
            self.windows.append(DutyWindow(self._since_ms, at_ms, self._day, kind, self._shift is None))
        self._since_ms = None


def _joined(windows: list[DutyWindow]) -> list[DutyWindow]:
    """Windows of one day and kind that touch, as one: pressing twice leaves no seam."""
    joined: list[DutyWindow] = []
    for window in windows:
        last = joined[-1] if joined else None
        if (
            last
            and last.end_ms == window.start_ms
            and (last.service_day, last.kind) == (window.service_day, window.kind)
        ):
            joined[-1] = DutyWindow(last.start_ms, window.end_ms, last.service_day, last.kind, last.voluntary)
        else:
            joined.append(window)
    return joined
