"""What the roster expects of a day."""

from datetime import date

import pytest

from app.staffing.duty import PlannedShift
from app.staffing.expectation import DayKindRule, Expectation, day_expectation

DAY = date(2026, 11, 20)
HOUR = 3_600_000
KINDS = {
    "work": DayKindRule(1.0, True, True, False),
    "half_day": DayKindRule(0.5, True, True, False),
    "rest": DayKindRule(0.0, False, False, False),
    "leave": DayKindRule(0.0, False, False, True),
}


def shift(kind: str, start_h: int, hours: int) -> PlannedShift:
    return PlannedShift(start_h * HOUR, (start_h + hours) * HOUR, DAY, kind, KINDS[kind].on_duty)


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ([], Expectation("not_expected", 0)),
        ([shift("rest", 0, 24)], Expectation("not_expected", 0)),
        ([shift("work", 8, 3), shift("work", 14, 4)], Expectation("expected", 1)),
        ([shift("half_day", 8, 3)], Expectation("expected", 0.5)),
        ([shift("leave", 8, 8)], Expectation("excused", 0)),
        ([shift("work", 8, 3), shift("leave", 14, 3)], Expectation("expected", 0.5)),
        ([shift("work", 8, 3), shift("rest", 14, 3)], Expectation("expected", 1)),
        ([shift("work", 8, 4), shift("work", 8, 4)], Expectation("expected", 1)),
    ],
)
def test_day(shifts: list[PlannedShift], expected: Expectation) -> None:
    assert day_expectation(shifts, KINDS) == expected
    assert day_expectation(reversed(shifts), KINDS) == expected
