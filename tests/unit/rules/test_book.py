"""Which decision wins."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.book import Entry, RuleBook
from app.rules.catalogue import ingest, judging
from app.rules.catalogue.duty import VOLUNTARY_MAX_H

COUNTY, TOWN, OTHER_TOWN = uuid4(), uuid4(), uuid4()
KEY = judging.DISTANCE_MIN_M
DAY = date(2026, 6, 1)


def entry(
    version: int, value: Any, area_id: UUID | None = None, since: str = "2026-01-01", until: str | None = None
) -> Entry:
    ends = date.fromisoformat(until) if until else None
    return Entry(UUID(int=version), KEY.key, area_id, date.fromisoformat(since), ends, value, "test", version)


def resolved(*entries: Entry, path: tuple[UUID, ...] = (TOWN, COUNTY), day: date = DAY) -> int:
    return RuleBook(entries).resolve(path, day)[KEY]


FOUR = [
    entry(1, 1000, TOWN),
    entry(2, 2000, TOWN, "2026-05-01"),
    entry(3, 500, COUNTY),
    entry(4, 700, TOWN, "2026-05-01"),
]


class TestPrecedence:
    def test_default_where_nobody_decided(self) -> None:
        assert resolved() == KEY.default

    @pytest.mark.requirement("S0-47")
    def test_most_specific_area_wins_even_over_a_later_date(self) -> None:
        assert resolved(entry(1, 1000, TOWN), entry(2, 2000, COUNTY, "2026-05-01"), entry(3, 500)) == 1000

    def test_other_areas_do_not_matter(self) -> None:
        assert resolved(entry(1, 1000, OTHER_TOWN), entry(2, 2000, COUNTY)) == 2000

    def test_then_the_latest_effective_date(self) -> None:
        book = (entry(2, 1000, TOWN, "2026-01-01"), entry(1, 2000, TOWN, "2026-05-01"))
        assert resolved(*book) == 2000
        assert resolved(*book, day=date(2026, 4, 30)) == 1000

    def test_then_the_latest_recorded(self) -> None:
        assert resolved(entry(1, 1000, TOWN), entry(2, 2000, TOWN)) == 2000

    def test_not_before_it_takes_effect(self) -> None:
        assert resolved(entry(1, 1000, TOWN, "2026-06-02")) == KEY.default

    def test_a_temporary_decision_ends_by_itself(self) -> None:
        book = (entry(1, 1000, TOWN), entry(2, 500, TOWN, "2026-05-01", "2026-06-01"))
        assert resolved(*book, day=date(2026, 5, 31)) == 500
        assert resolved(*book, day=date(2026, 6, 1)) == 1000

    def test_handing_back_gives_what_the_wider_area_says(self) -> None:
        assert (
            resolved(entry(1, 1000, TOWN), entry(2, None, TOWN, "2026-05-01"), entry(3, 2000, COUNTY)) == 2000
        )

    @given(st.permutations(FOUR))
    def test_order_of_reading_does_not_matter(self, entries: list[Entry]) -> None:
        assert resolved(*entries) == 700


class TestVersion:
    def test_equal_in_every_process_and_different_after_a_decision(self) -> None:
        one, two = (RuleBook([entry(1, 1000, TOWN)]).resolve((TOWN,), DAY) for _ in range(2))
        assert one.version == two.version
        assert one.version != RuleBook([]).resolve((TOWN,), DAY).version

    def test_a_decision_for_the_same_value_is_a_version_of_its_own(self) -> None:
        same_value = RuleBook([entry(1, KEY.default)]).resolve((), DAY)
        assert same_value.version != RuleBook([]).resolve((), DAY).version

    def test_of_a_topic_is_untouched_by_other_topics(self) -> None:
        upload = Entry(uuid4(), ingest.NEXT_UPLOAD_AFTER_S.key, None, DAY, None, 30, "test", 1)
        before, after = RuleBook([]).resolve((), DAY), RuleBook([upload]).resolve((), DAY)
        assert before.version != after.version
        assert before.version_of("patrol.", "duty.") == after.version_of("patrol.", "duty.")

    def test_provenance_names_the_decision(self) -> None:
        decided = entry(7, 1000, TOWN)
        applied = RuleBook([decided]).resolve((TOWN, COUNTY), DAY).applied()
        assert applied[KEY.key].entry == decided
        assert applied[VOLUNTARY_MAX_H.key].entry is None
        assert applied[VOLUNTARY_MAX_H.key].source == VOLUNTARY_MAX_H.source


def test_the_same_rules_are_one_object_for_all_days_between_two_decisions() -> None:
    book = RuleBook([entry(1, 1000, TOWN, "2026-05-01")])
    assert book.resolve((TOWN, COUNTY), date(2026, 5, 1)) is book.resolve((TOWN, uuid4()), date(2026, 7, 1))
    assert book.resolve((TOWN,), date(2026, 4, 30)) is not book.resolve((TOWN,), date(2026, 5, 1))
