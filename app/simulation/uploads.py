"""A day cut into uploads as a handheld makes them: every so often, later where the network is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from app.simulation.day import HandheldDay, Recorded

APP_VERSION, ANDROID_VERSION = "1.0.0", "14"
FIXES_MAX = 600
EXIT_REASONS = {"killed": "system_kill", "reboot": "reboot", "user_stop": "user_stop", "battery": "reboot"}
"""What the system tells of the app's last end, by cause; of other causes it tells nothing."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload, as often as it is sent. due_ms: true time from which it can leave.

    content: as `app.patrol.wire.Upload` but for `sent_at` and `sent_elapsed_ms`, which every attempt has anew.
    """

    batch_id: UUID
    due_ms: int
    content: dict[str, Any]

    def body(self, sent_at_ms: int) -> bytes:
        """JSON to post to /fix-batches; sent_at_ms by the handheld's clock."""
        return msgspec.json.encode({**self.content, "sent_at": sent_at_ms})


def uploads_of(
    day: HandheldDay, *, every_s: float = 300.0, fixes_max: int = FIXES_MAX, coord_sys: str = "wgs84"
) -> list[Upload]:
    """The day's uploads in the order they fall due; one with more than `fixes_max` fixes becomes several.

    Together they hold every fix, beat, press and report once; their ids follow from the plan.
    """
    dues = _due_times(day, every_s)
    found: list[Upload] = []
    for after_ms, due_ms in pairwise([-(2**62), *dues]):
        for content in _contents(day, after_ms, due_ms, fixes_max):
            batch_id = day.own_id(f"batch/{len(found)}")
            found.append(
                Upload(batch_id, due_ms, {"batch_id": str(batch_id), "coord_sys": coord_sys, **content})
            )
    return found


def _due_times(day: HandheldDay, every_s: float) -> list[int]:
    """When the handheld tries and has a network; the last time after everything is known."""
    begin, end = day.happened[0].start_ms, day.happened[-1].end_ms
    step_ms = round(every_s * 1000)
    tries = np.arange(begin + step_ms, end, step_ms)
    for each in day.happened:
        if not each.episode.has_network:
            tries = tries[(tries < each.start_ms) | (tries >= each.end_ms)]
    return [*tries.tolist(), end]


def _contents(day: HandheldDay, after_ms: int, due_ms: int, fixes_max: int) -> Iterator[dict[str, Any]]:
    """What became known in (after_ms, due_ms], in pieces; each piece is of one boot."""
    clock = day.plan.clock
    known = (day.fixes.true_ms > after_ms) & (day.fixes.true_ms <= due_ms)
    beats = day.beats_ms[(day.beats_ms > after_ms) & (day.beats_ms <= due_ms)] + clock.error_ms
    rest: dict[str, Any] = {
        "beats": beats.tolist(),
        "presses": [
            {"press_id": str(p.id), "kind": p.kind, "pressed_at": p.sent_ms}
            for p in day.presses
            if after_ms < p.true_ms <= due_ms
        ],
        "reports": [
            {"at": r.sent_ms, "cause": r.cause} for r in day.reports if after_ms < r.known_ms <= due_ms
        ],
    }
    index = np.flatnonzero(known)
    pieces = [
        part[first : first + fixes_max]
        for part in np.split(index, np.flatnonzero(np.diff(day.fixes.boot[index])) + 1)
        for first in range(0, len(part), fixes_max)
    ]
    rest = {name: values for name, values in rest.items() if values}
    if not pieces and not rest:
        return
    rest["state"] = _state(day, after_ms, due_ms)
    for number, piece in enumerate(pieces or [index]):
        boot = int(day.fixes.boot[piece[0]]) if len(piece) else _boot_at(day, due_ms)
        yield {
            "boot_id": str(day.own_id(f"boot/{boot}")),
            "clock_offset_ms": clock.declared_offset_ms,
            "app_version": APP_VERSION,
            "fixes": _rows(day.fixes, piece, clock.source),
            **(rest if number == 0 else {}),
        }


def _state(day: HandheldDay, after_ms: int, due_ms: int) -> dict[str, Any]:
    """How the handheld is when it sends; the end of the app while nothing was sent."""
    begin, end = day.happened[0].start_ms, day.happened[-1].end_ms
    full, empty = day.plan.battery_pct
    state: dict[str, Any] = {
        "battery_pct": round(full + (empty - full) * (due_ms - begin) / (end - begin)),
        "network": "4g",
        "location_permission": "background",
        "android_version": ANDROID_VERSION,
    }
    for told in day.reports:
        if after_ms < told.known_ms <= due_ms and told.cause in EXIT_REASONS:
            state |= {"exit_reason": EXIT_REASONS[told.cause], "exit_at": told.sent_ms}
    return state


def _boot_at(day: HandheldDay, at_ms: int) -> int:
    return sum(h.episode.reboots and h.end_ms <= at_ms for h in day.happened)


def _rows(fixes: Recorded, index: np.ndarray[Any, Any], source: str) -> list[dict[str, Any]]:
    columns = (
        fixes.sent_ms,
        fixes.longitude,
        fixes.latitude,
        fixes.accuracy_m,
        fixes.speed_mps,
        fixes.battery_pct,
        fixes.elapsed_ms,
    )
    return [
        {
            "recorded_at": at_ms,
            "longitude": longitude,
            "latitude": latitude,
            "accuracy_m": accuracy_m,
            "time_source": source,
            "speed_mps": speed_mps,
            "battery_pct": battery_pct,
            "provider": "gps",
            "elapsed_ms": elapsed_ms,
        }
        for at_ms, longitude, latitude, accuracy_m, speed_mps, battery_pct, elapsed_ms in zip(
            *(column[index].tolist() for column in columns), strict=True
        )
    ]
