"""What a photo says of itself beside what its sender says of it: a hint for people, never a verdict. Pure."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from app.kit.geodesy import distances_m

POSITION_DIFFERS, TIME_DIFFERS = "position_differs", "time_differs"


@dataclass(frozen=True, slots=True)
class Claimed:
    """When and where, said by one side. None: silent. `at` UTC; degrees, CGCS2000 (as WGS84)."""

    at: datetime | None
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What clocks and receivers explain."""

    distance_m: float
    difference_s: int


@dataclass(frozen=True, slots=True)
class Difference:
    """None: one side is silent, which counts for nothing.

    difference_s  the file's time minus the sender's
    """

    distance_m: float | None
    difference_s: int | None
    flags: tuple[str, ...]


def compare(file: Claimed, sender: Claimed, tolerance: Tolerance) -> Difference:
    """How far apart the two are, and which differences are more than `tolerance`."""
    distance_m, difference_s = _distance_m(file, sender), None
    if file.at is not None and sender.at is not None:
        difference_s = round((file.at - sender.at).total_seconds())
    flags = []
    if distance_m is not None and distance_m > tolerance.distance_m:
        flags.append(POSITION_DIFFERS)
    if difference_s is not None and abs(difference_s) > tolerance.difference_s:
        flags.append(TIME_DIFFERS)
    return Difference(distance_m, difference_s, tuple(flags))


def _distance_m(file: Claimed, sender: Claimed) -> float | None:
    if file.lon is None or file.lat is None or sender.lon is None or sender.lat is None:
        return None
    ends = (np.array([degrees]) for degrees in (file.lon, file.lat, sender.lon, sender.lat))
    return round(float(distances_m(*ends)[0]), 1)
