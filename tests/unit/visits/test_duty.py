"""What a month asks for, and whether it was done: against a count day by day."""

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.catalogue import visits as parameters
from app.visits import categories
from app.visits.duty import Listed, Month, PartialMonth, Tally, required_visits, standing
from app.visits.key_schemas import Category, OpenCategory

NOVEMBER = Month.parse("2026-11")
days = st.dates(date(2026, 9, 20), date(2027, 1, 10))
terms = st.builds(
    lambda since, length, per_month: Listed(
        since, since + timedelta(days=length) if length else None, per_month
    ),
    days,
    st.integers(0, 90),
    st.integers(1, 5),
)
months = st.sampled_from([Month.parse(name) for name in ("2026-10", "2026-11", "2026-12", "2027-02")])


def slowly(listed: list[Listed], month: Month, partial: PartialMonth) -> int:
    """The obvious reference: every day of the month asks at the rate of its strictest designation."""
    levels = []
    for offset in range(month.days):
        day = month.first + timedelta(days=offset)
        holds = [each.per_month for each in listed if each.since <= day and (each.until or date.max) > day]
        levels.append(max(holds, default=0))
    if partial == "full":
        return max(levels)
    if partial == "none":
        return min(levels)
    return floor(Fraction(sum(levels), len(levels)) + Fraction(1, 2))


@given(st.lists(terms, max_size=4), months, st.sampled_from(["prorated", "full", "none"]))
def test_a_month_asks_for_what_its_days_ask_for(
    listed: list[Listed], month: Month, partial: PartialMonth
) -> None:
    assert required_visits(listed, month, partial) == slowly(listed, month, partial)


@given(st.lists(terms, min_size=1, max_size=3), st.lists(days, max_size=12), months, st.integers(), days)
def test_neither_order_nor_repetition_of_visits_makes_a_difference(
    listed: list[Listed], visited: list[date], month: Month, seed: int, today: date
) -> None:
    told = [*visited, *visited[::2]]
    Random(seed).shuffle(told)

    def stands(on: list[date]) -> object:
        return standing(listed, on, month, "prorated", excused=False, today=today)

    assert stands(told) == stands(sorted(set(visited)))
    found = standing(listed, told, month, "prorated", excused=False, today=today)
    in_month = {d for d in visited if (d.year, d.month) == (month.first.year, month.first.month)}
    assert found.counted == min(len(in_month), found.required)
    assert (found.status == "done") == (found.required > 0 and len(in_month) >= found.required)


class TestStatus:
    LISTED = (Listed(date(2026, 1, 1), None, 1),)

    def of(self, *visited: date, excused: bool = False, today: date = date(2026, 11, 22)) -> str:
        return standing(self.LISTED, visited, NOVEMBER, "prorated", excused=excused, today=today).status

    @pytest.mark.requirement("S4-34")
    def test_one_visit_a_month_is_enough_and_none_is_due(self) -> None:
        assert self.of() == "due"
        assert self.of(date(2026, 11, 1)) == self.of(date(2026, 11, 30)) == "done"

    @pytest.mark.requirement("S4-34")
    def test_a_month_that_is_over_without_a_visit_is_overdue(self) -> None:
        assert self.of(date(2026, 10, 31), date(2026, 12, 1), today=date(2026, 12, 1)) == "overdue"
        assert self.of(today=date(2026, 11, 30)) == "due"

    def test_an_unserved_month_is_excused_but_a_visit_still_counts(self) -> None:
        assert self.of(excused=True) == "excused"
        assert self.of(date(2026, 11, 3), excused=True) == "done"

    def test_who_is_not_on_the_list_is_not_asked_for(self) -> None:
        late = (Listed(date(2026, 11, 17), None, 1),)  # 14 of 30 days
        early = (Listed(date(2026, 11, 16), None, 1),)
        assert required_visits(late, NOVEMBER, "prorated") == 0
        assert required_visits(early, NOVEMBER, "prorated") == 1
        assert required_visits(late, NOVEMBER, "full") == 1
        assert required_visits(early, NOVEMBER, "none") == 0


def test_a_tally_leaves_the_excused_out_of_the_share() -> None:
    tally = Tally()
    for status in ("done", "done", "overdue", "due", "excused", "not_required"):
        tally.add(status)  # type: ignore[arg-type]
    assert (tally.required, tally.share, tally.excused) == (4, 0.5, 1)
    assert Tally().share is None


class TestCategories:
    def test_every_category_has_its_rule_and_the_same_label(self) -> None:
        ruled = {p.key.rpartition(".")[2]: p.zh for p in parameters.PER_MONTH}
        assert {name: f"{label}每月走访次数" for name, label in self.all().items()} == ruled

    def test_the_schemas_name_every_category_and_show_no_restricted_one(self) -> None:
        assert set(Category.__args__) == set(self.all())
        shown = {categories.shown(name) for name in self.all()}
        assert set(OpenCategory.__args__) == shown
        assert not shown & set(categories.RESTRICTED_PERSONS)

    @staticmethod
    def all() -> dict[str, str]:
        return categories.ALL_PERSONS | categories.PLACES
