"""Working days and working hours against checked vectors, and the laws they must obey."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from chinese_calendar import get_solar_terms, is_workday
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendar_seed import packaged_days
from app.rules.sessions import Season, Session, Timetable
from app.rules.statutory import qingming, statutory_holidays
from app.rules.working_time import (
    CalendarDay,
    DayKind,
    NoWorkingTimeError,
    WorkCalendar,
    add_working_days,
    deadline_at,
    due_in_working_days,
    due_in_working_time,
    working_days_between,
    working_time_between,
)

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE_HOURS = Timetable.of(["08:30-11:30", "14:00-17:30"])
LISTED = {day: CalendarDay(day, kind, False, "package", name) for day, kind, name in packaged_days()}
PUBLISHED = frozenset(range(2004, 2027))
CALENDAR = WorkCalendar(LISTED, PUBLISHED, lambda day: OFFICE_HOURS)
VECTORS = list(
    csv.DictReader((Path(__file__).parents[2] / "data" / "workday_vectors.csv").read_text().splitlines())
)
instants = st.integers(0, 600 * 86_400_000).map(
    lambda ms: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
days = st.dates(date(2025, 1, 1), date(2026, 9, 1))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


class TestWorkingDays:
    @pytest.mark.parametrize("row", VECTORS, ids=[row["reported_on"] for row in VECTORS])
    @pytest.mark.parametrize("count", [2, 3, 5, 10])
    def test_checked_deadline(self, row: dict[str, str], count: int) -> None:
        due = add_working_days(date.fromisoformat(row["reported_on"]), count, CALENDAR)
        assert due.day == date.fromisoformat(row[f"plus_{count}"])
        assert not due.provisional

    def test_every_seeded_day_agrees_with_the_package(self) -> None:
        day = date(2004, 1, 1)
        while day.year < 2027:
            assert CALENDAR.day(day).works == is_workday(day), day
            day += timedelta(days=1)

    @given(days, st.integers(1, 40))
    def test_counting_back_gives_the_number(self, start: date, count: int) -> None:
        due = add_working_days(start, count, CALENDAR)
        assert CALENDAR.day(due.day).works
        assert working_days_between(start, due.day, CALENDAR) == count

    @given(days, st.integers(1, 20), st.integers(1, 20))
    def test_in_two_steps_as_in_one(self, start: date, first: int, second: int) -> None:
        halfway = add_working_days(start, first, CALENDAR).day
        assert add_working_days(halfway, second, CALENDAR) == add_working_days(
            start, first + second, CALENDAR
        )

    def test_into_an_unpublished_year_is_provisional(self) -> None:
        assert add_working_days(date(2026, 12, 25), 4, CALENDAR).provisional is False
        due = add_working_days(date(2026, 12, 25), 5, CALENDAR)
        assert (due.day, due.provisional) == (date(2027, 1, 4), True)

    def test_spring_festival_of_an_unpublished_year_is_not_worked(self) -> None:
        assert add_working_days(date(2027, 2, 4), 1, CALENDAR).day == date(2027, 2, 9)

    def test_less_than_a_day_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            add_working_days(date(2026, 1, 5), 0, CALENDAR)

    def test_a_calendar_without_working_days_is_refused(self) -> None:
        class Closed(WorkCalendar):
            def day(self, day: date) -> CalendarDay:
                return CalendarDay(day, DayKind.CLOSURE, False, "test")

        closed = Closed({}, frozenset(), lambda day: OFFICE_HOURS)
        with pytest.raises(NoWorkingTimeError):
            add_working_days(date(2026, 1, 5), 1, closed)
        with pytest.raises(NoWorkingTimeError):
            due_in_working_time(at("2026-01-05 09:00"), timedelta(hours=1), closed, ZONE)


class TestDeadlines:
    def test_ends_when_business_closes(self) -> None:
        due = due_in_working_days(at("2026-02-13 16:00"), 2, "close_of_business", CALENDAR, ZONE)
        assert due.at == at("2026-02-24 17:30")

    def test_or_at_midnight(self) -> None:
        assert deadline_at(date(2026, 2, 24), "midnight", CALENDAR, ZONE) == at("2026-02-25 00:00")

    def test_report_late_in_the_evening_belongs_to_its_local_day(self) -> None:
        reported = datetime(2026, 4, 29, 17, 0, tzinfo=UTC)  # 01:00 of 30 April in Shanghai
        assert due_in_working_days(reported, 2, "midnight", CALENDAR, ZONE).at == at("2026-05-08 00:00")

    def test_a_rest_day_ends_at_midnight(self) -> None:
        assert deadline_at(date(2026, 2, 18), "close_of_business", CALENDAR, ZONE) == at("2026-02-19 00:00")


class TestWorkingHours:
    @pytest.mark.parametrize(
        ("start", "hours", "due"),
        [
            ("2026-11-20 10:30", 1, "2026-11-20 11:30"),  # ends with the session, not at the next opening
            ("2026-11-20 10:30", 2, "2026-11-20 15:00"),
            ("2026-11-20 12:00", 1, "2026-11-20 15:00"),
            ("2026-11-20 17:00", 4, "2026-11-23 14:30"),  # over the weekend
            ("2026-09-30 17:00", 1, "2026-10-08 09:00"),  # over the holiday
            ("2026-11-20 10:30", 0, "2026-11-20 10:30"),
        ],
    )
    def test_clock_runs_only_in_sessions(self, start: str, hours: int, due: str) -> None:
        assert due_in_working_time(at(start), timedelta(hours=hours), CALENDAR, ZONE).at == at(due)

    @given(instants, st.integers(1, 60 * 60 * 100))
    def test_time_between_is_what_was_added(self, start: datetime, seconds: int) -> None:
        duration = timedelta(seconds=seconds)
        due = due_in_working_time(start, duration, CALENDAR, ZONE).at
        assert working_time_between(start, due, CALENDAR, ZONE) == duration
        assert working_time_between(start, due - timedelta(milliseconds=1), CALENDAR, ZONE) < duration

    @given(instants, instants, instants)
    def test_time_between_adds_up(self, one: datetime, two: datetime, three: datetime) -> None:
        first, second, third = sorted([one, two, three])
        whole = working_time_between(first, third, CALENDAR, ZONE)
        parts = working_time_between(first, second, CALENDAR, ZONE) + working_time_between(
            second, third, CALENDAR, ZONE
        )
        assert whole == parts

    def test_negative_duration_is_refused(self) -> None:
        with pytest.raises(ValueError, match="negative"):
            due_in_working_time(at("2026-11-20 10:30"), timedelta(hours=-1), CALENDAR, ZONE)

    def test_sessions_follow_the_season(self) -> None:
        summer = Season((6, 1), (9, 30), (Session(8 * 60, 11 * 60), Session(15 * 60, 18 * 60)))
        seasonal = WorkCalendar(LISTED, PUBLISHED, lambda day: Timetable(OFFICE_HOURS.sessions, (summer,)))
        assert deadline_at(date(2026, 7, 1), "close_of_business", seasonal, ZONE) == at("2026-07-01 18:00")
        assert deadline_at(date(2026, 11, 2), "close_of_business", seasonal, ZONE) == at("2026-11-02 17:30")

    def test_a_season_may_run_over_the_new_year(self) -> None:
        winter = Season((11, 1), (3, 31), (Session(540, 720),))
        assert [winter.holds(date(2026, month, 1)) for month in (1, 3, 4, 10, 11, 12)] == [
            True, True, False, False, True, True,
        ]  # fmt: skip


class TestStatutoryHolidays:
    def test_qingming_is_the_solar_term(self) -> None:
        for year in range(2001, 2100):
            april = get_solar_terms(date(year, 4, 1), date(year, 4, 10))
            assert [day for day, name in april if name == "清明"] == [qingming(year)]

    def test_thirteen_days_where_the_lunar_dates_are_known(self) -> None:
        for year in range(2027, 2041):
            expected = 13 - (year in (2031, 2028, 2039))  # Mid-Autumn falls into the National Day holiday
            assert len(statutory_holidays(year)) == expected, year

    def test_beyond_the_table_only_fixed_dates(self) -> None:
        assert date(2099, 10, 1) in statutory_holidays(2099)
        assert len(statutory_holidays(2099)) == 7
