"""Online and patrol time, work intervals, duty windows, gaps."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import LineString, Polygon

from app.kit.geodesy import buffered_polygon
from app.patrol.day_inputs import DayInputs, GapReport, Interval, OwnGrid, WorkInterval
from app.patrol.fold import fold_day
from app.simulation.receivers import ORIGIN_LAT, ORIGIN_LON, START_MS
from tests.factories.fold_days import path, standing, straight

Day = Callable[..., DayInputs]
END_MS = START_MS + 36_000_000


def at(seconds: float) -> int:
    return START_MS + round(seconds * 1000)


class TestOnline:
    def test_neighbours_up_to_five_minutes_apart_are_online(self, day: Day) -> None:
        assert fold_day(day(path([(0, 0, 0), (300, 0, 0)]))).online_s == 300

    def test_a_second_more_is_a_gap(self, day: Day) -> None:
        folded = fold_day(day(path([(0, 0, 0), (301, 0, 0), (401, 0, 0)])))
        assert folded.online_s == 100
        assert folded.max_gap_s == 301

    def test_heartbeats_bridge_silence_but_prove_no_patrol(self, day: Day) -> None:
        folded = fold_day(day(path([(0, 0, 0), (500, 0, 0)]), beats_ms=np.array([at(250)])))
        assert folded.online_s == 500
        assert folded.patrol_s == 0

    def test_no_fixes_at_all(self, day: Day) -> None:
        folded = fold_day(day(path([])))
        assert (folded.online_ms, folded.patrol_ms, folded.distance_mm) == (0, 0, 0)
        assert [g.edge for g in folded.gaps] == ["before_first"]
        assert folded.first_at_ms is None

    def test_one_fix(self, day: Day) -> None:
        folded = fold_day(day(path([(600, 0, 0)])))
        assert folded.online_ms == 0
        assert [(g.edge, g.duration_s) for g in folded.gaps] == [
            ("before_first", 600),
            ("after_last", 36_000 - 600),
        ]


class TestDuty:
    def test_fixes_outside_count_for_nothing_and_no_time_links_two_windows(self, day: Day) -> None:
        duty = (Interval(at(0), at(100)), Interval(at(200), at(300)))
        folded = fold_day(day(path(straight(360, every_s=10)), duty=duty))
        assert folded.online_s == 90 + 90
        assert folded.outside_duty == 31 - 20
        assert folded.distance_m == pytest.approx(2 * 90 * 1.2, abs=1)

    def test_beats_outside_duty_do_not_count(self, day: Day) -> None:
        beats = np.array([at(-100), at(0), at(100)])
        assert fold_day(day(path([]), beats_ms=beats)).online_s == 100


class TestWork:
    def test_a_visit_counts_as_online_and_patrol_without_fixes(self, day: Day) -> None:
        work = (
            WorkInterval(at(1000), at(2800), "visit", "v1"),
            WorkInterval(at(2000), at(3000), "form", "f1"),
        )
        folded = fold_day(day(path([]), work=work))
        assert folded.online_s == folded.patrol_s == folded.work_ms / 1000 == 2000

    def test_work_outside_duty_is_cut_off(self, day: Day) -> None:
        folded = fold_day(day(path([]), work=(WorkInterval(at(-500), at(500), "visit", "v1"),)))
        assert folded.patrol_s == 500

    def test_work_and_fixes_are_not_counted_twice(self, day: Day) -> None:
        folded = fold_day(day(path(standing(600)), work=(WorkInterval(at(300), at(900), "visit", "v1"),)))
        assert folded.patrol_s == folded.online_s == 900


class TestGrid:
    @staticmethod
    def square(half_m: float) -> Polygon:
        d = half_m / 111_000
        e = d / np.cos(np.radians(ORIGIN_LAT))
        corners = [(-e, -d), (e, -d), (e, d), (-e, d)]
        return Polygon([(ORIGIN_LON + x, ORIGIN_LAT + y) for x, y in corners])

    def grid(self, rule: str = "polygon", shape: object = None, until: int = END_MS) -> OwnGrid:
        return OwnGrid(START_MS, until, "g1", "code", rule, shape)  # type: ignore[arg-type]

    def test_patrol_needs_both_ends_in_the_grid_grown_by_fifty_metres(self, day: Day) -> None:
        folded = fold_day(day(path(straight(600)), grids=(self.grid(shape=self.square(200)),)))
        inside_s = 200 / 1.2 + 50 / 1.2
        assert folded.patrol_s == pytest.approx(inside_s, abs=11)
        assert folded.in_grid_distance_m == pytest.approx(250, abs=15)
        assert folded.distance_m == pytest.approx(600, abs=15)

    def test_the_step_into_the_grid_is_no_patrol_either(self, day: Day) -> None:
        points = [(t, x - 1000, y) for t, x, y in straight(2000, every_s=100)]
        folded = fold_day(day(path(points), grids=(self.grid(shape=self.square(200)),)))
        inside = int(folded.in_grid.sum())
        assert folded.patrol_s == (inside - 1) * 100

    def test_a_buffered_shape_from_the_cache_gives_the_same(self, day: Day) -> None:
        square = self.square(200)
        cached = OwnGrid(START_MS, END_MS, "g1", "code", "polygon", None, buffered_polygon(square, 50))
        own, given = (
            fold_day(day(path(straight(600)), grids=(g,))) for g in (self.grid(shape=square), cached)
        )
        assert own.patrol_ms == given.patrol_ms

    def test_a_grid_counts_only_while_it_is_own(self, day: Day) -> None:
        folded = fold_day(day(path(standing(600)), grids=(self.grid("none", until=at(300)),)))
        assert folded.patrol_s == 290

    def test_a_route_is_a_corridor(self, day: Day) -> None:
        route = LineString([(ORIGIN_LON, ORIGIN_LAT), (ORIGIN_LON + 0.002, ORIGIN_LAT)])
        folded = fold_day(day(path(straight(600)), grids=(self.grid("route", route),)))
        assert 0 < folded.patrol_s < folded.online_s

    def test_without_own_grids_nothing_is_inside(self, day: Day) -> None:
        assert fold_day(day(path(standing(600)), grids=())).patrol_s == 0

    def test_a_mock_fix_proves_no_patrol(self, day: Day) -> None:
        fixes = path(standing(600))
        folded = fold_day(day(replace(fixes, flags=np.ones(len(fixes), np.int64))))
        assert (folded.patrol_s, folded.online_s) == (0, 600)


class TestGaps:
    def test_a_gap_names_the_earliest_report_within_it(self, day: Day) -> None:
        reports = (
            GapReport(at(700), "battery"),
            GapReport(at(450), "no_permission"),
            GapReport(at(150), "killed"),
        )
        folded = fold_day(day(path([(0, 0, 0), (400, 0, 0), (1000, 0, 0)]), gap_reports=reports))
        between = [g for g in folded.gaps if g.edge == "between"]
        # What was told within the five minutes before a silence may well be its cause.
        assert [(g.duration_s, g.cause) for g in between] == [(400, "killed"), (600, "killed")]

    def test_an_unexplained_gap_has_no_cause(self, day: Day) -> None:
        folded = fold_day(day(path([(0, 0, 0), (400, 0, 0)])))
        assert folded.gaps[0].cause is None
