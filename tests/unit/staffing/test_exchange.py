"""Swaps hour by hour against a slow reference."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.staffing.gaps import Span
from app.staffing.swaps.exchange import Mode, Term, exchange

START = datetime(2026, 11, 20, tzinfo=UTC)
HOURS = 24
ONE, OTHER, THIRD = (UUID(int=n) for n in (1, 2, 3))
GRIDS = [UUID(int=n) for n in (11, 12, 13)]


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def span(first: int, last: int) -> Span:
    return Span(at(first), at(last))


spans = st.tuples(st.integers(0, HOURS - 1), st.integers(1, HOURS)).map(
    lambda p: (p[0], min(p[0] + p[1], HOURS))
)


@st.composite
def all_terms(draw: st.DrawFn) -> list[Term]:
    """Terms of three people; one person holds a post in a grid once at a time, as the database guarantees."""
    found = []
    for holder in (ONE, OTHER, THIRD):
        for grid in GRIDS:
            if draw(st.booleans()):
                first, last = draw(spans)
                end = None if draw(st.booleans()) else at(last)
                role = draw(st.sampled_from(["full_time", "part_time", "grid_head"]))
                found.append(Term(UUID(int=100 + len(found)), holder, grid, role, at(first), end))
    return found


def serves(
    terms: list[tuple[UUID, UUID, str, datetime, datetime | None]], hour: int
) -> set[tuple[UUID, UUID]]:
    """(holder, grid) of walking posts during the hour."""
    moment = at(hour)
    return {
        (holder, grid)
        for holder, grid, role, start, end in terms
        if role != "grid_head" and start <= moment and (end is None or moment < end)
    }


@given(
    all_terms(),
    spans,
    st.sampled_from(["swap", "substitution"]),
    st.lists(st.tuples(st.sampled_from([ONE, OTHER, THIRD]), spans), max_size=3),
)
def test_every_hour_has_a_second_opinion(
    terms: list[Term], stretch: tuple[int, int], mode: Mode, away: list[tuple[UUID, tuple[int, int]]]
) -> None:
    overlapping = [t for t in terms if t.start < at(stretch[1]) and t.until > at(stretch[0])]
    found = exchange(mode, (ONE, OTHER), span(*stretch), overlapping, [(who, span(*s)) for who, s in away])
    cut = {c.term.id: c.end for c in found.cuts}
    after = [
        (t.holder, t.grid_id, t.role, t.start, cut.get(t.id, t.end))
        for t in terms
        if t.id not in cut or cut[t.id] is not None
    ]
    after += [(n.holder, n.grid_id, n.role, n.start, n.end) for n in found.made]
    before = [(t.holder, t.grid_id, t.role, t.start, t.end) for t in terms]
    takers = {ONE: OTHER, OTHER: ONE} if mode == "swap" else {ONE: OTHER}
    empty = set()
    for hour in range(HOURS + 6):
        was, now = serves(before, hour), serves(after, hour)
        inside = stretch[0] <= hour < stretch[1]
        expected = {(takers.get(who, who) if inside else who, grid) for who, grid in was}
        assert now == expected, hour
        absent = {who for who, (first, last) in away if first <= hour < last}
        if inside:
            present = {grid for who, grid in now if who not in absent}
            empty |= {(grid, hour) for who, grid in was if who in takers and grid not in present}
    told = {(g, h) for g, gap in found.left_empty for h in range(HOURS) if gap.start <= at(h) < gap.end}
    assert told == empty
    keys = [(n.holder, n.grid_id, n.role, n.start, n.end) for n in found.made]
    assert len(keys) == len(set(keys))


def test_a_substitute_is_called_so_and_a_swap_keeps_the_post() -> None:
    term = Term(UUID(int=9), ONE, GRIDS[0], "full_time", at(0), None)
    substitution = exchange("substitution", (ONE, OTHER), span(14, 17), [term], [])
    assert [(n.holder, n.role, n.start, n.end) for n in substitution.made] == [
        (ONE, "full_time", at(17), None),
        (OTHER, "substitute", at(14), at(17)),
    ]
    assert [c.end for c in substitution.cuts] == [at(14)]
    swap = exchange("swap", (ONE, OTHER), span(14, 17), [term], [])
    assert {n.role for n in swap.made} == {"full_time"}
