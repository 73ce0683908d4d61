"""Times as files write them."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

MS_FROM = 100_000_000_000
"""Epoch numbers from here on are milliseconds: as seconds they would lie after the year 5138."""
_DATE = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T ]*(.*)$")
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$", re.I)


def parse_instant(text: str, zone: ZoneInfo) -> int:
    """Unix milliseconds of `text`: ISO 8601, Chinese or slashed dates, or epoch seconds or milliseconds.

    A time without offset is meant in `zone`. Raises ValueError.
    """
    text = text.strip()
    try:
        return epoch_ms(float(text))
    except ValueError:
        pass
    date = _DATE.match(text)
    clock = _CLOCK.match(date[4].strip()) if date else None
    if date is None or clock is None:
        raise ValueError(f"{text[:40]!r} is not a time; write 2026-11-20T08:30:00+08:00")
    offset = (clock[5] or "").upper()
    if offset and offset != "Z" and len(offset) == 3:
        offset += "00"
    fraction = (clock[4] or "0")[:6].ljust(6, "0")
    stamp = (
        f"{date[1]}-{int(date[2]):02}-{int(date[3]):02}T"
        f"{int(clock[1]):02}:{clock[2]}:{clock[3] or '00'}.{fraction}{offset}"
    )
    instant = datetime.fromisoformat(stamp)
    aware = instant if instant.tzinfo else instant.replace(tzinfo=zone)
    return round(aware.timestamp() * 1000)


def epoch_ms(number: float) -> int:
    """Unix milliseconds from epoch seconds or milliseconds. Raises ValueError."""
    if not abs(number) < 1e15:  # also refuses NaN
        raise ValueError(f"{number} is not a time")
    return round(number) if abs(number) >= MS_FROM else round(number * 1000)
