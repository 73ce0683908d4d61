"""Where the metres and the minutes of a day went: rows that add up. Pure."""

from dataclasses import dataclass
from typing import Any

from app.patrol.causes import cause_words
from app.patrol.page.content import DayPage

CAUSES_LISTED = 3
REASONS_LISTED = 4
"""More would run off the sheet: the smaller ones stand together."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: what, how much (metres or seconds), why."""

    name: str
    value: float
    why: str
    counts: bool = False


METRES = {
    "moving": ("行走定位抖动", "误差造成的曲折"),
    "stationary": ("停留定位漂移", "原地未走,时间照计"),
    "vehicle": ("乘车", "超出步行速度,单列"),
    "jump": ("定位跳变", "跳开又返回,不采信"),
    "inaccurate": ("精度不足", "误差过大,不采信"),
    "mock": ("模拟定位", "非真实位置,不采信"),
}


def metres_account(page: DayPage) -> list[Entry]:
    """The raw length of the track: what was credited, and by reason what was not. The rows sum to the total."""
    figures = page.figures
    lost = [
        Entry(name, totals["raw_m"] - totals["credited_m"], why)
        for verdict, (name, why) in METRES.items()
        if (totals := figures["verdicts"].get(verdict)) and abs(totals["raw_m"] - totals["credited_m"]) >= 0.5
    ]
    if len(lost) > REASONS_LISTED:
        lost.sort(key=lambda entry: -entry.value)
        rest = sum(entry.value for entry in lost[REASONS_LISTED - 1 :])
        lost = [*lost[: REASONS_LISTED - 1], Entry("其他原因", rest, "较小各项合计")]
    return [Entry("计入巡查里程", figures["distance_m"], "", counts=True), *lost]


def time_account(page: DayPage) -> list[Entry]:
    """The time on duty: patrol, other places, silences by cause, and the short rest. The rows sum to the total."""
    figures: dict[str, Any] = page.figures
    uncounted = max(figures["online_s"] - figures["patrol_s"], 0)
    unplaced = min(sum(u["duration_s"] for u in page.explanation["unplaced"]), uncounted)
    entries = [Entry("计入巡查时长", figures["patrol_s"], "", counts=True)]
    if unplaced:
        entries.append(Entry("在线但无定位", unplaced, "不计巡查"))
    if uncounted - unplaced >= 1:
        entries.append(Entry("在本人网格之外", uncounted - unplaced, "不计巡查"))
    lost = sorted(figures["lost_s"].items(), key=lambda item: (-item[1], item[0]))
    for cause, seconds in lost[:CAUSES_LISTED]:
        entries.append(Entry(f"中断:{cause_words(cause)[0]}", seconds, "不计在线"))
    if lost[CAUSES_LISTED:]:
        entries.append(Entry("中断:其他", sum(s for _, s in lost[CAUSES_LISTED:]), "不计在线"))
    rest = figures["duty_s"] - sum(entry.value for entry in entries)
    if rest >= 60:
        entries.append(Entry("首尾零星时间", rest, "不计在线"))
    return entries
