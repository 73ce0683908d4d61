"""Ordinary days, made up by chance: mostly walking, some visits, now and then trouble."""

import numpy as np

from app.simulation import episodes
from app.simulation.episodes import Episode


def ordinary_shift(rng: np.random.Generator, minutes: float) -> tuple[Episode, ...]:
    """Episodes that fill `minutes`: a third on foot, talks and visits, some misfortunes."""
    found: list[Episode] = [episodes.stay(rng.uniform(2, 6))]
    left = minutes - (found[0].minutes or 0)
    while left > 0:
        each = _next(rng)
        found.append(each)
        left -= each.minutes or 0
    return tuple(found)


def _next(rng: np.random.Generator) -> Episode:
    chance = rng.random()
    if chance < 0.30:
        return episodes.walk(minutes=rng.uniform(8, 25), speed_mps=rng.uniform(0.7, 1.3))
    if chance < 0.55:
        return episodes.stay(rng.uniform(5, 25))
    if chance < 0.77:
        return episodes.indoors(rng.uniform(8, 35), fixes="noisy" if rng.random() < 0.6 else "none")
    if chance < 0.86:
        return episodes.lost_signal(rng.uniform(4, 18))
    if chance < 0.91:
        cause = ("killed", "reboot", "no_permission", "user_stop")[int(rng.integers(4))]
        return episodes.killed(rng.uniform(5, 25), cause=cause)  # type: ignore[arg-type]
    if chance < 0.95:
        return episodes.ride(minutes=rng.uniform(3, 10), speed_mps=rng.uniform(5, 11))
    return episodes.desk(rng.uniform(20, 60))
