"""TWKB MULTIPOINT M in numpy: what PostGIS reads with ST_GeomFromTWKB.

Format: https://github.com/TWKB/Specification. Degrees with 7 decimals, M is Unix milliseconds.
"""

from collections.abc import Sequence

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


def decode(tracks: Sequence[bytes]) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """lon_e7, lat_e7, at_ms of all points of what `encode` wrote, and int64[k] points of each track.

    All tracks are read at once: numpy's cost is by the call. Raises BrokenTrack when one is damaged.
    """
    if not all(track.startswith(HEADER) for track in tracks):
        raise BrokenTrack("not a TWKB MULTIPOINT M with 7 decimals")
    if not tracks:
        return *np.empty((3, 0), np.int64), np.empty(0, np.int64)
    bodies = [track[len(HEADER) :] for track in tracks]
    values, ends = _read_varints(np.frombuffer(b"".join(bodies), np.uint8))
    # where each track's own numbers begin, by the bytes before it
    first = np.searchsorted(ends, np.cumsum([0, *map(len, bodies)]))
    counts = values[first[:-1]].view(np.int64)
    if (first[1:] - first[:-1] != 1 + 3 * counts).any() or (counts < 1).any():
        raise BrokenTrack("the number of points does not fit the bytes")
    differences = _unzigzag(np.delete(values, first[:-1])).reshape(-1, 3)
    points = np.cumsum(differences, axis=0)
    starts = np.cumsum(counts)[:-1]
    points[starts[0] if len(starts) else len(points) :] -= np.repeat(points[starts - 1], counts[1:], axis=0)
    return points[:, 0], points[:, 1], points[:, 2], counts


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


def _read_varints(raw: Bytes) -> tuple[npt.NDArray[np.uint64], Int64s]:
    """All LEB128 numbers in `raw`, and where in it each one ends."""
    ends = np.flatnonzero(raw < 0x80)
    if len(ends) == 0 or ends[-1] != len(raw) - 1:
        raise BrokenTrack("it ends inside a number")
    starts = np.concatenate(([0], ends[:-1] + 1))
    places = np.arange(len(raw)) - np.repeat(starts, ends - starts + 1)
    if places.max() >= VARINT_MAX_BYTES:
        raise BrokenTrack("a number is too long")
    septets = (raw & 0x7F).astype(np.uint64) << _SHIFTS[places]
    return np.add.reduceat(septets, starts), ends
