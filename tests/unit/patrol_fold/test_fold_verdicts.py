"""One verdict for each fix: mock, inaccurate, jump, vehicle, stationary, moving."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.kit.geodesy import Float64s, offsets_m
from app.patrol import jumps
from app.patrol.day_inputs import DayInputs, ProfileWindow
from app.patrol.figures import Verdict
from app.patrol.fixes import FLAG_MOCK, Fixes
from app.patrol.fold import fold_day
from app.simulation.receivers import START_MS
from tests.factories.fold_days import Point, path, standing, straight

Day = Callable[..., DayInputs]


def verdict_at(day: DayInputs, seconds: float) -> Verdict:
    folded = fold_day(day)
    at = int(np.flatnonzero(folded.fixes.at_ms == START_MS + round(seconds * 1000))[0])
    return Verdict(int(folded.verdicts[at]))


def moved(points: list[Point], index: int, north_m: float) -> list[Point]:
    t, x, y = points[index]
    return [*points[:index], (t, x, y + north_m), *points[index + 1 :]]


class TestMock:
    def test_mock_wins_over_everything_and_earns_nothing(self, day: Day) -> None:
        fixes = path(straight(600), accuracy_m=99)
        fixes = replace(fixes, flags=np.full(len(fixes), FLAG_MOCK, np.int64))
        folded = fold_day(day(fixes))
        assert folded.totals[Verdict.MOCK].fixes == len(fixes)
        assert folded.distance_m == 0
        assert folded.totals[Verdict.MOCK].uncounted_m == pytest.approx(600, rel=0.03)


class TestInaccurate:
    @pytest.mark.parametrize(("accuracy_m", "count"), [(50, 0), (50.1, 51), (49, 0)])
    def test_worse_than_fifty_metres(self, day: Day, accuracy_m: float, count: int) -> None:
        folded = fold_day(day(path(straight(600), accuracy_m=accuracy_m)))
        assert folded.totals[Verdict.INACCURATE].fixes == count

    def test_unknown_accuracy_is_no_reason_to_drop_a_fix(self, day: Day) -> None:
        fixes = path(straight(600))
        folded = fold_day(day(replace(fixes, accuracy_dm=np.full(len(fixes), -1, np.int64))))
        assert folded.totals[Verdict.INACCURATE].fixes == 0
        assert folded.distance_m == pytest.approx(600, rel=0.03)


class TestJump:
    @pytest.mark.parametrize("every_s", [1, 5, 10, 30])
    @pytest.mark.parametrize("throw_m", [110, 500, 20_000])
    def test_one_fix_thrown_away_is_a_jump_and_leaves_the_distance_alone(
        self, day: Day, every_s: float, throw_m: float
    ) -> None:
        plain = straight(1200, every_s=every_s)
        thrown = day(path(moved(plain, len(plain) // 2, throw_m)))
        assert verdict_at(thrown, plain[len(plain) // 2][0]) is Verdict.JUMP
        assert fold_day(thrown).distance_m == pytest.approx(fold_day(day(path(plain))).distance_m, abs=15)

    def test_a_short_burst_far_away_is_a_jump(self, day: Day) -> None:
        points = straight(1200)
        for index in (40, 41, 42):
            points = moved(points, index, 3000)
        folded = fold_day(day(path(points)))
        assert folded.totals[Verdict.JUMP].fixes == 3
        assert folded.distance_m == pytest.approx(1200, rel=0.03)

    def test_a_leap_that_the_next_fixes_confirm_is_believed_but_earns_nothing(self, day: Day) -> None:
        there = straight(600, start_s=510, x_m=30_000)
        folded = fold_day(day(path(straight(600) + there)))
        assert folded.totals[Verdict.JUMP].fixes == 0
        assert folded.distance_m == pytest.approx(1200, rel=0.03)
        assert folded.vehicle_distance_m == 0

    def test_a_brisk_walker_who_turns_back_is_no_jump(self, day: Day) -> None:
        out = straight(360, speed_mps=1.8, every_s=30)
        back = [(400 - t, x, y) for t, x, y in reversed(out)][1:]
        folded = fold_day(day(path(out + [(t, x, y) for t, x, y in back])))
        assert folded.totals[Verdict.JUMP].fixes == 0

    def test_a_day_of_nothing_but_leaps_is_looked_at_so_often_and_no_more(
        self, day: Day, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked: list[int] = []

        def counted(*degrees: Float64s) -> tuple[Float64s, Float64s]:
            east, north = offsets_m(*degrees)
            looked.append(east.size)
            return east, north

        monkeypatch.setattr(jumps, "offsets_m", counted)
        folded = fold_day(day(path([(float(t), t * 100.0, 0.0) for t in range(28_800)])))
        assert folded.distance_m == 0
        assert folded.totals[Verdict.JUMP].fixes == 14_400
        assert sum(looked) <= jumps.LOOKAHEADS_MAX

    def test_the_last_fix_alone_confirms_nothing(self, day: Day) -> None:
        points = [*straight(600), (510.0, 5000.0, 0.0)]
        assert verdict_at(day(path(points)), 510) is Verdict.JUMP


class TestVehicle:
    def ride(self, speed_mps: float = 10.0) -> Fixes:
        return path(straight(6000, speed_mps=speed_mps, every_s=5))

    def test_sustained_speed_is_shown_apart_and_proves_presence(self, day: Day) -> None:
        folded = fold_day(day(self.ride()))
        assert folded.distance_m == 0
        assert folded.vehicle_distance_m == pytest.approx(6000, rel=0.01)
        assert folded.patrol_s == folded.online_s == 600

    def test_the_profile_decides(self, day: Day) -> None:
        window = ProfileWindow(START_MS, START_MS + 10**7, "ebike")
        folded = fold_day(day(self.ride(6.0), profiles=(window,)))
        assert folded.vehicle_distance_m == 0
        assert folded.distance_m == pytest.approx(6000, rel=0.01)

    def test_a_bus_earns_nothing_at_its_stops(self, day: Day) -> None:
        points: list[Point] = []
        for leg in range(6):
            start = points[-1][0] if points else 0.0
            points += straight(600, 8.0, 5, start, leg * 600)[1 if leg else 0 :]
            points += standing(60, points[-1][0], points[-1][1], 5)[1:]
        assert fold_day(day(path(points))).distance_m < 0.02 * 3600

    def test_a_slow_block_between_two_fast_ones_is_still_the_ride(self, day: Day) -> None:
        points = (
            straight(2000, 10.0, 5) + straight(240, 1.6, 5, 205, 2000) + straight(2000, 10.0, 5, 360, 2240)
        )
        assert fold_day(day(path(points))).distance_m == 0

    def test_a_sprint_is_no_ride(self, day: Day) -> None:
        points = straight(300) + straight(48, 6.0, 2, 252, 306) + straight(300, 1.2, 10, 270, 360)
        assert fold_day(day(path(points))).totals[Verdict.VEHICLE].fixes == 0

    def test_the_walk_after_the_ride_counts(self, day: Day) -> None:
        points = straight(6000, 10.0, 5) + straight(600, 1.2, 10, 610, 6000)[1:]
        assert fold_day(day(path(points))).distance_m == pytest.approx(600, abs=40)


class TestStay:
    def test_a_stop_is_listed_with_its_time_and_place(self, day: Day) -> None:
        points = straight(600) + standing(900, 510, 600) + straight(600, 1.2, 10, 1420, 600)
        folded = fold_day(day(path(points)))
        assert len(folded.stays) == 1
        assert folded.stays[0].duration_s == pytest.approx(900, abs=60)
        assert folded.distance_m == pytest.approx(1200, rel=0.02)
        assert verdict_at(day(path(points)), 900) is Verdict.STATIONARY
        assert verdict_at(day(path(points)), 200) is Verdict.MOVING

    def test_less_than_two_minutes_is_no_stay(self, day: Day) -> None:
        points = straight(600) + standing(60, 510, 600) + straight(600, 1.2, 10, 580, 600)
        assert fold_day(day(path(points))).stays == ()

    def test_two_fixes_between_two_silences_went_nowhere(self, day: Day) -> None:
        assert fold_day(day(path([(0, 0, 0), (60, 12, 0), (1000, 0, 0), (1060, 0, 12)]))).distance_m == 0
