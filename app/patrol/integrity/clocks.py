"""Clocks of handhelds that are off, or moved during the day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.patrol.figures import DayFold
from app.patrol.fixes import FLAG_DEVICE_TIME, UNKNOWN, Fixes
from app.patrol.integrity.limits import IntegrityLimits
from app.patrol.integrity.paths import moment
from app.patrol.integrity.signals import LISTED, Signal


@dataclass(frozen=True, slots=True, order=True)
class ClockReading:
    """What the batches of one handheld on one day say about its clock, in milliseconds.

    offset_min_ms, offset_max_ms  corrections that the handheld measured itself, once a boot
    ahead_max_ms                  the most that it was ahead of our clock in spite of that; None where not worth keeping
    """

    device_id: str
    offset_min_ms: int
    offset_max_ms: int
    ahead_max_ms: int | None


def find_clock_skew(
    fold: DayFold, readings: Sequence[ClockReading], limits: IntegrityLimits
) -> Signal | None:
    """A clock far off, differently off from boot to boot, or set while the handheld ran."""
    devices = [told for reading in sorted(readings) if (told := _told(reading, limits))]
    steps = _steps(fold.fixes, limits.clock_jump_s)
    if not devices and not steps:
        return None
    moved = bool(steps) or any("jump_s" in d or "ahead_s" in d for d in devices)
    return Signal("clock_skew", "medium" if moved else "low", {"devices": devices, "steps": steps[:LISTED]})


def _told(reading: ClockReading, limits: IntegrityLimits) -> dict[str, Any]:
    """What is remarkable about one handheld's clock; empty when nothing is."""
    found: dict[str, Any] = {}
    offset_ms = max(reading.offset_min_ms, reading.offset_max_ms, key=abs)
    if abs(offset_ms) >= limits.clock_offset_s * 1000:
        found["offset_s"] = round(offset_ms / 1000)
    jump_ms = reading.offset_max_ms - reading.offset_min_ms
    if jump_ms >= limits.clock_jump_s * 1000:
        found["jump_s"] = round(jump_ms / 1000)
    # only ahead of us is proof: behind is also an upload that was written and delivered later
    ahead_ms = reading.ahead_max_ms or 0
    if ahead_ms >= limits.clock_jump_s * 1000:
        found["ahead_s"] = round(ahead_ms / 1000)
    return {"device_id": reading.device_id, **found} if found else {}


def _steps(fixes: Fixes, jump_s: int) -> list[dict[str, Any]]:
    """Moments at which a running handheld's clock was set: its clock since boot went on, the time of day leapt.

    Only device times tell. Where a restart fits into the time that passed, nobody is accused.
    """
    found: list[dict[str, Any]] = []
    timed = (fixes.flags & FLAG_DEVICE_TIME != 0) & (fixes.elapsed_ms != UNKNOWN)
    for device in np.unique(fixes.device[timed]).tolist():
        own = fixes.take(timed & (fixes.device == device))
        own = own.take(np.lexsort((own.elapsed_ms, own.sent_ms)))
        told_s, up_s = np.diff(own.sent_ms) / 1000, np.diff(own.elapsed_ms) / 1000
        ran_on = (up_s > 0) & (own.elapsed_ms[1:] / 1000 > told_s)
        found.extend(
            {"at": moment(own.sent_ms[i + 1] / 1000), "step_s": round(float(told_s[i] - up_s[i]))}
            for i in np.flatnonzero(ran_on & (np.abs(told_s - up_s) >= jump_s)).tolist()
        )
    return sorted(found, key=lambda step: (step["at"], step["step_s"]))
