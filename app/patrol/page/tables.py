"""The tables of the page. Pure."""

from collections.abc import Sequence
from typing import Any

from app.patrol.page.account import Entry
from app.patrol.page.content import DayPage
from app.patrol.page.markup import Markup, joined, row, tag
from app.patrol.page.timeline import interruptions, numbered_gaps
from app.patrol.page.words import (
    CHECK_WORDS,
    OUTCOME_WORDS,
    amount,
    exact,
    metres,
    minutes,
    span,
)

EDGES = {
    "between": ("", "不计在线"),
    "before_first": ("(到岗后)", "不计在线"),
    "after_last": ("(离岗前)", "不计在线"),
    "unplaced": ("", "不计巡查"),
}


def check_table(page: DayPage) -> Markup:
    """What was asked, found, between which bounds, and how it came out."""
    checks = page.figures["checks"]
    if not checks:
        figures = page.figures
        rows = [
            _pair(CHECK_WORDS["patrol_s"], minutes(figures["patrol_s"])),
            _pair(CHECK_WORDS["distance_m"], metres(figures["distance_m"])),
        ]
        return joined([tag("h2", "当日数据(不作评判)"), tag("table", *rows)])
    head = row("项目", "要求", "实际(误差范围)", "结果", cell="th")
    return joined([tag("h2", "各项标准"), tag("table", head, *(_check(c) for c in checks))])


def _pair(name: str, value: str) -> Markup:
    return tag("tr", tag("td", name), tag("td", value, class_="n"))


def _check(check: dict[str, Any]) -> Markup:
    name = check["check"]
    return tag(
        "tr",
        tag("td", CHECK_WORDS[name].replace("巡查时长", "巡查"), class_="s"),
        tag("td", amount(name, check["asked"]), class_="n"),
        tag("td", amount(name, check["found"]), tag("small", _bounds(check)), class_="n"),
        tag("td", tag("b", OUTCOME_WORDS[check["outcome"]]), class_="s"),
    )


def _bounds(check: dict[str, Any]) -> str:
    low, high = check["low"], check["high"]
    if low is None or high is None or low == high:
        return ""
    if check["check"] == "patrol_s":
        return f"{exact(low)}–{exact(high)}"
    return f"{low / 1000:.2f}–{high / 1000:.2f} 公里"


def metres_table(entries: Sequence[Entry], total_m: float) -> Markup:
    """Where the metres of the raw track went."""
    rows = [_entry(e, metres(e.value)) for e in entries]
    total = tag(
        "tr", tag("td", "原始轨迹长度"), tag("td", metres(total_m), class_="n"), tag("td"), class_="sum"
    )
    return joined([tag("h2", "里程去向"), tag("table", *rows, total)])


def time_table(entries: Sequence[Entry], total_s: float) -> Markup:
    """Where the time on duty went."""
    rows = [_entry(e, minutes(e.value)) for e in entries]
    total = tag("tr", tag("td", "在岗时间"), tag("td", minutes(total_s), class_="n"), tag("td"), class_="sum")
    return joined([tag("h2", "时间去向"), tag("table", *rows, total)])


def _entry(entry: Entry, value: str) -> Markup:
    return tag(
        "tr",
        tag("td", entry.name, class_="s"),
        tag("td", value, class_="n"),
        tag("td", "计入" if entry.counts else entry.why, class_="why"),
        class_="counts" if entry.counts else None,
    )


def gap_table(page: DayPage) -> Markup:
    """The longest gaps with their causes, numbered as on the bar."""
    gaps = numbered_gaps(page)
    if not gaps:
        return tag("div", tag("h2", "信号与定位中断"), tag("div", "无"))
    rows = [
        row(
            number,
            span(gap, page.tz),
            minutes(gap["duration_s"]),
            gap["cause_zh"] + EDGES[gap.get("edge", "unplaced")][0],
            EDGES[gap.get("edge", "unplaced")][1],
        )
        for number, gap in gaps
    ]
    every = interruptions(page)
    if len(every) > len(gaps):
        short = sum(g["duration_s"] for g in every) - sum(g["duration_s"] for _, g in gaps)
        rows.append(row("", f"另 {len(every) - len(gaps)} 段", minutes(short), "", ""))
    head = row("", "时段", "时长", "原因(终端上报)", "处理", cell="th")
    return tag("div", tag("h2", "信号与定位中断"), tag("table", head, *rows, class_="gaps"))
