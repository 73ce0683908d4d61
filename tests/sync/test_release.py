"""Items in the quarantine: released for whoever sent them, with receipts that say what became of them."""

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.kit.db import Database
from tests.patrol.conftest import Office
from tests.sync.conftest import Notes, Post, note, rows_of

REASON = {"reason": "程序已修复"}


async def release(post: Post, office: Office, quarantine_id: str) -> Any:
    supervisor = await office.of(post.beat.supervisor)
    return await supervisor.client.post(
        f"/api/v1/quarantine/{quarantine_id}/releases", json=REASON, headers=supervisor.headers
    )


class TestAnItem:
    async def test_of_a_mended_bug_is_stored_for_its_sender_and_its_receipt_says_so(
        self, post: Post, office: Office, notes: Notes, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = note("阳台堆物", wrong="raises", clock="kept")
        (first,) = (await post.push([sent], clock_offset_ms=120_000))["results"]
        assert first["problem"]["code"] == "item_failed"
        kept = first["told"]["quarantine_id"]

        answer = await release(post, office, kept)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_releasable"), (
            "the bug is still there"
        )
        monkeypatch.setattr(Notes, "__call__", _mended(Notes.__call__))
        answer = await release(post, office, kept)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert said["quarantined"]["outcome"] == "released"
        assert [(i["id"], i["outcome"]) for i in said["items"]] == [(sent["id"], "stored")]
        desk = notes.desks[-1]
        assert (desk.actor.account_id, desk.actor.device_id) == (
            post.beat.inspector.id,
            post.beat.device.id,
        )
        assert desk.clock_offset.total_seconds() == 120, "other times in it are corrected as when it came"

        (again,) = (await post.push([sent], clock_offset_ms=120_000))["results"]
        assert (again["outcome"], again["first_outcome"], again["told"]) == (
            "duplicate",
            "stored",
            {"length": 4},
        )
        (twice,) = (await release(post, office, kept)).json()["items"]
        assert (twice["outcome"], twice["first_outcome"]) == ("duplicate", "stored")
        assert len(await rows_of(database, "SELECT FROM note")) == 1
        (event,) = await rows_of(database, "SELECT data FROM event WHERE type = 'quarantine.released'")
        assert event.data["items"] == 1

    async def test_what_nobody_can_read_stays(self, post: Post, office: Office) -> None:
        answer = await post.push([{"id": "no"}, note() | {"kind": "song"}])
        for result in answer["results"]:
            refused = await release(post, office, result["told"]["quarantine_id"])
            assert (refused.status_code, refused.json()["code"]) == (409, "not_releasable")

    async def test_a_foreigner_finds_nothing(self, post: Post, office: Office) -> None:
        (result,) = (await post.push([note() | {"kind": "song"}]))["results"]
        stranger = await office.of(post.beat.foreigner)
        answer = await stranger.client.post(
            f"/api/v1/quarantine/{result['told']['quarantine_id']}/releases",
            json=REASON,
            headers=stranger.headers,
        )
        assert answer.status_code == 404


class TestAPush:
    @pytest.mark.parametrize("lines", [True, False])
    async def test_of_a_revoked_handheld_is_taken_item_by_item(
        self, post: Post, office: Office, database: Database, lines: bool
    ) -> None:
        items = [note("一"), note("二"), note(str(uuid4()), wrong="problem")]
        body = post.body(items)
        content_type = "application/json"
        if lines:
            envelope = json.dumps({"sent_at": post.clock.now.isoformat()})
            body = "\n".join([envelope, *map(json.dumps, items)]).encode()
            content_type = "application/x-ndjson"
        async with database.transaction() as session:
            await session.execute(
                text("UPDATE device SET revoked_at = :at, state = 'revoked' WHERE id = :id"),
                {"id": post.beat.device.id, "at": post.clock.now},
            )
        refused = await post.push_raw(body, Content_Type=content_type)
        assert refused.json()["code"] == "revoked_device_quarantined"
        answer = await release(post, office, refused.json()["quarantine_id"])
        assert answer.status_code == 200, answer.text
        said = [(i["id"], i["outcome"]) for i in answer.json()["items"]]
        assert said == list(zip([i["id"] for i in items], ["stored", "stored", "rejected"], strict=True))
        stored = await rows_of(database, "SELECT account_id FROM item_receipt")
        assert {row.account_id for row in stored} == {post.beat.inspector.id}
        again = await release(post, office, refused.json()["quarantine_id"])
        assert {i["outcome"] for i in again.json()["items"]} == {"duplicate"}
        assert len(await rows_of(database, "SELECT FROM note")) == 2


def _mended(before: Any) -> Any:
    async def take(self: Notes, session: Any, items: Any, desk: Any) -> Any:
        for item in items:
            if isinstance(item.body, dict):
                item.body.pop("wrong", None)
        return await before(self, session, items, desk)

    return take
