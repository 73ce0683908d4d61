"""Receipts of items go after the rule, and never while somebody may still settle them."""

from datetime import datetime, timedelta

import pytest

from app.exchange import purge
from app.kit.db import Database
from app.rules.catalogue.retention import ITEM_RECEIPTS_DAYS
from tests.factories import patrol as make
from tests.patrol.conftest import Office
from tests.sync.conftest import Post, note, rows_of


async def purged(database: Database, now: datetime) -> int:
    return (await purge.purge(database, now=now, zone=make.ZONE))[make.COUNTY]


async def test_they_go_by_age_and_what_waits_stays(
    post: Post, office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "CHUNK", 2)
    waits, set_aside = note(held=True), note(wrong="raises")
    done = [note(str(n)) for n in range(5)]
    answer = await post.push([*done, waits, set_aside])
    days = timedelta(days=ITEM_RECEIPTS_DAYS.default)
    assert await purged(database, post.clock.now + days) == 0
    assert await purged(database, post.clock.now + days + timedelta(seconds=1)) == 5
    rows = await rows_of(database, "SELECT item_id FROM item_receipt")
    assert {str(row.item_id) for row in rows} == {waits["id"], set_aside["id"]}
    supervisor = await office.of(post.beat.supervisor)
    kept = answer["results"][-1]["told"]["quarantine_id"]
    dismissed = await supervisor.client.post(
        f"/api/v1/quarantine/{kept}/dismissals", json={"reason": "作废"}, headers=supervisor.headers
    )
    assert dismissed.status_code == 200
    assert await purged(database, post.clock.now + days + timedelta(seconds=1)) == 1
    assert await purged(database, post.clock.now + days + timedelta(seconds=1)) == 0
