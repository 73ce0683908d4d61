"""What all handhelds of a run saw together."""

import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

UNAVAILABLE = 503


@dataclass
class Ledger:
    """Counts over all couriers. latencies_s: of uploads that were answered 200.

    statuses    answers by HTTP status; `broken` connections by kind of error
    faults      what must not happen, in words; the first of each kind
    """

    statuses: Counter[int] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    acknowledged: int = 0
    heard_at: float = field(default_factory=time.monotonic)

    def answered(self, status: int, took_s: float) -> None:
        """Notes an answer to an upload."""
        self.statuses[status] += 1
        if status == 200:
            self.latencies_s.append(took_s)
            self.heard_at = time.monotonic()

    def fault(self, kind: str, detail: str) -> None:
        """Notes something that must not happen."""
        self.counts[f"fault: {kind}"] += 1
        self.faults.setdefault(kind, detail)

    def percentile_ms(self, share: float) -> float | None:
        """A percentile of the latencies, in milliseconds; None when nothing was answered."""
        return round(float(np.quantile(self.latencies_s, share)) * 1000, 1) if self.latencies_s else None

    @property
    def retries(self) -> int:
        """Uploads that had to be sent again because they were not answered, or with "not now"."""
        return self.counts["retries"]
