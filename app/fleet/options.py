"""What a simulation is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """One run. url None: a private service of its own, made for the run and removed afterwards.

    days    that many service days, the last one yesterday
    speed   simulated seconds in one second; None: as fast as the service takes it
    kills   how many times a part of the private service is killed; the disk is full once when there are any
    """

    handhelds: int
    days: int
    seed: int
    speed: float | None
    kills: int
    url: str | None = None
    username: str = "county"
    password: str = ""
    api_processes: int = 1
