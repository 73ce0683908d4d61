"""CSV with a header: longitude, latitude and time under their usual names, English or Chinese."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from app.replay.readers.instants import parse_instant
from app.replay.walk import METRES_PER_HDOP, Sighting, WalkUnreadable

SYNONYMS: dict[str, tuple[str, ...]] = {
    "longitude": ("longitude", "lon", "lng", "long", "x", "经度"),
    "latitude": ("latitude", "lat", "y", "纬度"),
    "time": (
        "time", "timestamp", "recorded_at", "datetime", "date_time", "utc", "gps_time", "time_utc",
        "时间", "定位时间", "采集时间",
    ),
    "date": ("date", "day", "日期"),
    "accuracy": ("accuracy_m", "accuracy", "horizontal_accuracy", "hacc", "精度"),
    "hdop": ("hdop",),
    "altitude": ("altitude_m", "altitude", "elevation", "ele", "alt", "高程", "海拔"),
    "speed": ("speed_mps", "speed", "速度"),
}  # fmt: skip
DELIMITERS = ",;\t|"


def read(path: Path, content: str, zone: ZoneInfo) -> Iterator[Sighting]:
    """The points of a CSV file; times without offset are meant in `zone`. Raises WalkUnreadable."""
    header, _, _ = content.partition("\n")
    delimiter = max(DELIMITERS, key=header.count)
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    try:
        columns = _columns(path, next(rows))
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _sighting(path, f"line {rows.line_num}", columns, row, zone)
    except csv.Error as error:
        raise WalkUnreadable(f"{path}, line {rows.line_num}: {error}") from error


def _columns(path: Path, header: Sequence[str]) -> Mapping[str, int]:
    names = [re.sub(r"[\s\-]+", "_", re.sub(r"[((\[].*$", "", cell).strip().lower()) for cell in header]
    columns = {
        meaning: names.index(found)
        for meaning, synonyms in SYNONYMS.items()
        if (found := next((s for s in synonyms if s in names), None)) is not None
    }
    missing = [meaning for meaning in ("longitude", "latitude") if meaning not in columns]
    if missing:
        raise WalkUnreadable(
            f"{path}, line 1: the header names no {' and no '.join(missing)}; "
            "expected are for example longitude,latitude,time,accuracy_m"
        )
    return columns


def _sighting(
    path: Path, place: str, columns: Mapping[str, int], row: Sequence[str], zone: ZoneInfo
) -> Sighting:
    def cell(meaning: str) -> str:
        index = columns.get(meaning)
        return row[index].strip() if index is not None and index < len(row) else ""

    def number(meaning: str) -> float | None:
        text = cell(meaning)
        if not text:
            return None
        try:
            return float(text.replace(",", ".") if text.count(",") == 1 else text)
        except ValueError:
            raise WalkUnreadable(f"{path}, {place}: {meaning} {text[:40]!r} is not a number") from None

    longitude, latitude = number("longitude"), number("latitude")
    if longitude is None or latitude is None:
        raise WalkUnreadable(f"{path}, {place}: longitude or latitude is missing")
    hdop, accuracy_m = number("hdop"), number("accuracy")
    moment = f"{cell('date')} {cell('time')}".strip() if "time" in columns else ""
    try:
        at_ms = parse_instant(moment, zone) if moment else None
    except (ValueError, OverflowError) as error:
        raise WalkUnreadable(f"{path}, {place}: {error}") from error
    return Sighting(
        place,
        longitude,
        latitude,
        at_ms,
        accuracy_m=accuracy_m if accuracy_m is not None else hdop and hdop * METRES_PER_HDOP,
        altitude_m=number("altitude"),
        speed_mps=number("speed"),
    )
