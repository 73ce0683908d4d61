"""What an offline day is made of: a link that loses what it should, people who do not exist, pairs of neighbours."""

from dataclasses import replace
from datetime import date

import httpx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.collection.catalogue.identity_numbers import fault_of
from app.fleet.crew import CrewTooSmall
from app.fleet.offline.bad_link import BadLink
from app.fleet.offline.crew import pairs_of
from app.fleet.offline.plan import BOTH, Plan, in_order, plan_of
from app.replay.relocation import Grid

SQUARE = shapely.box(122.1, 30.2, 122.11, 30.21)
SPAN_MS = (1_760_000_000_000, 1_760_000_000_000 + 8 * 3_600_000)


def plan(seed: int) -> Plan:
    return plan_of("330921100001001", SQUARE, SPAN_MS, np.random.default_rng(seed))


class TestPlan:
    @given(seed=st.integers(0, 10_000))
    def test_everybody_has_a_right_number_and_lives_in_the_grid(self, seed: int) -> None:
        doings = [d for who in BOTH for d in plan(seed).offline[who]] + plan(seed).morning
        for doing in doings:
            assert doing.place is None or SQUARE.contains(shapely.Point(doing.place))
            if doing.kind == "new":
                assert fault_of(doing.fields["id_number"], date(2026, 11, 22)) is None

    @given(seed=st.integers(0, 10_000))
    def test_what_must_hold_follows_from_what_is_done_whoever_comes_first(self, seed: int) -> None:
        made = plan(seed)
        for first, second in (BOTH, BOTH[::-1]):
            values: dict[tuple[str, str], set[str]] = {}
            for who in (first, second):
                own: dict[tuple[str, str], str] = {}
                for doing in in_order(made.offline[who]):
                    if doing.kind == "edit":
                        own |= {(doing.person, name): value for name, value in doing.fields.items()}
                for key, value in own.items():
                    values.setdefault(key, set()).add(value)
            for key, value in made.settled.items():
                assert values[key] == {value}
            assert {key: frozenset(v) for key, v in values.items() if len(v) > 1} == made.conflicts

    def test_nobody_else_is_met_by_both(self) -> None:
        made = plan(1)
        new = [{d.fields["id_number"] for d in made.offline[who] if d.kind == "new"} for who in BOTH]
        assert len(new[0] & new[1]) == 1


class TestLink:
    @pytest.mark.parametrize(("share", "is_good"), [(1 / 3, False), (1.0, False), (1 / 3, True)])
    async def test_loses_its_share_before_and_after_the_service_acted(
        self, share: float, is_good: bool
    ) -> None:
        acted = 0

        def service(_: httpx.Request) -> httpx.Response:
            nonlocal acted
            acted += 1
            return httpx.Response(200)

        link = BadLink(httpx.MockTransport(service), np.random.default_rng(1), share)
        link.is_good = is_good
        failed = 0
        async with httpx.AsyncClient(transport=link, base_url="http://service") as client:
            for _ in range(600):
                try:
                    await client.get("/")
                except httpx.TransportError:
                    failed += 1
        expected = 0 if is_good else share
        assert failed / 600 == pytest.approx(expected, abs=0.06)
        assert acted == 600 - link.counts["lost_before"] == link.counts["arrived"] + link.counts["lost_after"]
        assert link.counts["lost_before"] == pytest.approx(link.counts["lost_after"], abs=60)


class TestPairs:
    def test_are_neighbours_of_one_community_and_nobody_is_in_two(self) -> None:
        grid = Grid("g", "", "a", SQUARE)
        codes = [f"3309211000{c:02}{n:03}" for c in range(1, 4) for n in range(1, 6)]
        found = pairs_of([replace(grid, code=code) for code in codes], 6)
        assert all(one.code[:12] == other.code[:12] for one, other in found)
        assert len({g.code for pair in found for g in pair}) == 12
        with pytest.raises(CrewTooSmall):
            pairs_of([replace(grid, code=code) for code in codes], 7)
