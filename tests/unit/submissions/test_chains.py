"""Items find their order whatever order they came in."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.collection.submissions.chains import Ground, Link, Wait, ancestors, arrange

START = datetime(2026, 10, 16, tzinfo=UTC)
NOTHING = Ground((), (), ())


def item(n: int) -> UUID:
    return UUID(int=n)


def subject(n: int) -> UUID:
    return UUID(int=1000 + n)


def link(n: int, of: int | None, *, makes: bool = False, after: int | None = None, minute: int = 0) -> Link:
    return Link(
        item(n),
        START + timedelta(minutes=minute),
        None if of is None else subject(of),
        makes,
        None if after is None else item(after),
    )


def slow(links: list[Link], ground: Ground) -> set[UUID]:
    """What can be applied, found by trying again until nothing moves."""
    applied, subjects = set(ground.applied), set(ground.subjects)
    done: set[UUID] = set()
    moved = True
    while moved:
        moved = False
        for each in links:
            fine = each.after is None or each.after in applied
            fine &= each.subject_id is None or each.makes or each.subject_id in subjects
            if fine and each.id not in done:
                done.add(each.id)
                applied.add(each.id)
                if each.makes and each.subject_id:
                    subjects.add(each.subject_id)
                moved = True
    return done


LINKS = st.lists(
    st.builds(
        link,
        st.integers(0, 12),
        st.none() | st.integers(0, 4),
        makes=st.booleans(),
        after=st.none() | st.integers(0, 14),
        minute=st.integers(0, 3),
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)


class TestArrange:
    @given(LINKS, st.sets(st.integers(0, 4)), st.sets(st.integers(12, 14)), st.randoms())
    def test_everything_that_can_be_applied_is_in_an_order_that_arrival_does_not_change(
        self, links: list[Link], subjects: set[int], applied: set[int], random: Any
    ) -> None:
        ground = Ground({subject(n) for n in subjects}, {item(n) for n in applied}, ())
        order, waits = arrange(links, ground)
        assert set(order) == slow(links, ground)
        assert set(order) | set(waits) == {each.id for each in links}
        shuffled = list(links)
        random.shuffle(shuffled)
        assert arrange(shuffled, ground)[0] == order

    @given(LINKS)
    def test_nothing_stands_before_what_it_needs(self, links: list[Link]) -> None:
        order, _ = arrange(links, NOTHING)
        by_id = {each.id: each for each in links}
        seen: set[UUID] = set()
        made: set[UUID | None] = set()
        for each in map(by_id.__getitem__, order):
            assert each.after is None or each.after in seen
            assert each.subject_id is None or each.makes or each.subject_id in made
            seen.add(each.id)
            if each.makes:
                made.add(each.subject_id)

    def test_what_makes_a_subject_comes_first_then_what_was_recorded_earlier(self) -> None:
        links = [link(1, 1, minute=2), link(2, 1, minute=1), link(3, 2, makes=True, minute=3)]
        order, _ = arrange(links, Ground({subject(1)}, (), ()))
        assert order == [item(3), item(2), item(1)]

    def test_an_edit_waits_for_its_subject(self) -> None:
        assert arrange([link(1, 1)], NOTHING) == ([], {item(1): Wait("subject", subject(1))})

    def test_an_item_after_an_unknown_one_waits_for_it_and_those_after_it_wait_too(self) -> None:
        _, waits = arrange([link(2, 1, after=1), link(3, 1, after=2)], Ground({subject(1)}, (), ()))
        assert waits == {item(2): Wait("item", item(1)), item(3): Wait("item", item(2))}

    def test_an_item_after_a_refused_one_waits_for_a_person(self) -> None:
        _, waits = arrange([link(2, 1, after=1)], Ground({subject(1)}, (), {item(1)}))
        assert waits == {item(2): Wait("rejected_item", item(1))}

    def test_two_items_that_come_after_each_other_wait_for_ever_and_hang_nobody(self) -> None:
        order, waits = arrange([link(1, 1, after=2), link(2, 1, after=1)], Ground({subject(1)}, (), ()))
        assert order == []
        assert set(waits) == {item(1), item(2)}

    def test_the_chain_of_an_item_ends_even_if_it_bites_its_tail(self) -> None:
        assert ancestors(item(3), {item(3): item(2), item(2): item(3)}) == {item(2), item(3)}
