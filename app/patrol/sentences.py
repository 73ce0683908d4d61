"""My day in plain sentences: what is still missing, what was not counted, and why. Chinese and English. Pure.

Each sentence has a stable `code` and its numbers in `data`, so that a handheld may word it anew.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

import numpy as np

from app.patrol.causes import cause_words, facts, lost_s_by_cause
from app.patrol.check_sentences import Sentence, check_sentence, duration, km
from app.patrol.day_inputs import WorkInterval
from app.patrol.figures import VALID_VERDICTS, DayFold, Gap, Verdict
from app.patrol.fold_rules import FoldRules
from app.patrol.judging import Judgement
from app.patrol.unplaced import Unplaced
from app.patrol.work.telling import work_sentences

LISTED = 3
"""So many stays and gaps are told one by one, the longest first chosen; the rest is in the explanation."""
TOLD_FROM_S = 300
TOLD_FROM_M = 50.0

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


def day_sentences(
    fold: DayFold,
    judgement: Judgement,
    rules: FoldRules,
    tz: tzinfo,
    *,
    day_over: bool,
    unplaced: Sequence[Unplaced] = (),
    work: Sequence[WorkInterval] = (),
) -> tuple[Sentence, ...]:
    """The day in sentences, the most important first: status, what is missing, what was not counted.

    tz is the zone of the service day (Asia/Shanghai). The silence after the last signal is told only of a
    day that is over: until then it is no fact. work: the parts of it that counted.
    """
    parts: list[Iterable[Sentence]] = [
        [_status(judgement)],
        [s for reason in judgement.reasons if (s := check_sentence(reason, judgement)) is not None],
        work_sentences(work),
        _stays(fold, tz),
        _gaps(fold, tz, day_over),
        _unplaced(unplaced, tz),
        _rides(fold, tz),
        _outside(fold),
        _discarded(fold, rules),
    ]
    return tuple(sentence for part in parts for sentence in part)


def _status(judgement: Judgement) -> Sentence:
    zh, en = STATUS_TEXTS[judgement.status]
    return Sentence(f"status_{judgement.status}", zh, en, {})


def _stays(fold: DayFold, tz: tzinfo) -> list[Sentence]:
    told = sorted(fold.stays, key=lambda s: (s.start_ms - s.end_ms, s.start_ms))[:LISTED]
    return [
        Sentence(
            "stay",
            f"{_span(s.start_ms, s.end_ms, tz)} 静止 {duration(s.duration_s)[0]}未计里程",
            f"{_span(s.start_ms, s.end_ms, tz)} at one place for {duration(s.duration_s)[1]}: no distance",
            {"start_ms": s.start_ms, "end_ms": s.end_ms, "duration_s": s.duration_s, "radius_m": s.radius_m},
        )
        for s in sorted(told, key=lambda s: s.start_ms)
        if s.duration_s >= TOLD_FROM_S
    ]


def _gaps(fold: DayFold, tz: tzinfo, day_over: bool) -> list[Sentence]:
    gaps = facts(fold.gaps, day_over=day_over)
    told = sorted(gaps, key=lambda g: (g.start_ms - g.end_ms, g.start_ms))[:LISTED]
    sentences = [_gap(g, tz) for g in sorted(told, key=lambda g: g.start_ms)]
    return [*sentences, _lost(gaps)] if len(gaps) > 1 else sentences


def _gap(gap: Gap, tz: tzinfo) -> Sentence:
    span, (long_zh, long_en) = _span(gap.start_ms, gap.end_ms, tz), duration(gap.duration_s)
    zh, en = cause_words(gap.cause)
    what_zh = f"{zh} {long_zh}" if gap.cause else f"无信号 {long_zh}({zh})"
    return Sentence(
        "gap",
        f"{span} {what_zh},未计在线",
        f"{span} nothing was received for {long_en}: no time counted ({en})",
        {"start_ms": gap.start_ms, "end_ms": gap.end_ms, "duration_s": gap.duration_s, "cause": gap.cause},
    )


def _lost(gaps: list[Gap]) -> Sentence:
    """All silences together, by cause, the costliest first."""
    by_cause = lost_s_by_cause(gaps, day_over=True)
    ordered = sorted(by_cause.items(), key=lambda item: (-item[1], item[0]))
    total = duration(sum(by_cause.values()))
    parts = [(cause_words(cause), duration(lost_s)) for cause, lost_s in ordered]
    return Sentence(
        "lost_time",
        f"中断合计 {total[0]}:" + "、".join(f"{words[0]} {lost[0]}" for words, lost in parts),
        f"{total[1]} lost in all: " + ", ".join(f"{words[1]} {lost[1]}" for words, lost in parts),
        dict(ordered),
    )


def _unplaced(stretches: Sequence[Unplaced], tz: tzinfo) -> list[Sentence]:
    told = sorted(stretches, key=lambda u: (u.start_ms - u.end_ms, u.start_ms))[:LISTED]
    return [
        Sentence(
            "unplaced",
            f"{_span(u.start_ms, u.end_ms, tz)} 在线但无定位 {duration(u.duration_s)[0]},未计巡查时长"
            f"({cause_words(u.cause)[0]})",
            f"{_span(u.start_ms, u.end_ms, tz)} on line without a place for {duration(u.duration_s)[1]}: "
            f"no patrol time ({cause_words(u.cause)[1]})",
            {
                "start_ms": u.start_ms,
                "end_ms": u.end_ms,
                "duration_s": u.duration_s,
                "cause": u.cause,
            },
        )
        for u in sorted(told, key=lambda u: u.start_ms)
    ]


def _rides(fold: DayFold, tz: tzinfo) -> list[Sentence]:
    rides = [s for s in fold.segments if s.verdict is Verdict.VEHICLE]
    if not rides or fold.vehicle_distance_m < TOLD_FROM_M:
        return []
    longest = max(rides, key=lambda s: (s.vehicle_mm, -s.start_ms))
    span, metres = _span(longest.start_ms, longest.end_ms, tz), km(fold.vehicle_distance_m)
    return [
        Sentence(
            "vehicle",
            f"乘车 {metres} 公里单列,不计巡查里程(最长一段 {span})",
            f"{metres} km in a vehicle are shown apart and not credited (the longest ride: {span})",
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
            f"{share}% 的定位、{km(away_m)} 公里在本网格外,其时间不计巡查时长",
            f"{share} % of the fixes and {km(away_m)} km lie outside the own grid: no patrol time",
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


def _span(start_ms: int, end_ms: int, tz: tzinfo) -> str:
    return f"{_clock(start_ms, tz)}–{_clock(end_ms, tz)}"


def _clock(at_ms: int, tz: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(tz).strftime("%H:%M")
