"""The day's verdict and its reason, so that a stranger understands it: asked, found, missing, not counted. Pure."""

from datetime import datetime, timedelta
from typing import Any

from app.patrol.page.content import DayPage
from app.patrol.page.words import (
    CHECK_WORDS,
    DECISION_WORDS,
    STATUS_WORDS,
    amount,
    exact,
    metres,
    minutes,
    seconds_of,
    shortened,
    span,
)

TOLD = 4
"""So many stretches that were not counted stand in the answer, the longest; the others below."""
JOIN_S = 120
AWAY_FROM_S = 300


def answer(page: DayPage) -> tuple[str, list[str]]:
    """The word and the sentences under it."""
    if page.ruling is not None:
        return STATUS_WORDS[page.status], [*_ruled(page), *_reasons(page)]
    return STATUS_WORDS[page.status], _reasons(page)


def _ruled(page: DayPage) -> list[str]:
    ruling = page.ruling
    assert ruling is not None  # noqa: S101 - asked by `answer`
    date = ruling.decided_at.astimezone(page.tz).strftime("%Y-%m-%d")
    became = f",认定为{STATUS_WORDS[ruling.decided_status]}" if ruling.decided_status else ""
    return [
        f"{date} {DECISION_WORDS[ruling.decision]}{became}(原判定:{STATUS_WORDS[page.raw_status]})。"
        f"理由:{shortened(ruling.reason, 70)}"
    ]


def _reasons(page: DayPage) -> list[str]:
    status = page.raw_status
    if status == "not_expected":
        return [_not_expected(page)]
    if status == "excused":
        return [f"当日为“{page.day_kind}”,免予考核,以下数据仅供查阅。"]
    if status == "no_data":
        duty = minutes(page.figures["duty_s"]) if page.figures["duty_s"] else ""
        return [
            f"当日应巡查{f',在岗 {duty}' if duty else ''},但没有收到任何定位或心跳,{_asked(page)}均无从计算。"
        ]
    told = [f"要求:{_asked(page)}{_share(page)}。", f"查得:{_found(page)}。", _conclusion(page)]
    missed_time = any(
        c["check"] == "patrol_s" and c["outcome"] in ("missed", "uncertain") for c in page.figures["checks"]
    )
    lost = _uncounted(page) if missed_time or status in ("fail", "review") else ""
    return [*told, lost] if lost else told


def _not_expected(page: DayPage) -> str:
    if page.figures["policy"] != "assess":
        return "本地区轨迹仅留痕备查,不用于考核,当日不作达标评判。"
    return "当日没有安排班次,不要求巡查,不作达标评判。"


def _checks(page: DayPage) -> list[dict[str, Any]]:
    return [c for c in page.figures["checks"] if c["asked"] > 0]


def _asked(page: DayPage) -> str:
    return "、".join(f"{CHECK_WORDS[c['check']]} {amount(c['check'], c['asked'])}" for c in _checks(page))


def _share(page: DayPage) -> str:
    """Why less is asked than elsewhere: a stranger knows four hours and three kilometres."""
    return f"(当日为“{page.day_kind}”,标准按 {page.prorate:.0%} 折算)" if 0 < page.prorate < 1 else ""


def _found(page: DayPage) -> str:
    return "、".join(f"{CHECK_WORDS[c['check']]} {amount(c['check'], c['found'])}" for c in _checks(page))


def _conclusion(page: DayPage) -> str:
    status, checks = page.raw_status, _checks(page)
    missed = [c for c in checks if c["outcome"] == "missed"]
    close = [c for c in checks if c["outcome"] == "uncertain"]
    if status == "provisional":
        lacking = [f"{CHECK_WORDS[c['check']]}还差 {_missing(c)}" for c in checks if c["missing"] > 0]
        return f"当日尚未结束,截至目前{';'.join(lacking) if lacking else '各项均已达到'}。"
    if missed:
        lacking = [f"{CHECK_WORDS[c['check']]}还差 {_missing(c)}" for c in missed]
        return f"结论:{';'.join(lacking)},故未达标。"
    if close:
        return "结论:" + ";".join(_between(c) for c in close) + ",须人工复核。"
    return "结论:各项均已达到,达标。"


def _missing(check: dict[str, Any]) -> str:
    if check["check"] == "online_share":
        return f"{check['missing'] * 100:.0f} 个百分点"
    return minutes(check["missing"]) if check["check"] == "patrol_s" else metres(check["missing"])


def _between(check: dict[str, Any]) -> str:
    write = exact if check["check"] == "patrol_s" else (lambda v: f"{v / 1000:.2f} 公里")
    return (
        f"{CHECK_WORDS[check['check']]} {write(check['found'])},误差范围 {write(check['low'])} 至 "
        f"{write(check['high'])},跨越标准 {write(check['asked'])}"
    )


def _uncounted(page: DayPage) -> str:
    """The longest stretches that did not count, in the order of the day."""
    parts: list[dict[str, Any]] = [
        {"start_at": g["start_at"], "end_at": g["end_at"], "why": _gap_words(g)} for g in page.facts
    ]
    parts += [
        {**part, "why": "在本人网格之外"} for part in stretches_away(page) if seconds_of(part) >= AWAY_FROM_S
    ]
    parts += [
        {**u, "why": "在线但无定位" + (f"({u['cause_zh']})" if u["cause"] else "")}
        for u in page.explanation["unplaced"]
    ]
    told_most = TOLD - 1 if page.ruling else TOLD
    longest = sorted(parts, key=lambda p: (-seconds_of(p), p["start_at"]))[:told_most]
    told = [
        f"{span(p, page.tz)} {p['why']} {minutes(seconds_of(p))}"
        for p in sorted(longest, key=lambda p: p["start_at"])
    ]
    if not told:
        return ""
    more = f"等共 {len(parts)} 段" if len(parts) > len(told) else ""
    return f"未计入的时间:{';'.join(told)}{more}。"


def _gap_words(gap: dict[str, Any]) -> str:
    if gap["cause"] not in (None, "unknown"):
        return str(gap["cause_zh"])
    return {
        "before_first": "到岗后未收到信号",
        "after_last": "此后未再收到信号",
        "between": "没有信号(原因不明)",
    }[gap["edge"]]


def stretches_away(page: DayPage) -> list[dict[str, str]]:
    """Spans spent on line outside own grids, neighbours joined."""
    away: list[dict[str, str]] = []
    for segment in sorted(page.explanation["segments"], key=lambda s: s["start_at"]):
        present = segment["verdict"] in ("moving", "stationary", "vehicle")
        if not present or segment["in_grid_share"] >= 0.5:
            continue
        begin = datetime.fromisoformat(segment["start_at"])
        if away and begin - datetime.fromisoformat(away[-1]["end_at"]) <= timedelta(seconds=JOIN_S):
            away[-1]["end_at"] = max(away[-1]["end_at"], segment["end_at"])
        else:
            away.append({"start_at": segment["start_at"], "end_at": segment["end_at"]})
    return away
