"""Counting in working days and working hours. Pure: calendar and zone are passed in.

The day on which something is reported does not count (requirements A.6 Q2, Civil Code art. 201).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from app.rules.sessions import Session, Timetable
from app.rules.statutory import statutory_holidays

DeadlineClose = Literal["close_of_business", "midnight"]
MAX_SEARCH_DAYS = 10 * 366
PLAIN_WEEK = "plain week"
STATUTORY = "State Council Decree 795"


class DayKind(StrEnum):
    """What a day is for the calendar."""

    WORKDAY = "workday"
    MAKEUP_WORKDAY = "makeup_workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    CLOSURE = "closure"


DAY_KIND_LABELS: Mapping[DayKind, str] = {
    DayKind.WORKDAY: "工作日",
    DayKind.MAKEUP_WORKDAY: "调休上班日",
    DayKind.WEEKEND: "周末",
    DayKind.HOLIDAY: "节假日",
    DayKind.CLOSURE: "停工日",
}
WORKING = frozenset({DayKind.WORKDAY, DayKind.MAKEUP_WORKDAY})


class NoWorkingTimeError(ValueError):
    """No working day within ten years: the calendar is wrong, not the question."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day, and whether that may still change because the year's official list isn't stored."""

    day: date
    kind: DayKind
    provisional: bool
    source: str
    name: str = ""

    @property
    def works(self) -> bool:
        """Whether it counts as a working day."""
        return self.kind in WORKING


@dataclass(frozen=True, slots=True)
class Due:
    """A day or an instant counted by a calendar; `provisional` when a day on the way may still change."""

    day: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class DueAt:
    """An instant (UTC) counted by a calendar; `provisional` as in `Due`."""

    at: datetime
    provisional: bool


class WorkCalendar:
    """The working calendar of one place.

    listed        days that differ from the plain week
    published     years whose official list is stored; other years know only the statutory holidays
    timetable_on  working sessions that apply on a day
    """

    def __init__(
        self,
        listed: Mapping[date, CalendarDay],
        published: frozenset[int],
        timetable_on: Callable[[date], Timetable],
    ) -> None:
        self._listed, self._published, self._timetable_on = listed, published, timetable_on

    def day(self, day: date) -> CalendarDay:
        """What `day` is."""
        listed = self._listed.get(day)
        if listed is not None:
            return listed
        provisional = day.year not in self._published
        holiday = statutory_holidays(day.year).get(day) if provisional else None
        if holiday is not None:
            return CalendarDay(day, DayKind.HOLIDAY, True, STATUTORY, holiday)
        kind = DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY
        return CalendarDay(day, kind, provisional, PLAIN_WEEK)

    def timetable(self, day: date) -> tuple[Session, ...]:
        """Working sessions of `day` in local minutes, in order; none on a rest day."""
        return self._timetable_on(day).on(day) if self.day(day).works else ()

    def sessions(self, day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
        """Working sessions of `day` as instants (UTC), in order; none on a rest day."""
        found = self.timetable(day)
        return [(_instant(day, s.opens_min, zone), _instant(day, s.closes_min, zone)) for s in found]


def add_working_days(start: date, days: int, calendar: WorkCalendar) -> Due:
    """The `days`-th working day after `start`, which itself never counts; days >= 1.

    Raises ValueError for fewer, NoWorkingTimeError when the calendar has not that many within ten years.
    """
    if days < 1:
        raise ValueError("count at least one working day")
    left, provisional = days, False
    for ahead in range(1, MAX_SEARCH_DAYS):
        day = calendar.day(start + timedelta(days=ahead))
        provisional |= day.provisional
        left -= day.works
        if not left:
            return Due(day.day, provisional)
    raise NoWorkingTimeError


def working_days_between(start: date, end: date, calendar: WorkCalendar) -> int:
    """Working days after `start` up to and including `end`; 0 when `end` is not after `start`."""
    return sum(calendar.day(start + timedelta(days=n)).works for n in range(1, (end - start).days + 1))


def deadline_at(day: date, close: DeadlineClose, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a deadline on `day` ends: the end of its last session, or 24:00.

    A day without sessions ends at 24:00.
    """
    if close == "close_of_business":
        sessions = calendar.sessions(day, zone)
        if sessions:
            return sessions[-1][1]
    return _instant(day, 24 * 60, zone)


def due_in_working_days(
    start: datetime, days: int, close: DeadlineClose, calendar: WorkCalendar, zone: ZoneInfo
) -> DueAt:
    """When something reported at `start` (aware) and due within `days` working days is overdue."""
    due = add_working_days(start.astimezone(zone).date(), days, calendar)
    return DueAt(deadline_at(due.day, close, calendar, zone), due.provisional)


def due_in_working_time(
    start: datetime, duration: timedelta, calendar: WorkCalendar, zone: ZoneInfo
) -> DueAt:
    """The instant at which `duration` of working time has passed since `start` (aware).

    The clock runs only inside sessions; a duration that ends with a session ends there, not at the next
    opening. Nothing left to wait for is due at `start`. Raises ValueError for a negative duration.
    """
    if duration < timedelta(0):
        raise ValueError("a duration is not negative")
    start, left, provisional = start.astimezone(UTC), duration, False
    if not left:
        return DueAt(start, False)
    for day in _days_from(start, zone):
        provisional |= calendar.day(day).provisional
        for opens, closes in calendar.sessions(day, zone):
            open_time = closes - max(opens, start)
            if open_time >= left:
                return DueAt(max(opens, start) + left, provisional)
            left -= max(open_time, timedelta(0))
    raise NoWorkingTimeError


def working_time_between(start: datetime, end: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> timedelta:
    """Working time in [start, end), both aware; zero when `end` is not after `start`."""
    total = timedelta(0)
    last = end.astimezone(zone).date()
    day = start.astimezone(zone).date()
    while day <= last:
        for opens, closes in calendar.sessions(day, zone):
            total += max(min(closes, end) - max(opens, start), timedelta(0))
        day += timedelta(days=1)
    return total


def _days_from(start: datetime, zone: ZoneInfo) -> Iterator[date]:
    first = start.astimezone(zone).date()
    return (first + timedelta(days=n) for n in range(MAX_SEARCH_DAYS))


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    if minute == 24 * 60:
        day, minute = day + timedelta(days=1), 0
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)
