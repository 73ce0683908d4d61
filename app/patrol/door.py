"""At the door every fix becomes a row of integer columns and gets a disposition. Pure.

The dispositions that need the database (`off_duty`, `unbound`) are given in `placing.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from app.kit import chinese_datums
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

Bools = npt.NDArray[np.bool_]
Float64s = npt.NDArray[np.float64]
ACCURACY_MAX_M = 100_000.0
SPEED_MAX_MPS = 1_000.0
ALTITUDE_MAX_M = 100_000.0
LOOKS_LIKE_SECONDS_MS = 100_000_000_000
"""Unix milliseconds below this lie before March 1973: the handheld sent seconds."""
CHINA_E7 = (730_000_000, 1_360_000_000, 30_000_000, 540_000_000)
"""West, east, south, north of the box outside of which a fix is flagged, in degrees times 10^7."""


class Disposition(IntEnum):
    """What became of a fix at the door. Only `STORED` is kept as a fix."""

    STORED = 0
    DUPLICATE = 1
    INVALID = 2
    FUTURE = 3
    TOO_OLD = 4
    OFF_DUTY = 5
    UNBOUND = 6
    POLICY_OFF = 7


STORED = int(Disposition.STORED)
"""As a plain number: members of an enum are slow to fetch, and the hot path asks often."""
NAMES = tuple(d.name.lower() for d in Disposition)

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
        if not (self.disposition.any() or self.reason.any()):
            return [(NAMES[STORED], 0, n - 1, "")]
        answer = self.disposition.astype(np.int16) * 16 + self.reason
        cuts = [0, *(np.flatnonzero(np.diff(answer)) + 1).tolist(), n]
        return [(NAMES[self.disposition[a]], a, b - 1, REASONS[self.reason[a]]) for a, b in pairwise(cuts)]

    def refuse(self, mask: Bools, disposition: Disposition, reason: str = "") -> None:
        """Gives the fixes of `mask` that are still accepted another disposition."""
        mask = mask & (self.disposition == STORED)
        self.disposition[mask] = disposition
        self.reason[mask] = _REASON[reason]


def receive(upload: Envelope, rows: list[Fix | None]) -> Parcel:
    """The columns of an upload's fixes, and what can be said without clock and database.

    Coordinates are rounded to 1e-7 degrees and times to ms here, once. Optional values that make no
    sense become unknown; a fix whose place, time or accuracy makes none is `invalid`.
    Raises Unreadable when the columns of the compact form differ in length.
    """
    raw = _of_columns(upload.columns) if upload.columns is not None else _of_rows(rows)
    n = len(raw.sent_ms)
    with np.errstate(invalid="ignore"):
        fixes, makes_sense = _integers(raw, upload)
        parcel = Parcel(fixes, np.zeros(n, np.int8), np.zeros(n, np.int8))
        if not makes_sense[:REQUIRED].all():
            _refuse_nonsense(parcel, raw, makes_sense)
    _flag_outside_china(parcel)
    _mark_repetitions(parcel)
    return parcel


def judge_times(parcel: Parcel, believed_ms: tuple[int, int]) -> None:
    """Gives fixes outside the believed times (earliest, latest) their disposition; the corrected time counts."""
    at_ms, sent_ms = parcel.fixes.at_ms, parcel.fixes.sent_ms
    earliest_ms, latest_ms = believed_ms
    if not len(at_ms) or (
        at_ms.min() >= earliest_ms and at_ms.max() <= latest_ms and sent_ms.min() >= earliest_ms
    ):
        return
    parcel.refuse(sent_ms < LOOKS_LIKE_SECONDS_MS, Disposition.TOO_OLD, "looks_like_seconds")
    parcel.refuse(at_ms < earliest_ms, Disposition.TOO_OLD)
    parcel.refuse(at_ms > latest_ms, Disposition.FUTURE)


def believable(at_ms: Int64s, believed_ms: tuple[int, int]) -> Bools:
    """Which instants are neither too old nor in the future: bool[n]."""
    return (at_ms >= believed_ms[0]) & (at_ms <= believed_ms[1])


@dataclass(slots=True)
class _Raw:
    """Values as sent: int64[n] times and flags, float64[8, n] in the order of MEASURED, NaN where absent."""

    sent_ms: Int64s
    measured: Float64s
    flags: Int64s
    is_unreadable: Bools


# What a fix measures: factor to the stored integer, lowest and highest value that makes sense, and what is
# stored where a value is absent or makes none. The first REQUIRED ones every fix must have.
MEASURED = {
    "longitude": (1e7, -180.0, 180.0, 0),
    "latitude": (1e7, -90.0, 90.0, 0),
    "accuracy_m": (10.0, 0.0, ACCURACY_MAX_M, 0),
    "speed_mps": (100.0, 0.0, SPEED_MAX_MPS, UNKNOWN),
    "bearing_deg": (1.0, 0.0, 360.0, UNKNOWN),
    "altitude_m": (10.0, -ALTITUDE_MAX_M, ALTITUDE_MAX_M, UNKNOWN_ALTITUDE),
    "battery_pct": (1.0, 0.0, 100.0, UNKNOWN),
    "elapsed_ms": (1.0, 0.0, float(2**53), UNKNOWN),
}
REQUIRED = 3
BEARING = list(MEASURED).index("bearing_deg")
_FACTOR, _LOW, _HIGH, _ABSENT = (np.array(column)[:, None] for column in zip(*MEASURED.values(), strict=True))
_FIELDS = Fix.__struct_fields__
_ORDER = [_FIELDS.index(name) for name in MEASURED]
_NOWHERE = Fix(0, float("nan"), float("nan"), float("nan"))


def _of_rows(rows: list[Fix | None]) -> _Raw:
    is_unreadable = np.array([row is None for row in rows], bool)
    fixes = [_NOWHERE if row is None else row for row in rows]
    columns = list(zip(*map(msgspec.structs.astuple, fixes), strict=True)) or [()] * len(_FIELDS)
    by_name = dict(zip(_FIELDS, columns, strict=True))
    return _Raw(
        sent_ms=_instants_ms(by_name["recorded_at"]),
        measured=np.array([columns[index] for index in _ORDER], np.float64),  # None becomes NaN
        flags=_flag_column(by_name["is_mock"], by_name["time_source"], by_name["provider"]),
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
    measured = [spread(name, None) for name in list(MEASURED)[2:]]
    places = [np.cumsum(np.array(c, np.float64)) / 1e7 for c in (columns.longitude_e7, columns.latitude_e7)]
    return _Raw(
        # in floats first: differences may add up beyond 64 bits, which must not wrap around
        sent_ms=_whole(np.cumsum(np.array(columns.recorded_at_ms, np.float64))),
        measured=np.concatenate(
            [np.array(places).reshape(2, n), np.array(measured, np.float64).reshape(-1, n)]
        ),
        flags=_flag_column(
            spread("is_mock", False), spread("time_source", "gnss"), spread("provider", "unknown")
        ),
        is_unreadable=np.zeros(n, bool),
    )


def _whole(values: Float64s) -> Int64s:
    return np.clip(values, -(2**53), 2**53).astype(np.int64)


def _instants_ms(instants: Sequence[datetime | int]) -> Int64s:
    try:
        return np.rint(np.array([i.timestamp() for i in instants]) * 1000).astype(np.int64)  # type: ignore[union-attr]
    except AttributeError:  # some are numbers
        return np.array([instant_ms(i) for i in instants], np.int64)


def instant_ms(instant: datetime | int) -> int:
    """Unix milliseconds of an instant in either form."""
    return instant if isinstance(instant, int) else round(instant.timestamp() * 1000)


def _flag_column(mocks: Sequence[bool], sources: Sequence[str], providers: Sequence[str]) -> Int64s:
    kinds = list(zip(mocks, sources, providers, strict=True))
    if len(set(kinds)) == 1:  # nearly always: computed once
        return np.full(len(kinds), _flags(*kinds[0]), np.int64)
    return np.array([_flags(*kind) for kind in kinds], np.int64)


def _flags(is_mock: bool, time_source: str, provider: str) -> int:
    return (
        (FLAG_MOCK if is_mock else 0)
        | (FLAG_DEVICE_TIME if time_source == "device" else 0)
        | PROVIDERS.index(provider) << PROVIDER_SHIFT
    )


def _integers(raw: _Raw, upload: Envelope) -> tuple[Fixes, Bools]:
    """The stored columns, and which measured values make sense (bool[8, n])."""
    measured = raw.measured
    if upload.coord_sys == "gcj02":
        measured[:2] = chinese_datums.from_gcj02(measured[0], measured[1])
    elif upload.coord_sys == "bd09":
        measured[:2] = chinese_datums.from_bd09(measured[0], measured[1])
    makes_sense = (measured >= _LOW) & (measured <= _HIGH)
    scaled = np.where(makes_sense, np.rint(measured * _FACTOR), _ABSENT).astype(np.int64)
    bearing = scaled[BEARING]  # kept to 2 degrees: its noise is larger, and its differences then fit a byte
    bearing[:] = np.where(bearing == UNKNOWN, UNKNOWN, bearing // 2 * 2 % 360)
    at_ms = raw.sent_ms
    if upload.clock_offset_ms:
        at_ms = at_ms + np.where(raw.flags & FLAG_DEVICE_TIME, upload.clock_offset_ms, 0)
    longitude, latitude, accuracy, speed, bearing, altitude, battery, elapsed = scaled
    fixes = Fixes(
        device=np.zeros(len(at_ms), np.int64),
        sent_ms=raw.sent_ms,
        at_ms=at_ms,
        lon_e7=longitude,
        lat_e7=latitude,
        accuracy_dm=accuracy,
        speed_cmps=speed,
        bearing_deg=bearing,
        altitude_dm=altitude,
        battery_pct=battery,
        flags=raw.flags,
        elapsed_ms=elapsed,
    )
    return fixes, makes_sense


def _refuse_nonsense(parcel: Parcel, raw: _Raw, makes_sense: Bools) -> None:
    longitude, latitude = raw.measured[0], raw.measured[1]
    parcel.refuse(raw.is_unreadable, Disposition.INVALID, "unreadable")
    swapped = ~makes_sense[1] & (np.abs(latitude) <= 180) & (np.abs(longitude) <= 90)
    parcel.refuse(swapped, Disposition.INVALID, "swapped")
    for name, sensible in zip(("longitude", "latitude", "accuracy"), makes_sense, strict=False):
        parcel.refuse(~sensible, Disposition.INVALID, name)


def _flag_outside_china(parcel: Parcel) -> None:
    lon, lat = parcel.fixes.lon_e7, parcel.fixes.lat_e7
    west, east, south, north = CHINA_E7
    if len(lon) and (lon.min() < west or lon.max() > east or lat.min() < south or lat.max() > north):
        outside = (lon < west) | (lon > east) | (lat < south) | (lat > north)
        parcel.reason[outside & (parcel.disposition == STORED)] = _REASON["outside_china"]


def _mark_repetitions(parcel: Parcel) -> None:
    """Of several fixes with one `recorded_at` the smaller counts, as in the fold; the rest are duplicates."""
    sent_ms = parcel.fixes.sent_ms
    if len(set(sent_ms.tolist())) == len(sent_ms):
        return
    f = parcel.fixes
    columns = [getattr(f, name) for name in Fixes.__slots__]
    order = np.lexsort([np.arange(len(f)), *columns[::-1], parcel.disposition != STORED, sent_ms])
    again = np.zeros(len(f), bool)
    again[order[1:]] = sent_ms[order[1:]] == sent_ms[order[:-1]]
    parcel.refuse(again, Disposition.DUPLICATE)
