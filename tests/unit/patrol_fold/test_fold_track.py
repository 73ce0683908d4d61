"""Metres: the anchored track."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.patrol.anchoring import corner_knots
from app.patrol.day_inputs import DayInputs
from app.patrol.fixes import Fixes
from app.patrol.fold import fold_day
from app.patrol.fold_rules import FoldRules
from app.patrol.unseen_corners import restore
from app.simulation.receivers import Receiver, record
from app.simulation.truths import along, still
from tests.factories.fold_days import path, straight

Day = Callable[..., DayInputs]


class TestMetres:
    @pytest.mark.parametrize("speed_mps", [0.5, 0.7, 1.2, 2.5])
    @pytest.mark.parametrize("every_s", [1, 5, 10, 30, 60])
    def test_a_straight_walk_without_noise_is_exact(self, day: Day, speed_mps: float, every_s: float) -> None:
        points = straight(1800, speed_mps, every_s)
        assert fold_day(day(path(points))).distance_m == pytest.approx(points[-1][1], rel=0.01)

    @pytest.mark.parametrize("every_s", [1.0, 5.0, 10.0, 30.0])
    def test_going_to_and_fro_on_one_street_counts_each_time(self, day: Day, every_s: float) -> None:
        corners = np.array([[100.0 * (i % 2), 0.0] for i in range(21)])
        truth = along(corners, np.full(20, 1.0))
        fixes = record(np.random.default_rng(1), truth, Receiver(every_s, 3.0, accuracy_m=5.0))
        assert fold_day(day(fixes)).distance_m == pytest.approx(2000, rel=0.1)

    @pytest.mark.parametrize("every_s", [1.0, 10.0, 30.0])
    def test_right_angles_are_given_back(self, day: Day, every_s: float) -> None:
        corners = np.array(
            [[0, 0], [150, 0], [150, 150], [300, 150], [300, 300], [450, 300], [450, 450]], float
        )
        fixes = record(
            np.random.default_rng(1), along(corners, np.full(6, 1.2)), Receiver(every_s, 0.0, accuracy_m=5)
        )
        assert fold_day(day(fixes)).distance_m == pytest.approx(900, rel=0.03 if every_s < 30 else 0.05)

    def test_a_silence_earns_nothing(self, day: Day) -> None:
        points = straight(600) + straight(600, 1.2, 10, 1500, 5000)
        assert fold_day(day(path(points))).distance_m == pytest.approx(1200, rel=0.02)

    def test_nobody_starts_or_ends_short(self, day: Day) -> None:
        """Smoothing must not pull in the ends of every piece."""
        points: list[tuple[float, float, float]] = []
        for piece in range(10):
            points += straight(240, 1.2, 5, piece * 1000, piece * 5000)
        assert fold_day(day(path(points))).distance_m == pytest.approx(2400, rel=0.03)

    def test_a_phone_on_a_desk_earns_nothing_and_naive_sums_kilometres(self, day: Day) -> None:
        fixes = record(np.random.default_rng(3), still(3 * 3600), Receiver(5.0, 8.0))
        folded = fold_day(day(fixes))
        assert folded.naive_m > 5000
        assert folded.distance_m == 0
        assert len(folded.stays) == 1

    def test_the_track_of_a_stop_is_one_point(self, day: Day) -> None:
        folded = fold_day(day(record(np.random.default_rng(3), still(3600), Receiver(5.0, 8.0))))
        assert np.ptp(folded.track_lon_e7) == 0
        assert np.ptp(folded.fixes.lon_e7) > 0


class TestTwoDevices:
    def test_two_handhelds_of_one_walker_do_not_zigzag(self, day: Day) -> None:
        one = straight(1200, 1.2, 10)
        other = [(t, x, y + 15) for t, x, y in one]
        together, alone = (
            fold_day(day(f)) for f in (Fixes.concatenate([path(one), path(other, device=1)]), path(one))
        )
        assert (together.distance_m, together.naive_m) == (alone.distance_m, alone.naive_m)
        assert together.primary.sum() == len(one)

    def test_the_second_takes_over_when_the_first_falls_silent(self, day: Day) -> None:
        first = path(straight(600))
        second = path(straight(1200, 1.2, 10, 1000, 2000), device=1)
        folded = fold_day(day(Fixes.concatenate([first, second])))
        assert folded.distance_m == pytest.approx(1800, rel=0.02)

    def test_the_second_still_keeps_its_holder_online(self, day: Day) -> None:
        first = path([(0, 0, 0), (290, 0, 0), (700, 0, 0)])
        second = path([(400, 0, 0)], device=1)
        assert fold_day(day(Fixes.concatenate([first, second]))).online_s == 700


class TestUnseenCorners:
    """A right angle at (100, 0) that lies between the fixes at (80, 0) and (100, 20)."""

    x = np.array([0.0, 40, 80, 100, 100, 100])
    y = np.array([0.0, 0, 0, 20, 60, 100])
    corners = np.array([0, 2, 3, 5])

    def restored(self, seconds: list[float], free: bool = True) -> tuple[list[int], list[list[float]]]:
        placed = np.column_stack([self.x, self.y])[self.corners]
        ends = np.array([False, free, free, False])
        at_ms = np.array(seconds) * 1000
        kept, moved = restore(self.x, self.y, at_ms, self.corners, placed, ends, FoldRules())
        return kept.tolist(), np.round(moved, 6).tolist()

    def test_the_meeting_point_takes_the_place_of_the_diagonal(self) -> None:
        kept, moved = self.restored([0, 40, 80, 120, 160, 200])
        assert kept == [0, 2, 5]
        assert moved == [[0, 0], [100, 0], [100, 100]]

    def test_not_where_the_time_was_too_short_to_go_there(self) -> None:
        assert self.restored([0, 40, 80, 100, 140, 180])[0] == [0, 2, 3, 5]

    def test_not_at_a_stop(self) -> None:
        assert self.restored([0, 40, 80, 120, 160, 200], free=False)[0] == [0, 2, 3, 5]


class TestCornerKnots:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=40))
    def test_every_knot_lies_within_tolerance_of_its_leg(self, points: list[tuple[float, float]]) -> None:
        x, y = np.array(points).T
        fixed = np.zeros(len(x), bool)
        fixed[[0, -1]] = True
        corners = corner_knots(x, y, np.full(len(x), 10.0), np.full(len(x), 1e9), fixed)
        assert corners[0] == 0
        assert corners[-1] == len(x) - 1
        for a, b in pairwise(corners):
            for i in range(a + 1, b):
                leg, out = np.array([x[b] - x[a], y[b] - y[a]]), np.array([x[i] - x[a], y[i] - y[a]])
                share = np.clip(leg @ out / max(leg @ leg, 1e-12), 0, 1)
                assert np.hypot(*(out - share * leg)) <= 10.0 + 1e-6
