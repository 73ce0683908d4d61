"""The life cycle of each kind: which states there are, which may follow which, and where a late one belongs.

A state holds from a day until the next one. Handhelds report states late and in any order, so a state is put
in by its own day; both its neighbours must allow it. Pure.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from app.collection.subjects.problems import StateInFuture, StateNotAllowed, StateUnknown

_PRESENT = frozenset({"moved", "left", "died"})

TRANSITIONS: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "person": {
            "arrived": _PRESENT,
            "moved": _PRESENT,
            "left": frozenset({"returned", "died"}),
            "returned": _PRESENT,
            "died": frozenset(),
        },
        "household": {"formed": frozenset({"dissolved"}), "dissolved": frozenset({"formed"})},
        "dwelling": {
            "occupied": frozenset({"vacant", "let", "demolished"}),
            "vacant": frozenset({"occupied", "let", "demolished"}),
            "let": frozenset({"occupied", "vacant", "demolished"}),
            "demolished": frozenset(),
        },
        "building": {"built": frozenset({"demolished"}), "demolished": frozenset()},
        "organization": {
            "registered": frozenset({"deregistered"}),
            "deregistered": frozenset({"registered"}),
        },
        "component": {
            "built": frozenset({"removed", "demolished"}),
            "removed": frozenset({"built"}),
            "demolished": frozenset(),
        },
        "article": {"kept": frozenset({"removed"}), "removed": frozenset({"kept"})},
        "place": {"opened": frozenset({"closed"}), "closed": frozenset({"opened"})},
    }
)
"""What may follow each state, by kind of subject. The first state of a kind is what a new subject begins with."""

CLOSED: frozenset[str] = frozenset(
    {"left", "died", "dissolved", "demolished", "deregistered", "removed", "closed"}
)
"""States in which nothing is collected any more: fields change only as a correction (docs/decisions/0020)."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A state of a subject and the day it began; `recorded_at` orders states of one day."""

    state: str
    since: date
    recorded_at: datetime
    submission_id: UUID | None = None
    author_id: UUID | None = None

    @property
    def order(self) -> tuple[date, datetime]:
        """Where it stands among the others."""
        return self.since, self.recorded_at


Timeline = tuple[Dated, ...]
"""The states of a subject that are not voided, in their order."""


def first_state(kind: str) -> str:
    """What a new subject of that kind is unless it says otherwise."""
    return next(iter(TRANSITIONS[kind]))


def allowed_after(kind: str, state: str) -> list[str]:
    """The states that may follow, sorted."""
    return sorted(TRANSITIONS[kind].get(state, ()))


def put_in(kind: str, timeline: Timeline, new: Dated, today: date) -> Timeline:
    """The timeline with `new` where its day puts it; the same one when it says nothing new.

    Raises StateUnknown, StateInFuture, StateNotAllowed.
    """
    if new.state not in TRANSITIONS[kind]:
        raise StateUnknown(state=new.state, allowed=sorted(TRANSITIONS[kind]))
    if new.since > today:
        raise StateInFuture(on=new.since.isoformat())
    at = bisect_right([each.order for each in timeline], new.order)
    before = timeline[at - 1] if at else None
    following = timeline[at] if at < len(timeline) else None
    if before is not None and before.state == new.state and not _follows(kind, new.state, new.state):
        return timeline
    if before is not None:
        _require(kind, before.state, new.state)
    if (
        following is not None and following.state != new.state
    ):  # the same one: it began earlier than was known
        _require(kind, new.state, following.state)
    return (*timeline[:at], new, *timeline[at:])


def without(kind: str, timeline: Timeline, at: int) -> Timeline:
    """The timeline without its state number `at`. Raises StateNotAllowed when its neighbours don't fit."""
    rest = (*timeline[:at], *timeline[at + 1 :])
    if not rest:
        raise StateNotAllowed(current_state=timeline[at].state, asked_state=None, allowed=[])
    if 0 < at < len(timeline) - 1 and rest[at - 1].state != rest[at].state:
        _require(kind, rest[at - 1].state, rest[at].state)
    return rest


def is_closed(state: str) -> bool:
    """Whether nothing is collected any more in that state."""
    return state in CLOSED


def spans(timeline: Sequence[Dated]) -> list[tuple[Dated, date | None]]:
    """Each state with the day on which the next one began, None for the last."""
    ends = [each.since for each in timeline[1:]]
    return list(zip(timeline, [*ends, None], strict=True)) if timeline else []


def _follows(kind: str, before: str, after: str) -> bool:
    return after in TRANSITIONS[kind].get(before, ())


def _require(kind: str, before: str, after: str) -> None:
    if not _follows(kind, before, after):
        raise StateNotAllowed(current_state=before, asked_state=after, allowed=allowed_after(kind, before))
