"""The status of a day against its thresholds."""

from dataclasses import replace

import pytest

from app.patrol.judging import DayFigures, DayKind, PatrolPolicy, Thresholds, judge, online_share

GOOD = DayFigures(
    patrol_s=5 * 3600, distance_m=4000, distance_low_m=3850, distance_high_m=4150,
    in_grid_distance_m=3500, online_share=0.8, signals=900,
)  # fmt: skip


def status(
    figures: DayFigures = GOOD,
    thresholds: Thresholds | None = None,
    kind: DayKind | None = None,
    policy: PatrolPolicy | None = None,
    day_over: bool = True,
) -> str:
    return judge(
        figures, thresholds or Thresholds(), kind or DayKind(), policy or PatrolPolicy(), day_over=day_over
    ).status


class TestThresholds:
    @pytest.mark.requirement("S4-32")
    @pytest.mark.parametrize(
        ("patrol_s", "expected"),
        [(4 * 3600 - 61, "fail"), (4 * 3600 - 30, "review"), (4 * 3600 + 61, "pass")],
    )
    def test_four_hours_of_patrol_are_asked_each_day(self, patrol_s: float, expected: str) -> None:
        assert status(replace(GOOD, patrol_s=patrol_s)) == expected

    @pytest.mark.requirement("S4-33")
    @pytest.mark.parametrize(
        ("low", "found", "high", "expected"),
        [
            (2700, 2800, 2900, "fail"),
            (2850, 2950, 3050, "review"),
            (2950, 3050, 3150, "review"),
            (3000, 3100, 3200, "pass"),
        ],
    )
    def test_three_kilometres_are_asked_each_day(
        self, low: float, found: float, high: float, expected: str
    ) -> None:
        figures = replace(GOOD, distance_m=found, distance_low_m=low, distance_high_m=high)
        assert status(figures) == expected

    @pytest.mark.parametrize(("share", "expected"), [(0.59, "fail"), (0.6, "pass"), (None, "pass")])
    def test_sixty_per_cent_online_and_nobody_expected_is_no_failure(
        self, share: float | None, expected: str
    ) -> None:
        assert status(replace(GOOD, online_share=share)) == expected

    def test_a_county_may_count_only_the_own_grid(self) -> None:
        figures = replace(GOOD, in_grid_distance_m=2500)
        assert status(figures) == "pass"
        assert status(figures, Thresholds(distance_basis="in_grid")) == "fail"

    def test_a_half_day_asks_half(self) -> None:
        figures = replace(
            GOOD, patrol_s=2.5 * 3600, distance_m=1700, distance_low_m=1600, distance_high_m=1800
        )
        assert status(figures) == "fail"
        assert status(figures, kind=DayKind("half_day", 0.5)) == "pass"

    def test_the_worst_check_decides(self) -> None:
        figures = replace(GOOD, patrol_s=0, distance_m=3000)
        assert status(figures) == "fail"


class TestOtherStatus:
    def test_rest_days_and_areas_that_do_not_assess_are_not_expected(self) -> None:
        assert status(kind=DayKind("rest", 0, "not_expected")) == "not_expected"
        assert status(policy=PatrolPolicy("record")) == "not_expected"

    def test_sick_leave_is_excused_even_without_data(self) -> None:
        nothing = DayFigures(0, 0, 0, 0, 0, None, 0)
        assert status(nothing, kind=DayKind("leave", 0, "excused")) == "excused"
        assert status(nothing) == "no_data"

    def test_a_running_day_is_provisional_and_tells_what_is_missing(self) -> None:
        running = judge(
            replace(GOOD, distance_m=1900, distance_low_m=1800, distance_high_m=2000),
            Thresholds(), DayKind(), PatrolPolicy(), day_over=False,
        )  # fmt: skip
        assert running.status == "provisional"
        assert {r.check: r.missing for r in running.reasons}["distance_m"] == 1100


class TestOnlineShare:
    def test_slots_with_a_signal_in_them_or_just_before(self) -> None:
        # Four slots; a signal in the first, one five minutes before the third begins, none for the fourth.
        assert online_share([10, 1_500_001], [(0, 3_600_000)]) == 0.75
        assert online_share([10, 1_499_999], [(0, 3_600_000)]) == 0.5

    def test_nobody_expected_is_none(self) -> None:
        assert online_share([10], []) is None

    def test_no_signal_is_zero(self) -> None:
        assert online_share([], [(0, 3_600_000)]) == 0.0
