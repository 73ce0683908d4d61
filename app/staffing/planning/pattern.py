"""A daily pattern laid over days. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

DayRule = Literal["working_days", "weekdays", "every_day"]


@dataclass(frozen=True, slots=True)
class Session:
    """Local times of one stretch; one that does not end after it starts ends on the next day."""

    starts: time
    ends: time
    kind: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which days from `first` to `last` (both included), and what on each; `weekdays` 1 is Monday."""

    first: date
    last: date
    rule: DayRule
    weekdays: frozenset[int]
    sessions: Sequence[Session]

    @property
    def days(self) -> int:
        """How many days it spans."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True, order=True)
class PatternShift:
    """A shift of the pattern, instants in UTC."""

    service_day: date
    starts_at: datetime
    ends_at: datetime
    kind: str


def lay_out(pattern: Pattern, works: Callable[[date], bool], zone: ZoneInfo) -> list[PatternShift]:
    """The pattern's shifts where `works` tells working days, by start."""
    found = []
    for day in _days(pattern, works):
        for session in pattern.sessions:
            ends_on = day if session.ends > session.starts else day + timedelta(days=1)
            found.append(
                PatternShift(
                    day,
                    datetime.combine(day, session.starts, zone).astimezone(UTC),
                    datetime.combine(ends_on, session.ends, zone).astimezone(UTC),
                    session.kind,
                )
            )
    return sorted(found)


def _days(pattern: Pattern, works: Callable[[date], bool]) -> Iterator[date]:
    for n in range(pattern.days):
        day = pattern.first + timedelta(days=n)
        if pattern.rule == "working_days" and not works(day):
            continue
        if pattern.rule == "weekdays" and day.isoweekday() not in pattern.weekdays:
            continue
        yield day
