"""My day in plain sentences: what is still missing, what was not counted, and why. Chinese and English. Pure.

Each sentence has a stable `code` and its numbers in `data`, so that a handheld may word it anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np

from app.patrol.figures import VALID_VERDICTS, DayFold, Gap, Verdict
from app.patrol.fold_rules import FoldRules
from app.patrol.judging import Judgement, Reason

LISTED = 3
"""So many stays and gaps are told one by one, the longest first chosen; the rest is in the explanation."""
TOLD_FROM_S = 300
TOLD_FROM_M = 50.0

CAUSES = {
    "no_permission": ("定位权限被关闭", "location permission was off"),
    "killed": ("应用被系统关闭", "the system had closed the app"),
    "no_signal": ("没有卫星信号", "there was no satellite signal"),
    "battery": ("电量耗尽或省电模式", "the battery was empty or saved"),
    "reboot": ("手机重启", "the handheld restarted"),
    "user_stop": ("手动停止", "it was stopped by hand"),
}

STATUS_TEXTS = {
    "pass": ("今日巡查已达标", "The day meets what is asked"),
    "fail": ("今日巡查未达标", "The day does not meet what is asked"),
    "review": (
        "今日数据在误差范围内接近标准,待人工复核",
        "The day is too close to call and waits for a person",
    ),
    "excused": ("今日免予考核", "The day is excused"),
    "not_expected": ("今日不要求巡查", "No patrol is expected today"),
    "no_data": ("今日没有收到任何数据", "Nothing was received today"),
    "provisional": ("今日尚未结束", "The day is not over yet"),
}

DataValue = str | int | float | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One plain sentence with its stable code and numbers (times as Unix ms, metres, seconds)."""

    code: str
    zh: str
    en: str
    data: dict[str, DataValue]


def day_sentences(
    fold: DayFold, judgement: Judgement, rules: FoldRules, tz: tzinfo, *, day_over: bool
) -> tuple[Sentence, ...]:
    """The day in sentences, the most important first: status, what is missing, what was not counted.

    tz is the zone of the service day (Asia/Shanghai). The silence after the last signal is told only of a
    day that is over: until then it is no fact.
    """
    parts: list[Iterable[Sentence]] = [
        [_status(judgement)],
        [s for reason in judgement.reasons if (s := _check(reason, judgement)) is not None],
        _stays(fold, tz),
        _gaps(fold, tz, day_over),
        _rides(fold, tz),
        _outside(fold),
        _discarded(fold, rules),
    ]
    return tuple(sentence for part in parts for sentence in part)


def as_text(sentences: Iterable[Sentence], language: str = "zh") -> str:
    """All sentences on one line: "还差 1.1 公里;14:05–14:43 静止 38 分钟未计里程"."""
    return (";" if language == "zh" else "; ").join(s.zh if language == "zh" else s.en for s in sentences)


def _status(judgement: Judgement) -> Sentence:
    zh, en = STATUS_TEXTS[judgement.status]
    return Sentence(f"status_{judgement.status}", zh, en, {})


def _check(reason: Reason, judgement: Judgement) -> Sentence | None:
    """What one check still lacks, or that it lies within its error bounds."""
    uncertain = reason.outcome == "uncertain" and judgement.status != "provisional"
    if reason.found is None or (reason.missing <= 0 and not uncertain):
        return None
    data: dict[str, DataValue] = {"asked": reason.asked, "found": reason.found, "missing": reason.missing}
    if uncertain:
        data |= {"low": reason.low, "high": reason.high}
    return {"distance_m": _distance, "patrol_s": _patrol, "online_share": _share}[reason.check](
        reason, uncertain, data
    )


def _distance(reason: Reason, uncertain: bool, data: dict[str, DataValue]) -> Sentence:
    found, asked, missing = _km(reason.found or 0), _km(reason.asked), _km(reason.missing)
    if uncertain:
        spread = _km(((reason.high or 0) - (reason.low or 0)) / 2)
        return Sentence(
            "uncertain_distance",
            f"里程 {found} ± {spread} 公里,标准 {asked} 公里在误差范围内",
            f"{found} ± {spread} km: the {asked} km asked lie within the error",
            data,
        )
    return Sentence(
        "missing_distance",
        f"里程还差 {missing} 公里(已计 {found},要求 {asked})",
        f"{missing} km still missing ({found} of {asked})",
        data,
    )


def _patrol(reason: Reason, uncertain: bool, data: dict[str, DataValue]) -> Sentence:
    zh, en = _duration(reason.found or 0)
    asked_zh, asked_en = _duration(reason.asked)
    if uncertain:
        return Sentence(
            "uncertain_patrol",
            f"巡查时长 {zh},与标准 {asked_zh} 相差不到一个采样间隔",
            f"{en} on patrol: closer to the {asked_en} asked than sampling can tell",
            data,
        )
    less_zh, less_en = _duration(reason.missing)
    return Sentence(
        "missing_patrol",
        f"巡查时长还差 {less_zh}(已计 {zh},要求 {asked_zh})",
        f"{less_en} of patrol still missing ({en} of {asked_en})",
        data,
    )


def _share(reason: Reason, uncertain: bool, data: dict[str, DataValue]) -> Sentence:
    found, asked = round((reason.found or 0) * 100), round(reason.asked * 100)
    return Sentence(
        "missing_online",
        f"在线率 {found}%,要求 {asked}%",
        f"{found} % of duty slots on line, {asked} % asked",
        data,
    )


def _stays(fold: DayFold, tz: tzinfo) -> list[Sentence]:
    told = sorted(fold.stays, key=lambda s: (s.start_ms - s.end_ms, s.start_ms))[:LISTED]
    return [
        Sentence(
            "stay",
            f"{_span(s.start_ms, s.end_ms, tz)} 静止 {_duration(s.duration_s)[0]}未计里程",
            f"{_span(s.start_ms, s.end_ms, tz)} at one place for {_duration(s.duration_s)[1]}: no distance",
            {"start_ms": s.start_ms, "end_ms": s.end_ms, "duration_s": s.duration_s, "radius_m": s.radius_m},
        )
        for s in sorted(told, key=lambda s: s.start_ms)
        if s.duration_s >= TOLD_FROM_S
    ]


def _gaps(fold: DayFold, tz: tzinfo, day_over: bool) -> list[Sentence]:
    facts = [g for g in fold.gaps if day_over or g.edge == "between"]
    told = sorted(facts, key=lambda g: (g.start_ms - g.end_ms, g.start_ms))[:LISTED]
    return [_gap(g, tz) for g in sorted(told, key=lambda g: g.start_ms)]


def _gap(gap: Gap, tz: tzinfo) -> Sentence:
    zh, en = CAUSES.get(gap.cause or "", (gap.cause or "", gap.cause or ""))
    span, (long_zh, long_en) = _span(gap.start_ms, gap.end_ms, tz), _duration(gap.duration_s)
    return Sentence(
        "gap",
        f"{span} 无信号 {long_zh},未计时长{f'({zh})' if zh else ''}",
        f"{span} nothing was received for {long_en}: no time counted{f' ({en})' if en else ''}",
        {"start_ms": gap.start_ms, "end_ms": gap.end_ms, "duration_s": gap.duration_s, "cause": gap.cause},
    )


def _rides(fold: DayFold, tz: tzinfo) -> list[Sentence]:
    rides = [s for s in fold.segments if s.verdict is Verdict.VEHICLE]
    if not rides or fold.vehicle_distance_m < TOLD_FROM_M:
        return []
    longest = max(rides, key=lambda s: (s.vehicle_mm, -s.start_ms))
    span, km = _span(longest.start_ms, longest.end_ms, tz), _km(fold.vehicle_distance_m)
    return [
        Sentence(
            "vehicle",
            f"乘车 {km} 公里单列,不计巡查里程(最长一段 {span})",
            f"{km} km in a vehicle are shown apart and not credited (the longest ride: {span})",
            {
                "vehicle_distance_m": fold.vehicle_distance_m,
                "rides": len(rides),
                "longest_start_ms": longest.start_ms,
                "longest_end_ms": longest.end_ms,
            },
        )
    ]


def _outside(fold: DayFold) -> list[Sentence]:
    """What happened outside the own grid: the distance is named, the time does not count as patrol."""
    present = np.isin(fold.verdicts, VALID_VERDICTS) & fold.primary
    outside = int((present & ~fold.in_grid).sum())
    away_m = fold.distance_m - fold.in_grid_distance_m
    if not outside or (away_m < TOLD_FROM_M and outside * 10 < int(present.sum())):
        return []
    share = round(100 * outside / int(present.sum()))
    return [
        Sentence(
            "outside_grid",
            f"{share}% 的定位、{_km(away_m)} 公里在本网格外,其时间不计巡查时长",
            f"{share} % of the fixes and {_km(away_m)} km lie outside the own grid: no patrol time",
            {"fixes": outside, "distance_m": away_m},
        )
    ]


def _discarded(fold: DayFold, rules: FoldRules) -> list[Sentence]:
    """Fixes that were not believed."""
    words = {
        Verdict.MOCK: ("个定位来自模拟位置,不计", "fixes came from a mock provider and do not count"),
        Verdict.INACCURATE: (
            f"个定位精度差于 {rules.max_accuracy_m} 米,不计",
            f"fixes were less accurate than {rules.max_accuracy_m} m and do not count",
        ),
        Verdict.JUMP: ("个定位突然跳变,不计", "fixes jumped away and do not count"),
    }
    told = [
        Sentence(
            verdict.code,
            f"{fold.totals[verdict].fixes} {zh}",
            f"{fold.totals[verdict].fixes} {en}",
            {"fixes": fold.totals[verdict].fixes, "raw_m": fold.totals[verdict].raw_m},
        )
        for verdict, (zh, en) in words.items()
        if fold.totals[verdict].fixes
    ]
    if fold.outside_duty:
        n = fold.outside_duty
        told.append(
            Sentence(
                "outside_duty", f"{n} 个定位不在值班时间,不计", f"{n} fixes lie outside duty", {"fixes": n}
            )
        )
    return told


def _km(metres: float) -> str:
    return f"{metres / 1000:.2f}" if metres < 100 else f"{metres / 1000:.1f}"


def _duration(seconds: float) -> tuple[str, str]:
    """Whole minutes, rounded up when something is missing at all: "0 minutes missing" helps nobody."""
    minutes = max(round(seconds / 60), 1) if seconds > 0 else 0
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} 分钟", f"{rest} min"
    return (f"{hours} 小时 {rest} 分钟", f"{hours} h {rest} min") if rest else (f"{hours} 小时", f"{hours} h")


def _span(start_ms: int, end_ms: int, tz: tzinfo) -> str:
    return f"{_clock(start_ms, tz)}–{_clock(end_ms, tz)}"


def _clock(at_ms: int, tz: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(tz).strftime("%H:%M")
