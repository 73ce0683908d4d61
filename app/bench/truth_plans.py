"""The cases of `bench truth`: who moves, how it is recorded, and what must come out."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal

import numpy as np

from app.patrol.day_inputs import MovementProfile
from app.simulation.receivers import Receiver
from app.simulation.truths import (
    Truth,
    joined,
    ride,
    still,
    straight_walk,
    street_walk,
    winding_walk,
    with_pauses,
)

Rng = np.random.Generator

COMMUTE_WALKED_M = 4000.0


@dataclass(frozen=True, slots=True)
class Target:
    """What a case must reach; None is no demand.

    worst_m         no seed earns more metres than this
    median_pct, worst_pct   error of the distance, either way
    earned_pct      no seed earns more than this share of what was travelled
    spread_pct      (largest - smallest) / mean over the devices of one walk
    """

    worst_m: float | None = None
    median_pct: float | None = None
    worst_pct: float | None = None
    earned_pct: float | None = None
    spread_pct: float | None = None

    def __str__(self) -> str:
        words = {
            "worst_m": "≤ {:g} m",
            "median_pct": "median ±{:g} %",
            "worst_pct": "worst ±{:g} %",
            "earned_pct": "earns ≤ {:g} %",
            "spread_pct": "spread ≤ {:g} %",
        }
        asked = [words[k].format(v) for k, v in asdict(self).items() if v is not None]
        return ", ".join(asked)


NO_TARGET = Target()
WALK = Target(median_pct=3, worst_pct=8)
RIDE = Target(earned_pct=2)


@dataclass(frozen=True, slots=True)
class Plan:
    """A case to run: who moves, how it is recorded, what must come out."""

    case: str
    truth: Callable[[Rng], Truth]
    receiver: Receiver
    target: Target
    speed_mps: float | None = None
    profile: MovementProfile = "foot"
    earns: Literal["all", "walked", "nothing"] = "all"


def truth_plans() -> list[Plan]:
    plans = []
    for noise_m, limit_m in ((8.0, 150.0), (15.0, 400.0)):
        plans += [
            Plan(f"idle 8 h at {noise_m:g} m", _idle, Receiver(s, noise_m), Target(worst_m=limit_m))
            for s in (1.0, 5.0, 10.0, 30.0)
        ]
    paths: tuple[tuple[str, Callable[..., Truth]], ...] = (
        ("straight", straight_walk),
        ("streets", street_walk),
        ("winding", winding_walk),
    )
    for name, path in paths:
        for speed in (0.7, 1.2):
            walk = partial(path, length_m=5000.0, speed_mps=speed)
            plans += [
                Plan(f"walk 5 km, {name}", walk, Receiver(s, 8.0), WALK, speed)
                for s in (1.0, 5.0, 10.0, 30.0)
            ]
    return plans + _rides() + _hardships()


def _idle(rng: Rng) -> Truth:
    return still(8 * 3600)


def _commute(rng: Rng) -> Truth:
    """Half an hour of walking, a bus ride, another walk."""
    ends = [street_walk(rng, COMMUTE_WALKED_M / 2, 1.2) for _ in range(2)]
    return joined([ends[0], still(60), ride(rng, 8000.0, 9.0, stop_s=(10.0, 60.0)), still(30), ends[1]])


def _rides() -> list[Plan]:
    car, bus = partial(ride, length_m=15000.0, speed_mps=12.0), partial(ride, length_m=10000.0, speed_mps=9.0)
    stops = partial(bus, leg_m=(200.0, 500.0), stop_s=(15.0, 60.0))
    ebike = partial(ride, length_m=8000.0, speed_mps=5.5, leg_m=(200.0, 500.0), stop_s=(0.0, 30.0))
    ferry = partial(ride, length_m=12000.0, speed_mps=6.5, leg_m=(2000.0, 4000.0), stop_s=(0.0, 0.0))
    bike_ok = Target(median_pct=5, worst_pct=8)
    plans = []
    for s in (1.0, 5.0, 30.0):
        device = Receiver(s, 8.0)
        plans += [
            Plan("car ride", car, device, RIDE, 12.0, earns="nothing"),
            Plan("bus with stops", stops, device, RIDE, 9.0, earns="nothing"),
            Plan("ferry as a passenger", ferry, device, RIDE, 6.5, earns="nothing"),
            Plan("patrol boat", ferry, device, bike_ok, 6.5, "boat"),
            Plan("e-bike patrol", ebike, device, bike_ok, 5.5, "ebike"),
            Plan("e-bike where only walking counts", ebike, device, NO_TARGET, 5.5, earns="nothing"),
            Plan("walk, bus, walk", _commute, device, Target(worst_pct=10), earns="walked"),
        ]
    return plans


def _hardships() -> list[Plan]:
    """Cases without a demand: they show where the figures bend."""
    slow, brisk = (partial(street_walk, length_m=5000.0, speed_mps=v) for v in (0.7, 1.2))
    blocks = partial(brisk, leg_m=(50.0, 100.0))
    pauses = partial(with_pauses, length_m=5000.0, speed_mps=1.2)
    plain: list[tuple[str, Callable[[Rng], Truth], Receiver]] = [
        ("walk, corners every 50-100 m", blocks, Receiver(5.0, 8.0)),
        ("walk, corners every 50-100 m", blocks, Receiver(30.0, 8.0)),
        ("walk, visits of 2-20 min", pauses, Receiver(5.0, 8.0)),
        ("walk, visits of 2-20 min", pauses, Receiver(30.0, 8.0)),
        ("slow walk, 15 m noise", slow, Receiver(5.0, 15.0)),
        ("walk, 15 m noise", brisk, Receiver(5.0, 15.0)),
        ("walk, claims 4 m", brisk, Receiver(5.0, 8.0, accuracy_m=4.0)),
        ("walk, claims 20 m", brisk, Receiver(5.0, 8.0, accuracy_m=20.0)),
        ("walk, good receiver (3 m)", brisk, Receiver(5.0, 3.0, accuracy_m=5.0)),
        ("walk, noise of 10 s", brisk, Receiver(5.0, 8.0, 10.0)),
        ("walk, noise of 120 s", brisk, Receiver(5.0, 8.0, 120.0)),
        ("walk, white noise", brisk, Receiver(10.0, 8.0, 0.0)),
        ("walk, 1 % outliers", brisk, Receiver(10.0, 8.0, outlier_share=0.01)),
        ("walk, 1 % outliers", brisk, Receiver(30.0, 8.0, outlier_share=0.01)),
        ("walk, half the fixes lost", brisk, Receiver(10.0, 8.0, dropout_share=0.5)),
        ("walk, sampled every 1 to 60 s", brisk, Receiver((1.0, 60.0), 8.0)),
        ("idle, claims 4 m", _idle, Receiver(10.0, 8.0, accuracy_m=4.0)),
        ("idle, claims 8 m at 15 m", _idle, Receiver(10.0, 15.0, accuracy_m=8.0)),
        ("idle, noise of 10 s", _idle, Receiver(10.0, 8.0, 10.0)),
        ("idle, noise of 120 s", _idle, Receiver(10.0, 8.0, 120.0)),
        ("idle, 1 % outliers", _idle, Receiver(10.0, 8.0, outlier_share=0.01)),
    ]
    return [Plan(name, truth, receiver, NO_TARGET) for name, truth, receiver in plain]
