"""At the door every fix becomes a row of integer columns and gets a disposition. Pure.

The dispositions that need the database (`off_duty`, `unbound`) are given in `placing.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from app.kit import chinese_datums
from app.kit.clock import to_ms
from app.patrol.fixes import (
    FLAG_DEVICE_TIME,
    FLAG_MOCK,
    PROVIDER_SHIFT,
    PROVIDERS,
    UNKNOWN,
    UNKNOWN_ALTITUDE,
    Fixes,
    Int64s,
)
from app.patrol.wire import Envelope, Fix, FixColumns, Unreadable

Float64s = npt.NDArray[np.float64]
ACCURACY_MAX_M = 100_000.0
SPEED_MAX_MPS = 1_000.0
ALTITUDE_MAX_M = 100_000.0
LOOKS_LIKE_SECONDS_MS = 100_000_000_000
"""Unix milliseconds below this lie before March 1973: the handheld sent seconds."""
CHINA = (73.0, 136.0, 3.0, 54.0)
"""West, east, south, north of the box outside of which a fix is flagged, in degrees."""


class Disposition(IntEnum):
    """What became of a fix at the door. Only `STORED` is kept as a fix."""

    STORED = 0
    DUPLICATE = 1
    INVALID = 2
    FUTURE = 3
    TOO_OLD = 4
    OFF_DUTY = 5
    UNBOUND = 6


SEND_AGAIN = {Disposition.FUTURE, Disposition.OFF_DUTY, Disposition.UNBOUND}
"""Worth keeping on the handheld: the clock, the shift or the binding may be corrected."""

REASONS = (
    "",
    "outside_china",
    "unreadable",
    "longitude",
    "latitude",
    "swapped",
    "accuracy",
    "looks_like_seconds",
)
_REASON = {name: code for code, name in enumerate(REASONS)}


@dataclass(slots=True)
class Parcel:
    """An upload after the door: n fixes as columns, with disposition and reason code, int8[n] each."""

    fixes: Fixes
    disposition: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]

    def ranges(self) -> list[tuple[str, int, int, str]]:
        """(disposition, first index, last index, reason) of each run of equal answers."""
        n = len(self.disposition)
        if n == 0:
            return []
        answer = self.disposition.astype(np.int16) * 16 + self.reason
        cuts = [0, *(np.flatnonzero(np.diff(answer)) + 1).tolist(), n]
        return [
            (Disposition(self.disposition[a]).name.lower(), a, b - 1, REASONS[self.reason[a]])
            for a, b in pairwise(cuts)
        ]

    def refuse(self, mask: npt.NDArray[np.bool_], disposition: Disposition, reason: str = "") -> None:
        """Gives the fixes of `mask` that are still accepted another disposition."""
        mask = mask & (self.disposition == Disposition.STORED)
        self.disposition[mask] = disposition
        self.reason[mask] = _REASON[reason]


def receive(upload: Envelope, rows: list[Fix | None]) -> Parcel:
    """The columns of an upload's fixes, and what can be said without clock and database.

    Coordinates are rounded to 1e-7 degrees and times to ms here, once. Optional values that make no
    sense become unknown; a fix whose place, time or accuracy makes none is `invalid`.
    Raises Unreadable when the columns of the compact form differ in length.
    """
    raw = _of_columns(upload.columns) if upload.columns is not None else _of_rows(rows)
    with np.errstate(invalid="ignore"):
        parcel = Parcel(
            _integers(raw, upload), np.zeros(len(raw.sent_ms), np.int8), np.zeros(len(raw.sent_ms), np.int8)
        )
        _refuse_nonsense(parcel, raw)
    _mark_repetitions(parcel)
    return parcel


def judge_times(parcel: Parcel, *, now: datetime, future_tolerance_s: int, too_old_days: int) -> None:
    """Gives fixes too far from `now` their disposition; the corrected time counts."""
    at_ms, now_ms = parcel.fixes.at_ms, to_ms(now)
    parcel.refuse(parcel.fixes.sent_ms < LOOKS_LIKE_SECONDS_MS, Disposition.TOO_OLD, "looks_like_seconds")
    parcel.refuse(at_ms < now_ms - too_old_days * 86_400_000, Disposition.TOO_OLD)
    parcel.refuse(at_ms > now_ms + future_tolerance_s * 1000, Disposition.FUTURE)


def plausible(
    at_ms: Int64s, *, now: datetime, future_tolerance_s: int, too_old_days: int
) -> npt.NDArray[np.bool_]:
    """Which instants are neither too old nor in the future: bool[n]."""
    now_ms = to_ms(now)
    return (at_ms >= now_ms - too_old_days * 86_400_000) & (at_ms <= now_ms + future_tolerance_s * 1000)


@dataclass(slots=True)
class _Raw:
    """Values as sent; NaN where absent."""

    sent_ms: Int64s
    longitude: Float64s
    latitude: Float64s
    accuracy_m: Float64s
    speed_mps: Float64s
    bearing_deg: Float64s
    altitude_m: Float64s
    battery_pct: Float64s
    elapsed_ms: Float64s
    flags: Int64s
    is_unreadable: npt.NDArray[np.bool_]


_NOWHERE = Fix(0, float("nan"), float("nan"), float("nan"))


def _of_rows(rows: list[Fix | None]) -> _Raw:
    is_unreadable = np.array([row is None for row in rows], bool)
    fixes = [_NOWHERE if row is None else row for row in rows]
    return _Raw(
        sent_ms=np.array([instant_ms(f.recorded_at) for f in fixes], np.int64),
        longitude=_floats([f.longitude for f in fixes]),
        latitude=_floats([f.latitude for f in fixes]),
        accuracy_m=_floats([f.accuracy_m for f in fixes]),
        speed_mps=_floats([f.speed_mps for f in fixes]),
        bearing_deg=_floats([f.bearing_deg for f in fixes]),
        altitude_m=_floats([f.altitude_m for f in fixes]),
        battery_pct=_floats([f.battery_pct for f in fixes]),
        elapsed_ms=_floats([f.elapsed_ms for f in fixes]),
        flags=np.array([_flags(f.is_mock, f.time_source, f.provider) for f in fixes], np.int64),
        is_unreadable=is_unreadable,
    )


def _of_columns(columns: FixColumns) -> _Raw:
    n = len(columns.recorded_at_ms)

    def spread(name: str, default: Any) -> list[Any]:
        values = getattr(columns, name)
        if len(values) not in (0, 1, n):
            raise Unreadable(f"{len(values)} values for {n} fixes", f"columns.{name}")
        return values if len(values) == n else (values or [default]) * n

    for name in ("longitude_e7", "latitude_e7"):
        if len(getattr(columns, name)) != n:
            raise Unreadable(f"{len(getattr(columns, name))} values for {n} fixes", f"columns.{name}")
    flags = [
        _flags(mock, source, provider)
        for mock, source, provider in zip(
            spread("is_mock", False),
            spread("time_source", "gnss"),
            spread("provider", "unknown"),
            strict=True,
        )
    ]
    return _Raw(
        sent_ms=np.cumsum(np.array(columns.recorded_at_ms, np.int64)),
        longitude=np.cumsum(np.array(columns.longitude_e7, np.int64)) / 1e7,
        latitude=np.cumsum(np.array(columns.latitude_e7, np.int64)) / 1e7,
        accuracy_m=_floats(spread("accuracy_m", None)),
        speed_mps=_floats(spread("speed_mps", None)),
        bearing_deg=_floats(spread("bearing_deg", None)),
        altitude_m=_floats(spread("altitude_m", None)),
        battery_pct=_floats(spread("battery_pct", None)),
        elapsed_ms=_floats(spread("elapsed_ms", None)),
        flags=np.array(flags, np.int64),
        is_unreadable=np.zeros(n, bool),
    )


def instant_ms(instant: datetime | int) -> int:
    """Unix milliseconds of an instant in either form."""
    return instant if isinstance(instant, int) else round(instant.timestamp() * 1000)


def _floats(values: list[Any]) -> Float64s:
    return np.array(values, np.float64)  # None becomes NaN


def _flags(is_mock: bool, time_source: str, provider: str) -> int:
    return (
        (FLAG_MOCK if is_mock else 0)
        | (FLAG_DEVICE_TIME if time_source == "device" else 0)
        | PROVIDERS.index(provider) << PROVIDER_SHIFT
    )


def _integers(raw: _Raw, upload: Envelope) -> Fixes:
    longitude, latitude = raw.longitude, raw.latitude
    if upload.coord_sys == "gcj02":
        longitude, latitude = chinese_datums.from_gcj02(longitude, latitude)
    elif upload.coord_sys == "bd09":
        longitude, latitude = chinese_datums.from_bd09(longitude, latitude)
    return Fixes(
        device=np.zeros(len(raw.sent_ms), np.int64),
        sent_ms=raw.sent_ms,
        at_ms=raw.sent_ms + np.where(raw.flags & FLAG_DEVICE_TIME, upload.clock_offset_ms, 0),
        lon_e7=_scaled(longitude, 1e7, -180, 180, 0),
        lat_e7=_scaled(latitude, 1e7, -90, 90, 0),
        accuracy_dm=_scaled(raw.accuracy_m, 10, 0, ACCURACY_MAX_M, 0),
        speed_cmps=_scaled(raw.speed_mps, 100, 0, SPEED_MAX_MPS, UNKNOWN),
        bearing_deg=_scaled(raw.bearing_deg % 360, 1, 0, 360, UNKNOWN) % 360,
        altitude_dm=_scaled(raw.altitude_m, 10, -ALTITUDE_MAX_M, ALTITUDE_MAX_M, UNKNOWN_ALTITUDE),
        battery_pct=_scaled(raw.battery_pct, 1, 0, 100, UNKNOWN),
        flags=raw.flags,
        elapsed_ms=_scaled(raw.elapsed_ms, 1, 0, 2**53, UNKNOWN),
    )


def _scaled(values: Float64s, factor: float, low: float, high: float, absent: int) -> Int64s:
    """`values` times `factor`, rounded; `absent` where NaN or outside low..high."""
    known = (values >= low) & (values <= high)
    return np.where(known, np.rint(np.where(known, values, 0) * factor), absent).astype(np.int64)


def _refuse_nonsense(parcel: Parcel, raw: _Raw) -> None:
    longitude_ok = np.abs(raw.longitude) <= 180
    latitude_ok = np.abs(raw.latitude) <= 90
    parcel.refuse(raw.is_unreadable, Disposition.INVALID, "unreadable")
    if not (longitude_ok.all() and latitude_ok.all()):
        swapped = ~latitude_ok & (np.abs(raw.latitude) <= 180) & (np.abs(raw.longitude) <= 90)
        parcel.refuse(swapped, Disposition.INVALID, "swapped")
        parcel.refuse(~longitude_ok, Disposition.INVALID, "longitude")
        parcel.refuse(~latitude_ok, Disposition.INVALID, "latitude")
    accuracy_ok = (raw.accuracy_m >= 0) & (raw.accuracy_m <= ACCURACY_MAX_M)
    parcel.refuse(~accuracy_ok, Disposition.INVALID, "accuracy")
    west, east, south, north = CHINA
    inside = (
        (raw.longitude >= west) & (raw.longitude <= east) & (raw.latitude >= south) & (raw.latitude <= north)
    )
    parcel.reason[~inside & (parcel.disposition == Disposition.STORED)] = _REASON["outside_china"]


def _mark_repetitions(parcel: Parcel) -> None:
    """Of several fixes with one `recorded_at` the smaller counts, as in the fold; the rest are duplicates."""
    sent_ms = parcel.fixes.sent_ms
    if len(np.unique(sent_ms)) == len(sent_ms):
        return
    f = parcel.fixes
    columns = [getattr(f, name) for name in Fixes.__slots__]
    order = np.lexsort([np.arange(len(f)), *columns[::-1], parcel.disposition != Disposition.STORED, sent_ms])
    again = np.zeros(len(f), bool)
    again[order[1:]] = sent_ms[order[1:]] == sent_ms[order[:-1]]
    parcel.refuse(again, Disposition.DUPLICATE)
