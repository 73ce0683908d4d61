"""Is the service well: measurements and limits in, reasons out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_low

SWEEPS = ("seal", "fold")
MINUTES_A_DAY = 1440


class Reason(StrEnum):
    """Why the service is degraded."""

    WORKER_SILENT = "worker_silent"
    SEALING_BEHIND = "sealing_behind"
    FOLDING_BEHIND = "folding_behind"
    QUEUE_FILLING = "queue_filling"
    DISK_LOW = "disk_low"
    PARTITIONS_SHORT = "partitions_short"
    INGEST_FALLING = "ingest_falling"
    SCHEMA_NEWER = "schema_newer"


@dataclass(frozen=True, slots=True)
class Sweep:
    """When a sweep of the worker last ran, and when it last had nothing left to do."""

    ran_at: datetime
    caught_up_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """Handhelds heard in the window: today, on each of the days before, and how many are expected on duty."""

    now: int
    before: Sequence[int]
    expected: int

    def usual(self) -> int:
        """How many are to be heard at this time: the (lower) median of the days before, never more than are on
        duty, so that a Sunday is not measured by its week. 0 where there is nothing to compare with.
        """
        spoke = [count for count in self.before if count > 0]
        return min(median_low(spoke), self.expected) if spoke else 0


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was found at `at`. months_ahead: of the partitioned table that has fewest."""

    at: datetime
    sweeps: dict[str, Sweep]
    months_ahead: int
    queue_share: float
    disk_free_mib: int
    heard: Heard
    is_schema_newer: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """From the rule book, topic `operations`."""

    worker_silent_max: timedelta
    seal_lag_max: timedelta
    fold_backlog_max: timedelta
    queue_max_share: float
    disk_free_min_mib: int
    months_ahead_min: int
    ingest_min_share: float
    ingest_min_handhelds: int


def reasons(found: Measurements, limits: Limits) -> list[Reason]:
    """Why the service is degraded at `found.at`, in the order of the enumeration; empty when it is well."""
    silent = is_silent(found, limits)
    said = {
        Reason.WORKER_SILENT: silent,
        # a dead worker is one trouble, not three
        Reason.SEALING_BEHIND: not silent and lag(found, "seal") > limits.seal_lag_max,
        Reason.FOLDING_BEHIND: not silent and lag(found, "fold") > limits.fold_backlog_max,
        Reason.QUEUE_FILLING: found.queue_share >= limits.queue_max_share,
        Reason.DISK_LOW: found.disk_free_mib < limits.disk_free_min_mib,
        Reason.PARTITIONS_SHORT: found.months_ahead < limits.months_ahead_min,
        Reason.INGEST_FALLING: is_falling(found.heard, limits),
        Reason.SCHEMA_NEWER: found.is_schema_newer,
    }
    return [reason for reason in Reason if said[reason]]


def is_silent(found: Measurements, limits: Limits) -> bool:
    """Whether any sweep did not run for too long, or never."""
    return any(
        name not in found.sweeps or found.at - found.sweeps[name].ran_at > limits.worker_silent_max
        for name in SWEEPS
    )


def lag(found: Measurements, name: str) -> timedelta:
    """How long a sweep has not caught up; zero while the clocks of two machines differ the other way."""
    sweep = found.sweeps.get(name)
    return max(found.at - sweep.caught_up_at, timedelta()) if sweep else timedelta()


def is_falling(heard: Heard, limits: Limits) -> bool:
    """Whether far fewer handhelds speak than usually at this time."""
    usual = heard.usual()
    return usual >= limits.ingest_min_handhelds and heard.now < limits.ingest_min_share * usual


def minutes_mask(minute: int, window_min: int) -> str:
    """Bits of a day, as `patrol_day.heard` numbers them: the `window_min` minutes up to and with `minute`.

    Cut at midnight: yesterday's minutes stand in another row.
    """
    first = max(0, minute - window_min + 1)
    return "0" * first + "1" * (minute - first + 1) + "0" * (MINUTES_A_DAY - 1 - minute)
