"""The sheet itself: tables that add up, one page whatever comes, small, nothing but text and lines."""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from app.patrol.day_document import Versions, explanation_document, figures_document
from app.patrol.day_inputs import DayInputs, GapReport, Interval, OwnGrid
from app.patrol.fixes import FLAG_MOCK, Fixes
from app.patrol.fold import fold_day
from app.patrol.judging import DayFigures, DayKind, PatrolPolicy, Thresholds, judge
from app.patrol.page.account import metres_account, time_account
from app.patrol.page.content import DayPage, GridShape, Loan, Ruling
from app.patrol.page.layout import render
from app.patrol.page.typography import typeset
from app.patrol.tracks import as_geojson
from app.simulation.receivers import ORIGIN_LAT, ORIGIN_LON, START_MS, Receiver, record
from app.simulation.truths import with_pauses

ZONE = ZoneInfo("Asia/Shanghai")
HOUR_MS = 3_600_000
CAUSES = ("system_kill", "user_stop", "reboot", "battery", "no_permission", "no_signal", "crash")
GRID = box(ORIGIN_LON - 0.01, ORIGIN_LAT - 0.01, ORIGIN_LON + 0.01, ORIGIN_LAT + 0.01)


def page_of(inputs: DayInputs, *, is_long: bool = False, **more: Any) -> DayPage:
    """The page of a folded day, without a database; `is_long` fills every list and text to the brim."""
    fold = fold_day(inputs)
    judgement = judge(DayFigures.of(fold, 0.5), Thresholds(), DayKind(), PatrolPolicy(), day_over=True)
    versions = Versions(12, fold.fold_version, "93441a49368e20f5", ["330921100001001@1"])
    figures = figures_document(fold, judgement, 0.5, "work", "assess", versions, day_over=True)
    standing = {
        "decided_status": "pass" if is_long else None,
        "open_appeal_id": "x" if is_long else None,
        "contest_until": datetime(2026, 3, 11, tzinfo=UTC),
    }
    signal = {"kind": "twin_devices", "zh": "与另一台终端同行移动" * 20, "outcome": "explained"}
    explanation = explanation_document(fold, inputs, 9 if is_long else 0, day_over=True) | {
        "display_name": "买买提·阿卜杜热合曼" * (4 if is_long else 1),
        "service_day": date(2026, 3, 4),
        "figures": figures,
        "standing": standing,
        "signals": [signal] * (9 if is_long else 0),
        "sentences": [{"code": "work", "zh": "走访 12 次、采集 148 次,共 7 小时 48 分钟,计入在线和巡查时长"}]
        * is_long,
    }
    ruling = Ruling("upheld", "pass", "终端故障,社区出具证明。" * 20, datetime(2026, 3, 9, tzinfo=UTC))
    shapes = [GridShape(f"33092110000100{n}", "一个名字特别长的网格" * 3, GRID) for n in range(4)]
    return DayPage(
        **(
            {
                "explanation": explanation,
                "track": as_geojson(fold, with_points=False),
                "tz": ZONE,
                "printed_at": datetime(2026, 3, 5, tzinfo=UTC),
                "places": ("岱山县", "高亭镇", "闸口社区") * (5 if is_long else 1),
                "posts": ("full_time", "substitute"),
                "grids": tuple(shapes if is_long else shapes[:1]),
                "day_kind": "工作、培训",
                "prorate": 1.0,
                "legal_basis": "岱山县网格员管理办法" * (8 if is_long else 1),
                "approval_no": "岱网〔2026〕1号",
                "complaint_contact": "岱山县社会工作部 0580-1234567",
                "ruling": ruling if is_long else None,
                "loans": (Loan("WG-330921-" + "4" * 30, None, datetime(2026, 3, 4, tzinfo=UTC)),)
                * (5 if is_long else 0),
                "digest": "ab" * 32,
            }
            | more
        )
    )


def day_with(fixes: Fixes, hours: float = 10, **more: Any) -> DayInputs:
    """Inputs of a day in GRID."""
    end = START_MS + round(hours * HOUR_MS)
    grid = OwnGrid(START_MS, end, "g", "330921100001001", "polygon", GRID)
    return DayInputs(fixes, (Interval(START_MS, end),), grids=(grid,), **more)


def walked(seed: int, sampling_s: float, noise_m: float, metres: float = 9000) -> Fixes:
    """A day of streets and visits."""
    rng = np.random.default_rng(seed)
    receiver = Receiver(sampling_s, noise_m, outlier_share=0.01, dropout_share=0.02)
    return record(rng, with_pauses(rng, metres, 1.1), receiver)


def broken(fixes: Fixes, silences: int) -> DayInputs:
    """The same with silences of every cause, fixes that count for nothing, and a second half far away."""
    step = (int(fixes.at_ms[-1]) - START_MS) // (silences + 1)
    keep = np.ones(len(fixes), bool)
    reports = []
    for n in range(1, silences + 1):
        start = START_MS + n * step
        keep &= (fixes.at_ms < start) | (fixes.at_ms > start + 400_000)
        reports.append(GapReport(start, CAUSES[n % len(CAUSES)]))
    fixes = fixes.take(keep)
    fixes.flags[::29] |= FLAG_MOCK
    fixes.accuracy_dm[::31] = 900
    return day_with(fixes, gap_reports=tuple(reports))


class TestAccount:
    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 1000), noise=st.floats(0, 15), silences=st.integers(0, 12))
    def test_metres_and_minutes_add_up(self, seed: int, noise: float, silences: int) -> None:
        """A stranger adds the rows: the raw length, and the time on duty."""
        page = page_of(broken(walked(seed, 15.0, noise, 3000), silences))
        metres = sum(e.value for e in metres_account(page))
        assert metres == pytest.approx(page.figures["raw_distance_m"], abs=4)
        minutes = sum(e.value for e in time_account(page))
        assert minutes == pytest.approx(page.figures["duty_s"], abs=60)
        assert all(e.value > 0 for e in time_account(page)[1:])

    @pytest.mark.parametrize("causes", [4, 5])
    def test_causes_beyond_the_third_stand_together(self, causes: int) -> None:
        """Else the table runs off the sheet, and still every second is accounted for."""
        page = page_of(broken(walked(3, 15.0, 5.0, 6000), 10))
        page.figures["lost_s"] = dict(list(page.figures["lost_s"].items())[:causes])
        lost = [entry for entry in time_account(page) if entry.name.startswith("中断")]
        assert [entry.name for entry in lost].count("中断:其他") == 1
        assert (len(lost), len(page.figures["lost_s"])) == (4, causes)
        assert sum(entry.value for entry in lost) == sum(page.figures["lost_s"].values())


class TestSheet:
    def test_ten_thousand_fixes_stay_below_200_kb(self) -> None:
        page = page_of(broken(walked(1, 1.0, 6.0), 12), is_long=True)
        assert sum(v["fixes"] for v in page.figures["verdicts"].values()) > 10_000
        assert len(render(page).encode()) < 200_000

    def test_nothing_is_loaded_or_run(self) -> None:
        html = render(page_of(broken(walked(2, 10.0, 6.0), 5), is_long=True))
        assert not re.search(r"<script|<link|<img|<iframe|@import|url\((?!#)|\son\w+=|javascript:", html)
        assert set(re.findall(r"https?://[^\"' ]+", html)) == {"http://www.w3.org/2000/svg"}

    def test_every_text_is_escaped(self) -> None:
        evil = '"><script>alert(1)</script>&lt;中;'
        page = page_of(day_with(walked(3, 20.0, 5.0)))
        page.explanation["display_name"] = evil
        dressed = DayPage(
            **{name: getattr(page, name) for name in DayPage.__dataclass_fields__}
            | {"legal_basis": evil, "places": (evil,), "complaint_contact": evil, "day_kind": evil}
        )
        html = render(dressed)
        assert "<script" not in html
        assert html.count("&lt;script&gt;") >= 4
        assert "&amp;lt;中" in html

    def test_a_grid_without_outline_and_a_day_without_track(self) -> None:
        nothing = day_with(Fixes.concatenate([]))
        page = page_of(nothing, grids=(GridShape("330921106002006", "渔船网格", None),))
        assert "当日没有轨迹,本人网格也没有边界图" in render(page).replace("\uff0c", ",")

    def test_who_and_where_are_never_cut_short(self) -> None:
        """A grid code of which four digits are missing names no grid."""
        html = render(page_of(day_with(walked(6, 20.0, 5.0))))
        assert "text-overflow" not in html
        assert "330921100001000" in html

    @pytest.mark.parametrize(("prorate", "is_told"), [(0.526, True), (1.0, False), (0.0, False)])
    def test_half_a_day_says_why_less_is_asked(self, prorate: float, is_told: bool) -> None:
        html = render(page_of(day_with(walked(6, 20.0, 5.0)), prorate=prorate, day_kind="请假、工作"))
        told = "在线率 60%\uff08当日为“请假、工作”\uff0c标准按 53% 折算\uff09。"
        assert (told in html) is is_told
        assert ("折算" in html) is is_told

    def test_time_without_a_place_ends_with_the_last_sign_of_life(self) -> None:
        """The rows of the table and the sentence above it name the same minutes."""
        fixes = walked(7, 10.0, 5.0, 3000)
        last = int(fixes.at_ms[-1])
        beats = tuple(range(last + 60_000, last + 3_600_000, 60_000))
        hours = (beats[-1] + 240_000 - START_MS) / HOUR_MS  # four minutes of duty without anything
        page = page_of(day_with(fixes, hours, beats_ms=beats))
        [unplaced] = page.explanation["unplaced"]
        assert unplaced["duration_s"] == (beats[-1] - last) // 1000
        [entry] = [e for e in time_account(page) if e.name == "在线但无定位"]
        assert entry.value == unplaced["duration_s"]

    def test_the_word_is_what_was_decided_and_the_raw_one_stands_beside_it(self) -> None:
        html = render(page_of(broken(walked(5, 10.0, 5.0, 3000), 3), is_long=True))
        assert "<strong>达标</strong>" in html
        assert "原判定\uff1a未达标" in html


class TestHours:
    """The clock above the bars."""

    def test_midnight_stands_out_in_a_night_shift(self) -> None:
        evening = START_MS - (START_MS + 8 * HOUR_MS) % (24 * HOUR_MS) + 20 * HOUR_MS
        fixes = walked(6, 20.0, 5.0, 3000)
        night = replace(day_with(fixes), duty=(Interval(evening, evening + 8 * HOUR_MS),))
        html = render(page_of(night))
        assert re.findall(r'class="hour">([^<]+)<', html)[3:6] == ["23:00", "次日 00:00", "01:00"]

    def test_none_in_a_day(self) -> None:
        assert "次日" not in render(page_of(day_with(walked(6, 20.0, 5.0))))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser to print with")
@pytest.mark.parametrize("is_long", [False, True])
def test_one_sheet_with_nothing_cut_off(is_long: bool, tmp_path: Path) -> None:
    """Measured by a browser: the content's height is the sheet's, and the print has one page."""
    html = render(page_of(broken(walked(4, 10.0, 6.0, 16_000), 14), is_long=is_long))
    probe = (
        "<script>document.title = [document.querySelector('main').scrollHeight, "
        "document.querySelector('main').clientHeight, "
        "...[...document.querySelectorAll('table,svg,section')].map(e => e.getBoundingClientRect().right)].join()"
        "</script></body>"
    )
    (tmp_path / "page.html").write_text(html.replace("</body>", probe))
    (tmp_path / "print.html").write_text(html)
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    dom = subprocess.run(
        ["chromium", *flags, "--window-size=820,1140", "--dump-dom", f"file://{tmp_path}/page.html"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    told = re.search(r"<title>([\d.,]+)</title>", dom)
    assert told, dom[:300]
    needed, held, *rights = (float(n) for n in told[1].split(","))
    assert needed <= held
    assert max(rights) <= 210 / 25.4 * 96
    pdf = tmp_path / "page.pdf"
    subprocess.run(
        [
            "chromium",
            *flags,
            "--no-pdf-header-footer",
            f"--print-to-pdf={pdf}",
            f"file://{tmp_path}/print.html",
        ],
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert b"/Count 1\n" in pdf.read_bytes()


class TestTypography:
    def test_full_width_beside_chinese_only(self) -> None:
        assert typeset("<p>误差,见下:11:02;12(km)</p>") == "<p>误差\uff0c见下\uff1a11:02;12(km)</p>"
        assert typeset("<p a='中,中'>(到岗)39 分;又</p>") == "<p a='中,中'>\uff08到岗\uff0939 分\uff1b又</p>"
        assert typeset("<p>a&lt;中</p>") == "<p>a&lt;中</p>"
