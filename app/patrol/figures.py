"""What a folded day says. Integers inside (ms, mm), seconds and metres at the surface."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from app.patrol.fixes import Fixes, Int64s

Bools = npt.NDArray[np.bool_]
Int8s = npt.NDArray[np.int8]


class Verdict(IntEnum):
    """One for each fix, tested in this order; OUTSIDE_DUTY marks fixes that count for nothing at all."""

    OUTSIDE_DUTY = 0
    MOCK = 1
    INACCURATE = 2
    JUMP = 3
    VEHICLE = 4
    STATIONARY = 5
    MOVING = 6

    @property
    def code(self) -> str:
        """The name in the API: `mock`, `inaccurate`, `jump`, `vehicle`, `stationary`, `moving`."""
        return self.name.lower()


VALID_VERDICTS = (Verdict.VEHICLE, Verdict.STATIONARY, Verdict.MOVING)
"""Fixes that prove presence."""


@dataclass(frozen=True, slots=True)
class VerdictTotals:
    """What one verdict amounts to.

    fixes       how many fixes have it
    raw_mm      sum of raw steps that end in such a fix
    credited_mm the part of the day's distance that ends in such a fix (zero for all but `moving`)
    duration_ms time that ends in such a fix, where the step is no gap
    """

    fixes: int
    raw_mm: int
    credited_mm: int
    duration_ms: int

    @property
    def raw_m(self) -> float:
        return self.raw_mm / 1000

    @property
    def credited_m(self) -> float:
        return self.credited_mm / 1000

    @property
    def uncounted_m(self) -> float:
        return max(self.raw_mm - self.credited_mm, 0) / 1000

    @property
    def duration_s(self) -> float:
        return self.duration_ms / 1000


@dataclass(frozen=True, slots=True)
class Gap:
    """Silence on duty, longer than the rule allows; `cause` as the handheld reported it, or None.

    `edge` tells silence between two signals from silence before the first or after the last of a duty
    window: of a running day the latter is no fact yet.
    """

    start_ms: int
    end_ms: int
    cause: str | None
    edge: Literal["between", "before_first", "after_last"]

    @property
    def duration_s(self) -> float:
        return (self.end_ms - self.start_ms) / 1000


@dataclass(frozen=True, slots=True)
class Stay:
    """A stop: centre in degrees (EPSG:4490) times 10^7, and the radius that its fixes fill."""

    start_ms: int
    end_ms: int
    lon_e7: int
    lat_e7: int
    radius_mm: int

    @property
    def longitude(self) -> float:
        return self.lon_e7 / 1e7

    @property
    def latitude(self) -> float:
        return self.lat_e7 / 1e7

    @property
    def radius_m(self) -> float:
        return self.radius_mm / 1000

    @property
    def duration_s(self) -> float:
        return (self.end_ms - self.start_ms) / 1000


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of fixes of one verdict; `first` and `last` index `DayFold.fixes`."""

    verdict: Verdict
    start_ms: int
    end_ms: int
    first: int
    last: int
    raw_mm: int
    credited_mm: int
    vehicle_mm: int
    fixes_in_grid: int
    fixes_count: int

    @property
    def distance_m(self) -> float:
        return self.credited_mm / 1000

    @property
    def minutes(self) -> float:
        return (self.end_ms - self.start_ms) / 60_000

    @property
    def in_grid_share(self) -> float:
        return self.fixes_in_grid / self.fixes_count


@dataclass(frozen=True, slots=True, eq=False)
class DayFold:
    """The folded day. Arrays run along `fixes`, the canonical order of everything that was given.

    verdicts      int8[n], `Verdict`
    in_grid       bool[n], inside an own grid of that moment, buffered
    primary       bool[n], False for the fixes of a second device while the first is still speaking: they
                  count as a sign of life but never lengthen the track
    credited_mm   int64[n], what the anchored track gained up to that fix; sums to `distance_mm`
    vehicle_mm    int64[n], the same for metres in a vehicle
    track_lon_e7, track_lat_e7  int64[n], the anchored track at that fix
    online_ms, patrol_ms, distance_mm, …  see the design: section 5
    distance_low_mm, distance_high_mm     where the true distance lies, about nine times in ten
    naive_mm      sum of all raw steps, for comparison only
    """

    fold_version: int
    fixes: Fixes
    verdicts: Int8s
    in_grid: Bools
    primary: Bools
    credited_mm: Int64s
    vehicle_mm: Int64s
    track_lon_e7: Int64s
    track_lat_e7: Int64s
    online_ms: int
    patrol_ms: int
    distance_mm: int
    in_grid_distance_mm: int
    vehicle_distance_mm: int
    distance_low_mm: int
    distance_high_mm: int
    naive_mm: int
    max_gap_ms: int
    duty_ms: int
    work_ms: int
    fixes_on_duty: int
    outside_duty: int
    first_at_ms: int | None
    last_at_ms: int | None
    totals: dict[Verdict, VerdictTotals]
    gaps: tuple[Gap, ...]
    stays: tuple[Stay, ...]
    segments: tuple[Segment, ...]

    @property
    def online_s(self) -> float:
        return self.online_ms / 1000

    @property
    def patrol_s(self) -> float:
        return self.patrol_ms / 1000

    @property
    def distance_m(self) -> float:
        return self.distance_mm / 1000

    @property
    def in_grid_distance_m(self) -> float:
        return self.in_grid_distance_mm / 1000

    @property
    def vehicle_distance_m(self) -> float:
        return self.vehicle_distance_mm / 1000

    @property
    def distance_low_m(self) -> float:
        return self.distance_low_mm / 1000

    @property
    def distance_high_m(self) -> float:
        return self.distance_high_mm / 1000

    @property
    def naive_m(self) -> float:
        return self.naive_mm / 1000

    @property
    def max_gap_s(self) -> float:
        return self.max_gap_ms / 1000
