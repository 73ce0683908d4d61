"""How a handheld records a path: sampling, noise that real receivers show, fixes lost and thrown away.

Position errors are correlated over about a minute (Gauss-Markov), not fresh at every fix.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import metres_per_degree
from app.patrol.fixes import UNKNOWN, UNKNOWN_ALTITUDE, Fixes
from app.simulation.truths import Float64s, Truth

ORIGIN_LON, ORIGIN_LAT = 122.17, 30.28
START_MS = 1_772_582_400_000
"""2026-03-04T08:00:00+08:00, a Wednesday."""


def gauss_markov(rng: np.random.Generator, t_s: Float64s, sigma_m: float, correlation_s: float) -> Float64s:
    """Noise of standard deviation `sigma_m` that forgets itself over `correlation_s`; 0 gives white noise."""
    fresh = rng.normal(0, sigma_m, len(t_s))
    if correlation_s <= 0:
        return fresh
    keep = np.exp(-np.diff(t_s, prepend=t_s[0]) / correlation_s)
    kick = np.sqrt(1 - keep**2) * fresh
    kick[0] = fresh[0]
    noise, state = np.empty(len(t_s)), 0.0
    for i, (k, w) in enumerate(zip(keep.tolist(), kick.tolist(), strict=True)):
        state = k * state + w if i else w
        noise[i] = state
    return noise


@dataclass(frozen=True, slots=True)
class Receiver:
    """How a handheld records: sampling in seconds (a pair for mixed), per-axis noise, and what it claims.

    correlation_s   how long the position error lasts
    accuracy_m      the claimed 68 % radius; None claims `noise_m`, as most phones do within a factor of two
    outlier_share   share of fixes thrown 100 to 500 m away
    dropout_share   share of fixes lost
    """

    sampling_s: float | tuple[float, float]
    noise_m: float
    correlation_s: float = 60.0
    accuracy_m: float | None = None
    outlier_share: float = 0.0
    dropout_share: float = 0.0


def sample_times(rng: np.random.Generator, end_s: float, receiver: Receiver) -> Float64s:
    """When the receiver takes a fix between 0 and `end_s`, float64[n] seconds."""
    if isinstance(receiver.sampling_s, tuple):
        steps = rng.uniform(*receiver.sampling_s, math.ceil(end_s / receiver.sampling_s[0]) + 1)
        t_s = np.concatenate([[0.0], np.cumsum(steps)])
        t_s = t_s[t_s <= end_s]
    else:
        t_s = np.arange(0.0, end_s + 1e-9, receiver.sampling_s)
    return t_s[rng.random(len(t_s)) >= receiver.dropout_share]


def record(rng: np.random.Generator, truth: Truth, receiver: Receiver, start_ms: int = START_MS) -> Fixes:
    """The fixes of one device that follows `truth`, in order of time."""
    t_s = sample_times(rng, float(truth.t_s[-1]), receiver)
    x_m = np.interp(t_s, truth.t_s, truth.x_m) + gauss_markov(
        rng, t_s, receiver.noise_m, receiver.correlation_s
    )
    y_m = np.interp(t_s, truth.t_s, truth.y_m) + gauss_markov(
        rng, t_s, receiver.noise_m, receiver.correlation_s
    )
    wild = rng.random(len(t_s)) < receiver.outlier_share
    angle, reach = rng.uniform(0, 2 * math.pi, len(t_s)), rng.uniform(100, 500, len(t_s))
    x_m, y_m = x_m + wild * reach * np.cos(angle), y_m + wild * reach * np.sin(angle)
    claimed = receiver.noise_m if receiver.accuracy_m is None else receiver.accuracy_m
    return as_fixes(t_s, x_m, y_m, claimed, start_ms)


def as_fixes(t_s: Float64s, x_m: Float64s, y_m: Float64s, accuracy_m: float, start_ms: int) -> Fixes:
    """Fixes of device 0 from seconds and metres around the origin."""
    lat = ORIGIN_LAT + y_m / metres_per_degree(np.array(ORIGIN_LAT))[1]
    lon = ORIGIN_LON + x_m / metres_per_degree(lat)[0]
    at_ms = start_ms + np.rint(t_s * 1000).astype(np.int64)
    return plain_fixes(
        at_ms, np.rint(lon * 1e7).astype(np.int64), np.rint(lat * 1e7).astype(np.int64), accuracy_m
    )


def plain_fixes(
    at_ms: npt.NDArray[np.int64],
    lon_e7: npt.NDArray[np.int64],
    lat_e7: npt.NDArray[np.int64],
    accuracy_m: float,
) -> Fixes:
    """Fixes of device 0 that tell nothing but time, place and accuracy."""
    n = len(at_ms)
    unknown = np.full(n, UNKNOWN, np.int64)
    return Fixes(
        device=np.zeros(n, np.int64),
        sent_ms=at_ms,
        at_ms=at_ms,
        lon_e7=lon_e7,
        lat_e7=lat_e7,
        accuracy_dm=np.full(n, round(accuracy_m * 10), np.int64),
        speed_cmps=unknown,
        bearing_deg=unknown,
        altitude_dm=np.full(n, UNKNOWN_ALTITUDE, np.int64),
        battery_pct=unknown,
        flags=np.zeros(n, np.int64),
        elapsed_ms=unknown,
    )
