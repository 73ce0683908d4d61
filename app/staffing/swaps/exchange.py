"""Two inspectors exchange grids during a stretch, or one takes over the other's. Pure.

A term (an appointment) that runs through the stretch is cut: it ends where the stretch begins, and goes on as a
new term where the stretch ends. Meanwhile the other one serves. In a swap he holds the same post there, in a
substitution he is `substitute`. Only posts that walk a grid move; heads and instructors stay what they are.
A grid that the taker serves anyway is not given to him twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.staffing.gaps import FOREVER, WALKING, Post, Span, clip, unserved, without

Mode = Literal["swap", "substitution"]


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
    moved = [t for t in terms if t.holder in takers and t.role in WALKING and clip(t.start, t.until, stretch)]
    for term in moved:
        _move(found, mode, term, takers[term.holder], stretch, terms, moved)
    pieces = [(t.grid_id, piece) for t in moved if (piece := clip(t.start, t.until, stretch))]
    posts = [
        Post(t.holder, t.grid_id, Span(t.start, t.until))
        for t in terms
        if t.role in WALKING and t not in moved
    ]
    posts += [Post(n.holder, n.grid_id, Span(n.start, n.end or FOREVER)) for n in found.made]
    found.left_empty.extend(unserved(pieces, posts, list(away)))
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
    piece = clip(term.start, term.until, stretch)
    role = term.role if mode == "swap" else "substitute"
    kept = [t for t in terms if t.holder == taker and t.grid_id == term.grid_id and t not in moved]
    given = [n for n in found.made if n.holder == taker and n.grid_id == term.grid_id]
    held = [Span(t.start, t.until) for t in kept if t.role in WALKING]
    held += [Span(n.start, n.end or FOREVER) for n in given]
    for rest in without(piece, held) if piece else ():
        found.made.append(NewTerm(taker, term.grid_id, role, rest.start, rest.end, term.id))
