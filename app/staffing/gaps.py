"""When nobody present serves a grid. Pure: posts and absences come in, gaps go out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

WALKING = frozenset({"full_time", "part_time", "substitute"})
"""Posts that walk a grid; heads and instructors serve none."""
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch [start, end)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """`holder` serves `grid_id` during `span`."""

    holder: UUID
    grid_id: UUID
    span: Span


def unserved(
    pieces: Iterable[tuple[UUID, Span]], posts: Sequence[Post], away: Sequence[tuple[UUID, Span]]
) -> list[tuple[UUID, Span]]:
    """What of `pieces` (grid, stretch) nobody serves who is there; no gap is named twice.

    posts  everybody who serves these grids
    away   (inspector, stretch): whoever is away serves nothing
    """
    gaps: list[tuple[UUID, Span]] = []
    for grid_id, piece in pieces:
        served = [span for grid, span in gaps if grid == grid_id]
        for post in posts:
            if post.grid_id == grid_id:
                served += without(post.span, [span for who, span in away if who == post.holder])
        gaps.extend((grid_id, gap) for gap in without(piece, served))
    return gaps


def clip(start: datetime, end: datetime, to: Span) -> Span | None:
    """The part of [start, end) inside `to`."""
    first, last = max(start, to.start), min(end, to.end)
    return Span(first, last) if first < last else None


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
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
