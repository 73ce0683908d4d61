"""Fields merge, and nothing that was ever sent is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.collection.submissions.merging import Edit, Past, merge, same

NAMESPACE = UUID(int=7)
NAMES = ("a", "b", "c", "d")
VALUES = st.sampled_from([None, 0, 1, True, "x", "y", ["x"], {"k": 1}])


def item(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


@dataclass
class Ledger:
    """A subject as the service keeps it: values, versions, and what waits for a person."""

    values: dict[str, Any]
    past: list[Past] = field(default_factory=list)
    kept: list[tuple[str, Any]] = field(default_factory=list)
    open: list[tuple[str, Any]] = field(default_factory=list)
    taken: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.past.append(Past(1, None, frozenset(self.values)))
        self.kept.extend(self.values.items())

    def take(self, item_id: UUID, edit: Edit) -> None:
        """Once for each id, as receipts see to it."""
        if item_id in self.taken:
            return
        self.taken.add(item_id)
        merged = merge(self.values, self.past, edit)
        self.values = merged.values(self.values)
        if merged.changed:
            self.past.append(Past(self.past[-1].version + 1, item_id, frozenset(merged.changed)))
            self.kept.extend(merged.changed.items())
        self.open.extend((clash.field, clash.sent) for clash in merged.clashes)


def edits(fields: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(fields), VALUES, max_size=4)


class TestMerge:
    @given(st.lists(st.sampled_from("pqr"), min_size=4, max_size=4), st.tuples(*[VALUES] * 4), st.randoms())
    def test_edits_of_different_fields_give_the_same_subject_in_any_order_and_repetition(
        self, owners: list[str], values: tuple[Any, ...], random: Any
    ) -> None:
        start = {"a": 0, "b": "x"}
        sent = {
            who: {
                name: value for name, value, owner in zip(NAMES, values, owners, strict=True) if owner == who
            }
            for who in "pqr"
        }
        expected = {
            n: v for n, v in {**start, **dict(zip(NAMES, values, strict=True))}.items() if v is not None
        }
        for order in permutations("pqr"):
            ledger = Ledger(dict(start))
            arrivals = [*order, *random.choices(order, k=3)]
            for who in arrivals:
                ledger.take(item(who), Edit(1, sent[who]))
            assert ledger.values == expected
            assert not ledger.open

    @given(st.lists(st.tuples(st.integers(0, 6), edits(NAMES)), max_size=6))
    def test_every_value_ever_sent_is_in_a_version_or_waits_for_a_person(
        self, sent: list[tuple[int, dict[str, Any]]]
    ) -> None:
        ledger = Ledger({"a": 0, "b": "x"})
        for n, (base, fields) in enumerate(sent):
            held_before = dict(ledger.values)
            ledger.take(item(str(n)), Edit(base, fields))
            for name, value in fields.items():
                found = [*ledger.kept, *ledger.open, *held_before.items()]
                removed_already = value is None and held_before.get(name) is None
                assert removed_already or any(n == name and same(v, value) for n, v in found)

    @given(edits(NAMES), edits(NAMES))
    def test_a_current_value_never_changes_under_an_edit_that_did_not_know_of_it(
        self, theirs: dict[str, Any], sent: dict[str, Any]
    ) -> None:
        ledger = Ledger({"a": "before", "b": "before", "c": "before", "d": "before"})
        ledger.take(item("theirs"), Edit(1, theirs))
        after_theirs = dict(ledger.values)
        ledger.take(item("sent"), Edit(1, sent))
        for name in theirs:
            assert ledger.values.get(name) == after_theirs.get(name)
        expected = {n for n in sent if n in theirs and not same(sent[n], theirs[n])}
        assert {name for name, _ in ledger.open} == expected

    def test_the_same_value_from_two_people_is_no_conflict(self) -> None:
        ledger = Ledger({"phone": "1"})
        ledger.take(item("one"), Edit(1, {"phone": "2"}))
        ledger.take(item("two"), Edit(1, {"phone": "2"}))
        assert ledger.values == {"phone": "2"}
        assert not ledger.open

    def test_what_the_sender_changed_himself_before_is_no_news_to_him(self) -> None:
        ledger = Ledger({"phone": "1"})
        ledger.take(item("one"), Edit(1, {"phone": "2"}))
        ledger.take(item("two"), Edit(1, {"phone": "3"}, own=frozenset({item("one")})))
        assert ledger.values == {"phone": "3"}
        assert not ledger.open

    def test_a_colleague_between_two_own_edits_is_news(self) -> None:
        ledger = Ledger({"phone": "1"})
        ledger.take(item("one"), Edit(1, {"phone": "2"}))
        ledger.take(item("colleague"), Edit(2, {"phone": "9"}))
        ledger.take(item("two"), Edit(1, {"phone": "3"}, own=frozenset({item("one")})))
        assert ledger.values == {"phone": "9"}
        assert ledger.open == [("phone", "3")]

    def test_a_clash_names_the_version_and_item_that_set_the_current_value(self) -> None:
        past = [
            Past(1, None, frozenset({"a"})),
            Past(3, item("y"), frozenset({"a"})),
            Past(2, item("x"), frozenset({"a"})),
        ]
        (clash,) = merge({"a": 5}, past, Edit(1, {"a": 6})).clashes
        assert (clash.current, clash.sent, clash.current_version, clash.current_by) == (5, 6, 3, item("y"))

    @pytest.mark.parametrize(
        ("one", "other", "equal"),
        [
            (1, 1.0, True),
            (1, True, False),
            (0, False, False),
            ([1, {"a": 0}], [1.0, {"a": False}], False),
            (None, None, True),
        ],
    )
    def test_values_are_compared_as_json(self, one: Any, other: Any, equal: bool) -> None:
        assert same(one, other) is equal
        assert same(other, one) is equal


def test_removed_fields_are_gone() -> None:
    merged = merge({"a": 1, "b": 2}, [], Edit(1, {"a": None}))
    assert merged.values({"a": 1, "b": 2}) == {"b": 2}
