"""When an inspector is on duty: examples in words, laws by hypothesis, and a second opinion minute by minute."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from app.staffing.duty import (
    LOOK_AROUND,
    VOLUNTARY,
    DutyRules,
    DutyWindow,
    PlannedShift,
    Press,
    duty_windows,
)

ZONE = ZoneInfo("Asia/Shanghai")
RULES = DutyRules()
DAY = date(2026, 11, 20)
MINUTE = 60_000


def ms(clock: str, day: date = DAY) -> int:
    return int(datetime.combine(day, time.fromisoformat(clock), ZONE).timestamp() * 1000)


def shift(start: str, end: str, kind: str = "work", *, on_duty: bool = True, days: int = 0) -> PlannedShift:
    return PlannedShift(ms(start), ms(end, DAY + timedelta(days=days)), DAY, kind, on_duty)


MORNING, AFTERNOON = shift("08:30", "11:30"), shift("14:00", "17:30")


def on(clock: str, day: date = DAY) -> Press:
    return Press(ms(clock, day), "on")


def off(clock: str, day: date = DAY) -> Press:
    return Press(ms(clock, day), "off")


def told(*inputs: PlannedShift | Press, rules: DutyRules = RULES) -> list[str]:
    shifts = [i for i in inputs if isinstance(i, PlannedShift)]
    presses = [i for i in inputs if isinstance(i, Press)]
    return [_told(w) for w in duty_windows(shifts, presses, rules, ZONE)]


def _told(window: DutyWindow) -> str:
    start, end = (
        datetime.fromtimestamp(at / 1000, UTC).astimezone(ZONE).strftime("%H:%M")
        for at in (window.start_ms, window.end_ms)
    )
    return f"{start}-{end} {window.kind} {window.service_day.day}"


class TestPlannedShifts:
    def test_count_by_themselves(self) -> None:
        assert told(AFTERNOON, MORNING) == ["08:30-11:30 work 20", "14:00-17:30 work 20"]

    def test_a_forgotten_off_in_the_morning_costs_nothing_later(self) -> None:
        assert told(MORNING, AFTERNOON, off("10:00")) == ["08:30-10:00 work 20", "14:00-17:30 work 20"]

    def test_off_and_on_again_cut_a_break(self) -> None:
        assert told(MORNING, off("09:00"), on("09:20")) == ["08:30-09:00 work 20", "09:20-11:30 work 20",
                                                            "11:30-12:00 voluntary 20"]  # fmt: skip

    def test_a_late_on_takes_nothing_away(self) -> None:
        assert told(MORNING, on("09:10"), off("11:30")) == ["08:30-11:30 work 20"]

    def test_leave_is_planned_but_not_on_duty(self) -> None:
        assert told(shift("08:30", "17:30", "leave", on_duty=False)) == []

    def test_on_at_the_very_instant_of_off_wins(self) -> None:
        assert told(MORNING, off("09:00"), on("09:00"), off("11:30")) == ["08:30-11:30 work 20"]

    def test_a_night_shift_belongs_to_the_day_on_which_it_starts(self) -> None:
        night = shift("22:00", "06:00", days=1)
        assert told(night, on("23:00"), off("06:20", DAY + timedelta(days=1))) == [
            "22:00-06:00 work 20",
            "06:00-06:20 voluntary 20",
        ]


class TestStretchesOfOneShift:
    """An absence or exemption cuts a shift; what touches goes on as it was."""

    def cut(self, *parts: tuple[str, str, str]) -> list[PlannedShift]:
        kinds = {"leave": False}
        return [
            PlannedShift(ms(start), ms(end), DAY, kind, kinds.get(kind, True), UUID(int=1))
            for start, end, kind in parts
        ]

    def test_who_pressed_off_stays_off_when_the_base_station_fails(self) -> None:
        day = self.cut(("08:00", "10:00", "work"), ("10:00", "11:00", "outage"), ("11:00", "17:30", "work"))
        assert told(*day, off("09:00")) == ["08:00-09:00 work 20"]
        assert told(*day, off("09:00"), on("10:30"), off("11:30")) == [
            "08:00-09:00 work 20",
            "10:30-11:00 outage 20",
            "11:00-11:30 work 20",
        ]
        assert told(*day) == ["08:00-10:00 work 20", "10:00-11:00 outage 20", "11:00-17:30 work 20"]

    def test_an_absence_begins_at_once_although_duty_was_pressed_on(self) -> None:
        day = self.cut(("08:00", "10:00", "work"), ("10:00", "12:00", "leave"), ("12:00", "17:30", "work"))
        assert told(*day, on("08:01"), off("17:30")) == ["08:00-10:00 work 20", "12:00-17:30 work 20"]

    def test_who_comes_back_from_an_absence_is_on_duty_without_a_press(self) -> None:
        day = self.cut(("08:00", "10:00", "work"), ("10:00", "12:00", "leave"), ("12:00", "17:30", "work"))
        assert told(*day, off("09:50")) == ["08:00-09:50 work 20", "12:00-17:30 work 20"]

    def test_who_presses_on_during_his_leave_serves_of_his_own_will(self) -> None:
        day = self.cut(("08:00", "17:30", "leave"))
        assert told(*day, on("09:00"), off("10:00")) == ["09:00-10:00 voluntary 20"]


class TestVoluntaryWindows:
    def test_outside_every_shift_until_off(self) -> None:
        assert told(on("19:00"), off("20:15")) == ["19:00-20:15 voluntary 20"]

    def test_close_by_themselves(self) -> None:
        assert told(on("19:00")) == ["19:00-23:00 voluntary 20"]

    def test_a_later_on_counts_the_time_anew(self) -> None:
        assert told(on("09:00"), on("12:00")) == ["09:00-16:00 voluntary 20"]

    def test_belong_to_the_local_date_of_the_press(self) -> None:
        assert told(on("23:30")) == ["23:30-03:30 voluntary 20"]
        assert told(on("00:30")) == ["00:30-04:30 voluntary 20"]  # 16:30 UTC of the day before

    def test_an_early_press_leads_into_the_shift(self) -> None:
        assert told(MORNING, on("08:10"), off("11:30")) == ["08:10-08:30 voluntary 20", "08:30-11:30 work 20"]

    def test_an_early_press_before_a_shift_at_midnight_belongs_to_the_shifts_day(self) -> None:
        next_day = DAY + timedelta(days=1)
        night = PlannedShift(ms("00:00", next_day), ms("06:00", next_day), next_day, "work")
        assert told(night, on("23:40"))[0] == "23:40-00:00 voluntary 21"
        assert told(night, on("22:40"))[0] == "22:40-00:00 voluntary 20"

    def test_overtime_that_was_pressed_on_ends_with_off_or_by_itself(self) -> None:
        assert told(AFTERNOON, on("13:58"), off("17:45"))[-1] == "17:30-17:45 voluntary 20"
        assert told(AFTERNOON, on("13:58"))[-1] == "17:30-18:00 voluntary 20"
        assert told(AFTERNOON, on("13:58"), off("19:00"))[-1] == "17:30-18:00 voluntary 20"

    def test_no_overtime_without_a_press(self) -> None:
        assert told(AFTERNOON, off("17:45")) == ["14:00-17:30 work 20"]

    def test_off_in_a_shift_ends_the_press_before_it(self) -> None:
        assert told(MORNING, on("08:00"), off("09:00")) == ["08:00-08:30 voluntary 20", "08:30-09:00 work 20"]


moments = st.integers(0, 6 * 24 * 4 - 1).map(lambda quarter: ms("00:00") + quarter * 15 * MINUTE)
presses = st.lists(st.builds(Press, moments, st.sampled_from(["on", "off"])), max_size=25)
rule_sets = st.builds(
    DutyRules,
    st.sampled_from([0, 15, 30, 240]).map(lambda minutes: minutes * MINUTE),
    st.sampled_from([0, 60, 240]).map(lambda minutes: minutes * MINUTE),
    st.sampled_from([1, 4, 16]).map(lambda hours: hours * 60 * MINUTE),
)


@st.composite
def rosters(draw: st.DrawFn) -> list[PlannedShift]:
    """Disjoint shifts, as the database guarantees; the day of each is the local date of its start."""
    found, at = [], ms("00:00")
    for _ in range(draw(st.integers(0, 8))):
        at += draw(st.integers(0, 90)) * 15 * MINUTE
        end = at + draw(st.integers(1, 96)) * 15 * MINUTE
        day = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZONE).date()
        found.append(
            PlannedShift(at, end, day, draw(st.sampled_from(["work", "half_day"])), draw(st.booleans()))
        )
        at = end
    return found


class TestLaws:
    @given(rosters(), presses, rule_sets, st.randoms())
    def test_order_and_repetition_do_not_matter(self, shifts, pressed, rules, random) -> None:  # type: ignore[no-untyped-def]
        again = shifts + shifts[:2], pressed + pressed[:3]
        for inputs in again:
            random.shuffle(inputs)
        assert duty_windows(*again, rules, ZONE) == duty_windows(shifts, pressed, rules, ZONE)

    @given(rosters(), presses, rule_sets)
    def test_windows_are_sorted_and_disjoint(self, shifts, pressed, rules) -> None:  # type: ignore[no-untyped-def]
        windows = duty_windows(shifts, pressed, rules, ZONE)
        assert all(w.start_ms < w.end_ms for w in windows)
        assert all(a.end_ms <= b.start_ms for a, b in pairwise(windows))
        assert all((w.kind == VOLUNTARY) == w.voluntary for w in windows)

    @given(rosters(), rule_sets)
    def test_without_presses_the_plan_is_the_duty(self, shifts, rules) -> None:  # type: ignore[no-untyped-def]
        covered = {(w.start_ms, w.end_ms, w.service_day) for w in duty_windows(shifts, [], rules, ZONE)}
        minutes = sum(end - start for start, end, _ in covered)
        assert minutes == sum(s.end_ms - s.start_ms for s in shifts if s.on_duty)

    @given(rosters(), presses, rule_sets, st.data())
    def test_a_cut_shift_is_on_duty_as_the_whole_one(self, shifts, pressed, rules, data) -> None:  # type: ignore[no-untyped-def]
        whole = [replace(s, shift_id=UUID(int=n), on_duty=True) for n, s in enumerate(shifts)]
        pieces = []
        for shift in whole:
            at_ms = data.draw(st.integers(shift.start_ms, shift.end_ms))
            pieces += [replace(shift, end_ms=at_ms), replace(shift, start_ms=at_ms, kind="outage")]
        covered = [_joined_up(duty_windows(each, pressed, rules, ZONE)) for each in (whole, pieces)]
        assert covered[0] == covered[1]

    @given(rosters(), presses, rule_sets, st.integers(0, 6))
    def test_a_day_is_decided_by_its_surroundings(self, shifts, pressed, rules, offset) -> None:  # type: ignore[no-untyped-def]
        day = DAY + timedelta(days=offset)
        around_ms = LOOK_AROUND // timedelta(milliseconds=1)
        since, until = ms("00:00", day) - around_ms, ms("00:00", day + timedelta(days=1)) + around_ms
        near = [s for s in shifts if s.end_ms > since and s.start_ms < until]
        near_presses = [p for p in pressed if since <= p.at_ms < until]
        whole = [w for w in duty_windows(shifts, pressed, rules, ZONE) if w.service_day == day]
        assert [w for w in duty_windows(near, near_presses, rules, ZONE) if w.service_day == day] == whole

    @example(
        [PlannedShift(ms(f), ms(t), DAY, "work") for f, t in (("00:00", "00:15"), ("00:15", "00:30"))],
        [on("00:00")],
        DutyRules(auto_close_ms=15 * MINUTE, early_press_ms=0, voluntary_max_ms=60 * MINUTE),
    )
    @given(rosters(), presses, rule_sets)
    def test_every_quarter_hour_has_a_second_opinion(self, shifts, pressed, rules) -> None:  # type: ignore[no-untyped-def]
        windows = duty_windows(shifts, pressed, rules, ZONE)
        planned = [s for s in shifts if s.on_duty]
        for quarter in range(8 * 24 * 4):
            at_ms = ms("00:00") + quarter * 15 * MINUTE
            inside = any(w.start_ms <= at_ms < w.end_ms for w in windows)
            assert inside == _is_on_duty(at_ms, planned, pressed, rules), quarter


def _joined_up(windows: tuple[DutyWindow, ...]) -> list[tuple[int, int, date, bool]]:
    """Windows whatever their kind, as one where they touch on one day."""
    found: list[tuple[int, int, date, bool]] = []
    for w in windows:
        if found and found[-1][1:] == (w.start_ms, w.service_day, w.voluntary):
            found[-1] = (found[-1][0], w.end_ms, w.service_day, w.voluntary)
        else:
            found.append((w.start_ms, w.end_ms, w.service_day, w.voluntary))
    return found


def _last_press(since_ms: int, until_ms: int, pressed: list[Press]) -> Press | None:
    """The last press in [since, until]; of two at once `on`."""
    return max(
        (p for p in pressed if since_ms <= p.at_ms <= until_ms), key=lambda p: (p.at_ms, p.kind), default=None
    )


def _runs_into(at_ms: int, planned: list[PlannedShift], pressed: list[Press], rules: DutyRules) -> bool:
    """Whether a voluntary window is open at `at_ms`, outside shifts, by a press before or at it."""
    if any(s.start_ms <= at_ms < s.end_ms for s in planned):
        return False
    last_end = max((s.end_ms for s in planned if s.end_ms <= at_ms), default=0)
    press = _last_press(last_end, at_ms, pressed)
    return press is not None and press.kind == "on" and at_ms < press.at_ms + rules.voluntary_max_ms


def _is_on_duty(at_ms: int, planned: list[PlannedShift], pressed: list[Press], rules: DutyRules) -> bool:
    for shift in planned:
        if shift.start_ms <= at_ms < shift.end_ms:
            press = _last_press(shift.start_ms, at_ms, pressed)
            return press is None or press.kind == "on"
    if _runs_into(at_ms, planned, pressed, rules):
        return True
    ended = max((s for s in planned if s.end_ms <= at_ms), default=None)
    if ended is None or at_ms >= ended.end_ms + rules.auto_close_ms:
        return False
    if _last_press(ended.end_ms, at_ms, pressed) is not None:
        return False
    within = _last_press(ended.start_ms, ended.end_ms - 1, pressed)
    if within is not None:
        return within.kind == "on"
    return _runs_into(ended.start_ms - 1, planned, pressed, rules) and _still_open(ended, pressed, rules)


def _still_open(shift: PlannedShift, pressed: list[Press], rules: DutyRules) -> bool:
    press = _last_press(0, shift.start_ms - 1, pressed)
    return press is not None and shift.start_ms < press.at_ms + rules.voluntary_max_ms
