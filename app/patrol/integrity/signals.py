"""What a signal is. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

Kind = Literal["mock", "vehicle", "clock_skew", "loop", "replayed_track", "twin_devices"]
Severity = Literal["low", "medium", "high"]
"""low: ordinary explanations are likely; medium: ask; high: hardly happens by itself."""

DAY_KINDS: tuple[Kind, ...] = ("mock", "vehicle", "clock_skew", "loop")
"""Found in one day's own data, when it is folded."""
CROSS_KINDS: tuple[Kind, ...] = ("replayed_track", "twin_devices")
"""Found by comparing days and people, at night."""

LISTED = 10
"""So many places, rides or moments are kept as evidence, the longest or evenly spread."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The other day or person that a signal compares with."""

    inspector_id: UUID
    service_day: date

    @property
    def key(self) -> str:
        """Distinguishes signals of one kind on one day."""
        return f"{self.inspector_id}/{self.service_day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Signal:
    """One finding about one inspector's day; `evidence` is JSON with units in its names, times in RFC 3339."""

    kind: Kind
    severity: Severity
    evidence: dict[str, Any]
    counterpart: Counterpart | None = None

    @property
    def counterpart_key(self) -> str:
        return self.counterpart.key if self.counterpart else ""
