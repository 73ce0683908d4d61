"""The attributes of a batch's fixes in few bytes, and whole stored batches back into columns.

Each column is its first value and the differences, in the narrowest integers that hold them; a column
that never changes costs its first value only. Little-endian, so the same bytes on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.patrol import twkb
from app.patrol.fixes import FLAG_DEVICE_TIME, UNKNOWN, Fixes, Int64s

FORMAT = 1
WIDTHS = (1, 2, 4, 8)
COLUMNS = 7
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


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """One stored batch: the index of its device, and what `pack` made."""

    device: int
    clock_offset_ms: int
    track: bytes
    attributes: bytes


def unpack(batches: Sequence[PackedBatch]) -> Fixes:
    """The fixes of stored batches, one after the other. Raises twkb.BrokenTrack when bytes are damaged."""
    lon_e7, lat_e7, at_ms, counts = twkb.decode([batch.track for batch in batches])
    columns = np.empty((COLUMNS, len(at_ms)), np.int64)
    end = 0
    for batch, n in zip(batches, counts.tolist(), strict=True):
        _unpack_columns(batch.attributes, columns[:, end : end + n])
        end += n
    accuracy_dm, speed_cmps, turns, altitude_dm, battery_pct, flags, boot = columns
    offset_ms = np.repeat(np.array([batch.clock_offset_ms for batch in batches], np.int64), counts)
    return Fixes(
        device=np.repeat(np.array([batch.device for batch in batches], np.int64), counts),
        sent_ms=at_ms - np.where(flags & FLAG_DEVICE_TIME, offset_ms, 0),
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
    columns = np.empty((1, int.from_bytes(packed[:4], "little")), np.int64)
    _unpack_columns(packed, columns, at=4)
    instants: Int64s = columns[0]
    return instants


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


def _unpack_columns(packed: bytes, columns: Int64s, at: int = 1) -> None:
    """Fills int64[k, n], n >= 1, from the bytes after `at`."""
    if at == 1 and packed[:1] != bytes((FORMAT,)):
        raise twkb.BrokenTrack("unknown format of attributes")
    n = columns.shape[1]
    columns[:, 1:] = 0
    try:
        for column in columns:
            first_width, code = WIDTHS[packed[at] >> 4], packed[at] & 15
            end = at + 1 + first_width
            column[0] = int.from_bytes(packed[at + 1 : end], "little", signed=True)
            at = end
            if code != CONSTANT:
                column[1:] = np.frombuffer(packed, f"<i{WIDTHS[code]}", n - 1, end)
                at += WIDTHS[code] * (n - 1)
    except (IndexError, ValueError) as error:
        raise twkb.BrokenTrack("damaged attributes") from error
    if at != len(packed):
        raise twkb.BrokenTrack("attributes of another length")
    np.cumsum(columns, axis=1, out=columns)
