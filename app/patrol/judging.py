"""The judgement of a patrol day: its figures against the thresholds of the area. Pure.

Sources: Daishan 2018, 三 ("专职网格员即时在线率不低于60%,日在线巡查时长不低于4小时,日巡查里程不少于3公里"),
that is S4-31, S4-32 and S4-33 of the requirements; readings of doubtful points: requirements A.6 Q3 to Q7.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from app.patrol.figures import DayFold
from app.patrol.fixes import Int64s

Status = Literal["pass", "fail", "review", "excused", "not_expected", "no_data", "provisional"]
Check = Literal["patrol_s", "distance_m", "online_share"]
Outcome = Literal["met", "missed", "uncertain", "unknown"]
DistanceBasis = Literal["total", "in_grid"]
Presence = Literal["expected", "excused", "not_expected"]
PolicyMode = Literal["off", "record", "assess"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a whole working day asks for; None asks for nothing."""

    patrol_s: float | None = 4 * 3600.0  # Daishan 2018, 三: S4-32
    distance_m: float | None = 3000.0  # Daishan 2018, 三: S4-33
    online_share: float | None = 0.6  # Daishan 2018, 三: S4-31
    distance_basis: DistanceBasis = "total"  # the source names no place; a county may ask for the own grid
    review_time_s: float = 60.0  # times are exact to a sampling step: closer than this a person decides
    review_margin: bool = True  # False: the figure itself decides, whatever its error


@dataclass(frozen=True, slots=True)
class DayKind:
    """How a kind of day (work, half-day, leave, typhoon stop, …) changes what is asked.

    prorate   share of the patrol and distance thresholds that remains, 0..1 (a half-day: 0.5)
    presence  `excused` (ill, exempted area) and `not_expected` (rest day) are never failed
    """

    code: str = "work"
    prorate: float = 1.0
    presence: Presence = "expected"


@dataclass(frozen=True, slots=True)
class PatrolPolicy:
    """What an area may do with tracks. Only `assess` judges; `record` keeps evidence; `off` has no tracks."""

    mode: PolicyMode = "assess"


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures that a judgement needs, so that stored figures can be judged as well as a fresh fold."""

    patrol_s: float
    distance_m: float
    distance_low_m: float
    distance_high_m: float
    in_grid_distance_m: float
    online_share: float | None
    signals: int

    @classmethod
    def of(cls, fold: DayFold, online_share: float | None = None) -> "DayFigures":
        """The figures of a fold; `online_share` from `online_share()`, None when nobody was expected.

        Work intervals count as signals: a day of visits is a day with data.
        """
        return cls(
            patrol_s=fold.patrol_s,
            distance_m=fold.distance_m,
            distance_low_m=fold.distance_low_m,
            distance_high_m=fold.distance_high_m,
            in_grid_distance_m=fold.in_grid_distance_m,
            online_share=online_share,
            signals=fold.fixes_on_duty + (1 if fold.online_ms > 0 else 0),
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """One check: what was asked (prorated), what was found, between which bounds, and how it came out."""

    check: Check
    outcome: Outcome
    asked: float
    found: float | None
    low: float | None
    high: float | None

    @property
    def missing(self) -> float:
        """How much is still missing, in the unit of the check; 0 when nothing is."""
        return max(self.asked - (self.found or 0.0), 0.0)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A status and the checks behind it. While the day runs, `reasons` tell what is still missing."""

    status: Status
    reasons: tuple[Reason, ...] = field(default=())


def judge(
    figures: DayFigures, thresholds: Thresholds, day_kind: DayKind, policy: PatrolPolicy, *, day_over: bool
) -> Judgement:
    """Judge one day.

    `not_expected` and `excused` come from the day's kind, then `no_data`, then `provisional` while the day
    is not over; else `fail` if a threshold is missed beyond its error bounds, `review` if one lies inside
    them, `pass` otherwise. Under a policy that does not assess, a day is `not_expected` to be judged.
    """
    if policy.mode != "assess" or day_kind.presence == "not_expected":
        return Judgement("not_expected")
    if day_kind.presence == "excused":
        return Judgement("excused")
    reasons = _checks(figures, thresholds, day_kind.prorate)
    if not day_over:
        return Judgement("provisional", reasons)
    if figures.signals == 0 and any(r.asked > 0 for r in reasons):
        return Judgement("no_data", reasons)
    outcomes = {r.outcome for r in reasons}
    if "missed" in outcomes:
        return Judgement("fail", reasons)
    return Judgement("review" if "uncertain" in outcomes else "pass", reasons)


def _checks(figures: DayFigures, thresholds: Thresholds, prorate: float) -> tuple[Reason, ...]:
    checks: list[Reason] = []
    if thresholds.patrol_s is not None:
        asked, found, slack = thresholds.patrol_s * prorate, figures.patrol_s, thresholds.review_time_s
        slack = slack if thresholds.review_margin else 0.0
        checks.append(_reason("patrol_s", asked, found, max(found - slack, 0.0), found + slack))
    if thresholds.distance_m is not None:
        found, low, high = _distance(figures, thresholds.distance_basis)
        if not thresholds.review_margin:
            low = high = found
        checks.append(_reason("distance_m", thresholds.distance_m * prorate, found, low, high))
    if thresholds.online_share is not None:
        share = figures.online_share
        checks.append(_reason("online_share", thresholds.online_share, share, share, share))
    return tuple(checks)


def _distance(figures: DayFigures, basis: DistanceBasis) -> tuple[float, float, float]:
    """Distance and its bounds; in the own grid the bounds shrink in proportion."""
    if basis == "total":
        return figures.distance_m, figures.distance_low_m, figures.distance_high_m
    share = figures.in_grid_distance_m / figures.distance_m if figures.distance_m > 0 else 0.0
    return figures.in_grid_distance_m, figures.distance_low_m * share, figures.distance_high_m * share


def _reason(check: Check, asked: float, found: float | None, low: float | None, high: float | None) -> Reason:
    """Nothing asked is met; nobody expected is unknown, never 0 %; a threshold within the bounds uncertain."""
    outcome: Outcome
    if found is None or low is None or high is None:
        outcome = "met" if asked <= 0 else "unknown"
    elif asked <= low or asked <= 0:
        outcome = "met"
    else:
        outcome = "missed" if asked > high else "uncertain"
    return Reason(check, outcome, asked, found, low, high)


def online_share(
    signals_ms: Int64s, duty: Iterable[tuple[int, int]], *, slot_ms: int = 900_000, fresh_ms: int = 300_000
) -> float | None:
    """Share of a person's duty slots on line, 0..1 (A.6 Q3: samples of duty time); None without duty.

    signals_ms: int64[n], sorted. Each duty window [start_ms, end_ms) is cut into slots of `slot_ms` from its
    start. A slot is on line when a signal (fix, heartbeat, work) fell into it or within `fresh_ms` before it,
    the time for which a signal keeps its holder on line.
    """
    expected = online = 0
    for start, end in duty:
        begins = np.arange(start, end, slot_ms)
        heard = np.searchsorted(signals_ms, begins - fresh_ms) < np.searchsorted(
            signals_ms, np.minimum(begins + slot_ms, end)
        )
        expected += len(begins)
        online += int(heard.sum())
    return online / expected if expected else None
