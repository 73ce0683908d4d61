"""Chinese words for what the page names, and numbers as people write them. Pure."""

from datetime import datetime, tzinfo

STATUS_WORDS = {
    "pass": "达标",
    "fail": "未达标",
    "review": "待复核",
    "excused": "免予考核",
    "not_expected": "不作考核",
    "no_data": "无数据",
    "provisional": "尚未结束",
}
CHECK_WORDS = {"patrol_s": "在线巡查时长", "distance_m": "巡查里程", "online_share": "在线率"}
OUTCOME_WORDS = {"met": "达到", "missed": "未达到", "uncertain": "在误差内", "unknown": "无法判断"}
POLICY_WORDS = {"off": "不采集轨迹", "record": "仅留痕,不评判", "assess": "评判达标情况"}
POST_WORDS = {
    "party_group_head": "网格党小组长",
    "grid_head": "网格长",
    "full_time": "专职网格员",
    "part_time": "兼职网格员",
    "instructor": "网格指导员",
    "substitute": "顶岗",
}
DECISION_WORDS = {"upheld": "申诉成立", "partly_upheld": "申诉部分成立", "dismissed": "申诉不成立"}
WEEKDAYS = "一二三四五六日"


def metres(value: float) -> str:
    """ "860 米", "3.12 公里"."""
    return f"{value:.0f} 米" if value < 1000 else f"{value / 1000:.2f} 公里"


def minutes(seconds: float) -> str:
    """ "3 小时 40 分"; less than a minute in seconds."""
    if 0 < seconds < 60:
        return f"{round(seconds)} 秒"
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours} 小时 {rest} 分" if hours and rest else f"{hours} 小时" if hours else f"{rest} 分"


def exact(seconds: float) -> str:
    """ "3:59:30": near a threshold seconds decide."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def amount(check: str, value: float | None) -> str:
    """A figure of a check in its unit."""
    if value is None:
        return "—"
    if check == "patrol_s":
        return minutes(value)
    return f"{value / 1000:.2f} 公里" if check == "distance_m" else f"{value * 100:.0f}%"


def clock(instant: str | datetime, tz: tzinfo) -> str:
    """HH:MM in `tz`."""
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return at.astimezone(tz).strftime("%H:%M")


def span(part: dict[str, str], tz: tzinfo) -> str:
    """ "11:02–11:41"."""
    return f"{clock(part['start_at'], tz)}–{clock(part['end_at'], tz)}"


def seconds_of(part: dict[str, str]) -> float:
    """How long a span with `start_at` and `end_at` takes."""
    start, end = (datetime.fromisoformat(part[name]) for name in ("start_at", "end_at"))
    return (end - start).total_seconds()


def shortened(text: str, most: int) -> str:
    """At most `most` characters on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
