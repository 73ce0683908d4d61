"""What happens during a shift, one thing after the other."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["walk", "stay", "indoors", "lost_signal", "killed", "ride", "desk", "battery_dead", "off_duty"]
Cause = Literal["no_permission", "killed", "no_signal", "battery", "reboot", "user_stop"]
WALK_MPS, RIDE_MPS = 1.1, 9.0


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch of a shift, as long as `minutes` or as `metres` at `speed_mps`; a shift's end cuts it.

    has_fixes, has_beats   whether the handheld records places, and signs of life
    has_network            whether uploads leave; what cannot leave goes with the next that can
    noise_m                per-axis position noise; None: the receiver's own
    cause                  what the handheld says about the silence once it speaks again
    reboots                it starts afresh afterwards: new boot id, monotonic clock at zero
    stop_s                 longest stop at a corner
    """

    kind: Kind
    minutes: float | None = None
    metres: float | None = None
    speed_mps: float = 0.0
    has_fixes: bool = True
    has_beats: bool = True
    has_network: bool = True
    noise_m: float | None = None
    cause: Cause | None = None
    reboots: bool = False
    stop_s: float = 0.0

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.metres is None):
            raise ValueError("an episode lasts so many minutes or so many metres")
        if self.metres is not None and self.speed_mps <= 0:
            raise ValueError("who does not move covers no metres")


def walk(
    *, minutes: float | None = None, metres: float | None = None, speed_mps: float = WALK_MPS
) -> Episode:
    """On foot through the grid."""
    return Episode("walk", minutes, metres, speed_mps)


def ride(
    *, minutes: float | None = None, metres: float | None = None, speed_mps: float = RIDE_MPS
) -> Episode:
    """In a vehicle, with short stops at corners."""
    return Episode("ride", minutes, metres, speed_mps, stop_s=20.0)


def stay(minutes: float) -> Episode:
    """A talk at a door: nobody moves, the sky is free."""
    return Episode("stay", minutes)


def desk(minutes: float) -> Episode:
    """The handheld lies on a desk by a window."""
    return Episode("desk", minutes, noise_m=9.0)


def indoors(minutes: float, *, fixes: Literal["noisy", "none"] = "noisy") -> Episode:
    """A visit inside a building: places are far off, or there are none."""
    return Episode("indoors", minutes, has_fixes=fixes == "noisy", noise_m=20.0)


def lost_signal(minutes: float, *, speed_mps: float = WALK_MPS) -> Episode:
    """Walking on where neither satellites nor the network reach."""
    return Episode(
        "lost_signal", minutes, speed_mps=speed_mps, has_fixes=False, has_network=False, cause="no_signal"
    )


def killed(minutes: float, *, cause: Cause = "killed", speed_mps: float = 0.0) -> Episode:
    """The app is gone: ended by the system or the user, without permission, or the handheld reboots."""
    return Episode(
        "killed",
        minutes,
        speed_mps=speed_mps,
        has_fixes=False,
        has_beats=False,
        has_network=False,
        cause=cause,
        reboots=cause == "reboot",
    )


def battery_dead(minutes: float) -> Episode:
    """Silent until it is charged again."""
    return Episode(
        "battery_dead",
        minutes,
        has_fixes=False,
        has_beats=False,
        has_network=False,
        cause="battery",
        reboots=True,
    )


def off_duty(minutes: float) -> Episode:
    """A break between two presses; nothing is recorded."""
    return Episode("off_duty", minutes, has_fixes=False, has_beats=False)
