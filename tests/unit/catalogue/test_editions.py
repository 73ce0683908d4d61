"""Lines of versions: a county's own replace the product's, and an earlier one ends when its time is over."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.collection.catalogue.editions import line_of

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stored:
    id: UUID
    county_code: str | None
    version: int
    published_at: datetime
    previous_until: datetime | None


def stored(county: str | None, version: int, day: int, until: int | None = None) -> Stored:
    end = T0 + timedelta(days=until) if until is not None else None
    return Stored(uuid4(), county, version, T0 + timedelta(days=day), end)


def test_the_version_before_is_accepted_for_a_while() -> None:
    first, second = line_of([stored(None, 2, 10, 40), stored(None, 1, 0)])
    assert (first.version, first.until) == (1, T0 + timedelta(days=40))
    assert first.is_accepted(T0 + timedelta(days=40, seconds=-1))
    assert not first.is_accepted(T0 + timedelta(days=40))
    assert (second.version, second.until) == (2, None)


def test_what_ships_after_a_countys_own_does_not_touch_it() -> None:
    line = line_of([stored(None, 1, 0), stored("330921", 1001, 5, 35), stored(None, 2, 9, 39)])
    assert [s.version for s in line] == [1, 1001]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=8), st.integers(0, 120))
def test_the_newest_always_stands_and_ends_follow_their_successors(
    made: list[tuple[bool, int]], day: int
) -> None:
    """Against the slow way: walk through time, publishing one after the other."""
    published = sorted(made, key=lambda m: m[1])
    rows: list[Stored] = []
    line: list[Stored] = []
    for own, at in published:
        taken = [r for r in rows if (r.county_code is not None) == own]
        row = stored("330921" if own else None, len(taken) + (1001 if own else 1), at, at + 30)
        rows.append(row)
        if own or all(r.county_code is None or r.published_at >= row.published_at for r in rows):
            line.append(row)
    if any(r.county_code for r in rows):  # same day: the product's stand before the county's
        line.sort(key=lambda r: r.version)
    found = line_of(reversed(rows))
    assert [s.id for s in found] == [r.id for r in line]
    moment = T0 + timedelta(days=day)
    for standing, following in zip_longest(found, line[1:]):
        expected = following is None or moment < following.previous_until  # type: ignore[operator]
        assert standing.is_accepted(moment) is expected
