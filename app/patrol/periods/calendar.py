"""Which days, weeks and months there are, and when each is sealed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from app.rules.working_time import WorkCalendar, add_working_days, deadline_at

Kind = Literal["day", "week", "month"]
Status = Literal["open", "closing", "sealed"]
KINDS: tuple[Kind, ...] = ("day", "week", "month")
NAMESPACE = UUID("0d2bd9c1-7f0e-5c8e-9a3e-70e410d00000")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period of the calendar: both days belong to it. Weeks begin on Monday."""

    kind: Kind
    first_day: date
    last_day: date

    def id_in(self, county_code: str) -> UUID:
        """The period's id in a county: made of what it is, so that noting it twice changes nothing."""
        return uuid5(NAMESPACE, f"{county_code}/{self.kind}/{self.first_day.isoformat()}")


def stretch_of(kind: Kind, day: date) -> Stretch:
    """The day, week or month that `day` lies in."""
    if kind == "day":
        return Stretch(kind, day, day)
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return Stretch(kind, monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    return Stretch(kind, first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))


def stretches(first: date, last: date) -> Iterator[Stretch]:
    """Every period of every kind that holds a day from `first` to `last`."""
    for kind in KINDS:
        day = first
        while day <= last:
            stretch = stretch_of(kind, day)
            yield stretch
            day = stretch.last_day + timedelta(days=1)


def is_over(last_day: date, today: date) -> bool:
    """Whether nothing more can happen in a period."""
    return last_day < today


def seal_due_at(
    kind: Kind, last_day: date, working_days: int, calendar: WorkCalendar, zone: ZoneInfo
) -> datetime:
    """When a period is sealed: at the close of the `working_days`-th working day after it, UTC.

    A day is part of its month and is sealed with it: appeals about it run for as long.
    Raises NoWorkingTimeError when the calendar has no working days.
    """
    if kind == "day":
        last_day = stretch_of("month", last_day).last_day
    due = add_working_days(last_day, working_days, calendar)
    return deadline_at(due.day, "close_of_business", calendar, zone)
