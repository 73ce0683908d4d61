"""A signal in plain words, with the ordinary explanations beside it. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

KIND_WORDS: dict[str, tuple[str, str]] = {
    "mock": ("模拟定位", "mock provider"),
    "vehicle": ("乘车速度", "vehicle speed"),
    "clock_skew": ("时钟异常", "clock off"),
    "loop": ("重复圈线", "perfect loops"),
    "replayed_track": ("轨迹重复", "repeated track"),
    "twin_devices": ("终端同行", "handhelds moving as one"),
}
OUTCOME_WORDS = {"explained": "已说明", "confirmed": "属实", "unclear": "不明"}

Words = tuple[str, str]


def words_of(kind: str, evidence: Mapping[str, Any], tz: tzinfo) -> Words:
    """Chinese and English for one signal; times in `tz`."""
    return WORDINGS[kind](evidence, tz)


def _mock(e: Mapping[str, Any], tz: tzinfo) -> Words:
    return (
        f"{e['fixes_on_duty']} 个在岗定位中 {e['fixes']} 个来自模拟位置,均未计入",
        f"{e['fixes']} of {e['fixes_on_duty']} fixes on duty came from a mock provider; none was counted",
    )


def _vehicle(e: Mapping[str, Any], tz: tzinfo) -> Words:
    km, minutes = f"{e['distance_m'] / 1000:.1f}", round(e["duration_s"] / 60)
    return (
        f"以乘车速度移动 {km} 公里、{minutes} 分钟,里程未计入;往返路途属正常",
        f"{km} km in {minutes} min at vehicle speed, not credited; the way to the grid and back is ordinary",
    )


def _clock_skew(e: Mapping[str, Any], tz: tzinfo) -> Words:
    zh, en = [], []
    for device in e["devices"]:
        for name, (text_zh, text_en) in _CLOCKS.items():
            if name in device:
                zh.append(f"{text_zh} {_minutes(device[name])[0]}")
                en.append(f"{text_en} {_minutes(device[name])[1]}")
    if e["steps"]:
        zh.append(f"使用中时钟被调整 {len(e['steps'])} 次,首次 {clock(e['steps'][0]['at'], tz)}")
        en.append(
            f"the clock was set {len(e['steps'])} times while running, first at "
            f"{clock(e['steps'][0]['at'], tz)}"
        )
    return "终端" + ";".join(zh) + "。卫星时间不受影响", "; ".join(en) + ". Satellite times are not affected"


_CLOCKS = {
    "offset_s": ("时钟偏差", "own clock off by"),
    "jump_s": ("当日时钟前后相差", "the clock differed during the day by"),
    "ahead_s": ("校正后仍快于服务器", "still ahead of the server by"),
}


def _loop(e: Mapping[str, Any], tz: tzinfo) -> Words:
    span = f"{clock(e['start_at'], tz)}–{clock(e['end_at'], tz)}"
    return (
        f"{span} 同一闭合路线({e['loop_m']} 米)以同一节奏重复 {e['rounds']} 圈,"
        f"各圈相差中位数仅 {e['deviation_median_m']} 米,小于定位误差",
        f"{span} one closed path of {e['loop_m']} m repeated {e['rounds']} times at one pace, rounds differ by "
        f"{e['deviation_median_m']} m: less than receivers err",
    )


def _replayed(e: Mapping[str, Any], tz: tzinfo) -> Words:
    span, km = f"{clock(e['start_at'], tz)}–{clock(e['end_at'], tz)}", f"{e['walked_m'] / 1000:.1f}"
    other = _date_clock(e["counterpart_start_at"], tz)
    return (
        f"{span} 的 {km} 公里与{_whose_zh(e)} {other} 起的轨迹逐时刻相同,相差中位数 {e['deviation_median_m']} 米",
        f"{span}: {km} km equal {_whose_en(e)} track from {other} on at every moment, "
        f"{e['deviation_median_m']} m apart",
    )


def _whose_zh(e: Mapping[str, Any]) -> str:
    return "本人" if e.get("is_own") else "另一名网格员"


def _whose_en(e: Mapping[str, Any]) -> str:
    return "the own" if e.get("is_own") else "another inspector's"


def _twins(e: Mapping[str, Any], tz: tzinfo) -> Words:
    span = f"{clock(e['start_at'], tz)}–{clock(e['end_at'], tz)}"
    return (
        f"{span} 与另一台终端同行移动 {e['minutes_together']} 分钟,相距中位数 {e['deviation_median_m']} 米;"
        "两人结伴巡查也会如此",
        f"{span} moved with another handheld for {e['minutes_together']} min, {e['deviation_median_m']} m apart; "
        "so do two people on a joint round",
    )


WORDINGS: dict[str, Callable[[Mapping[str, Any], tzinfo], Words]] = {
    "mock": _mock,
    "vehicle": _vehicle,
    "clock_skew": _clock_skew,
    "loop": _loop,
    "replayed_track": _replayed,
    "twin_devices": _twins,
}


def clock(instant: str, tz: tzinfo) -> str:
    """HH:MM of an RFC 3339 instant in `tz`."""
    return datetime.fromisoformat(instant).astimezone(tz).strftime("%H:%M")


def _date_clock(instant: str, tz: tzinfo) -> str:
    return datetime.fromisoformat(instant).astimezone(tz).strftime("%Y-%m-%d %H:%M")


def _minutes(seconds: int) -> Words:
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{sign}{minutes} 分 {rest} 秒", f"{sign}{minutes} min {rest} s"
