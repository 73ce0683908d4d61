"""How far handhelds are behind: what supervisors see, and what it costs to know it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from app.identity.logins import actor_of
from app.kit.db import Database
from app.sync import state
from tests.factories.patrol import Clock
from tests.patrol.conftest import Office
from tests.sync.conftest import Post, note, rows_of

STATE = "/sync/state"


async def state_of(post: Post, office: Office, **params: Any) -> dict[str, Any]:
    """The row of the handheld."""
    await post.synchronizer.heard.write_seen()
    supervisor = await office.of(post.beat.supervisor)
    answer = await supervisor.get(STATE, **params)
    assert answer.status_code == 200, answer.text
    (row,) = [each for each in answer.json()["items"] if each["device_id"] == str(post.beat.device.id)]
    return dict(row)


class TestState:
    async def test_one_that_was_never_heard_is_listed_with_its_holder(
        self, post: Post, office: Office
    ) -> None:
        row = await state_of(post, office)
        assert (row["pulled_at"], row["pulled_seq"], row["pushed_at"]) == (None, None, None)
        assert row["events_behind"] is None
        assert (row["inspector_id"], row["serial_no"]) == (
            str(post.beat.inspector.id),
            post.beat.device.serial_no,
        )
        assert (row["held_items"], row["quarantined_items"], row["missing_photos"]) == (0, 0, 0)

    async def test_behind_is_what_was_sealed_since_its_pull(self, post: Post, office: Office) -> None:
        pages, cursor = await post.pull_all()
        head = pages[-1]["head"]
        for _ in range(3):
            await post.put(grid=post.beat.grid)
        await post.seal()
        row = await state_of(post, office)
        assert (row["pulled_seq"], row["head"] - head, row["events_behind"]) == (head, 3, 3)
        await post.pull_all(cursor)
        assert (await state_of(post, office))["events_behind"] == 0

    async def test_a_load_under_way_has_no_place_yet(self, post: Post, office: Office) -> None:
        for _ in range(5):
            await post.put(grid=post.beat.grid)
        await post.seal()
        page = await post.pull(limit=2)
        row = await state_of(post, office)
        assert (row["pulled_at"] is not None, row["pulled_seq"], row["events_behind"]) == (True, None, None)
        await post.pull_all(page["cursor"])
        assert (await state_of(post, office))["events_behind"] == 0

    async def test_what_waits_is_counted(self, post: Post, office: Office) -> None:
        await post.push([note(held=True), note(held=True), note(), note(wrong="raises"), {"id": "x"}])
        row = await state_of(post, office)
        assert (row["held_items"], row["quarantined_items"]) == (2, 2)
        assert row["pushed_at"] is not None

    async def test_photos_that_are_named_and_missing_are_counted_once(
        self, post: Post, office: Office, database: Database
    ) -> None:
        from app.uploads.attachments import Claim, attach_many

        photos = [uuid4(), uuid4()]
        async with database.transaction() as session:
            for named in (photos, photos[:1]):
                claim = Claim(
                    uuid4(), named, inspector_id=post.beat.inspector.id, device_id=post.beat.device.id
                )
                await attach_many(session, "330921", "submission", [claim])
        assert (await state_of(post, office))["missing_photos"] == 2

    async def test_only_those_without_a_pull_for_so_long(
        self, post: Post, office: Office, clock: Clock
    ) -> None:
        await post.pull()
        await post.synchronizer.heard.write_seen()
        clock.now += timedelta(minutes=10)
        supervisor = await office.of(post.beat.supervisor)

        async def listed(minutes: int) -> set[str]:
            found = (await supervisor.get(STATE, silent_min=minutes)).json()["items"]
            return {each["device_id"] for each in found}

        assert str(post.beat.device.id) in await listed(9)
        assert str(post.beat.device.id) not in await listed(11)

    async def test_page_by_page_each_once(self, post: Post, office: Office) -> None:
        supervisor = await office.of(post.beat.supervisor)
        whole = (await supervisor.get(STATE)).json()
        assert len(whole["items"]) > 1
        found, cursor = [], None
        while True:
            page = (await supervisor.get(STATE, limit=1, **({"cursor": cursor} if cursor else {}))).json()
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        assert found == whole["items"]
        assert (await supervisor.get(STATE, cursor="%%")).json()["code"] == "bad_cursor"


class TestWhoLooks:
    async def test_of_ones_own_area_only(self, post: Post, office: Office) -> None:
        stranger = await office.of(post.beat.foreigner)
        answer = await stranger.get(STATE)
        assert answer.status_code == 200
        assert str(post.beat.device.id) not in {each["device_id"] for each in answer.json()["items"]}

    async def test_of_ones_own_area_within_a_county(self, post: Post, database: Database) -> None:
        elsewhere = replace(actor_of(post.beat.supervisor), area_id=post.beat.foreign.community)
        async with database.transaction() as session:
            rows, _ = await state.list_state(
                session, elsewhere, silent_min=None, cursor=None, limit=100, now=post.clock.now
            )
        assert rows == []

    async def test_not_inspectors_and_nobody_without_a_token(self, post: Post) -> None:
        assert (await post.handheld.get(STATE)).status_code == 403
        assert (await post.handheld.client.get(f"/api/v1{STATE}")).status_code == 401


class TestHeard:
    async def test_an_idle_pull_writes_nothing_and_the_last_place_is_written_once(
        self, post: Post, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, cursor = await post.pull_all()
        with monkeypatch.context() as patched:

            def no_database() -> None:
                raise AssertionError("asked the database")

            patched.setattr(database, "sessions", no_database)
            for _ in range(3):
                await post.pull(cursor)
        await post.synchronizer.heard.write_seen()
        assert len(await rows_of(database, "SELECT FROM handheld_sync")) == 1
        said: list[str] = []
        listened = database.engine.sync_engine
        event.listen(listened, "before_cursor_execute", lambda *args: said.append(args[2]))
        await post.synchronizer.heard.write_seen()
        assert said == []

    async def test_what_could_not_be_written_is_written_the_next_time(
        self, post: Post, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await post.pull_all()
        await post.push([])
        with monkeypatch.context() as patched:
            patched.setattr(database, "sessions", lambda: (_ for _ in ()).throw(OSError("gone")))
            with pytest.raises(OSError, match="gone"):
                await post.synchronizer.heard.write_seen()
        await post.synchronizer.heard.write_seen()
        (row,) = await rows_of(database, "SELECT pulled_at, pulled_seq, pushed_at FROM handheld_sync")
        assert None not in row

    async def test_an_older_word_of_another_process_changes_nothing(
        self, post: Post, database: Database
    ) -> None:
        heard, key = post.synchronizer.heard, ("330921", post.beat.device.id)
        heard.pulled(*key, 90, post.clock.now)
        await heard.write_seen()
        heard.pulled(*key, 80, post.clock.now - timedelta(minutes=2))
        heard.pushed(*key, post.clock.now - timedelta(minutes=2))
        await heard.write_seen()
        (row,) = await rows_of(database, "SELECT pulled_at, pulled_seq, pushed_at FROM handheld_sync")
        assert tuple(row) == (post.clock.now, 90, post.clock.now - timedelta(minutes=2))
