"""Walks for tests of the replay."""

import numpy as np

from app.replay.walk import Walk


def walk_of(longitude: list[float], latitude: list[float]) -> Walk:
    """A walk through these points, one a second from the epoch on."""
    n = len(longitude)
    nothing = np.full(n, np.nan)
    return Walk(
        "walk",
        np.array(longitude),
        np.array(latitude),
        np.arange(n, dtype=np.int64) * 1000,
        np.full(n, 8.0),
        nothing,
        nothing,
    )
