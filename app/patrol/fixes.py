"""The columns of a set of fixes: the one shape that the door, the packing and the fold share.

Everything is an integer, so that sums and comparisons are exact on every machine and in any order.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

UNKNOWN = -1
"""Marks an absent optional value in every column but altitude."""
UNKNOWN_ALTITUDE = -(2**31)

FLAG_MOCK = 1
FLAG_DEVICE_TIME = 2
PROVIDER_SHIFT = 2
PROVIDERS = ("unknown", "gps", "network", "fused", "passive", "beidou")
"""Provider is stored as an index into this tuple, in the flag bits from PROVIDER_SHIFT upwards."""


@dataclass(frozen=True, slots=True)
class Fixes:
    """n fixes, one int64[n] array a column.

    device          index of the device within the set (the caller keeps the device ids, sorted)
    sent_ms         `recorded_at` as the handheld sent it, Unix milliseconds; with `device` the identity of a fix
    at_ms           the same, corrected by the batch's clock offset when the time came from the device clock
    lon_e7, lat_e7  CGCS2000 degrees times 10^7
    accuracy_dm     decimetres, 68 % radius
    speed_cmps      centimetres a second, or UNKNOWN
    bearing_deg     0..358, even, or UNKNOWN
    altitude_dm     decimetres, or UNKNOWN_ALTITUDE
    battery_pct     0..100, or UNKNOWN
    flags           FLAG_* bits and the provider index
    elapsed_ms      monotonic clock since boot, or UNKNOWN
    """

    device: Int64s
    sent_ms: Int64s
    at_ms: Int64s
    lon_e7: Int64s
    lat_e7: Int64s
    accuracy_dm: Int64s
    speed_cmps: Int64s
    bearing_deg: Int64s
    altitude_dm: Int64s
    battery_pct: Int64s
    flags: Int64s
    elapsed_ms: Int64s

    def __len__(self) -> int:
        return len(self.sent_ms)

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Self:
        """The fixes at `index` (positions, mask or slice), in that order."""
        return type(self)(*(getattr(self, f.name)[index] for f in fields(self)))

    @classmethod
    def concatenate(cls, parts: list["Fixes"]) -> "Fixes":
        """All fixes of `parts`, in their order; an empty list gives an empty set."""
        if not parts:
            return cls(*(np.empty(0, np.int64) for _ in fields(cls)))
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def canonical(self) -> "Fixes":
        """Sorted by (at_ms, sent_ms, device), one content for each (device, sent_ms).

        Of two contents for one fix the one whose columns compare smaller counts, so the result depends
        only on the set of fixes, not on their order or repetition.
        """
        columns = [getattr(self, f.name) for f in fields(self)]
        order = np.lexsort(columns[::-1])  # device and sent_ms are the first two columns, the primary keys
        first = np.ones(len(self), bool)
        first[1:] = np.diff(self.device[order]).astype(bool) | np.diff(self.sent_ms[order]).astype(bool)
        kept = self.take(order[first])
        return kept.take(np.lexsort((kept.device, kept.sent_ms, kept.at_ms)))
