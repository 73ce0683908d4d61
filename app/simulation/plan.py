"""What a handheld's day is made of."""

from dataclasses import dataclass, field
from typing import Literal

from shapely.geometry.base import BaseGeometry

from app.simulation.episodes import Episode
from app.simulation.receivers import Receiver


@dataclass(frozen=True, slots=True)
class Shift:
    """Time on duty [start_ms, end_ms), Unix ms, and what happens in it; a day that runs out of episodes stays put.

    presses   whether the handheld presses on at its start and off at its end
    """

    start_ms: int
    end_ms: int
    episodes: tuple[Episode, ...]
    presses: bool = True


@dataclass(frozen=True, slots=True)
class Clock:
    """The handheld's clock: `error_ms` ahead of the true time, told in every batch or not.

    Fixes with time from satellites (`gnss`) are right all the same; presses, beats and reports never are.
    """

    error_ms: int = 0
    is_declared: bool = True
    source: Literal["gnss", "device"] = "gnss"

    @property
    def declared_offset_ms(self) -> int:
        """What the batches carry as `clock_offset_ms`."""
        return -self.error_ms if self.is_declared else 0


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A day to simulate. `name` and `seed` make its ids and its chance: the same plan gives the same day.

    grid      polygon or line to move in, degrees, EPSG:4490
    receiver  sampling, noise, outliers, losses
    beat_s    seconds between two heartbeats
    battery_pct   charge at the start and at the end
    """

    name: str
    grid: BaseGeometry
    shifts: tuple[Shift, ...]
    seed: int = 0
    receiver: Receiver = field(default_factory=lambda: Receiver((8.0, 12.0), 4.0, 45.0))
    clock: Clock = field(default_factory=Clock)
    beat_s: float = 120.0
    battery_pct: tuple[float, float] = (96.0, 35.0)
