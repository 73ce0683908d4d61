"""Working sessions of a day, by season: a value of the rule book with a shape of its own."""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, ClassVar

from app.rules.parameter import Parameter, ValueRefusedError

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
MAX_SEASONS, MAX_SESSIONS = 12, 8


@dataclass(frozen=True, slots=True, order=True)
class Session:
    """Half-open minutes of the local day [opens_min, closes_min), e.g. 510 to 690 for 08:30 to 11:30."""

    opens_min: int
    closes_min: int

    def __str__(self) -> str:
        return f"{_clock(self.opens_min)}-{_clock(self.closes_min)}"


@dataclass(frozen=True, slots=True)
class Season:
    """Sessions from month-day `first` to `last`, both included; it may run over the new year."""

    first: tuple[int, int]
    last: tuple[int, int]
    sessions: tuple[Session, ...]

    def holds(self, day: date) -> bool:
        """Whether `day` falls into the season."""
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


@dataclass(frozen=True, slots=True)
class Timetable:
    """Sessions of the whole year, and of the seasons that differ (the first that holds a day counts)."""

    sessions: tuple[Session, ...]
    seasons: tuple[Season, ...] = ()

    @classmethod
    def of(cls, sessions: list[str]) -> "Timetable":
        """A timetable without seasons from texts such as "08:30-11:30"."""
        return cls(_sessions(sessions))

    def on(self, day: date) -> tuple[Session, ...]:
        """The sessions of a working day, in order, never empty."""
        return next((season.sessions for season in self.seasons if season.holds(day)), self.sessions)


@dataclass(frozen=True, kw_only=True)
class TimetableParameter(Parameter[Timetable]):
    """JSON: `{"sessions": ["08:30-11:30"], "seasons": [{"from": "06-01", "until": "09-30", …}]}`."""

    kind: ClassVar[str] = "timetable"

    def parse(self, raw: Any) -> Timetable:
        if not isinstance(raw, dict) or not set(raw) <= {"sessions", "seasons"}:
            raise ValueRefusedError(
                "须为含 sessions、seasons 的对象", "must be an object of sessions and seasons"
            )
        seasons = raw.get("seasons", [])
        if not isinstance(seasons, list) or len(seasons) > MAX_SEASONS:
            raise ValueRefusedError(f"最多 {MAX_SEASONS} 个季节", f"at most {MAX_SEASONS} seasons")
        return Timetable(_sessions(raw.get("sessions")), tuple(_season(each) for each in seasons))

    def dump(self, value: Timetable) -> Any:
        whole_year: dict[str, Any] = {"sessions": [str(s) for s in value.sessions]}
        if value.seasons:
            whole_year["seasons"] = [
                {"from": "{:02}-{:02}".format(*s.first), "until": "{:02}-{:02}".format(*s.last)}
                | {"sessions": [str(each) for each in s.sessions]}
                for s in value.seasons
            ]
        return whole_year


def _sessions(raw: Any) -> tuple[Session, ...]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_SESSIONS:
        raise ValueRefusedError(
            f"须有 1 至 {MAX_SESSIONS} 个时段", f"one to {MAX_SESSIONS} sessions are needed"
        )
    found = tuple(_session(each) for each in raw)
    if any(later.opens_min < earlier.closes_min for earlier, later in pairwise(found)):
        raise ValueRefusedError("时段须按先后排列且互不重叠", "sessions must be in order and not overlap")
    return found


def _session(raw: Any) -> Session:
    parts = raw.split("-") if isinstance(raw, str) else []
    if len(parts) != 2:
        raise ValueRefusedError("时段须写作 08:30-11:30", "write a session as 08:30-11:30")
    session = Session(_minute(parts[0]), _minute(parts[1]))
    if session.opens_min >= session.closes_min:
        raise ValueRefusedError("时段须先开始后结束", "a session must open before it closes")
    return session


def _minute(text: str) -> int:
    if not CLOCK.fullmatch(text):
        raise ValueRefusedError("时刻须写作 08:30", "write a time of day as 08:30")
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _season(raw: Any) -> Season:
    if not isinstance(raw, dict) or set(raw) != {"from", "until", "sessions"}:
        raise ValueRefusedError("季节须含 from、until、sessions", "a season has from, until and sessions")
    return Season(_month_day(raw["from"]), _month_day(raw["until"]), _sessions(raw["sessions"]))


def _month_day(raw: Any) -> tuple[int, int]:
    try:
        if not isinstance(raw, str) or not MONTH_DAY.fullmatch(raw):
            raise ValueError
        day = date.fromisoformat(f"2024-{raw}")  # a leap year: a season may end on 02-29
    except ValueError:
        raise ValueRefusedError("季节起止须写作 06-01", "write the bounds of a season as 06-01") from None
    return day.month, day.day


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
