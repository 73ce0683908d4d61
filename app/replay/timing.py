"""When a walk is walked: its own times, or moved into the duty of a day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.kit.clock import from_ms
from app.replay.walk import Walk

AFTER_START = timedelta(minutes=5)
"""A walk begins this long after its holder went on duty."""
DAYS_TRIED = 40


class DayUnusable(Exception):
    """A walk cannot be put on the day; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch on duty."""

    start_at: datetime
    end_at: datetime

    @property
    def length_s(self) -> float:
        """Seconds from start to end."""
        return (self.end_at - self.start_at).total_seconds()


def duty_windows(explained: Mapping[str, Any]) -> list[Window]:
    """The windows on duty of a day's explanation."""
    return [
        Window(datetime.fromisoformat(w["start_at"]), datetime.fromisoformat(w["end_at"]))
        for w in explained["duty"]
    ]


def shifted_to(walk: Walk, start: datetime) -> Walk:
    """The walk with its first point at `start`, everything else as long after it as it was."""
    times_ms = walk.times_ms
    return replace(walk, at_ms=times_ms - times_ms[0] + round(start.timestamp() * 1000))


def fitted(walk: Walk, windows: Sequence[Window]) -> Walk:
    """The walk moved into the first window that is long enough, else into the longest, saying so in a note.

    Raises DayUnusable when there is none.
    """
    if not windows:
        raise DayUnusable("nobody is on duty then")
    needed_s = walk.span_s + AFTER_START.total_seconds()
    window = next((w for w in windows if w.length_s >= needed_s), None)
    if window is not None:
        return shifted_to(walk, window.start_at + AFTER_START)
    window = max(windows, key=lambda w: w.length_s)
    moved = shifted_to(walk, window.start_at + min(AFTER_START, (window.end_at - window.start_at) / 2))
    note = (
        f"the walk takes {walk.span_s / 3600:.1f} h and the longest time on duty of that day is "
        f"{window.length_s / 3600:.1f} h: what is outside will be refused as off_duty"
    )
    return replace(moved, notes=(*moved.notes, note))


def own_day(walk: Walk, zone: ZoneInfo, now: datetime, oldest_days: int) -> date:
    """The service day of a walk that keeps its times. Raises DayUnusable: in the future, or too old."""
    first, last = (from_ms(int(walk.times_ms[i])) for i in (0, -1))
    day = first.astimezone(zone).date()
    if last > now:
        raise DayUnusable(f"{walk.name} was recorded on {day}, in the future; give it a past day with --on")
    if first < now - timedelta(days=oldest_days):
        raise DayUnusable(
            f"{walk.name} was recorded on {day}; the service takes nothing older than {oldest_days} days. "
            "Give it another day with --on 2026-11-20, or another place and day with --relocate".replace(
                "2026-11-20", (now.astimezone(zone) - timedelta(days=1)).date().isoformat()
            )
        )
    return day


def past_days(calendar: Sequence[Mapping[str, Any]], before: date) -> list[date]:
    """The working days before `before`, the last one first; where none is known to work, all of them."""
    days = sorted((date.fromisoformat(d["day"]) for d in calendar if d["works"]), reverse=True)
    days = days or sorted((date.fromisoformat(d["day"]) for d in calendar), reverse=True)
    return [day for day in days if day < before]
