"""What a process remembers of the feed: the last event of every grid, area and person. Pure.

Whether something is new for a handheld is then a look into a few dictionaries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.exchange.scope import Scope

MARK_BYTES = 8
MARKS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed event, as far as handhelds are concerned. grid_id and inspector_id: as its data names them."""

    seq: int
    hash: bytes
    type: str
    subject_type: str
    subject_id: UUID
    area_id: UUID | None
    data: Mapping[str, Any]


Lasts = dict[UUID | None, int]


@dataclass(slots=True)
class _Memory:
    """seq of the last event by grid, by area (of events without a grid; None: the whole county), by person."""

    grids: Lasts = field(default_factory=dict)
    areas: Lasts = field(default_factory=dict)
    people: Lasts = field(default_factory=dict)
    last: int = 0

    def note(self, event: Sealed) -> None:
        grid_id, inspector_id = named(event.data, "grid_id"), named(event.data, "inspector_id")
        if grid_id is None:
            self.areas[event.area_id] = event.seq
        else:
            self.grids[grid_id] = event.seq
        if inspector_id is not None:
            self.people[inspector_id] = event.seq
        self.last = event.seq

    def last_of(self, scope: Scope) -> int:
        found = max(self.areas.get(None, 0), self.people.get(scope.inspector_id, 0))
        for grid_id in scope.grid_ids:
            found = max(found, self.grids.get(grid_id, 0))
        for area_id in scope.area_ids:
            found = max(found, self.areas.get(area_id, 0))
        return found


class Head:
    """One county's feed: everything after `base` has been looked at, up to `seq`.

    The first bytes of every event's hash are kept, so that a place is known to be one of this chain: after a
    restore the same numbers belong to other events.
    """

    def __init__(self, seq: int, hash_: bytes) -> None:
        self.base, self.seq, self.hash = seq, seq, hash_
        self._changes, self._urgent = _Memory(), _Memory()
        self._marks = bytearray()

    def take(self, event: Sealed, *, is_followed: bool) -> None:
        """The next event. is_followed: whether handhelds look again after events about such a subject."""
        if is_followed:
            self._changes.note(event)
        if event.data.get("urgent") is True:
            self._urgent.note(event)
        self.seq, self.hash = event.seq, event.hash
        self._marks += event.hash[:MARK_BYTES]
        if len(self._marks) > MARKS_MAX * MARK_BYTES:
            forgotten = len(self._marks) // 2 // MARK_BYTES
            del self._marks[: forgotten * MARK_BYTES]
            self.base += forgotten

    @property
    def mark(self) -> bytes:
        """Of the last event."""
        return self.hash[:MARK_BYTES]

    def knows(self, seq: int, mark: bytes) -> bool:
        """Whether the event `seq` has been looked at here and has that mark."""
        if not self.base < seq <= self.seq:
            return seq == self.base == 0
        at = (seq - self.base - 1) * MARK_BYTES
        return self._marks[at : at + MARK_BYTES] == mark

    def is_idle(self, scope: Scope, seq: int) -> bool:
        """Whether nothing after `seq`, which is known here, concerns the scope."""
        return self._changes.last_of(scope) <= seq

    def is_urgent(self, scope: Scope | None, seq: int) -> bool:
        """Whether something after `seq` asks for a pull now; of an unknown scope, anything in the county.

        True for whoever is further behind than is remembered here.
        """
        if seq < self.base:
            return True
        return (self._urgent.last if scope is None else self._urgent.last_of(scope)) > seq


def named(data: Mapping[str, Any], name: str) -> UUID | None:
    """The id that an event's data names, None where it names none."""
    try:
        return UUID(data[name])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
