"""States entered and taken back by an office; the timeline against a slow reference."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.collection.subjects import lifecycle
from app.collection.subjects.lifecycle import TRANSITIONS, Dated, Timeline
from app.kit.problems import Problem
from tests.collection_subjects.conftest import Town

TODAY = date(2026, 11, 20)
T0 = datetime(2026, 11, 20, tzinfo=UTC)
STATES = st.lists(
    st.tuples(st.sampled_from(sorted(TRANSITIONS["person"])), st.integers(0, 20)), min_size=1, max_size=8
)


def _put(timeline: Timeline, state: str, day: int, order: int) -> Timeline:
    new = Dated(state, TODAY - timedelta(days=20 - day), T0 + timedelta(seconds=order))
    return lifecycle.put_in("person", timeline, new, TODAY)


def _fits(states: list[str]) -> bool:
    """Whether every state follows the one before it, or says the same again."""
    return all(b in TRANSITIONS["person"][a] or a == b for a, b in pairwise(states))


class TestTimeline:
    @pytest.mark.requirement("S1-12")
    @given(STATES)
    def test_whatever_arrives_in_whatever_order_the_timeline_stays_possible(
        self, sent: list[tuple[str, int]]
    ) -> None:
        timeline: Timeline = ()
        for order, (state, day) in enumerate(sent):
            try:
                timeline = _put(timeline, state, day, order)
            except Problem:
                continue
            assert _fits([each.state for each in timeline])
            assert [each.order for each in timeline] == sorted(each.order for each in timeline)

    @given(STATES)
    def test_a_possible_life_is_taken_in_its_own_order(self, sent: list[tuple[str, int]]) -> None:
        in_order = sorted(sent, key=lambda each: each[1])
        if not _fits([state for state, _ in in_order]):
            return
        timeline: Timeline = ()
        for order, (state, day) in enumerate(in_order):
            timeline = _put(timeline, state, day, order)
        new = [b for a, b in pairwise([None, *(s for s, _ in in_order)]) if a != b or b == "moved"]
        assert [each.state for each in timeline] == new

    def test_every_kind_begins_and_may_end(self) -> None:
        for kind, table in TRANSITIONS.items():
            assert lifecycle.first_state(kind) == next(iter(table))
            assert any(lifecycle.is_closed(state) for state in table)
            assert {after for following in table.values() for after in following} <= set(table)


class TestOffice:
    async def test_entered_then_taken_back(self, town: Town) -> None:
        path = f"/subjects/{town.zhang.id}"
        left = await town.post(f"{path}/states", {"state": "left", "on": "2026-11-21"}, If_Match='"1"')
        assert left.status_code == 201, left.text
        body = left.json()
        assert (body["state"], body["state_since"], body["is_closed"]) == ("left", "2026-11-21", True)
        assert [(s["state"], s["until"]) for s in body["states"]] == [
            ("arrived", "2026-11-21"),
            ("left", None),
        ]
        void = f"{path}/states/{body['states'][1]['id']}/voiding"
        back = await town.post(void, {"reason": "误报"}, If_Match=left.headers["ETag"])
        assert back.json()["state"] == "arrived", back.text
        assert [(s["state"], s["void_reason"], s["until"]) for s in back.json()["states"]] == [
            ("arrived", None, None),
            ("left", "误报", None),
        ]
        assert [e["state"] for e in await town.events("subject.state_changed")] == ["left"]
        assert [e["voided"] for e in await town.events("subject.state_voided")] == ["left"]
        again = await town.post(void, {"reason": "误报"}, If_Match=back.headers["ETag"])
        assert again.json()["code"] == "state_not_found"
        first = body["states"][0]["id"]
        only = await town.post(
            f"{path}/states/{first}/voiding", {"reason": "误报"}, If_Match=back.headers["ETag"]
        )
        assert only.json()["code"] == "state_not_allowed"

    @pytest.mark.parametrize(
        ("body", "version", "who", "code"),
        [
            ({"state": "returned", "on": "2026-11-21"}, '"1"', "community", "state_not_allowed"),
            ({"state": "built", "on": "2026-11-21"}, '"1"', "community", "state_unknown"),
            ({"state": "left", "on": "2099-01-01"}, '"1"', "community", "state_in_future"),
            ({"state": "left", "on": "2026-11-21"}, '"2"', "community", "precondition_failed"),
            ({"state": "left", "on": "2026-11-21"}, "", "community", "precondition_failed"),
            ({"state": "left", "on": "2026-11-21"}, '"1"', "inspector", "forbidden"),
            ({"state": "left", "on": "2026-11-21"}, '"1"', "foreigner", "subject_not_found"),
            ({"state": "lost", "on": "2026-11-21"}, '"1"', "community", "invalid"),
        ],
    )
    async def test_refusals(
        self, town: Town, body: dict[str, str], version: str, who: str, code: str
    ) -> None:
        answer = await town.post(f"/subjects/{town.zhang.id}/states", body, who, If_Match=version)
        assert answer.json()["code"] == code
        assert await town.events("subject.state_changed") == []

    async def test_without_version_token_or_on_a_merged_one(self, town: Town) -> None:
        path, body = f"/subjects/{town.zhang.id}/states", {"state": "left", "on": "2026-11-21"}
        assert (await town.post(path, body)).status_code == 428
        assert (await town.client.post(f"/api/v1{path}", json=body)).status_code == 401
        merge = {"loser_id": str(town.zhang.id), "winner_id": str(town.li.id), "reason": "同一人"}
        await town.post("/merges", merge)
        assert (await town.post(path, body, If_Match='"2"')).json()["code"] == "subject_merged"
