"""My day in plain sentences."""

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.patrol.day_inputs import DayInputs, GapReport
from app.patrol.fixes import FLAG_MOCK, Fixes
from app.patrol.fold import fold_day
from app.patrol.judging import DayFigures, DayKind, PatrolPolicy, Thresholds, judge
from app.patrol.sentences import Sentence, day_sentences
from app.simulation.receivers import START_MS
from tests.factories.fold_days import path, standing, straight

Day = Callable[..., DayInputs]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def told(inputs: DayInputs, day_over: bool = True, online: float | None = 0.9) -> dict[str, Sentence]:
    fold = fold_day(inputs)
    judgement = judge(DayFigures.of(fold, online), Thresholds(), DayKind(), PatrolPolicy(), day_over=day_over)
    sentences = day_sentences(fold, judgement, inputs.rules, SHANGHAI, day_over=day_over)
    return {s.code: s for s in sentences}


class TestMissing:
    def test_what_is_missing_comes_with_numbers(self, day: Day) -> None:
        sentences = told(day(path(straight(1900))), day_over=False)
        assert sentences["missing_distance"].zh == "里程还差 1.1 公里(已计 1.9,要求 3.0)"
        assert sentences["missing_distance"].en == "1.1 km still missing (1.9 of 3.0)"
        assert sentences["missing_patrol"].zh.startswith("巡查时长还差 3 小时 34 分钟")
        assert "status_provisional" in sentences

    def test_a_good_day_misses_nothing(self, day: Day) -> None:
        codes = told(day(path(straight(20_000))))
        assert list(codes) == ["status_pass", "gap"]

    def test_too_close_to_call_says_so(self, day: Day) -> None:
        sentences = told(day(path(straight(2970) + standing(14_000, 2475, 2970))))
        said = "里程 2.97 公里,误差范围 2.85–3.09 公里,跨越 3.00 公里标准,需人工复核"
        assert sentences["uncertain_distance"].zh == said


class TestNotCounted:
    def test_a_stay_with_its_clock_times_in_the_zone(self, day: Day) -> None:
        points = straight(600) + standing(38 * 60, 500, 600) + straight(600, 1.2, 10, 500 + 38 * 60 + 10, 600)
        stay = told(day(path(points)))["stay"]
        assert stay.zh == "08:08–08:46 静止 38 分钟未计里程"
        assert stay.data["duration_s"] == pytest.approx(38 * 60, abs=60)

    def test_a_gap_names_its_cause(self, day: Day) -> None:
        points = straight(600) + straight(600, 1.2, 10, 2000, 600)
        gap = told(
            day(path(points), gap_reports=(GapReport(START_MS + 600_000, "no_permission"),)), day_over=False
        )["gap"]
        assert gap.zh == "08:08–08:33 定位权限被关闭 25 分钟,未计在线"
        assert "location permission" in gap.en

    def test_the_end_of_a_running_day_is_no_gap_yet(self, day: Day) -> None:
        assert "gap" not in told(day(path(straight(600))), day_over=False)
        assert "gap" in told(day(path(straight(600))))

    def test_a_ride_is_shown_apart(self, day: Day) -> None:
        ride = told(day(path(straight(6000, 10.0, 5))))["vehicle"]
        assert ride.zh.startswith("乘车 6.0 公里单列,不计巡查里程")
        assert ride.data["rides"] == 1

    def test_outside_the_grid(self, day: Day) -> None:
        assert told(day(path(straight(600)), grids=()))["outside_grid"].zh.startswith(
            "100% 的定位、0.6 公里在本网格外"
        )

    def test_mock_and_inaccurate_and_off_duty(self, day: Day) -> None:
        good, bad = path(straight(600)), path(straight(600, start_s=600), accuracy_m=90)
        mock = path(straight(600, start_s=1200))
        mock = replace(mock, flags=np.full(len(mock), FLAG_MOCK, np.int64))
        early = path(standing(100, start_s=-1000))
        sentences = told(day(Fixes.concatenate([good, bad, mock, early])))
        assert sentences["mock"].data["fixes"] == sentences["inaccurate"].data["fixes"] == 51
        assert sentences["outside_duty"].data["fixes"] == 11
        assert "50 米" in sentences["inaccurate"].zh

    def test_what_is_missing_comes_behind_the_status(self, day: Day) -> None:
        fold = fold_day(day(path([])))
        judgement = judge(DayFigures.of(fold), Thresholds(), DayKind(), PatrolPolicy(), day_over=True)
        sentences = day_sentences(fold, judgement, day(path([])).rules, SHANGHAI, day_over=True)
        assert [s.zh.partition("(")[0] for s in sentences[:2]] == [
            "今日没有收到任何数据",
            "巡查时长还差 4 小时",
        ]
        assert sentences[0].en == "Nothing was received today"
