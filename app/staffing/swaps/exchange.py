"""Two inspectors exchange grids during a stretch, or one takes over the other's. Pure.

A term (an appointment) that runs through the stretch is cut: it ends where the stretch begins, and goes on as a
new term where the stretch ends. Meanwhile the other one serves. In a swap he holds the same post there, in a
substitution he is `substitute`. Only posts that walk a grid move; heads and instructors stay what they are.
A grid that the taker serves anyway is not given to him twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

Mode = Literal["swap", "substitution"]
WALKING = frozenset({"full_time", "part_time", "substitute"})
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Term:
    """An appointment of `holder` during [start, end); `end` None while it lasts."""

    id: UUID
    holder: UUID
    grid_id: UUID
    role: str
    start: datetime
    end: datetime | None

    @property
    def until(self) -> datetime:
        """Its end, or the end of time."""
        return self.end or FOREVER


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch [start, end)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Cut:
    """What becomes of a term: it ends at `end`, or is cancelled when `end` is None."""

    term: Term
    end: datetime | None


@dataclass(frozen=True, slots=True)
class NewTerm:
    """An appointment to be made; `source` is the term that it continues or replaces."""

    holder: UUID
    grid_id: UUID
    role: str
    start: datetime
    end: datetime | None
    source: UUID


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an exchange does. `left_empty` names (grid, stretch) that nobody present would serve: refuse it."""

    cuts: list[Cut] = field(default_factory=list)
    made: list[NewTerm] = field(default_factory=list)
    left_empty: list[tuple[UUID, Span]] = field(default_factory=list)


def exchange(
    mode: Mode,
    pair: tuple[UUID, UUID],
    stretch: Span,
    terms: Sequence[Term],
    away: Iterable[tuple[UUID, Span]],
) -> Exchange:
    """The exchange between `pair` during `stretch`.

    terms  every term, of anybody, in the grids of the pair that overlaps the stretch
    away   (inspector, stretch) of approved absences: whoever is away serves nothing

    In a substitution the second of the pair takes over the grids of the first.
    """
    one, other = pair
    found = Exchange()
    takers = {one: other, other: one} if mode == "swap" else {one: other}
    moved = [
        t for t in terms if t.holder in takers and t.role in WALKING and _clip(t.start, t.until, stretch)
    ]
    for term in moved:
        _move(found, mode, term, takers[term.holder], stretch, terms, moved)
    absent = list(away)
    for term in moved:
        piece = _clip(term.start, term.until, stretch)
        if piece:
            served = _served(term.grid_id, terms, moved, found.made, stretch, absent)
            found.left_empty.extend((term.grid_id, gap) for gap in _without(piece, served))
    return found


def _move(
    found: Exchange,
    mode: Mode,
    term: Term,
    taker: UUID,
    stretch: Span,
    terms: Sequence[Term],
    moved: Sequence[Term],
) -> None:
    """Cuts `term` and gives its piece to `taker`."""
    found.cuts.append(Cut(term, stretch.start if term.start < stretch.start else None))
    if term.until > stretch.end:
        found.made.append(NewTerm(term.holder, term.grid_id, term.role, stretch.end, term.end, term.id))
    piece = _clip(term.start, term.until, stretch)
    role = term.role if mode == "swap" else "substitute"
    kept = [t for t in terms if t.holder == taker and t.grid_id == term.grid_id and t not in moved]
    given = [n for n in found.made if n.holder == taker and n.grid_id == term.grid_id]
    held = [Span(t.start, t.until) for t in kept if t.role in WALKING]
    held += [Span(n.start, n.end or FOREVER) for n in given]
    for rest in _without(piece, held) if piece else ():
        found.made.append(NewTerm(taker, term.grid_id, role, rest.start, rest.end, term.id))


def _served(
    grid_id: UUID,
    terms: Sequence[Term],
    moved: Sequence[Term],
    made: Sequence[NewTerm],
    stretch: Span,
    away: Sequence[tuple[UUID, Span]],
) -> list[Span]:
    """Stretches in which somebody present serves the grid after the exchange."""
    serving = [
        (t.holder, Span(t.start, t.until))
        for t in terms
        if t.grid_id == grid_id and t.role in WALKING and t not in moved
    ]
    serving += [(n.holder, Span(n.start, n.end or FOREVER)) for n in made if n.grid_id == grid_id]
    served: list[Span] = []
    for holder, span in serving:
        piece = _clip(span.start, span.end, stretch)
        if piece:
            served += _without(piece, [absent for who, absent in away if who == holder])
    return served


def _clip(start: datetime, end: datetime, to: Span) -> Span | None:
    """The part of [start, end) inside `to`."""
    first, last = max(start, to.start), min(end, to.end)
    return Span(first, last) if first < last else None


def _without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What of `span` none of `taken` covers, in order."""
    left, at = [], span.start
    for each in sorted(taken, key=lambda s: s.start):
        if each.start > at:
            left.append(Span(at, min(each.start, span.end)))
        at = max(at, each.end)
        if at >= span.end:
            return [s for s in left if s.start < s.end]
    left.append(Span(at, span.end))
    return [s for s in left if s.start < s.end]
