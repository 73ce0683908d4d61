"""A check in plain words: what is missing, how close it is, what the error bounds say. Pure."""

from dataclasses import dataclass

from app.patrol.judging import Judgement, Reason

DataValue = str | int | float | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One plain sentence with its stable code and numbers (times as Unix ms, metres, seconds)."""

    code: str
    zh: str
    en: str
    data: dict[str, DataValue]


def check_sentence(reason: Reason, judgement: Judgement) -> Sentence | None:
    """What one check still lacks, or that it lies within its error bounds, or close to them."""
    if reason.found is None:
        return None
    settled = judgement.status != "provisional"
    uncertain = reason.outcome == "uncertain" and settled
    near = settled and reason.outcome == "met" and _is_near(reason)
    if reason.missing <= 0 and not uncertain and not near:
        return None
    data: dict[str, DataValue] = {"asked": reason.asked, "found": reason.found, "missing": reason.missing}
    if settled and _is_near(reason):
        data |= {"low": reason.low, "high": reason.high}
    return {"distance_m": _distance, "patrol_s": _patrol, "online_share": _share}[reason.check](reason, data)


def _is_near(reason: Reason) -> bool:
    """Whether the threshold lies within twice the error: then the bounds belong to the story."""
    if reason.found is None or reason.low is None or reason.high is None or reason.asked <= 0:
        return False
    error = max(reason.high - reason.found, reason.found - reason.low)
    return abs(reason.asked - reason.found) <= 2 * error


def _distance(reason: Reason, data: dict[str, DataValue]) -> Sentence:
    if "low" in data:
        found, asked, low, high = (
            f"{(x or 0) / 1000:.2f}" for x in (reason.found, reason.asked, reason.low, reason.high)
        )
        less = f"{reason.missing / 1000:.2f}"
        zh, en = _verdict_on(reason, f"{asked} 公里", f"{asked} km", (f"{less} 公里", f"{less} km"))
        return Sentence(
            f"{_kind(reason)}_distance",
            f"里程 {found} 公里,误差范围 {low}–{high} 公里,{zh}",
            f"{found} km, between {low} and {high} km: {en}",
            data,
        )
    found, asked, missing = km(reason.found or 0), km(reason.asked), km(reason.missing)
    return Sentence(
        "missing_distance",
        f"里程还差 {missing} 公里(已计 {found},要求 {asked})",
        f"{missing} km still missing ({found} of {asked})",
        data,
    )


def _patrol(reason: Reason, data: dict[str, DataValue]) -> Sentence:
    asked_zh, asked_en = duration(reason.asked)
    if "low" in data:
        found, low, high = (_exactly(x or 0) for x in (reason.found, reason.low, reason.high))
        zh, en = _verdict_on(reason, asked_zh, asked_en, _exactly(reason.missing))
        return Sentence(
            f"{_kind(reason)}_patrol",
            f"巡查时长 {found[0]},误差范围 {low[0]}至 {high[0]},{zh}",
            f"{found[1]} on patrol, between {low[1]} and {high[1]}: {en}",
            data,
        )
    zh, en = duration(reason.found or 0)
    less_zh, less_en = duration(reason.missing)
    return Sentence(
        "missing_patrol",
        f"巡查时长还差 {less_zh}(已计 {zh},要求 {asked_zh})",
        f"{less_en} of patrol still missing ({en} of {asked_en})",
        data,
    )


def _kind(reason: Reason) -> str:
    return {"met": "near", "missed": "missing"}.get(reason.outcome, "uncertain")


def _verdict_on(reason: Reason, asked_zh: str, asked_en: str, less: tuple[str, str]) -> tuple[str, str]:
    """What the error bounds say about the threshold."""
    if reason.outcome == "met":
        return f"下限仍不低于 {asked_zh}标准", f"even the lower bound reaches the {asked_en} asked"
    if reason.outcome == "missed":
        return (
            f"上限仍低于 {asked_zh}标准,还差 {less[0]}",
            f"even the upper bound misses the {asked_en} asked, {less[1]} are missing",
        )
    return f"跨越 {asked_zh}标准,需人工复核", f"the {asked_en} asked lie in between, a person decides"


def _share(reason: Reason, data: dict[str, DataValue]) -> Sentence:
    found, asked = round((reason.found or 0) * 100), round(reason.asked * 100)
    return Sentence(
        "missing_online",
        f"在线率 {found}%,要求 {asked}%",
        f"{found} % of duty slots on line, {asked} % asked",
        data,
    )


def km(metres: float) -> str:
    return f"{metres / 1000:.2f}" if metres < 100 else f"{metres / 1000:.1f}"


def duration(seconds: float) -> tuple[str, str]:
    """Whole minutes, rounded up when something is missing at all: "0 minutes missing" helps nobody."""
    minutes = max(round(seconds / 60), 1) if seconds > 0 else 0
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} 分钟", f"{rest} min"
    return (f"{hours} 小时 {rest} 分钟", f"{hours} h {rest} min") if rest else (f"{hours} 小时", f"{hours} h")


def _exactly(seconds: float) -> tuple[str, str]:
    """To the second: near a threshold whole minutes would hide what decides."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} 分 {rest:02d} 秒", f"{minutes} min {rest:02d} s"
    return f"{hours} 小时 {minutes:02d} 分 {rest:02d} 秒", f"{hours} h {minutes:02d} min {rest:02d} s"
