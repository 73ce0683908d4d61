"""TWKB MULTIPOINT M in numpy: what PostGIS reads with ST_GeomFromTWKB.

Format: https://github.com/TWKB/Specification. Degrees with 7 decimals, M is Unix milliseconds.
"""

import numpy as np
import numpy.typing as npt

from app.patrol.fixes import Int64s

Bytes = npt.NDArray[np.uint8]

# type 4 (MULTIPOINT) with xy precision zigzag(7) = 14; flags: extended precision; extended: has M, 0 decimals
HEADER = bytes((14 << 4 | 4, 0b1000, 0b10))
VARINT_MAX_BYTES = 10
_SHIFTS = np.arange(VARINT_MAX_BYTES, dtype=np.uint64) * np.uint64(7)
_LIMITS = np.array([1 << (7 * k) for k in range(1, VARINT_MAX_BYTES)], np.uint64)
_PLACES = np.arange(VARINT_MAX_BYTES)


class BrokenTrack(ValueError):
    """The bytes are not what `encode` writes."""


def encode(lon_e7: Int64s, lat_e7: Int64s, at_ms: Int64s) -> bytes:
    """TWKB of n >= 1 points, int64[n] each; successive points are stored as differences."""
    points = np.stack((lon_e7, lat_e7, at_ms), axis=1)
    points[1:] -= points[:-1].copy()
    return HEADER + varints(np.array([len(lon_e7)])) + varints(_zigzag(points.ravel()))


def decode(track: bytes) -> tuple[Int64s, Int64s, Int64s]:
    """lon_e7, lat_e7, at_ms of what `encode` wrote. Raises BrokenTrack for anything else."""
    if not track.startswith(HEADER):
        raise BrokenTrack("not a TWKB MULTIPOINT M with 7 decimals")
    values = _read_varints(np.frombuffer(track, np.uint8, offset=len(HEADER)))
    if len(values) == 0 or len(values) != 1 + 3 * int(values[0]):
        raise BrokenTrack("the number of points does not fit the bytes")
    points = np.cumsum(_unzigzag(values[1:]).reshape(-1, 3), axis=0)
    return points[:, 0], points[:, 1], points[:, 2]


def _zigzag(values: Int64s) -> npt.NDArray[np.uint64]:
    return ((values << 1) ^ (values >> 63)).view(np.uint64)


def _unzigzag(values: npt.NDArray[np.uint64]) -> Int64s:
    return (values >> np.uint64(1)).view(np.int64) ^ -(values & np.uint64(1)).view(np.int64)


def varints(values: npt.NDArray[np.integer]) -> bytes:
    """LEB128 of unsigned values."""
    unsigned = values.astype(np.uint64)
    lengths = np.searchsorted(_LIMITS, unsigned, side="right") + 1
    width = int(lengths.max(initial=1))
    septets = (unsigned[:, None] >> _SHIFTS[:width]).astype(np.uint8) & 0x7F
    septets |= (_PLACES[:width] < lengths[:, None] - 1).astype(np.uint8) << 7
    return septets[_PLACES[:width] < lengths[:, None]].tobytes()


def _read_varints(raw: Bytes) -> npt.NDArray[np.uint64]:
    ends = np.flatnonzero(raw < 0x80)
    if len(ends) == 0 or ends[-1] != len(raw) - 1:
        raise BrokenTrack("it ends inside a number")
    starts = np.concatenate(([0], ends[:-1] + 1))
    places = np.arange(len(raw)) - np.repeat(starts, ends - starts + 1)
    if places.max() >= VARINT_MAX_BYTES:
        raise BrokenTrack("a number is too long")
    septets = (raw & 0x7F).astype(np.uint64) << _SHIFTS[places]
    return np.add.reduceat(septets, starts)
