"""What a handheld tells of itself: kept in any order, garbage costs only itself, the app's end explains a gap."""

import itertools
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.kit.clock import from_ms, to_ms
from app.kit.db import Database
from app.patrol.online.state import read_state
from app.patrol.online.state_store import StateRow, newest, store_states
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld, batch, walk
from tests.patrol.conftest import stored_fixes
from tests.patrol_online.conftest import Office

WHOLE: dict[str, Any] = {
    "battery_pct": 41.6,
    "charging": False,
    "network": "5g",
    "location_permission": "background",
    "power_saving": True,
    "android_version": "14",
    "storage_free_mb": 812,
    "waiting_batches": 7,
}


async def kept(database: Database) -> dict[str, Any]:
    """The only state there is, as a dict."""
    async with database.transaction() as session:
        return dict((await session.execute(text("SELECT * FROM handheld_state"))).one()._mapping)


def state_batch(at: datetime, state: Any, **more: Any) -> dict[str, Any]:
    """A body that was sent at that instant."""
    return batch(state=state, sent_at=to_ms(at), **more)


class TestState:
    async def test_it_is_kept_with_the_times_of_handheld_and_server(
        self, handheld: Handheld, beat: Beat, database: Database, clock: Clock
    ) -> None:
        told_at = beat.at("11:59:30")
        answer = await handheld.send(state_batch(told_at, WHOLE, app_version="1.4.0", clock_offset_ms=-2000))
        assert answer.status_code == 200, answer.text
        assert answer.json()["state_refused"] == []
        row = await kept(database)
        assert {name: row[name] for name in WHOLE} == WHOLE | {"battery_pct": 42}
        assert (row["state_at"], row["reported_at"]) == (told_at - timedelta(seconds=2), clock.now)
        assert (row["app_version"], row["exit_reason"], row["device_id"]) == ("1.4.0", None, beat.device.id)

    async def test_an_older_one_that_comes_late_changes_nothing_and_a_newer_replaces_all(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        await handheld.send(state_batch(beat.at("11:00"), WHOLE))
        before = await kept(database)
        await handheld.send(state_batch(beat.at("10:00"), {"battery_pct": 90}))
        assert await kept(database) == before
        await handheld.send(state_batch(beat.at("11:30"), {"battery_pct": 30}))
        row = await kept(database)
        assert (row["battery_pct"], row["network"], row["waiting_batches"]) == (30, None, None)

    async def test_a_retry_with_another_battery_is_no_other_content(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        body = state_batch(beat.at("11:00"), WHOLE) | {"fixes": walk(beat.at("09:00"), 60)}
        first = await handheld.send(body)
        again = await handheld.send(
            body | {"sent_at": to_ms(beat.at("11:05")), "state": WHOLE | {"battery_pct": 39}}
        )
        assert [a.json()["outcome"] for a in (first, again)] == ["stored", "duplicate"]
        assert again.json()["results"] == first.json()["results"]
        assert (await kept(database))["battery_pct"] == 39

    async def test_what_comes_with_other_content_is_not_believed(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        body = state_batch(beat.at("11:00"), WHOLE) | {"fixes": walk(beat.at("09:00"), 60)}
        await handheld.send(body)
        other = body | {
            "fixes": walk(beat.at("09:30"), 60),
            "state": {"battery_pct": 1},
            "sent_at": to_ms(beat.at("11:30")),
        }
        assert (await handheld.send(other)).status_code == 409
        assert (await kept(database))["battery_pct"] == 42

    async def test_a_state_alone_is_an_upload_and_counts_as_heard(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        assert (await handheld.send(state_batch(beat.at("11:59"), WHOLE))).status_code == 200
        async with database.transaction() as session:
            heard = await session.scalar(text("SELECT heard::text FROM patrol_day WHERE heard IS NOT NULL"))
        assert heard.index("1") == 12 * 60


GARBAGE: list[tuple[Any, list[str]]] = [
    ({"battery_pct": 140}, ["battery_pct"]),
    ({"battery_pct": "full"}, ["battery_pct"]),
    ({"battery_pct": True}, ["battery_pct"]),
    ({"battery_pct": 10**400}, ["battery_pct"]),
    ({"network": "6g"}, ["network"]),
    ({"network": "\ud800"}, ["network"]),
    ({"network": ["4g"]}, ["network"]),
    ({"charging": "no"}, ["charging"]),
    ({"android_version": "\x00"}, ["android_version"]),
    ({"android_version": "14" * 50}, ["android_version"]),
    ({"storage_free_mb": -1}, ["storage_free_mb"]),
    ({"waiting_batches": 2**40}, ["waiting_batches"]),
    ({"exit_reason": "bored", "exit_at": 1}, ["exit_reason"]),
    ({"exit_reason": "crash"}, ["exit_at"]),
    ({"exit_at": 1_790_000_000_000}, ["exit_reason"]),
    ({"exit_reason": "crash", "exit_at": 2**53}, ["exit_at"]),
    ({"exit_reason": "crash", "exit_at": "2026-11-20T09:00:00"}, ["exit_at"]),
    ({"exit_reason": "crash", "exit_at": 5}, ["exit_at"]),
    ("charged", ["state"]),
    ([1, 2], ["state"]),
    (7, ["state"]),
]


class TestGarbage:
    @pytest.mark.parametrize(("bad", "refused"), GARBAGE)
    async def test_it_costs_only_itself(
        self, handheld: Handheld, beat: Beat, database: Database, bad: Any, refused: list[str]
    ) -> None:
        told = {"power_saving": True} | bad if isinstance(bad, dict) else bad
        body = state_batch(beat.at("11:59"), told) | {"fixes": walk(beat.at("09:00"), 50)}
        answer = await handheld.send(body)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert said["state_refused"] == refused
        assert [r["disposition"] for r in said["results"]] == ["stored"]
        assert await stored_fixes(database) == 6
        again = (await handheld.send(body)).json()
        assert (again["outcome"], again["state_refused"]) == ("duplicate", refused)
        receipt = (await handheld.get(f"/fix-batches/{said['batch_id']}")).json()
        assert receipt["state_refused"] == refused
        if isinstance(bad, dict):
            row = await kept(database)
            assert row["power_saving"] is True
            assert all(row[name] is None for name in bad)

    async def test_a_clock_that_is_off_costs_the_state_and_nothing_else(
        self, handheld: Handheld, beat: Beat, database: Database, clock: Clock
    ) -> None:
        for sent_at in (clock.now + timedelta(days=400), clock.now - timedelta(days=400)):
            body = state_batch(sent_at, WHOLE) | {"fixes": walk(beat.at("09:00"), 50)}
            said = (await handheld.send(body)).json()
            assert said["state_refused"] == ["sent_at"]
        assert await stored_fixes(database) == 12
        async with database.transaction() as session:
            assert await session.scalar(text("SELECT count(*) FROM handheld_state")) == 0

    async def test_nan_and_unknown_fields_are_passed_over(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        content = json.dumps(
            state_batch(beat.at("11:59"), {"network": "wifi", "mood": "good", "battery_pct": 0.0})
        )
        answer = await handheld.send_raw(content.replace("0.0", "NaN").encode())
        assert answer.json()["state_refused"] == []
        row = await kept(database)
        assert (row["network"], row["battery_pct"]) == ("wifi", None)

    async def test_a_revoked_handheld_tells_nothing(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(
                text("UPDATE device SET state = 'lost', revoked_at = now() WHERE id = :id"),
                {"id": beat.device.id},
            )
        assert (await handheld.send(state_batch(beat.at("11:59"), WHOLE))).status_code == 403
        async with database.transaction() as session:
            assert await session.scalar(text("SELECT count(*) FROM handheld_state")) == 0


def rows_of(seed: list[tuple[int, int, int | None, str]]) -> list[StateRow]:
    """States of one handheld: (minute told, batch, minute of the app's end, its reason)."""
    return [
        StateRow(
            make.COUNTY,
            UUID(int=1),
            UUID(int=number),
            from_ms(told * 60_000),
            from_ms(0),
            number % 100,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None if end is None else reason,
            None if end is None else from_ms(end * 60_000),
        )
        for told, number, end, reason in seed
    ]


seeds = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 40),
        st.none() | st.integers(0, 3),
        st.sampled_from(["crash", "reboot", "unknown"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row[1],
)


class TestAnyOrder:
    @given(seeds, st.randoms())
    @settings(max_examples=100, deadline=None)
    def test_in_memory(self, seed: list[tuple[int, int, int | None, str]], random: Any) -> None:
        rows = rows_of(seed)
        wanted = newest(rows)
        random.shuffle(rows)
        assert newest(rows) == wanted
        assert wanted[0].state_at == max(r.state_at for r in rows)

    async def test_in_the_database(self, database: Database, beat: Beat) -> None:
        """Every order of four states leaves the same row as all of them at once."""
        from dataclasses import replace

        rows = [
            replace(row, device_id=beat.device.id)
            for row in rows_of(
                [(1, 7, 3, "crash"), (2, 8, None, ""), (2, 9, 1, "reboot"), (0, 3, 3, "reboot")]
            )
        ]
        found = set()
        for order in itertools.permutations(rows):
            async with database.transaction() as session:
                await session.execute(text("DELETE FROM handheld_state"))
                for row in order:
                    await store_states(session, [row])
            found.add(tuple((await kept(database)).items()))
        assert len(found) == 1
        row = dict(found.pop())
        assert (row["batch_id"], row["exit_reason"], row["exit_at"]) == (
            UUID(int=9),
            "reboot",
            from_ms(3 * 60_000),
        )


class TestReading:
    def test_nothing_sent_is_nothing_told(self) -> None:
        assert read_state(None) is None

    @given(
        st.dictionaries(st.text(max_size=20), st.recursive(st.none() | st.integers() | st.text(), st.lists))
    )
    def test_nothing_breaks_it(self, raw: dict[str, Any]) -> None:
        read = read_state(raw)
        assert read is not None
        assert set(read.refused) <= set(raw) | {"exit_at", "exit_reason"}


class TestEnds:
    @pytest.mark.parametrize(
        "reason", ["system_kill", "crash", "reboot", "user_stop", "permission_revoked", "update"]
    )
    async def test_the_end_of_the_app_is_the_cause_of_the_silence_after_it(
        self, handheld: Handheld, office: Office, beat: Beat, clock: Clock, reason: str
    ) -> None:
        await handheld.send(batch(walk(beat.at("08:00"), 3600)))
        told = WHOLE | {"exit_reason": reason, "exit_at": to_ms(beat.at("09:02"))}
        answer = await handheld.send(
            state_batch(beat.at("09:45"), told) | {"fixes": walk(beat.at("09:40"), 600)}
        )
        assert answer.json()["reports_stored"] == 1
        clock.now = beat.at("23:00")
        me = await office.of(beat.inspector, beat.device)
        said = (await me.get(f"/patrol-days/{beat.inspector.id}/{beat.day}/explanation")).json()
        assert [g["cause"] for g in said["gaps"] if g["edge"] == "between"] == [reason]

    async def test_an_end_of_unknown_reason_explains_nothing(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        told = {"exit_reason": "unknown", "exit_at": to_ms(beat.at("09:02"))}
        answer = await handheld.send(state_batch(beat.at("09:45"), told))
        assert answer.json()["reports_stored"] == 0
        assert (await kept(database))["exit_reason"] == "unknown"

    async def test_another_end_in_a_retry_is_other_content(self, handheld: Handheld, beat: Beat) -> None:
        body = batch(walk(beat.at("09:00"), 50))
        await handheld.send(body)
        told = {"exit_reason": "crash", "exit_at": to_ms(beat.at("09:02"))}
        assert (await handheld.send(body | {"state": told})).status_code == 409
