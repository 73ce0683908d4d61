"""A plan played through: where the inspector truly was, and what the handheld made of it."""

import math
import zlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt

from app.simulation.episodes import Cause, Episode, Kind
from app.simulation.plan import DayPlan, Shift
from app.simulation.receivers import Receiver, gauss_markov, sample_times
from app.simulation.streets import Streets, Wanderer
from app.simulation.truths import Float64s

NAMESPACE = UUID("7d0f9c44-3b1e-5a57-9d06-73696d756c61")
SPEED_NOISE_MPS = 0.15
UP_BEFORE_MS = 3_600_000
"""How long the handheld has run when the day begins."""
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Happened:
    """An episode as it came out, true times [start_ms, end_ms) and metres."""

    episode: Episode
    start_ms: int
    end_ms: int
    metres: float

    @property
    def kind(self) -> Kind:
        """Which episode."""
        return self.episode.kind


@dataclass(frozen=True, slots=True)
class Recorded:
    """n fixes in order of time. true_ms: when; sent_ms: `recorded_at` by the clock that the fix names."""

    true_ms: Int64s
    sent_ms: Int64s
    longitude: Float64s
    latitude: Float64s
    accuracy_m: Float64s
    speed_mps: Float64s
    battery_pct: Int64s
    elapsed_ms: Int64s
    boot: Int64s

    def __len__(self) -> int:
        return len(self.true_ms)


@dataclass(frozen=True, slots=True)
class DutyPress:
    """On or off duty; true time and time by the handheld's clock."""

    id: UUID
    kind: Literal["on", "off"]
    true_ms: int
    sent_ms: int


@dataclass(frozen=True, slots=True)
class GapCause:
    """Why nothing was recorded from `sent_ms` (the handheld's clock) on; known since `known_ms` (true time)."""

    sent_ms: int
    known_ms: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class HandheldDay:
    """Everything a handheld records on a day.

    beats_ms   int64[m] true times of the heartbeats
    walked_m   metres on foot while on duty, seen by the receiver or not; `ridden_m` in vehicles
    """

    plan: DayPlan
    fixes: Recorded
    beats_ms: Int64s
    presses: tuple[DutyPress, ...]
    reports: tuple[GapCause, ...]
    happened: tuple[Happened, ...]
    walked_m: float
    ridden_m: float

    def own_id(self, what: str) -> UUID:
        """An id that belongs to this plan: the same at every run."""
        return uuid5(NAMESPACE, f"{self.plan.name}/{self.plan.seed}/{what}")


def simulate_day(plan: DayPlan) -> HandheldDay:
    """Plays the plan through. Raises ValueError for a grid without room."""
    rng = np.random.default_rng([zlib.crc32(plan.name.encode()), plan.seed])
    streets = Streets(plan.grid, rng)
    wanderer = Wanderer(streets, rng)
    happened: list[Happened] = []
    knots: list[tuple[float, float, float]] = []
    for shift in plan.shifts:
        for episode, start_ms, end_ms, path in _play(shift, wanderer):
            happened.append(Happened(episode, start_ms, end_ms, _length_m(path)))
            knots += path
    times_ms, x_m, y_m = (np.array(column) for column in zip(*knots, strict=True))
    fixes = _record(plan, rng, streets, happened, (times_ms, x_m, y_m))
    return HandheldDay(
        plan,
        fixes,
        _beats(plan, happened),
        _presses(plan, happened),
        _reports(plan, happened),
        tuple(happened),
        walked_m=math.fsum(h.metres for h in happened if h.kind in ("walk", "lost_signal")),
        ridden_m=math.fsum(h.metres for h in happened if h.kind == "ride"),
    )


def _play(
    shift: Shift, wanderer: Wanderer
) -> list[tuple[Episode, int, int, list[tuple[float, float, float]]]]:
    """Each episode with start, end and its path as (ms, x, y); the shift's end cuts, its rest is a stay."""
    played = []
    now_ms = shift.start_ms
    for episode in (*shift.episodes, Episode("stay", math.inf)):
        left_s = (shift.end_ms - now_ms) / 1000
        if left_s <= 0:
            break
        lasts_s = left_s if episode.minutes is None else min(episode.minutes * 60, left_s)
        path = wanderer.move(
            episode.speed_mps,
            lasts_s=lasts_s if episode.speed_mps else 0.0,
            metres=math.inf if episode.metres is None else episode.metres,
            stop_s=episode.stop_s,
        )
        if episode.metres is not None:
            lasts_s = path[-1][0]
        end_ms = min(now_ms + round(lasts_s * 1000), shift.end_ms)
        at_ms = [(min(now_ms + s * 1000, end_ms), x, y) for s, x, y in path]
        played.append((episode, now_ms, end_ms, [*at_ms, (float(end_ms), wanderer.x_m, wanderer.y_m)]))
        now_ms = end_ms
    return played


def _length_m(path: list[tuple[float, float, float]]) -> float:
    steps = np.diff(np.array(path)[:, 1:], axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def _record(
    plan: DayPlan,
    rng: np.random.Generator,
    streets: Streets,
    happened: list[Happened],
    truth: tuple[Float64s, Float64s, Float64s],
) -> Recorded:
    """The fixes of all episodes that have some, with noise that remembers itself from one to the next."""
    begin_ms, end_ms = happened[0].start_ms, happened[-1].end_ms
    seconds = sample_times(rng, (end_ms - begin_ms) / 1000, plan.receiver)
    true_ms = begin_ms + np.rint(seconds * 1000).astype(np.int64)
    episode = _episode_of(true_ms, happened)
    seen = np.array([h.episode.has_fixes for h in happened])
    kept = (episode >= 0) & seen[episode]
    true_ms, episode = true_ms[kept], episode[kept]
    times_ms, x_m, y_m = truth
    x, y = np.interp(true_ms, times_ms, x_m), np.interp(true_ms, times_ms, y_m)
    speed = np.hypot(
        np.interp(true_ms + 1000, times_ms, x_m) - x, np.interp(true_ms + 1000, times_ms, y_m) - y
    )
    noises = [plan.receiver.noise_m if h.episode.noise_m is None else h.episode.noise_m for h in happened]
    noise_m = np.array(noises)[episode]
    places = streets.metres.degrees(np.column_stack(_shaken(rng, plan.receiver, true_ms, noise_m, x, y)))
    claimed = noise_m if plan.receiver.accuracy_m is None else np.full(len(true_ms), plan.receiver.accuracy_m)
    boot, booted_ms = _boots(happened)
    full, empty = plan.battery_pct
    used = (true_ms - begin_ms) / max(end_ms - begin_ms, 1)
    return Recorded(
        true_ms=true_ms,
        sent_ms=true_ms + (plan.clock.error_ms if plan.clock.source == "device" else 0),
        longitude=places[:, 0].round(7),
        latitude=places[:, 1].round(7),
        accuracy_m=(claimed * rng.uniform(0.85, 1.3, len(true_ms))).round(1),
        speed_mps=np.maximum(speed + rng.normal(0, SPEED_NOISE_MPS, len(speed)), 0).round(2),
        battery_pct=np.rint(full + (empty - full) * used).astype(np.int64),
        elapsed_ms=true_ms - booted_ms[episode],
        boot=boot[episode],
    )


def _boots(happened: list[Happened]) -> tuple[Int64s, Int64s]:
    """The boot that each episode belongs to, counted from 0, and when that boot began."""
    boot, began_ms = 0, happened[0].start_ms - UP_BEFORE_MS
    rows = []
    for each in happened:
        rows.append((boot, began_ms))
        if each.episode.reboots:
            boot, began_ms = boot + 1, each.end_ms
    return np.array([r[0] for r in rows]), np.array([r[1] for r in rows])


def _episode_of(at_ms: Int64s, happened: list[Happened]) -> Int64s:
    """int64[n]: index of the episode that holds each instant, -1 between two shifts."""
    starts, ends = (np.array([getattr(h, name) for h in happened]) for name in ("start_ms", "end_ms"))
    index = np.searchsorted(starts, at_ms, side="right") - 1
    found: Int64s = np.where((index >= 0) & (at_ms < ends[index]), index, -1)
    return found


def _shaken(
    rng: np.random.Generator,
    receiver: Receiver,
    true_ms: Int64s,
    noise_m: Float64s,
    x_m: Float64s,
    y_m: Float64s,
) -> tuple[Float64s, Float64s]:
    t_s = true_ms / 1000
    x_m, y_m = (axis + noise_m * gauss_markov(rng, t_s, 1.0, receiver.correlation_s) for axis in (x_m, y_m))
    wild = rng.random(len(t_s)) < receiver.outlier_share
    angle, reach = rng.uniform(0, 2 * math.pi, len(t_s)), rng.uniform(100, 500, len(t_s))
    return x_m + wild * reach * np.cos(angle), y_m + wild * reach * np.sin(angle)


def _beats(plan: DayPlan, happened: list[Happened]) -> Int64s:
    step_ms = round(plan.beat_s * 1000)
    at_ms = np.arange(happened[0].start_ms + step_ms // 2, happened[-1].end_ms, step_ms)
    episode = _episode_of(at_ms, happened)
    alive = np.array([h.episode.has_beats for h in happened])
    kept: Int64s = at_ms[(episode >= 0) & alive[episode]]
    return kept


def _presses(plan: DayPlan, happened: list[Happened]) -> tuple[DutyPress, ...]:
    """On at a shift's start, off at its end, and around every break."""
    asked: list[tuple[Literal["on", "off"], int]] = []
    for shift in plan.shifts:
        if not shift.presses:
            continue
        asked.append(("on", shift.start_ms))
        for each in happened:
            if each.kind == "off_duty" and shift.start_ms <= each.start_ms < each.end_ms < shift.end_ms:
                asked += [("off", each.start_ms), ("on", each.end_ms)]
        asked.append(("off", shift.end_ms - 1))
    return tuple(
        DutyPress(
            uuid5(NAMESPACE, f"{plan.name}/{plan.seed}/press/{number}"),
            kind,
            at_ms,
            at_ms + plan.clock.error_ms,
        )
        for number, (kind, at_ms) in enumerate(asked)
    )


def _reports(plan: DayPlan, happened: list[Happened]) -> tuple[GapCause, ...]:
    return tuple(
        GapCause(each.start_ms + plan.clock.error_ms, each.end_ms, each.episode.cause)
        for each in happened
        if each.episode.cause is not None
    )
