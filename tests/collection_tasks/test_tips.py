"""Tips of volunteers: registered, assigned at the meeting, verified, entered by the clerk."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.kit.db import Database
from tests.collection_tasks.conftest import Desk, person
from tests.factories import submissions as factory
from tests.factories.patrol import Beat, Clock
from tests.factories.submissions import Counter, event_types, rows


def tip(clock: Clock, beat: Beat | None, **more: Any) -> dict[str, Any]:
    """A line of the work register."""
    return {
        "id": str(uuid4()),
        "grid_id": str(beat.grid) if beat else None,
        "item_code": "gumei_work_register",
        "form_version": 1,
        "recorded_at": clock.now.isoformat(),
        "fields": {"registered_on": clock.now.date().isoformat(), "content": "501室新来一户租客"},
        **more,
    }


async def registered(clerk: Desk, clock: Clock, beat: Beat | None) -> str:
    answer = await clerk.post("/tips", tip(clock, beat))
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def result(clock: Clock, outcome: str, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "recorded_at": clock.now.isoformat(), "outcome": outcome, **more}


def meeting(*pairs: tuple[str, Any], **more: Any) -> dict[str, Any]:
    listed = [{"tip_id": tip_id, "inspector_id": str(who), **more} for tip_id, who in pairs]
    return {"meeting_on": "2026-11-23", "assignments": listed}


@pytest.mark.requirement("S3-24", "S3-25")
class TestWayThrough:
    async def test_from_the_duty_desk_to_the_record(
        self, clerk: Desk, inspector: Desk, admitted: Beat, clock: Clock, session: AsyncSession
    ) -> None:
        tip_id = await registered(clerk, clock, admitted)
        (waiting,) = (await clerk.get("/tips", state="waiting")).json()["items"]
        assert waiting["id"] == tip_id
        answer = await clerk.post("/tips/assignments", meeting((tip_id, admitted.inspector.id)))
        (assigned,) = answer.json()["results"]
        assert assigned["outcome"] == "assigned"
        (task,) = (await inspector.get("/tasks", kind="tip")).json()["items"]
        assert (task["id"], task["origin_id"]) == (assigned["task_id"], tip_id)
        await inspector.post(f"/tasks/{task['id']}/results", result(clock, "confirmed", note="确有一户三人"))
        found = (await clerk.get(f"/tips/{tip_id}")).json()
        assert (found["state"], found["reason"]) == ("verified", "确有一户三人")
        counter = Counter(session, factory.actor_of(admitted.inspector), admitted.at("10:00"))
        sent = counter.item(factory.resident(), subject_id=str(uuid4()), position=factory.HERE)
        await counter.push(sent)
        path = f"/tips/{tip_id}/entries"
        assert (await clerk.post(path, {"submission_id": str(uuid4())})).json()[
            "code"
        ] == "tip_submission_unknown"
        assert (await clerk.post(path, {"submission_id": tip_id})).json()["code"] == "tip_submission_unknown"
        for _ in range(2):
            entered = await clerk.post(path, {"submission_id": str(sent.id)})
            assert (entered.status_code, entered.json()["state"]) == (200, "entered")
        assert await event_types(session, "tip") == [
            "tip.registered",
            "tip.assigned",
            "tip.verified",
            "tip.entered",
        ]

    async def test_what_the_inspector_submits_himself_is_entered(
        self, clerk: Desk, inspector: Desk, admitted: Beat, clock: Clock, session: AsyncSession
    ) -> None:
        tip_id = await registered(clerk, clock, admitted)
        assigned = await clerk.post("/tips/assignments", meeting((tip_id, admitted.inspector.id)))
        counter = Counter(session, factory.actor_of(admitted.inspector), admitted.at("10:00"))
        sent = counter.item(factory.resident(), subject_id=str(uuid4()), position=factory.HERE)
        await counter.push(sent)
        path = f"/tasks/{assigned.json()['results'][0]['task_id']}/results"
        await inspector.post(path, result(clock, "corrected", submission_id=str(sent.id)))
        found = (await clerk.get(f"/tips/{tip_id}")).json()
        assert (found["state"], found["entered_submission_id"]) == ("entered", str(sent.id))

    async def test_what_is_not_so_ends_there(
        self, clerk: Desk, inspector: Desk, admitted: Beat, clock: Clock
    ) -> None:
        tip_id = await registered(clerk, clock, admitted)
        assigned = await clerk.post("/tips/assignments", meeting((tip_id, admitted.inspector.id)))
        path = f"/tasks/{assigned.json()['results'][0]['task_id']}/results"
        await inspector.post(path, result(clock, "rejected", note="原住户亲戚"))
        assert (await clerk.get(f"/tips/{tip_id}")).json()["state"] == "rejected"
        entry = await clerk.post(f"/tips/{tip_id}/entries", {"submission_id": str(uuid4())})
        assert (entry.json()["code"], entry.json()["current_state"]) == ("tip_step_not_allowed", "rejected")
        late = await clerk.post("/tips/assignments", meeting((tip_id, admitted.colleague.id)))
        assert late.json()["results"][0]["problem"]["code"] == "tip_step_not_allowed"


class TestMeeting:
    async def test_one_refused_costs_the_others_nothing(
        self, clerk: Desk, admitted: Beat, clock: Clock, database: Database, session: AsyncSession
    ) -> None:
        good, bare = await registered(clerk, clock, admitted), await registered(clerk, clock, None)
        stranger = await person(database, admitted.county.community, Role.INSPECTOR)
        other = await registered(clerk, clock, admitted)
        who = admitted.inspector.id
        body = meeting((good, who), (bare, who), (other, stranger.id), (str(uuid4()), who))
        results = (await clerk.post("/tips/assignments", body)).json()["results"]
        codes = [each["problem"] and each["problem"]["code"] for each in results]
        assert codes == [None, "tip_without_grid", "tip_inspector_elsewhere", "tip_not_found"]
        assert [r.state for r in await rows(session, "SELECT state FROM tip ORDER BY state")] == [
            "assigned",
            "waiting",
            "waiting",
        ]
        placed = await clerk.post("/tips/assignments", meeting((bare, who), grid_id=str(admitted.grid)))
        assert placed.json()["results"][0]["outcome"] == "assigned"

    async def test_again_changes_nothing_and_another_takes_over(
        self, clerk: Desk, admitted: Beat, clock: Clock, session: AsyncSession
    ) -> None:
        tip_id = await registered(clerk, clock, admitted)
        outcomes = []
        for who in (admitted.inspector.id, admitted.inspector.id, admitted.colleague.id):
            answer = await clerk.post("/tips/assignments", meeting((tip_id, who)))
            outcomes.append(answer.json()["results"][0]["outcome"])
        assert outcomes == ["assigned", "unchanged", "assigned"]
        (task,) = await rows(session, "SELECT inspector_id FROM task")
        assert task.inspector_id == admitted.colleague.id


@pytest.mark.requirement("S3-24")
class TestRegistering:
    async def test_sent_twice_is_one_tip(self, clerk: Desk, admitted: Beat, clock: Clock) -> None:
        body = tip(clock, admitted)
        answers = [(await clerk.post("/tips", body)).status_code for _ in range(2)]
        assert answers == [201, 200]
        other = body | {"fields": body["fields"] | {"content": "别的内容"}}
        assert (await clerk.post("/tips", other)).json()["code"] == "content_differs"

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"item_code": "building"}, "tip_form"),
            ({"fields": {"content": "缺日期"}}, "submission_invalid"),
            ({"form_version": 99}, "form_version_unknown"),
            ({"grid_id": "019aa000-0000-7000-8000-000000000009"}, "not_found"),
        ],
    )
    async def test_refusals(
        self,
        clerk: Desk,
        admitted: Beat,
        clock: Clock,
        more: dict[str, Any],
        code: str,
        session: AsyncSession,
    ) -> None:
        assert (await clerk.post("/tips", tip(clock, admitted, **more))).json()["code"] == code
        assert await rows(session, "SELECT FROM tip") == []

    @pytest.mark.requirement("S3-29")
    async def test_a_stair_head_brings_the_stair_information_form_to_the_meeting(
        self, clerk: Desk, admitted: Beat, clock: Clock, session: AsyncSession
    ) -> None:
        fields = {
            "collected_on": clock.now.date().isoformat(),
            "address": "3幢2单元",
            "stair_head_name": "赵楼长",
            "moved_in_count": 2,
        }
        body = tip(clock, admitted, item_code="gumei_stair_information", fields=fields)
        assert (await clerk.post("/tips", body)).status_code == 201
        (listed,) = (await clerk.get("/tips?state=waiting")).json()["items"]
        assert (listed["id"], listed["item_code"]) == (body["id"], "gumei_stair_information")
        (kept,) = await rows(session, "SELECT fields, sealed FROM submission")
        assert (kept.fields["address"], kept.fields["moved_in_count"]) == ("3幢2单元", 2)
        assert "赵楼长" not in str(kept.fields) + kept.sealed
        said = await clerk.post("/tips/assignments", meeting((body["id"], admitted.inspector.id)))
        assert said.json()["results"][0]["outcome"] == "assigned"

    async def test_what_was_told_is_sealed(
        self, clerk: Desk, admitted: Beat, clock: Clock, session: AsyncSession
    ) -> None:
        await registered(clerk, clock, admitted)
        for table in ("submission", "tip", "event"):
            assert "501室" not in str(await rows(session, f"SELECT to_jsonb(t) FROM {table} t"))


class TestScope:
    async def test_of_elsewhere(self, clerk: Desk, foreigner: Desk, admitted: Beat, clock: Clock) -> None:
        tip_id = await registered(clerk, clock, admitted)
        assert (await foreigner.get("/tips")).json()["items"] == []
        assert (await foreigner.get(f"/tips/{tip_id}")).status_code == 404
        entry = await foreigner.post(f"/tips/{tip_id}/entries", {"submission_id": str(uuid4())})
        assert entry.status_code == 404
        meant = await foreigner.post("/tips/assignments", meeting((tip_id, admitted.inspector.id)))
        assert (meant.status_code, meant.json()["code"]) == (404, "tip_not_found")

    async def test_without_login(self, client: httpx.AsyncClient, admitted: Beat) -> None:
        for verb, path in (
            ("GET", "/tips"),
            ("POST", "/tips"),
            ("POST", "/tips/assignments"),
            ("GET", f"/tips/{uuid4()}"),
            ("POST", f"/tips/{uuid4()}/entries"),
        ):
            assert (await client.request(verb, f"/api/v1{path}", json={})).status_code == 401, path
