"""The arithmetic of online rates against a slow, obvious reference."""

from dataclasses import dataclass
from statistics import mean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.patrol.online import rates
from app.patrol.online.rates import LOOK_BACK_MIN, MINUTES, Spans

M = 90
"""Minutes of the stretches tried here."""


@dataclass(frozen=True)
class Person:
    """One inspector: heard in these minutes (negative: before the stretch), planned and away in these spans."""

    leaf: int
    within: int
    heard: frozenset[int]
    expected: tuple[tuple[int, int], ...]
    leave: tuple[tuple[int, int], ...]

    def is_online(self, minute: int) -> bool:
        return any(minute - self.within < h <= minute for h in self.heard)

    def is_in(self, spans: tuple[tuple[int, int], ...], minute: int) -> bool:
        return any(a <= minute < b for a, b in spans)


spans = st.lists(
    st.tuples(st.integers(0, M), st.integers(0, M)).map(lambda ab: (min(ab), max(ab))), max_size=3
).map(tuple)
people = st.lists(
    st.builds(
        Person,
        leaf=st.integers(0, 3),
        within=st.sampled_from([1, 2, 5, 60]),
        heard=st.frozensets(st.integers(-LOOK_BACK_MIN, M - 1), max_size=6),
        expected=spans,
        leave=spans,
    ),
    max_size=12,
).map(lambda found: sorted(found, key=lambda p: p.leaf))
ABOVE = [[0, 4], [1, 4], [2], [3, 5]]


def counted(found: list[Person]) -> rates.Counts:
    heard = np.zeros((len(found), LOOK_BACK_MIN + M), bool)
    for row, person in enumerate(found):
        heard[row, [LOOK_BACK_MIN + h for h in person.heard]] = True

    def mask(name: str) -> rates.Bools:
        told = [(row, a, b) for row, p in enumerate(found) for a, b in getattr(p, name)]
        row, start, end = np.array(told, np.int64).reshape(-1, 3).T
        return Spans(row, start, end).mask(len(found), M)

    online = rates.online_minutes(heard, np.array([p.within for p in found], np.int64))
    leaf = np.array([p.leaf for p in found], np.int64)
    return rates.count(online, mask("expected"), mask("leave"), leaf, ABOVE, 6)


@given(people)
@settings(max_examples=150, deadline=None)
def test_counts_are_those_of_the_slow_reference(found: list[Person]) -> None:
    counts = counted(found)
    for area in range(6):
        own = [p for p in found if area in ABOVE[p.leaf]]
        for minute in range(M):
            expected = [p for p in own if p.is_in(p.expected, minute)]
            away = [p for p in own if p.is_in(p.leave, minute) and p not in expected]
            at = (area, minute)
            assert counts.expected[at] == len(expected)
            assert counts.online[at] == sum(p.is_online(minute) for p in expected)
            assert counts.expected_with_leave[at] == len(expected) + len(away)
            assert counts.online_with_leave[at] == sum(p.is_online(minute) for p in [*expected, *away])


def test_more_people_than_fit_a_byte_are_counted() -> None:
    everybody = np.ones((700, M), bool)
    leaf = np.repeat(np.arange(2), [650, 50])
    counts = rates.count(everybody, everybody, ~everybody, leaf, [[0, 2], [1, 2]], 3)
    assert counts.expected[:, 0].tolist() == [650, 50, 700]
    assert (counts.online == counts.expected).all()


class TestDay:
    def test_nobody_expected_is_null_and_never_zero(self) -> None:
        none = rates.rates(np.zeros((1, MINUTES), np.int64), np.zeros((1, MINUTES), np.int64))
        day = rates.day_rate(none[0])
        assert (day.minutes, day.mean, set(day.quarters)) == (0, None, {None})

    def test_a_quarter_is_the_mean_of_its_minutes_with_somebody_expected(self) -> None:
        online, expected = np.zeros((2, 1, MINUTES), np.int64)
        expected[0, 8:20] = 4
        online[0, 10:20] = 1
        rate = rates.rates(online, expected)[0]
        day = rates.day_rate(rate)
        assert day.quarters[:2] == [pytest.approx(mean([0, 0] + [0.25] * 5)), pytest.approx(0.25)]
        assert (day.minutes, day.rate_sum, day.quarters[2]) == (12, pytest.approx(2.5), None)
        assert day.mean == pytest.approx(2.5 / 12)
