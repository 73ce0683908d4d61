"""How many visits a month asks for, and whether they were made. Pure.

A month asks by days: each day on the list asks at the rate of its strictest designation, and the month asks
for the mean of its days, rounded half up (`prorated`), for the strictest day (`full`) or for the mildest
(`none`: a day off the list asks for nothing). One visit a day counts, whoever made it; more than asked for
count no more. So a month is done however its visits came, in any order and repetition.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

PartialMonth = Literal["prorated", "full", "none"]
Status = Literal["done", "due", "overdue", "excused", "not_required"]


class Month(NamedTuple):
    """A calendar month [first, end)."""

    first: date
    end: date

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month that `day` lies in."""
        first = day.replace(day=1)
        return cls(first, (first + timedelta(days=31)).replace(day=1))

    @classmethod
    def parse(cls, name: str) -> "Month":
        """The month that is called `2026-11`."""
        return cls.of(date.fromisoformat(f"{name}-01"))

    @property
    def name(self) -> str:
        """`2026-11`."""
        return f"{self.first:%Y-%m}"

    @property
    def days(self) -> int:
        """How many it has."""
        return (self.end - self.first).days


@dataclass(frozen=True, slots=True)
class Listed:
    """On the list during [since, until), `until` None while it lasts; `per_month` visits in a whole month."""

    since: date
    until: date | None
    per_month: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One subject's month. `counted` visits of the `required`; never more than those."""

    required: int
    counted: int
    status: Status


def required_visits(listed: Iterable[Listed], month: Month, partial: PartialMonth) -> int:
    """Visits that the month asks for."""
    spans = [
        (max(each.since, month.first), min(each.until or month.end, month.end), each.per_month)
        for each in listed
    ]
    spans = [span for span in spans if span[0] < span[1]]
    cuts = sorted({month.first, month.end, *(s[0] for s in spans), *(s[1] for s in spans)})
    levels = [
        ((end - start).days, max((n for since, until, n in spans if since <= start < until), default=0))
        for start, end in pairwise(cuts)
    ]
    if partial == "full":
        return max(level for _, level in levels)
    if partial == "none":
        return min(level for _, level in levels)
    asked = sum(days * level for days, level in levels)
    return (2 * asked + month.days) // (2 * month.days)


def standing(
    listed: Sequence[Listed],
    visited_on: Iterable[date],
    month: Month,
    partial: PartialMonth,
    *,
    excused: bool,
    today: date,
) -> Standing:
    """How the subject's month stands on `today`; `visited_on`: days of its proven visits, any month.

    excused: nobody of its grid came to a single shift of the month. What was visited all the same counts.
    """
    required = required_visits(listed, month, partial)
    days = {day for day in visited_on if month.first <= day < month.end}
    counted = min(len(days), required)
    return Standing(required, counted, _status(required, counted, excused, month.end <= today))


def _status(required: int, counted: int, excused: bool, is_over: bool) -> Status:
    if required == 0:
        return "not_required"
    if counted == required:
        return "done"
    if excused:
        return "excused"
    return "overdue" if is_over else "due"


@dataclass(slots=True)
class Tally:
    """Subjects of an area or grid by status. `share`: done of those that were asked for, None when none was."""

    done: int = 0
    due: int = 0
    overdue: int = 0
    excused: int = 0

    def add(self, status: Status) -> None:
        """Counts one subject."""
        if status != "not_required":
            setattr(self, status, getattr(self, status) + 1)

    @property
    def required(self) -> int:
        """Subjects that the month asks a visit for; excused ones are asked for none."""
        return self.done + self.due + self.overdue

    @property
    def share(self) -> float | None:
        """Between 0 and 1."""
        return self.done / self.required if self.required else None
