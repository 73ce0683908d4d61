"""The anchored track: what an inspector really walked, from fixes that tremble."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import distances_m
from app.patrol.figures import Bools, Int8s, Stay, Verdict
from app.patrol.fixes import Int64s
from app.patrol.fold_rules import FoldRules

Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Along n valid fixes: verdict, metres gained (integer mm), metres in a vehicle, the track's place."""

    verdicts: Int8s
    credited_mm: Int64s
    vehicle_mm: Int64s
    lon_e7: Int64s
    lat_e7: Int64s
    stays: tuple[Stay, ...]
    low_mm: int
    high_mm: int


def trace(
    at_ms: Int64s, lon: Float64s, lat: Float64s, accuracy_m: Float64s, piece: Int64s, ride: Bools, rules: FoldRules
) -> Track:
    n = len(at_ms)
    credited, vehicle = np.zeros(n, np.int64), np.zeros(n, np.int64)
    verdicts = np.where(ride, Verdict.VEHICLE, Verdict.STATIONARY).astype(np.int8)
    if n > 1:
        step = distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
        same = piece[1:] == piece[:-1]
        on_ride = ride[1:] | ride[:-1]
        vehicle[1:] = np.where(same & on_ride, np.rint(step * 1000), 0)
    anchor = 0
    for i in range(1, n):
        if piece[i] != piece[anchor] or ride[i]:
            anchor = i
            continue
        d = float(distances_m(lon[anchor], lat[anchor], lon[i], lat[i]))
        if d > rules.anchor_accuracies * max(accuracy_m[i], accuracy_m[anchor]):
            credited[i] = round(d * 1000)
            verdicts[anchor + 1 : i + 1] = Verdict.MOVING
            anchor = i
    total = int(credited.sum())
    e7 = lambda a: np.rint(a * 1e7).astype(np.int64)
    return Track(verdicts, credited, vehicle, e7(lon), e7(lat), (), total * 9 // 10, total * 11 // 10)
