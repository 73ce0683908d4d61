"""PLT tracks of GeoLife and OziExplorer: six header lines, then lat,lon,flag,feet,days,date,time."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from app.replay.readers.instants import parse_instant
from app.replay.walk import Sighting, WalkUnreadable

HEADER_LINES = 6
METRES_PER_FOOT = 0.3048
UNKNOWN_ALTITUDE = -777.0
UTC_ZONE = ZoneInfo("UTC")
UNIX_EPOCH_DAYS = 25569.0
"""1970-01-01 counted in days since 1899-12-30, as the format counts."""
DECISECONDS_PER_DAY = 864_000


def read(path: Path, content: str, zone: ZoneInfo) -> Iterator[Sighting]:
    """The points of a PLT file, times in GMT as the format defines. Raises WalkUnreadable."""
    lines = content.splitlines()
    if len(lines) <= HEADER_LINES:
        raise WalkUnreadable(
            f"{path}: a PLT file has six header lines and then points; this has {len(lines)} lines"
        )
    for number, line in enumerate(lines[HEADER_LINES:], HEADER_LINES + 1):
        if line.strip():
            try:
                yield _sighting(f"line {number}", [cell.strip() for cell in line.split(",")])
            except ValueError as error:
                raise WalkUnreadable(f"{path}, line {number}: {error}") from error


def _sighting(place: str, cells: list[str]) -> Sighting:
    if len(cells) < 5:
        raise ValueError("a point has latitude, longitude, flag, altitude, days, and mostly date and time")
    latitude, longitude, altitude_ft = float(cells[0]), float(cells[1]), float(cells[3] or UNKNOWN_ALTITUDE)
    return Sighting(
        place,
        longitude,
        latitude,
        _at_ms(cells),
        altitude_m=None if altitude_ft == UNKNOWN_ALTITUDE else altitude_ft * METRES_PER_FOOT,
    )


def _at_ms(cells: list[str]) -> int | None:
    if len(cells) >= 7:  # exact in GeoLife; OziExplorer writes the date in the words of its country
        try:
            return parse_instant(f"{cells[5]} {cells[6]}", UTC_ZONE)
        except ValueError:
            pass
    days = float(cells[4] or 0)
    if not 0 <= days < 100_000:
        raise ValueError(f"{cells[4]} is not a number of days since 1899-12-30")
    # seven decimals are 9 ms: what is finer than a tenth of a second is rounding
    return round((days - UNIX_EPOCH_DAYS) * DECISECONDS_PER_DAY) * 100 if days else None
