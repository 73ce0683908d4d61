"""Paths whose length is known: walkers, riders, ferries, and phones left on a desk.

A truth is a path sampled each second, in metres east and north of some point.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Truth:
    """A known path: seconds since the start, metres east and north (float64[n]), and what is to be earned."""

    t_s: Float64s
    x_m: Float64s
    y_m: Float64s

    @property
    def length_m(self) -> float:
        return float(np.hypot(np.diff(self.x_m), np.diff(self.y_m)).sum())


def still(duration_s: float) -> Truth:
    """A phone on a desk."""
    t_s = np.arange(0.0, duration_s + 1)
    return Truth(t_s, np.zeros_like(t_s), np.zeros_like(t_s))


def along(corners: Float64s, speeds_mps: Float64s, pauses_s: Float64s | None = None) -> Truth:
    """A path along `corners` (float64[k, 2] metres), each leg at its speed, with a pause after each leg."""
    legs = np.hypot(*np.diff(corners, axis=0).T)
    pauses = np.zeros(len(legs)) if pauses_s is None else pauses_s
    times, places = [0.0], [corners[0]]
    for leg, speed, pause, end in zip(legs, speeds_mps, pauses, corners[1:], strict=True):
        times.append(times[-1] + leg / speed)
        places.append(end)
        if pause > 0:
            times.append(times[-1] + pause)
            places.append(end)
    t_s = np.union1d(np.arange(0.0, times[-1]), np.array(times))
    xy = np.array(places)
    return Truth(t_s, np.interp(t_s, times, xy[:, 0]), np.interp(t_s, times, xy[:, 1]))


def street_corners(
    rng: np.random.Generator, length_m: float, leg_m: tuple[float, float], turn_deg: float = 90.0
) -> Float64s:
    """Corners of a walk through streets: legs of `leg_m`, left or right by `turn_deg` at each corner."""
    places, heading, left = [np.zeros(2)], rng.uniform(0, 2 * math.pi), length_m
    while left > 1e-6:
        leg = min(rng.uniform(*leg_m), left)
        left -= leg
        places.append(places[-1] + leg * np.array([math.cos(heading), math.sin(heading)]))
        heading += math.radians(turn_deg) * rng.choice((-1, 1))
    return np.array(places)


def straight_walk(rng: np.random.Generator, length_m: float, speed_mps: float) -> Truth:
    """Along a dyke or a coast road."""
    angle = rng.uniform(0, 2 * math.pi)
    end = length_m * np.array([math.cos(angle), math.sin(angle)])
    return along(np.vstack([np.zeros(2), end]), np.array([speed_mps]))


def street_walk(
    rng: np.random.Generator, length_m: float, speed_mps: float, leg_m: tuple[float, float] = (100.0, 300.0)
) -> Truth:
    """Straight legs with right-angled corners, at one speed."""
    corners = street_corners(rng, length_m, leg_m)
    return along(corners, np.full(len(corners) - 1, speed_mps))


def winding_walk(
    rng: np.random.Generator, length_m: float, speed_mps: float, persistence_m: float = 150.0
) -> Truth:
    """A path that bends all the time: its heading drifts by one radian in about `persistence_m` metres."""
    steps = round(length_m)
    heading = rng.uniform(0, 2 * math.pi) + np.cumsum(rng.normal(0, math.sqrt(1 / persistence_m), steps))
    xy = np.vstack([np.zeros(2), np.column_stack([np.cos(heading), np.sin(heading)]).cumsum(axis=0)])
    return along(xy, np.full(steps, speed_mps))


def loop_walk(length_m: float, speed_mps: float, radius_m: float) -> Truth:
    """Rounds on a circle, as around a block."""
    angle = np.arange(0, length_m / radius_m, 1 / radius_m)
    xy = radius_m * np.column_stack([np.cos(angle), np.sin(angle)])
    return along(xy, np.full(len(xy) - 1, speed_mps))


def with_pauses(
    rng: np.random.Generator,
    length_m: float,
    speed_mps: float,
    pause_s: tuple[float, float] = (120.0, 1200.0),
) -> Truth:
    """A street walk with a visit of 2 to 20 minutes about every 500 m."""
    corners = street_corners(rng, length_m, (100.0, 300.0))
    legs = len(corners) - 1
    pauses = np.where(rng.random(legs) < 0.4, rng.uniform(*pause_s, legs), 0.0)
    return along(corners, np.full(legs, speed_mps), pauses)


def ride(
    rng: np.random.Generator,
    length_m: float,
    speed_mps: float,
    leg_m: tuple[float, float] = (200.0, 800.0),
    stop_s: tuple[float, float] = (0.0, 60.0),
) -> Truth:
    """A vehicle: legs at about `speed_mps`, a short stop after each, braking and starting at 1 m/s²."""
    corners = street_corners(rng, length_m, leg_m, turn_deg=60.0)
    legs = np.hypot(*np.diff(corners, axis=0).T)
    t_s: list[Float64s] = []
    way: list[Float64s] = []
    clock = odometer = 0.0
    for leg in legs.tolist():
        top = min(speed_mps * rng.uniform(0.8, 1.2), math.sqrt(leg))
        local, done = _leg_ride(leg, top)
        t_s.append(clock + local)
        way.append(odometer + done)
        clock += leg / top + top + rng.uniform(*stop_s)
        odometer += leg
    t_s.append(np.array([clock]))
    way.append(np.array([odometer]))
    marks = np.concatenate([[0.0], legs.cumsum()])
    times, distances = np.concatenate(t_s), np.concatenate(way)
    return Truth(
        times, np.interp(distances, marks, corners[:, 0]), np.interp(distances, marks, corners[:, 1])
    )


def _leg_ride(leg_m: float, top_mps: float) -> tuple[Float64s, Float64s]:
    """Seconds and metres done on one leg: up to `top_mps` at 1 m/s², on, and down again."""
    lasts = leg_m / top_mps + top_mps
    local = np.arange(0.0, lasts, 1.0)
    speeding, braking = local**2 / 2, leg_m - (lasts - local) ** 2 / 2
    cruising = top_mps * (local - top_mps / 2)
    done = np.where(local < top_mps, speeding, np.where(local < lasts - top_mps, cruising, braking))
    return local, done


def joined(parts: list[Truth]) -> Truth:
    """One truth after the other, each starting where and when the last one ended."""
    t_s, x_m, y_m = [np.zeros(1)], [np.zeros(1)], [np.zeros(1)]
    for part in parts:
        t_s.append(part.t_s[1:] - part.t_s[0] + t_s[-1][-1])
        x_m.append(part.x_m[1:] - part.x_m[0] + x_m[-1][-1])
        y_m.append(part.y_m[1:] - part.y_m[0] + y_m[-1][-1])
    return Truth(np.concatenate(t_s), np.concatenate(x_m), np.concatenate(y_m))
