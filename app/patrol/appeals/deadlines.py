"""Until when a judgement can be contested, and an appeal is to be decided. Pure: calendar and rules come in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.rules.working_time import DeadlineClose, WorkCalendar, due_in_working_days


@dataclass(frozen=True, slots=True)
class AppealRules:
    """What the rule book says about deadlines where the day counts."""

    file_within_days: int
    decide_within_days: int
    written_grace: timedelta
    close: DeadlineClose


def file_by(judged_at: datetime, rules: AppealRules, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    """The last instant at which a judgement made at `judged_at` can be contested; that day doesn't count."""
    return due_in_working_days(judged_at, rules.file_within_days, rules.close, calendar, zone).at


def decide_by(filed_at: datetime, rules: AppealRules, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    """When an appeal filed at `filed_at` is overdue."""
    return due_in_working_days(filed_at, rules.decide_within_days, rules.close, calendar, zone).at


def is_in_time(filed_at: datetime, written_at: datetime | None, due: datetime, grace: timedelta) -> bool:
    """Whether an appeal counts that reached the server at `filed_at`.

    One that was written in time on a handheld without signal counts, too, when it arrives within `grace` after
    the deadline. The handheld's clock is believed no further: neither beyond the grace nor in the future.
    """
    if filed_at <= due:
        return True
    return written_at is not None and written_at <= due and filed_at <= due + grace


def is_overdue(state: str, due: datetime, now: datetime) -> bool:
    """Whether a decision is due and not there."""
    return state == "filed" and due < now
