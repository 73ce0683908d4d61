"""Where the metres and the minutes of a day went: rows that add up. Pure."""

from dataclasses import dataclass
from typing import Any

from app.patrol.causes import cause_words
from app.patrol.page.content import DayPage

CAUSES_LISTED = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: what, how much (metres or seconds), why."""

    name: str
    value: float
    why: str
    counts: bool = False


METRES = {
    "moving": ("行走中的定位抖动", "定位误差造成的曲折,不是路程"),
    "stationary": ("停留时的定位漂移", "原地停留,不是行走(时间照计)"),
    "vehicle": ("乘车", "速度超出步行,里程单列不计"),
    "jump": ("定位跳变", "瞬间跳开又返回,不予采信"),
    "inaccurate": ("精度不足", "定位误差过大,不予采信"),
    "mock": ("模拟定位", "来自模拟位置软件,不予采信"),
}


def metres_account(page: DayPage) -> list[Entry]:
    """The raw length of the track: what was credited, and by reason what was not. The rows sum to the total."""
    figures = page.figures
    entries = [Entry("计入巡查里程", figures["distance_m"], "", counts=True)]
    for verdict, (name, why) in METRES.items():
        totals = figures["verdicts"].get(verdict)
        if totals and totals["raw_m"] - totals["credited_m"] >= 0.5:
            entries.append(Entry(name, totals["raw_m"] - totals["credited_m"], why))
    return entries


def time_account(page: DayPage) -> list[Entry]:
    """The time on duty: patrol, other places, silences by cause, and the short rest. The rows sum to the total."""
    figures: dict[str, Any] = page.figures
    elsewhere = max(figures["online_s"] - figures["patrol_s"], 0)
    entries = [Entry("计入巡查时长", figures["patrol_s"], "", counts=True)]
    if elsewhere:
        entries.append(Entry("在线但不在本人网格", elsewhere, "不计巡查时长"))
    lost = sorted(figures["lost_s"].items(), key=lambda item: (-item[1], item[0]))
    for cause, seconds in lost[:CAUSES_LISTED]:
        entries.append(Entry(f"中断:{cause_words(cause)[0]}", seconds, "无信号,不计在线"))
    if lost[CAUSES_LISTED:]:
        entries.append(Entry("中断:其他", sum(s for _, s in lost[CAUSES_LISTED:]), "无信号,不计在线"))
    rest = figures["duty_s"] - sum(entry.value for entry in entries)
    if rest >= 60:
        entries.append(Entry("首尾及其余", rest, "到岗后首个、离岗前末个信号之外的零星时间"))
    return entries
