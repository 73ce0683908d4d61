"""Which days a change of an appointment touches."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.dialects.postgresql import Range

from app.staffing.touched_days import touched_days

ZONE = ZoneInfo("Asia/Shanghai")
Term = Range[datetime]


def term(first: int, last: int | None) -> Term:
    """From local midnight of November `first` to that of `last`."""
    start, end = (datetime(2026, 11, d, tzinfo=ZONE).astimezone(UTC) if d else None for d in (first, last))
    return Range(start, end)


def nov(day: int) -> date:
    return date(2026, 11, day)


@pytest.mark.parametrize(
    ("before", "after", "days"),
    [
        (None, term(10, 20), [(nov(9), nov(20))]),
        (None, term(10, None), [(nov(9), None)]),
        (term(10, 20), term(10, 20), []),
        (term(10, 20), term(10, 15), [(nov(14), nov(20))]),
        (term(10, None), term(10, 15), [(nov(14), None)]),
        (term(10, 20), term(12, 25), [(nov(9), nov(12)), (nov(19), nov(25))]),
        (term(2, 4), term(10, 12), [(nov(1), nov(4)), (nov(9), nov(12))]),
    ],
)
def test_days_that_differ(before: Term | None, after: Term, days: list[tuple[date, date | None]]) -> None:
    assert touched_days(before, after, ZONE) == days
