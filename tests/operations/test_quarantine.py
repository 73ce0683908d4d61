"""The quarantine: what was set aside is looked at with a trace, released into its day once, or dismissed."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app.kit.clock import to_ms
from app.kit.db import Database
from app.patrol.tasks import fold_due
from tests.factories.patrol import ZONE, Beat, Clock, Handheld, batch, walk
from tests.patrol.conftest import Office, count, stored_fixes

REASON = {"reason": "终端误停用"}


async def post(who: Handheld, path: str, body: Any = REASON) -> httpx.Response:
    return await who.client.post(f"/api/v1{path}", json=body, headers=who.headers)


async def revoke(database: Database, beat: Beat, *, at: Any = None) -> None:
    """Out of use, its binding ended; by SQL, so that the login lives and it goes on sending."""
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE device SET revoked_at = :at, state = 'revoked' WHERE id = :id"),
            {"id": beat.device.id, "at": at or beat.at("11:30")},
        )
        await session.execute(
            text(
                "UPDATE device_binding SET valid = tstzrange(lower(valid), :at) WHERE device_id = :id "
                "AND upper_inf(valid)"
            ),
            {"id": beat.device.id, "at": at or beat.at("11:30")},
        )


async def events(database: Database, like: str = "quarantine.%") -> list[tuple[str, dict[str, Any]]]:
    async with database.transaction() as session:
        found = await session.execute(
            text("SELECT type, data FROM event WHERE type LIKE :like ORDER BY ord"), {"like": like}
        )
        return [(row.type, row.data) for row in found]


async def figures(database: Database, clock: Clock) -> dict[str, Any]:
    """Those of the only day, folded now."""
    while await fold_due(database, now=clock.now + timedelta(hours=1), zone=ZONE, refold_every_s=0):
        pass
    async with database.transaction() as session:
        found = await session.scalar(
            text("SELECT figures FROM day_figures WHERE (figures->>'distance_m')::float > 0")
        )
        return dict(found or {})


@pytest.fixture
def body(beat: Beat) -> dict[str, Any]:
    return batch(walk(beat.at("09:00"), 1800))


@pytest.fixture
async def quarantined(handheld: Handheld, database: Database, beat: Beat, body: dict[str, Any]) -> str:
    """The id under which an upload of a revoked handheld is kept."""
    await revoke(database, beat)
    answer = await handheld.send(body)
    assert answer.status_code == 403
    return str(answer.json()["quarantine_id"])


class TestReleased:
    async def test_an_upload_counts_for_whoever_held_the_handheld_then(
        self, quarantined: str, supervisor: Handheld, database: Database, clock: Clock
    ) -> None:
        assert await figures(database, clock) == {}
        answer = await post(supervisor, f"/quarantine/{quarantined}/releases")
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert [(r["disposition"], r["first"], r["last"]) for r in said["results"]] == [("stored", 0, 180)]
        assert (said["quarantined"]["outcome"], said["quarantined"]["settled_reason"]) == (
            "released",
            "终端误停用",
        )
        assert await stored_fixes(database) == 181
        assert (await figures(database, clock))["distance_m"] > 1500

    async def test_it_gives_the_figures_that_an_accepted_upload_gives(
        self, quarantined: str, supervisor: Handheld, database: Database, clock: Clock, body: dict[str, Any],
        beat: Beat, office: Office,
    ) -> None:  # fmt: skip
        await post(supervisor, f"/quarantine/{quarantined}/releases")
        released = await figures(database, clock)
        other = await office.of(beat.colleague, beat.other_device)
        assert (await other.send(body | {"batch_id": str(uuid4())})).status_code == 200
        await figures(database, clock)
        async with database.transaction() as session:
            both = list(
                await session.scalars(
                    text("SELECT figures->>'distance_m' FROM day_figures WHERE inspector_id IN (:a, :b)"),
                    {"a": beat.inspector.id, "b": beat.colleague.id},
                )
            )
        assert len(both) == 2
        assert set(both) == {str(released["distance_m"])}

    async def test_it_is_judged_as_of_when_it_came(
        self, quarantined: str, database: Database, clock: Clock, beat: Beat, office: Office
    ) -> None:
        """Nobody loses a morning because the supervisor took his time: it was not too old when it was sent."""
        clock.now += timedelta(days=45, hours=-1)
        late = await office.of(beat.supervisor)
        said = (await post(late, f"/quarantine/{quarantined}/releases")).json()
        assert [r["disposition"] for r in said["results"]] == ["stored"]
        assert await stored_fixes(database) == 181

    async def test_again_changes_nothing(
        self, quarantined: str, supervisor: Handheld, database: Database
    ) -> None:
        first = await post(supervisor, f"/quarantine/{quarantined}/releases")
        again = await post(supervisor, f"/quarantine/{quarantined}/releases", {"reason": "another"})
        assert again.json() == first.json()
        assert await stored_fixes(database) == 181
        assert [type_ for type_, _ in await events(database)] == ["quarantine.released"]

    async def test_the_event_says_how_much_and_nothing_of_where(
        self, quarantined: str, supervisor: Handheld, database: Database, beat: Beat
    ) -> None:
        await post(supervisor, f"/quarantine/{quarantined}/releases")
        assert await events(database) == [
            (
                "quarantine.released",
                {"device_id": str(beat.device.id), "reason": "revoked_device", "fixes_stored": 181},
            )
        ]

    async def test_what_was_sent_after_the_binding_ended_is_nobodys(
        self, handheld: Handheld, supervisor: Handheld, database: Database, beat: Beat
    ) -> None:
        await revoke(database, beat, at=beat.at("09:10"))
        kept = (await handheld.send(batch(walk(beat.at("09:00"), 1200)))).json()["quarantine_id"]
        said = (await post(supervisor, f"/quarantine/{kept}/releases")).json()["results"]
        assert [r["disposition"] for r in said] == ["stored", "unbound"]
        assert await stored_fixes(database) == said[0]["last"] + 1

    async def test_one_whose_batch_came_another_way_counts_once(
        self, quarantined: str, supervisor: Handheld, database: Database, body: dict[str, Any], beat: Beat,
        office: Office,
    ) -> None:  # fmt: skip
        async with database.transaction() as session:
            await session.execute(text("UPDATE device SET revoked_at = NULL, state = 'active'"))
        again = await (await office.of(beat.inspector, beat.device)).send(
            body | {"sent_at": to_ms(beat.at("11:50"))}
        )
        assert again.status_code == 200
        assert (await post(supervisor, f"/quarantine/{quarantined}/releases")).status_code == 200
        assert await stored_fixes(database) == 181

    async def test_the_handheld_was_not_heard_today(
        self, quarantined: str, supervisor: Handheld, database: Database
    ) -> None:
        await post(supervisor, f"/quarantine/{quarantined}/releases")
        async with database.transaction() as session:
            heard = await session.scalar(text("SELECT count(*) FROM patrol_day WHERE bit_count(heard) > 0"))
        assert heard == 0


class TestRefused:
    async def test_an_unreadable_body_is_not_releasable(
        self, handheld: Handheld, supervisor: Handheld, database: Database
    ) -> None:
        await handheld.send_raw(b'{"broken')
        kept = (await supervisor.get("/quarantine")).json()["items"][0]["id"]
        answer = await post(supervisor, f"/quarantine/{kept}/releases")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_releasable")
        assert await events(database) == []

    async def test_what_was_dismissed_is_not_released_and_the_other_way_round(
        self, quarantined: str, supervisor: Handheld, database: Database
    ) -> None:
        assert (await post(supervisor, f"/quarantine/{quarantined}/dismissals")).json()[
            "outcome"
        ] == "dismissed"
        answer = await post(supervisor, f"/quarantine/{quarantined}/releases")
        assert (answer.status_code, answer.json()["code"]) == (409, "already_settled")
        assert (await post(supervisor, f"/quarantine/{quarantined}/dismissals")).status_code == 200
        assert [type_ for type_, _ in await events(database)] == ["quarantine.dismissed"]
        assert await stored_fixes(database) == 0

    async def test_what_was_released_is_not_dismissed(self, quarantined: str, supervisor: Handheld) -> None:
        await post(supervisor, f"/quarantine/{quarantined}/releases")
        answer = await post(supervisor, f"/quarantine/{quarantined}/dismissals")
        assert (answer.status_code, answer.json()["code"]) == (409, "already_settled")

    async def test_one_whose_receipt_may_be_gone(
        self, quarantined: str, supervisor: Handheld, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(
                text("UPDATE quarantine SET received_at = received_at - interval '46 days'")
            )
        answer = await post(supervisor, f"/quarantine/{quarantined}/releases")
        assert (answer.status_code, answer.json()["code"]) == (409, "release_too_late")

    async def test_a_batch_that_was_accepted_with_other_content(
        self, quarantined: str, supervisor: Handheld, database: Database, body: dict[str, Any], beat: Beat,
        office: Office,
    ) -> None:  # fmt: skip
        other = await office.of(beat.colleague, beat.other_device)
        assert (
            await other.send(batch(walk(beat.at("10:00"), 60), batch_id=body["batch_id"]))
        ).status_code == 200
        answer = await post(supervisor, f"/quarantine/{quarantined}/releases")
        assert (answer.status_code, answer.json()["code"]) == (409, "batch_differs")
        open_ = (await supervisor.get("/quarantine", state="open")).json()["items"]
        assert [i["id"] for i in open_] == [quarantined]

    async def test_a_reason_is_needed(self, quarantined: str, supervisor: Handheld) -> None:
        for body in ({}, {"reason": "  "}, {"reason": "x" * 201}):
            assert (await post(supervisor, f"/quarantine/{quarantined}/releases", body)).status_code == 422

    @pytest.mark.parametrize("verb", ["releases", "dismissals"])
    async def test_strangers_find_nothing(
        self, quarantined: str, foreigner: Handheld, handheld: Handheld, admin: Handheld, verb: str
    ) -> None:
        path = f"/quarantine/{quarantined}/{verb}"
        assert (await post(foreigner, path)).status_code == 404
        assert (await post(foreigner, f"/quarantine/{uuid4()}/{verb}")).status_code == 404
        assert (await foreigner.client.post(f"/api/v1{path}", json=REASON)).status_code == 401

    async def test_administrators_see_that_something_waits_and_no_more(
        self, quarantined: str, admin: Handheld
    ) -> None:
        assert [i["id"] for i in (await admin.get("/quarantine")).json()["items"]] == [quarantined]
        for verb in ("releases", "dismissals"):
            assert (await post(admin, f"/quarantine/{quarantined}/{verb}")).status_code == 403
        assert (await admin.get(f"/quarantine/{quarantined}")).status_code == 403


class TestLookedAt:
    async def test_shows_what_was_sent_and_leaves_a_trace(
        self, quarantined: str, supervisor: Handheld, database: Database, body: dict[str, Any]
    ) -> None:
        seen = (await supervisor.get(f"/quarantine/{quarantined}")).json()
        assert json.loads(seen["text"]) == body
        assert (seen["is_cut"], seen["sent_bytes"]) == (False, len(json.dumps(body)))
        raw = await supervisor.get(f"/quarantine/{quarantined}/body")
        assert json.loads(raw.content) == body
        assert [type_ for type_, _ in await events(database)] == [
            "quarantine.viewed",
            "quarantine.downloaded",
        ]

    async def test_a_long_one_is_cut_a_binary_one_is_shown_all_the_same(
        self, handheld: Handheld, supervisor: Handheld
    ) -> None:
        content = b"\xff\x00" * 50_000
        await handheld.send_raw(content)
        kept = (await supervisor.get("/quarantine")).json()["items"][0]["id"]
        seen = (await supervisor.get(f"/quarantine/{kept}")).json()
        assert (seen["is_cut"], seen["sent_bytes"]) == (True, 100_000)
        assert (await supervisor.get(f"/quarantine/{kept}/body")).content == content

    async def test_not_to_strangers(
        self, quarantined: str, foreigner: Handheld, handheld: Handheld, database: Database
    ) -> None:
        for path in (f"/quarantine/{quarantined}", f"/quarantine/{quarantined}/body"):
            assert (await foreigner.get(path)).status_code == 404
            assert (await foreigner.client.get(f"/api/v1{path}")).status_code == 401
        assert await events(database) == []
        assert await count(database, "quarantine") == 1

    async def test_by_state_and_reason(self, quarantined: str, supervisor: Handheld) -> None:
        await post(supervisor, f"/quarantine/{quarantined}/dismissals")
        shown = {
            state: len((await supervisor.get("/quarantine", state=state)).json()["items"])
            for state in ("open", "released", "dismissed")
        }
        assert shown == {"open": 0, "released": 0, "dismissed": 1}
        assert (await supervisor.get("/quarantine", reason="unreadable")).json()["items"] == []
