"""What a patrol day is folded from. Everything the fold may know is in here, and nothing else."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from shapely.geometry.base import BaseGeometry

from app.patrol.fixes import Fixes, Int64s
from app.patrol.fold_rules import FoldRules

InGridRule = Literal["polygon", "route", "none"]
MovementProfile = Literal["foot", "ebike", "boat"]


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A half-open stretch of time [start_ms, end_ms), corrected Unix milliseconds."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, order=True)
class WorkInterval:
    """A visit or submission [start_ms, end_ms): the time counts as online and as patrol without any fix."""

    start_ms: int
    end_ms: int
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class OwnGrid:
    """A grid that is the inspector's own during [start_ms, end_ms).

    shape     polygon (`polygon`) or line (`route`), degrees, EPSG:4490; None for `none`, where everything
              on duty is inside
    buffered  `shape` grown by the rule's buffer and prepared (`app.kit.geodesy.buffered_polygon`); the fold
              makes it when the caller has none in its cache
    """

    start_ms: int
    end_ms: int
    grid_id: str
    grid_code: str
    in_grid_rule: InGridRule = "polygon"
    shape: BaseGeometry | None = None
    buffered: BaseGeometry | None = None


@dataclass(frozen=True, slots=True, order=True)
class GapReport:
    """What the handheld said about an interruption: `no_permission`, `killed`, `no_signal`, `battery`, …"""

    at_ms: int
    cause: str


@dataclass(frozen=True, slots=True, order=True)
class ProfileWindow:
    """How the inspector may move during [start_ms, end_ms); outside every window it is `foot`."""

    start_ms: int
    end_ms: int
    profile: MovementProfile


@dataclass(frozen=True, slots=True)
class DayInputs:
    """All inputs of one inspector's service day, in any order and with any repetition.

    fixes        of all devices of the day; `device` indexes the caller's sorted list of device ids
    beats_ms     int64[m] heartbeats, corrected Unix ms
    duty         windows of duty; fixes and beats outside count for nothing
    work         visits and submissions
    grids        own grids by time; none at all means that nothing is inside
    gap_reports  what the handheld told about interruptions
    profiles     movement profiles by time; `foot` elsewhere, and where windows overlap the fastest one
    rules        thresholds, from the rule book
    """

    fixes: Fixes
    duty: tuple[Interval, ...]
    rules: FoldRules = field(default_factory=FoldRules)
    beats_ms: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    work: tuple[WorkInterval, ...] = ()
    grids: tuple[OwnGrid, ...] = ()
    gap_reports: tuple[GapReport, ...] = ()
    profiles: tuple[ProfileWindow, ...] = ()
