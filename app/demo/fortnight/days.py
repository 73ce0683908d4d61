"""What happens on each of the days: plans for `app.simulation`, the same every time. Pure."""

import zlib
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from shapely.geometry.base import BaseGeometry

from app.demo.fortnight.named import LENDER, NAMED, Name, name_of
from app.kit.clock import to_ms
from app.simulation.episodes import Episode, desk, indoors, killed, lost_signal, off_duty, ride, stay, walk
from app.simulation.plan import DayPlan, Shift
from app.simulation.receivers import Receiver

STARTS, ENDS = time(8, 0), time(17, 30)
NIGHT_STARTS, NIGHT_ENDS = time(19, 0), time(3, 0)
LEAVE_STARTS = time(13, 0)
HALF_DAY_MINUTES = 240.0
LUNCH_MINUTES = 90.0
SHORT_DAYS = 0.1
"""Share of ordinary days on which somebody walks too little."""
RECEIVER = Receiver((15.0, 25.0), 4.0, 45.0)


def plan_of(place: int, grid_code: str, grid: BaseGeometry, day: date, zone: ZoneInfo) -> DayPlan | None:
    """What the inspector of this grid does on a working day; None when he is away all day."""
    name = name_of(place, day)
    if name == "training" or _is_away(place, day):
        return None
    rng = np.random.default_rng([zlib.crc32(grid_code.encode()), day.toordinal()])
    starts, ends = _shift_of(name, day, zone)
    episodes = EPISODES[name]() if name in EPISODES else tuple(_ordinary(rng))
    shift = Shift(to_ms(starts), to_ms(ends), episodes, presses=True)
    return DayPlan(f"{grid_code}/{day.isoformat()}", grid, (shift,), day.toordinal(), RECEIVER, beat_s=150.0)


def _is_away(place: int, day: date) -> bool:
    """The lender is on leave while his handheld is borrowed; who worked at night rests on the day after."""
    borrowed, night = (
        next(n for n in NAMED if n.name == name) for name in ("borrowed_device", "night_shift")
    )
    return (place, day) in ((LENDER, borrowed.day), (night.place, night.day + timedelta(days=1)))


def _shift_of(name: Name | None, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if name == "night_shift":
        return (
            datetime.combine(day, NIGHT_STARTS, zone),
            datetime.combine(day + timedelta(days=1), NIGHT_ENDS, zone),
        )
    ends = LEAVE_STARTS if name == "half_day_leave" else ENDS
    return datetime.combine(day, STARTS, zone), datetime.combine(day, ends, zone)


def _ordinary(rng: np.random.Generator) -> list[Episode]:
    """A round in the morning, lunch off duty, doors and desk in the afternoon; now and then a misfortune."""
    factor = 0.25 if rng.random() < SHORT_DAYS else 1.0
    speed_mps = rng.uniform(0.85, 1.15)
    morning = _filled(
        [
            stay(rng.uniform(3, 8)),
            walk(minutes=rng.uniform(40, 60) * factor, speed_mps=speed_mps),
            indoors(rng.uniform(8, 20)),
            walk(minutes=rng.uniform(15, 25) * factor, speed_mps=speed_mps),
            *_misfortune(rng),
        ],
        HALF_DAY_MINUTES,
    )
    afternoon = [
        walk(minutes=rng.uniform(20, 35) * factor, speed_mps=speed_mps),
        indoors(rng.uniform(10, 25), fixes="noisy" if rng.random() < 0.6 else "none"),
        desk(rng.uniform(40, 80)),
        walk(minutes=rng.uniform(5, 15) * factor, speed_mps=speed_mps),
    ]
    return [*morning, off_duty(LUNCH_MINUTES), *afternoon]


def _misfortune(rng: np.random.Generator) -> list[Episode]:
    chance = rng.random()
    if chance < 0.08:
        return [killed(rng.uniform(10, 30), cause="reboot")]
    if chance < 0.20:
        return [lost_signal(rng.uniform(6, 15))]
    return [ride(minutes=rng.uniform(2, 5), speed_mps=7.0)] if chance < 0.30 else []


def _filled(episodes: Sequence[Episode], minutes: float) -> list[Episode]:
    """With talks at doors until `minutes` are over."""
    left = minutes - sum(e.minutes or 0 for e in episodes)
    return [*episodes, stay(left)] if left > 0 else list(episodes)


def _passed() -> tuple[Episode, ...]:
    return (
        stay(5),
        walk(minutes=55),
        indoors(15),
        walk(minutes=20),
        *(stay(145), off_duty(LUNCH_MINUTES)),
        *(walk(minutes=30), desk(60), walk(minutes=10)),
    )


def _missed() -> tuple[Episode, ...]:
    """In the grid until 11:40, then in the office: heard, but nowhere to be seen."""
    return (stay(5), walk(minutes=50), stay(60), walk(minutes=25), stay(80), indoors(350, fixes="none"))


def _driven() -> tuple[Episode, ...]:
    return (
        stay(10),
        walk(minutes=14),
        *(ride(minutes=12, speed_mps=8.0), stay(40), ride(minutes=10, speed_mps=9.0), stay(104)),
        *(off_duty(LUNCH_MINUTES + 10), walk(minutes=8), ride(minutes=9, speed_mps=8.0), desk(120)),
    )


def _killed() -> tuple[Episode, ...]:
    return (stay(5), walk(minutes=50), stay(65), killed(270), walk(minutes=30), stay(40), walk(minutes=10))


def _half_day() -> tuple[Episode, ...]:
    return (stay(10), walk(minutes=45), stay(120), walk(minutes=15))


def _night() -> tuple[Episode, ...]:
    return (stay(10), walk(minutes=50), stay(180), walk(minutes=35), stay(120), walk(minutes=15))


def _signal_lost_at_noon() -> tuple[Episode, ...]:
    """The network and the sky were gone for most of the day: what an appeal is about."""
    return (stay(5), walk(minutes=35), stay(50), lost_signal(330), stay(30), walk(minutes=8))


EPISODES: dict[Name | None, Callable[[], tuple[Episode, ...]]] = {
    "passed": _passed,
    "missed_by_20_minutes": _missed,
    "driven": _driven,
    "killed_app": _killed,
    "half_day_leave": _half_day,
    "night_shift": _night,
    "borrowed_device": _passed,
    "under_appeal": _signal_lost_at_noon,
    "appeal_upheld": _signal_lost_at_noon,
}
