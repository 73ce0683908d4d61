"""Whose day is how: plans with wrong clocks, and the manners in which handhelds deliver."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from app.fleet.crew import Member
from app.replay.timing import Window
from app.simulation.day import HandheldDay, simulate_day
from app.simulation.habits import ordinary_shift
from app.simulation.plan import Clock, DayPlan, Shift
from app.simulation.receivers import Receiver

UPLOAD_EVERY_S = (120.0, 300.0, 600.0)
CLOCK_ERRORS_MS = (-240_000, 240_000)
COORD_SYS = "wgs84"


@dataclass(frozen=True, slots=True)
class Manners:
    """How a handheld delivers; shares are of its uploads.

    hoards    sends nothing before its shift is over: the rush at 17:30
    shuffles  sends whatever comes to hand instead of the oldest
    twice     sends again what is acknowledged; `twins`: two at once
    cut_before, cut_after   the connection breaks before the service has it all, or once it began to answer
    """

    every_s: float
    hoards: bool
    shuffles: bool
    twice: float = 0.05
    twins: float = 0.02
    cut_before: float = 0.03
    cut_after: float = 0.03


def manners_of(rng: np.random.Generator) -> Manners:
    """Two in five hoard, one in four shuffles."""
    return Manners(
        every_s=float(rng.choice(UPLOAD_EVERY_S)),
        hoards=bool(rng.random() < 0.4),
        shuffles=bool(rng.random() < 0.25),
    )


def rng_of(member: Member, seed: int, what: str) -> np.random.Generator:
    """Chance that belongs to a handheld and a purpose."""
    return np.random.default_rng([zlib.crc32(f"{member.grid_code}/{what}".encode()), seed])


def day_of(member: Member, day: date, windows: Sequence[Window], seed: int) -> HandheldDay:
    """An ordinary day within these windows on duty, with a clock that is right, wrong and told, or wrong."""
    rng = rng_of(member, seed, f"day/{day}")
    shifts = tuple(
        Shift(
            round(w.start_at.timestamp() * 1000),
            round(w.end_at.timestamp() * 1000),
            ordinary_shift(rng, w.length_s / 60),
        )
        for w in windows
    )
    receiver = Receiver((8.0, 12.0), float(rng.uniform(2, 8)), 45.0, outlier_share=0.002, dropout_share=0.02)
    return simulate_day(
        DayPlan(f"fleet/{member.device_id}/{day}", member.shape, shifts, seed, receiver, _clock(rng))
    )


def _clock(rng: np.random.Generator) -> Clock:
    chance = rng.random()
    if chance < 0.6:
        return Clock()
    return Clock(
        int(rng.integers(*CLOCK_ERRORS_MS)),
        is_declared=chance < 0.8,
        source="device" if rng.random() < 0.6 else "gnss",
    )
