"""Paths built from a few words, for the tests of the fold."""

from dataclasses import replace

import numpy as np

from app.patrol.fixes import Fixes
from app.simulation.receivers import START_MS, as_fixes

Point = tuple[float, float, float]


def path(points: list[Point], accuracy_m: float = 8.0, device: int = 0) -> Fixes:
    """Fixes from (seconds, metres east, metres north)."""
    table = np.array(points, float).reshape(-1, 3)
    fixes = as_fixes(table[:, 0], table[:, 1], table[:, 2], accuracy_m, START_MS)
    return replace(fixes, device=np.full(len(fixes), device, np.int64))


def straight(
    metres: float, speed_mps: float = 1.2, every_s: float = 10.0, start_s: float = 0.0, x_m: float = 0.0
) -> list[Point]:
    """Points of an even walk eastwards."""
    steps = int(metres / speed_mps / every_s)
    return [(start_s + i * every_s, x_m + i * every_s * speed_mps, 0.0) for i in range(steps + 1)]


def standing(duration_s: float, start_s: float = 0.0, x_m: float = 0.0, every_s: float = 10.0) -> list[Point]:
    """Points of somebody who stands."""
    return [(start_s + i * every_s, x_m, 0.0) for i in range(int(duration_s / every_s) + 1)]
