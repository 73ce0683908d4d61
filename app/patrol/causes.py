"""Why a handheld fell silent, in plain words; and the minutes lost to each cause. Pure."""

from collections.abc import Iterable
from typing import Literal

from app.patrol.figures import Gap

GapCause = Literal[
    "no_permission",
    "killed",
    "no_signal",
    "battery",
    "reboot",
    "user_stop",
    "system_kill",
    "crash",
    "permission_revoked",
    "update",
    "unknown",
]
UNKNOWN = "unknown"
"""Stands for the time of gaps of which the handheld told nothing."""

CAUSE_WORDS: dict[str, tuple[str, str]] = {
    "no_permission": ("定位权限被关闭", "location permission was off"),
    "permission_revoked": ("定位权限被收回", "location permission was taken away"),
    "killed": ("应用被系统关闭", "the system had closed the app"),
    "system_kill": ("应用被系统关闭", "the system had closed the app"),
    "crash": ("应用异常退出", "the app had crashed"),
    "no_signal": ("没有卫星信号", "there was no satellite signal"),
    "update": ("应用更新", "the app was updated"),
    "battery": ("电量耗尽或省电模式", "the battery was empty or saved"),
    "reboot": ("手机重启", "the handheld restarted"),
    "user_stop": ("手动停止", "it was stopped by hand"),
    UNKNOWN: ("原因不明", "cause unknown"),
}


def cause_words(cause: str | None) -> tuple[str, str]:
    """Chinese and English words for a cause; a code that this release does not know is shown as it is."""
    return CAUSE_WORDS.get(cause or UNKNOWN, (cause or "", cause or ""))


def facts(gaps: Iterable[Gap], *, day_over: bool) -> list[Gap]:
    """The gaps that are facts: of a running day the silence before the first or after the last signal is none."""
    return [gap for gap in gaps if day_over or gap.edge == "between"]


def lost_s_by_cause(gaps: Iterable[Gap], *, day_over: bool) -> dict[str, int]:
    """Whole seconds of silence on duty by cause, `unknown` where none was told; sorted by cause."""
    lost_ms: dict[str, int] = {}
    for gap in facts(gaps, day_over=day_over):
        cause = gap.cause or UNKNOWN
        lost_ms[cause] = lost_ms.get(cause, 0) + gap.end_ms - gap.start_ms
    return {cause: ms // 1000 for cause, ms in sorted(lost_ms.items())}
