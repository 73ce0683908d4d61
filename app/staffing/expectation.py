"""What the roster expects of an inspector on a day. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.staffing.duty import PlannedShift

DayState = Literal["expected", "excused", "not_expected"]


@dataclass(frozen=True, slots=True)
class DayKindRule:
    """The meaning of a day kind, as in table `day_kind`."""

    prorate: float
    on_duty: bool
    expects_presence: bool
    excuses: bool


@dataclass(frozen=True, slots=True)
class Expectation:
    """`prorate` is the share of the day's thresholds that remains: 1 for a plain working day."""

    state: DayState
    prorate: float


NOT_EXPECTED = Expectation("not_expected", 0.0)


def day_expectation(shifts: Iterable[PlannedShift], kinds: Mapping[str, DayKindRule]) -> Expectation:
    """What one service day's shifts amount to.

    The share is the mean of the shifts' `prorate`, weighted by their length: a morning of work before an
    afternoon of training asks for half. Nothing planned, or only rest, is not expected; a day on which
    nothing remains to be done because of leave, training, … is excused.
    """
    planned = [(s.end_ms - s.start_ms, kinds[s.kind]) for s in set(shifts)]
    counted = [(length, kind) for length, kind in planned if kind.expects_presence or kind.excuses]
    if not counted:
        return NOT_EXPECTED
    prorate = sum(length * kind.prorate for length, kind in counted) / sum(length for length, _ in counted)
    if prorate == 0:
        return Expectation("excused", 0.0)
    return Expectation("expected", prorate)
