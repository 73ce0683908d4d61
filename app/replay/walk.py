"""A recorded walk as columns, whatever kind of file it came from."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import distances_m

Float64s = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]

ACCURACY_DEFAULT_M = 8.0
"""What a phone under an open sky reports; used where the file says nothing."""
METRES_PER_HDOP = 5.0
"""Horizontal dilution of precision times this is taken as the 68 % radius."""
EARLIEST = datetime(1980, 1, 6, tzinfo=UTC)
"""GPS time begins; an earlier time is a receiver without a fix or a wrong column."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class WalkUnreadable(Exception):
    """A file cannot be replayed; the text names the file, the place in it and what to do."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One point as a reader found it. `place` says where in the file, for messages."""

    place: str
    longitude: float
    latitude: float
    at_ms: int | None = None
    accuracy_m: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """n points in order of time (or, without times, of the file), WGS 84 degrees.

    at_ms       int64[n], Unix milliseconds; None when the file carries no times
    accuracy_m  float64[n], 68 % radius
    altitude_m, speed_mps  float64[n], NaN where unknown
    notes       what the reader left out, in plain words
    """

    name: str
    longitude: Float64s
    latitude: Float64s
    at_ms: Int64s | None
    accuracy_m: Float64s
    altitude_m: Float64s
    speed_mps: Float64s
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.longitude)

    @property
    def times_ms(self) -> Int64s:
        """Its times. Raises WalkUnreadable where it has none."""
        if self.at_ms is None:
            raise WalkUnreadable(
                f"{self.name}: its points carry no times, so nobody knows when it was walked; "
                "--pace 1.2 walks it at 1.2 m/s"
            )
        return self.at_ms

    @property
    def span_s(self) -> float:
        """Seconds from its first point to its last."""
        return float(self.times_ms[-1] - self.times_ms[0]) / 1000

    @property
    def raw_m(self) -> float:
        """Sum of the distances between neighbouring points, metres: nothing is judged here."""
        lon, lat = self.longitude, self.latitude
        return float(distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).sum())

    def take(self, index: Int64s | npt.NDArray[np.bool_]) -> Self:
        """The points at `index` (positions or mask)."""
        columns = {
            f.name: getattr(self, f.name)[index]
            for f in fields(self)
            if isinstance(getattr(self, f.name), np.ndarray)
        }
        return replace(self, **columns)

    def thinned(self, sampling_s: float) -> Self:
        """At most one point every `sampling_s` seconds, as a handheld with that interval would have it."""
        kept, due_ms = [], -(2**62)
        for index, at_ms in enumerate(self.times_ms.tolist()):
            if at_ms >= due_ms:
                kept.append(index)
                due_ms = at_ms + round(sampling_s * 1000)
        return self.take(np.array(kept, np.int64))


def assemble(path: Path, sightings: Iterable[Sighting]) -> Walk:
    """A walk from what a reader found, checked and put in order. Raises WalkUnreadable."""
    points = list(sightings)
    if not points:
        raise WalkUnreadable(f"{path}: no points in it")
    for point in points:
        _require_place(path, point)
    notes = []
    timed = [p for p in points if p.at_ms is not None]
    if timed and len(timed) * 2 < len(points):
        notes.append(f"times ignored: only {len(timed)} of {len(points)} points carry one")
        timed = []
    elif len(timed) < len(points) and timed:
        notes.append(f"{len(points) - len(timed)} points without a time left out")
    if timed:
        for point in timed:
            _require_time(path, point)
        points, repeated = _in_order(timed)
        notes += [f"{repeated} points at a time that another point already has left out"] * bool(repeated)
    if len(points) < 2:
        raise WalkUnreadable(f"{path}: only one point in it; a walk needs two")
    return Walk(
        name=path.name,
        longitude=np.array([p.longitude for p in points]),
        latitude=np.array([p.latitude for p in points]),
        at_ms=np.array([p.at_ms for p in points], np.int64) if timed else None,
        accuracy_m=np.array([_accuracy(p.accuracy_m) for p in points]),
        altitude_m=np.array([p.altitude_m for p in points], np.float64),
        speed_mps=np.array([_speed(p.speed_mps) for p in points], np.float64),
        notes=tuple(notes),
    )


def joined(walks: list[Walk]) -> Walk:
    """Several walks of one day as one. Raises WalkUnreadable where two overlap in time."""
    parts = sorted(walks, key=lambda w: int(w.times_ms[0]))
    for earlier, later in pairwise(parts):
        if later.times_ms[0] <= earlier.times_ms[-1]:
            raise WalkUnreadable(
                f"{earlier.name} and {later.name} overlap in time: one person cannot walk both; "
                "leave out --same-day to replay each on a day of its own"
            )
    return Walk(
        name=" + ".join(p.name for p in parts),
        longitude=np.concatenate([p.longitude for p in parts]),
        latitude=np.concatenate([p.latitude for p in parts]),
        at_ms=np.concatenate([p.times_ms for p in parts]),
        accuracy_m=np.concatenate([p.accuracy_m for p in parts]),
        altitude_m=np.concatenate([p.altitude_m for p in parts]),
        speed_mps=np.concatenate([p.speed_mps for p in parts]),
        notes=tuple(f"{p.name}: {note}" for p in parts for note in p.notes),
    )


def paced(walk: Walk, pace_mps: float, sampling_s: float, start: datetime) -> Walk:
    """The walk's line walked at `pace_mps` from `start` on, with a point every `sampling_s` seconds."""
    lon, lat = walk.longitude, walk.latitude
    along_m = np.concatenate([[0.0], np.cumsum(distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:]))])
    if along_m[-1] == 0:
        raise WalkUnreadable(f"{walk.name}: all its points are the same place, so no pace can be given to it")
    steps_s = np.arange(0.0, along_m[-1] / pace_mps, sampling_s)
    at_m = steps_s * pace_mps

    def between(column: Float64s) -> Float64s:
        return np.interp(at_m, along_m, column)

    return replace(
        walk,
        longitude=between(lon),
        latitude=between(lat),
        at_ms=np.rint(start.timestamp() * 1000 + steps_s * 1000).astype(np.int64),
        accuracy_m=between(walk.accuracy_m),
        altitude_m=between(walk.altitude_m),
        speed_mps=np.full(len(at_m), np.nan),
        notes=(*walk.notes, f"it carries no times: walked at {pace_mps:g} m/s"),
    )


def _require_place(path: Path, point: Sighting) -> None:
    lon, lat = point.longitude, point.latitude
    if not (np.isfinite(lon) and np.isfinite(lat)):
        raise WalkUnreadable(f"{path}, {point.place}: a coordinate is not a finite number")
    if abs(lat) > 90 and abs(lat) <= 180 and abs(lon) <= 90:
        raise WalkUnreadable(
            f"{path}, {point.place}: latitude {lat:g} is impossible; longitude and latitude look swapped"
        )
    if abs(lon) > 180 or abs(lat) > 90:
        raise WalkUnreadable(
            f"{path}, {point.place}: longitude {lon:g}, latitude {lat:g} is outside the world"
        )


def _require_time(path: Path, point: Sighting) -> None:
    at_ms = point.at_ms or 0
    if not EARLIEST.timestamp() * 1000 <= at_ms < LATEST.timestamp() * 1000:
        raise WalkUnreadable(f"{path}, {point.place}: its time is not between 1980 and 2100")


def _in_order(points: list[Sighting]) -> tuple[list[Sighting], int]:
    """Sorted by time, the first of each instant, and how many were left out."""
    counts = Counter(p.at_ms for p in points)
    first: dict[int | None, Sighting] = {}
    for point in points:
        first.setdefault(point.at_ms, point)
    ordered = sorted(first.values(), key=lambda p: p.at_ms or 0)
    return ordered, sum(counts.values()) - len(counts)


def _accuracy(accuracy_m: float | None) -> float:
    known = accuracy_m is not None and np.isfinite(accuracy_m) and accuracy_m > 0
    return float(min(accuracy_m, 100_000.0)) if known and accuracy_m else ACCURACY_DEFAULT_M


def _speed(speed_mps: float | None) -> float:
    return speed_mps if speed_mps is not None and 0 <= speed_mps <= 1000 else float("nan")
