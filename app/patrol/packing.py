"""The attributes of a batch's fixes in few bytes, and whole stored batches back into columns.

Each column is its first value and the differences, in the narrowest integers that hold them; a column
that never changes costs its first value only. Little-endian, so the same bytes on every machine.
"""

import numpy as np

from app.patrol import twkb
from app.patrol.fixes import FLAG_DEVICE_TIME, UNKNOWN, Fixes, Int64s

FORMAT = 1
WIDTHS = (1, 2, 4, 8)
NO_BOOT = -(2**62)
"""Stands for an unknown boot instant; no sum of a time and a clock comes near it."""
CONSTANT = 4
"""Width code of differences that are all zero."""
CIRCLE = 180
"""Bearings are kept halved, and unrolled around the circle: a turn then fits into a byte."""
NO_BEARING = 2**20
"""Stands for an unknown bearing; 2,000 turns do not add up to it."""


def pack(fixes: Fixes) -> tuple[bytes, bytes]:
    """(track, attributes) of n >= 1 fixes: TWKB and packed columns."""
    track = twkb.encode(fixes.lon_e7, fixes.lat_e7, fixes.at_ms)
    return track, bytes((FORMAT,)) + _pack_columns(_columns(fixes))


def unpack(track: bytes, attributes: bytes, clock_offset_ms: int, device: int) -> Fixes:
    """The fixes of one stored batch. Raises twkb.BrokenTrack when the bytes are damaged."""
    lon_e7, lat_e7, at_ms = twkb.decode(track)
    n = len(at_ms)
    if not attributes or attributes[0] != FORMAT:
        raise twkb.BrokenTrack("unknown format of attributes")
    columns, at = [], 1
    for _ in range(7):
        column, at = _unpack_column(attributes, at, n)
        columns.append(column)
    accuracy_dm, speed_cmps, turns, altitude_dm, battery_pct, flags, boot = columns
    offset = np.where(flags & FLAG_DEVICE_TIME, clock_offset_ms, 0)
    return Fixes(
        device=np.full(n, device, np.int64),
        sent_ms=at_ms - offset,
        at_ms=at_ms,
        lon_e7=lon_e7,
        lat_e7=lat_e7,
        accuracy_dm=accuracy_dm,
        speed_cmps=speed_cmps,
        bearing_deg=np.where(turns == NO_BEARING, UNKNOWN, turns % CIRCLE * 2),
        altitude_dm=altitude_dm,
        battery_pct=battery_pct,
        flags=flags,
        elapsed_ms=np.where(boot == NO_BOOT, UNKNOWN, at_ms - boot),
    )


def pack_instants(at_ms: Int64s) -> bytes:
    """Heartbeats of a batch, sorted Unix milliseconds, int64[m] with m >= 1."""
    return len(at_ms).to_bytes(4, "little") + _pack_columns(at_ms[None, :])


def unpack_instants(packed: bytes) -> Int64s:
    """What `pack_instants` packed. Raises twkb.BrokenTrack when the bytes are damaged."""
    return _unpack_column(packed, 4, int.from_bytes(packed[:4], "little"))[0]


def _columns(fixes: Fixes) -> Int64s:
    # elapsed_ms runs with the clock: the boot instant it implies hardly changes
    boot = np.where(fixes.elapsed_ms == UNKNOWN, NO_BOOT, fixes.at_ms - fixes.elapsed_ms)
    return np.array(
        (
            fixes.accuracy_dm,
            fixes.speed_cmps,
            _unrolled(fixes.bearing_deg),
            fixes.altitude_dm,
            fixes.battery_pct,
            fixes.flags,
            boot,
        )
    )


def _unrolled(bearing_deg: Int64s) -> Int64s:
    halved = bearing_deg >> 1
    if bearing_deg.min() == UNKNOWN:
        return np.where(bearing_deg == UNKNOWN, NO_BEARING, halved)
    halved[1:] = halved[0] + np.cumsum((np.diff(halved) + CIRCLE // 2) % CIRCLE - CIRCLE // 2)
    return halved


def _width_code(low: int, high: int) -> int:
    for code, width in enumerate(WIDTHS):
        if -(1 << (8 * width - 1)) <= low and high < 1 << (8 * width - 1):
            return code
    raise OverflowError("wider than 64 bits")


def _pack_columns(columns: Int64s) -> bytes:
    """All rows of int64[k, n], n >= 1, one after the other."""
    differences = np.diff(columns, axis=1)
    lowest = differences.min(axis=1, initial=0).tolist()
    highest = differences.max(axis=1, initial=0).tolist()
    packed = []
    for first, low, high, row in zip(columns[:, 0].tolist(), lowest, highest, differences, strict=True):
        first_code = _width_code(first, first)
        code = _width_code(low, high) if low or high else CONSTANT
        packed.append(
            bytes((first_code << 4 | code,)) + first.to_bytes(WIDTHS[first_code], "little", signed=True)
        )
        if code != CONSTANT:
            packed.append(row.astype(f"<i{WIDTHS[code]}").tobytes())
    return b"".join(packed)


def _unpack_column(packed: bytes, at: int, n: int) -> tuple[Int64s, int]:
    if at >= len(packed) or packed[at] >> 4 >= len(WIDTHS) or packed[at] & 15 > CONSTANT:
        raise twkb.BrokenTrack("damaged attributes")
    first_width, code = WIDTHS[packed[at] >> 4], packed[at] & 15
    end = at + 1 + first_width
    first = int.from_bytes(packed[at + 1 : end], "little", signed=True)
    column = np.full(n, first, np.int64)
    if code == CONSTANT:
        return column, end
    width = WIDTHS[code]
    if len(packed) < end + width * (n - 1):
        raise twkb.BrokenTrack("attributes end too early")
    column[1:] += np.cumsum(np.frombuffer(packed, f"<i{width}", n - 1, end).astype(np.int64))
    return column, end + width * (n - 1)
