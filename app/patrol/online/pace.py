"""How often one handheld may speak: a storm costs its own handheld a wait, and its neighbours nothing. Pure."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

FORGET_AT = 50_000
"""So many handhelds are remembered before those are forgotten that have been quiet for a minute."""
WORTHWHILE = 0.1
"""Share of the minute's uploads that must be free again before coming back is worthwhile."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at_s: float


class Pace:
    """One process's token buckets: a minute's uploads at once, then as many as the minute gives.

    clock: monotonic seconds, because the wall clock may jump. A refused upload costs nothing.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}

    def wait_s(self, key: Hashable, per_minute: int) -> int:
        """0 when the handheld may speak now, and has; else after how many seconds it should come again."""
        now_s = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= FORGET_AT:
                self._forget(now_s)
            bucket = self._buckets[key] = _Bucket(per_minute, now_s)
        bucket.left = min(per_minute, bucket.left + (now_s - bucket.at_s) * per_minute / 60)
        bucket.at_s = now_s
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return max(1, round((WORTHWHILE * per_minute - bucket.left) * 60 / per_minute))

    def _forget(self, now_s: float) -> None:
        self._buckets = {key: b for key, b in self._buckets.items() if now_s - b.at_s < 60}
