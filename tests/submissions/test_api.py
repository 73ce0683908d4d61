"""Submissions over HTTP: entered, listed, reviewed, decided, sampled; who may and who may not."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from app.identity.actor import Role, system_actor
from app.kit.db import Database
from app.rules import service as rules
from app.rules.service import Decision
from tests.factories import catalogue, identity
from tests.factories.patrol import Beat, Clock, Handheld
from tests.factories.submissions import HERE, resident
from tests.patrol.conftest import Office

MISSING = "0199aaaa-0000-7000-8000-000000000001"


@dataclass(frozen=True)
class Desk:
    """The people of a community around one grid, over HTTP."""

    client: httpx.AsyncClient
    beat: Beat
    inspector: Handheld
    colleague: Handheld
    community: Handheld
    department: Handheld
    foreigner: Handheld
    database: Database

    async def get(self, who: Handheld | None, path: str, **params: Any) -> httpx.Response:
        """Reads as one of them."""
        headers = who.headers if who else {}
        return await self.client.get(f"/api/v1{path}", params=params, headers=headers)

    async def send(self, who: Handheld | None, path: str, body: Any, verb: str = "POST") -> httpx.Response:
        """Sends as one of them."""
        headers = who.headers if who else {}
        return await self.client.request(verb, f"/api/v1{path}", json=body, headers=headers)

    def record(self, fields: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The body of a submission recorded at 10:00 of the day."""
        return {
            "id": str(uuid4()),
            "recorded_at": self.beat.at("10:00").isoformat(),
            "item_code": "resident_registered",
            "form_version": 1,
            "fields": resident() if fields is None else fields,
            **more,
        }

    async def enter(self, who: Handheld, fields: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Enters a record that is taken."""
        answer = await self.send(who, "/submissions", self.record(fields, **more))
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def conflict(self) -> tuple[str, str]:
        """A subject with an open conflict about its phone; their ids."""
        subject = (await self.enter(self.inspector, resident(phone="13800000000"), position=HERE))["told"][
            "subject_id"
        ]
        edit = {"subject_id": subject, "base_version": 1}
        await self.enter(self.inspector, {"phone": "13811111111"}, **edit)
        await self.enter(self.colleague, {"phone": "13822222222"}, **edit)
        (found,) = (await self.get(self.community, "/conflicts", state="open")).json()["items"]
        return str(subject), str(found["id"])

    async def events(self, *types: str) -> list[str]:
        """Types of the events of these types, in order."""
        async with self.database.transaction() as session:
            found = await session.scalars(
                text("SELECT type FROM event WHERE type = ANY(:types) ORDER BY ord"), {"types": list(types)}
            )
            return list(found)

    async def values(self, subject_id: str) -> Any:
        """(version, masked) of a subject."""
        async with self.database.transaction() as session:
            query = text("SELECT version, masked, attributes FROM subject WHERE id = :id")
            return (await session.execute(query, {"id": UUID(subject_id)})).one()


@pytest.fixture
async def desk(
    beat: Beat, office: Office, client: httpx.AsyncClient, database: Database, clock: Clock
) -> Desk:
    async with database.transaction() as session:
        await catalogue.admit(session, beat.county.code, beat.county.county)
        community = await identity.account(session, beat.county.community, Role.COMMUNITY)
        department = await identity.account(session, beat.county.county, Role.DEPARTMENT)
    return Desk(
        client,
        beat,
        await office.of(beat.inspector, beat.device),
        await office.of(beat.colleague, beat.other_device),
        await office.of(community),
        await office.of(department),
        await office.of(beat.foreigner),
        database,
    )


class TestPosting:
    async def test_a_clerk_enters_a_record_once(self, desk: Desk) -> None:
        body = desk.record()
        first = await desk.send(desk.community, "/submissions", body)
        again = await desk.send(desk.community, "/submissions", body)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["outcome"] == "stored"
        assert again.json()["outcome"] == "duplicate"
        assert again.json()["told"] == first.json()["told"]

    async def test_other_content_under_the_id_is_refused(self, desk: Desk) -> None:
        body = desk.record()
        await desk.send(desk.community, "/submissions", body)
        answer = await desk.send(desk.community, "/submissions", body | {"fields": resident(name="李四")})
        assert answer.status_code == 409
        assert answer.json()["code"] == "content_differs"

    async def test_a_refusal_names_the_fields_and_is_remembered(self, desk: Desk) -> None:
        body = desk.record(resident(gender="7"))
        for _ in range(2):
            answer = await desk.send(desk.community, "/submissions", body)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["pointer"] == "/gender"
        async with desk.database.transaction() as session:
            assert await session.scalar(text("SELECT outcome FROM item_receipt")) == "rejected"

    async def test_an_unadmitted_item_is_refused_and_logged(self, desk: Desk) -> None:
        async with desk.database.transaction() as session:
            await session.execute(text("UPDATE affair SET in_force_until = in_force_from + interval '1 day'"))
        answer = await desk.send(desk.community, "/submissions", desk.record())
        assert answer.status_code == 403
        assert answer.json()["code"] == "item_not_admitted"
        assert await desk.events("affair.attempt_refused") == ["affair.attempt_refused"]

    async def test_who_sends_what(self, desk: Desk) -> None:
        assert (await desk.send(None, "/submissions", desk.record())).status_code == 401
        assert (await desk.send(desk.department, "/submissions", desk.record())).status_code == 403
        assert (await desk.send(desk.community, "/submissions", {})).json()["code"] == "invalid"


class TestReading:
    async def test_lists_show_no_content_and_details_show_it_masked(self, desk: Desk) -> None:
        made = await desk.enter(desk.inspector, resident(phone="13812345678"), position=HERE)
        (row,) = (await desk.get(desk.community, "/submissions")).json()["items"]
        assert row["id"] == made["id"]
        assert "fields" not in row
        detail = await desk.get(desk.community, f"/submissions/{made['id']}")
        assert detail.headers["etag"] == '"1"'
        assert detail.json()["fields"]["phone"] == "138****5678"
        assert detail.json()["fields"]["name"] == "张**"
        assert detail.json()["fields"]["gender"] == "1"

    async def test_sensitive_fields_are_left_out(self, desk: Desk) -> None:
        made = await desk.enter(desk.inspector, resident(is_key_person=True))
        detail = (await desk.get(desk.community, f"/submissions/{made['id']}")).json()
        assert "is_key_person" not in detail["fields"]

    async def test_filters_and_pages(self, desk: Desk) -> None:
        for n in range(3):
            await desk.enter(desk.inspector, resident(name=f"居民{n}"))
        await desk.enter(desk.community)
        page = (await desk.get(desk.community, "/submissions", limit=2)).json()
        rest = (await desk.get(desk.community, "/submissions", limit=2, cursor=page["next"])).json()
        assert len({row["id"] for row in page["items"] + rest["items"]}) == 4
        mine = await desk.get(desk.community, "/submissions", inspector_id=str(desk.beat.inspector.id))
        assert len(mine.json()["items"]) == 3
        for wanted in (
            {"state": "applied"},
            {"review_state": "approved"},
            {"item_code": "resident_registered"},
            {"area_id": str(desk.beat.county.town)},
            {"outside_own_grid": False},
            {
                "recorded_from": desk.beat.at("09:00").isoformat(),
                "recorded_until": desk.beat.at("11:00").isoformat(),
            },
        ):
            assert len((await desk.get(desk.community, "/submissions", **wanted)).json()["items"]) == 4, (
                wanted
            )
        assert (await desk.get(desk.community, "/submissions", cursor="x")).json()["code"] == "bad_cursor"

    async def test_an_inspector_sees_his_own(self, desk: Desk) -> None:
        made = await desk.enter(desk.inspector)
        assert (await desk.get(desk.colleague, "/submissions")).json()["items"] == []
        assert (await desk.get(desk.colleague, f"/submissions/{made['id']}")).status_code == 404

    @pytest.mark.requirement("S0-09", "S0-45")
    async def test_a_score_explains_itself_and_fades(self, desk: Desk, clock: Clock) -> None:
        made = await desk.enter(desk.inspector, position=HERE)
        fresh = (await desk.get(desk.community, f"/submissions/{made['id']}/quality")).json()
        assert fresh["score"] == fresh["score_when_received"] == made["told"]["quality_score"]
        assert round(sum(part["points"] for part in fresh["parts"])) == fresh["score"]
        assert "phone" in next(p for p in fresh["parts"] if p["name"] == "completeness")["detail"]
        assert fresh["entry_lag_s"] == 7200
        assert fresh["is_prompt"] is True
        async with desk.database.transaction() as session:
            await session.execute(text("UPDATE subject SET fresh_at = fresh_at - interval '400 days'"))
        stale = (await desk.get(desk.community, f"/submissions/{made['id']}/quality")).json()
        assert stale["score"] == fresh["score"] - 10

    @pytest.mark.requirement("S0-09", "S0-45")
    async def test_an_area_has_its_median_lag_and_mean_quality(self, desk: Desk) -> None:
        for hour in ("09:00", "10:00", "11:00"):
            await desk.enter(desk.inspector, recorded_at=desk.beat.at(hour).isoformat())
        month = desk.beat.day.strftime("%Y-%m")
        path = f"/areas/{desk.beat.county.town}/collection-quality"
        found = (await desk.get(desk.department, path, month=month)).json()
        assert (found["submissions"], found["median_entry_lag_s"], found["prompt_rate"]) == (3, 7200, 1.0)
        assert 0 < found["mean_quality"] < 100
        empty = (await desk.get(desk.department, path, month="2026-01")).json()
        assert (empty["submissions"], empty["mean_quality"], empty["prompt_rate"]) == (0, None, None)


class TestReview:
    async def test_returned_put_right_and_approved(self, desk: Desk) -> None:
        made = await desk.enter(desk.inspector)
        path = f"/submissions/{made['id']}/review"
        returned = await desk.send(desk.community, path, {"decision": "return", "reason": "缺照片"})
        assert returned.json()["review_state"] == "returned"
        assert returned.json()["review_reason"] == "缺照片"
        subject = made["told"]["subject_id"]
        again = await desk.enter(desk.inspector, {"education": "10"}, subject_id=subject, after=made["id"])
        states = {
            row["id"]: row["review_state"]
            for row in (await desk.get(desk.community, "/submissions")).json()["items"]
        }
        assert states == {made["id"]: "resubmitted", again["id"]: "submitted"}
        approved = await desk.send(
            desk.community, f"/submissions/{again['id']}/review", {"decision": "approve"}
        )
        assert approved.json()["review_state"] == "approved"
        assert await desk.events("submission.returned", "submission.resubmitted", "submission.approved") == [
            "submission.returned",
            "submission.resubmitted",
            "submission.approved",
        ]

    async def test_what_is_not_allowed(self, desk: Desk) -> None:
        made = await desk.enter(desk.community)
        path = f"/submissions/{made['id']}/review"
        own = await desk.send(desk.community, path, {"decision": "return", "reason": "x"})
        assert own.json()["code"] == "own_submission"
        other = await desk.enter(desk.inspector)
        path = f"/submissions/{other['id']}/review"
        done = await desk.send(desk.community, path, {"decision": "approve"})
        assert (done.status_code, done.json()["code"]) == (409, "review_step_not_allowed")
        assert (await desk.send(desk.community, path, {"decision": "return"})).status_code == 422
        assert (await desk.send(desk.inspector, path, {"decision": "approve"})).status_code == 403
        assert (await desk.send(desk.foreigner, path, {"decision": "approve"})).status_code == 404

    async def test_the_rule_says_what_is_reviewed(self, desk: Desk) -> None:
        async with desk.database.transaction() as session:
            await rules.set_value(
                session,
                system_actor("330921").event_actor,
                Decision(
                    "submissions.reviewed_items",
                    desk.beat.county.county,
                    desk.beat.day - timedelta(days=9),
                    None,
                    "resident_registered",
                    "test",
                ),
                county_code="330921",
                area_path=[desk.beat.county.county],
                now=desk.beat.at("08:00"),
                today=None,
            )
        await desk.enter(desk.inspector)
        await desk.enter(desk.inspector, {"building_name": "3幢"}, item_code="building")
        rows = (await desk.get(desk.community, "/submissions")).json()["items"]
        assert {row["item_code"]: row["review_state"] for row in rows} == {
            "resident_registered": "submitted",
            "building": "approved",
        }


@pytest.mark.requirement("S4-51")
class TestConflicts:
    async def test_both_values_are_shown_masked_and_revealed_with_a_reason(self, desk: Desk) -> None:
        _, conflict = await desk.conflict()
        shown = (await desk.get(desk.community, f"/conflicts/{conflict}")).json()
        assert (shown["current_value"], shown["sent_value"]) == ("138****1111", "138****2222")
        assert (shown["is_masked"], shown["subject_version"]) == (True, 2)
        plain = await desk.send(desk.community, f"/conflicts/{conflict}/reveals", {"reason": "裁决"})
        assert plain.json()["sent_value"] == "13822222222"
        assert await desk.events("conflict.revealed") == ["conflict.revealed"]

    @pytest.mark.parametrize(
        ("choice", "phone"), [("current", "138****1111"), ("sent", "138****2222"), ("other", "138****3333")]
    )
    async def test_any_choice_makes_a_version(self, desk: Desk, choice: str, phone: str) -> None:
        subject, conflict = await desk.conflict()
        body = {"choice": choice, "subject_version": 2, "reason": "核实"}
        if choice == "other":
            body["value"] = "13833333333"
        done = await desk.send(desk.community, f"/conflicts/{conflict}/resolution", body)
        assert done.status_code == 200, done.text
        assert (done.json()["state"], done.json()["choice"], done.json()["made_version"]) == (
            "resolved",
            choice,
            3,
        )
        row = await desk.values(subject)
        assert (row.version, row.masked["phone"]) == (3, phone)
        states = {row["state"] for row in (await desk.get(desk.community, "/submissions")).json()["items"]}
        assert states == {"applied"}
        assert await desk.events("conflict.resolved", "submission.settled") == [
            "conflict.resolved",
            "submission.settled",
        ]
        again = await desk.send(desk.community, f"/conflicts/{conflict}/resolution", body)
        assert again.json()["code"] == "conflict_resolved"

    async def test_a_value_that_moved_is_looked_at_again(self, desk: Desk) -> None:
        subject, conflict = await desk.conflict()
        await desk.enter(desk.inspector, {"phone": "13844444444"}, subject_id=subject, base_version=2)
        body = {"choice": "sent", "subject_version": 2}
        moved = await desk.send(desk.community, f"/conflicts/{conflict}/resolution", body)
        assert moved.json()["code"] == "conflict_moved"
        body["subject_version"] = 3
        assert (await desk.send(desk.community, f"/conflicts/{conflict}/resolution", body)).status_code == 200

    async def test_of_a_subject_that_was_merged_since(self, desk: Desk) -> None:
        """The decision names the version of the subject that was kept, and changes that."""
        lost, conflict = await desk.conflict()
        kept = await desk.enter(desk.inspector, resident(), position=HERE)
        merge = {"loser_id": lost, "winner_id": kept["told"]["subject_id"], "reason": "重复"}
        assert (await desk.send(desk.community, "/merges", merge)).status_code == 201
        version = (await desk.get(desk.community, f"/conflicts/{conflict}")).json()["subject_version"]
        assert version == 1
        body = {"choice": "sent", "subject_version": version}
        done = await desk.send(desk.community, f"/conflicts/{conflict}/resolution", body)
        assert done.status_code == 200, done.text
        assert (await desk.values(kept["told"]["subject_id"])).masked["phone"] == "138****2222"

    async def test_what_is_not_allowed(self, desk: Desk) -> None:
        _, conflict = await desk.conflict()
        path = f"/conflicts/{conflict}/resolution"
        wrong = {"choice": "other", "value": "phone", "subject_version": 2}
        assert (await desk.send(desk.community, path, wrong)).json()["code"] == "submission_invalid"
        assert (
            await desk.send(desk.community, path, {"choice": "other", "subject_version": 2})
        ).status_code == 422
        body = {"choice": "sent", "subject_version": 2}
        assert (await desk.send(desk.inspector, path, body)).status_code == 403
        assert (await desk.send(desk.foreigner, path, body)).status_code == 404
        assert (await desk.send(None, path, body)).status_code == 401
        assert (await desk.get(desk.foreigner, f"/conflicts/{conflict}")).status_code == 404
        assert (await desk.get(desk.foreigner, "/conflicts")).json()["items"] == []
        reveal = await desk.send(desk.foreigner, f"/conflicts/{conflict}/reveals", {"reason": "x"})
        assert reveal.status_code == 404

    async def test_only_its_sender_among_inspectors_sees_it(self, desk: Desk) -> None:
        await desk.conflict()
        assert len((await desk.get(desk.colleague, "/conflicts")).json()["items"]) == 1
        assert (await desk.get(desk.inspector, "/conflicts")).json()["items"] == []


class TestHeld:
    async def held(self, desk: Desk) -> tuple[str, str]:
        subject = str(uuid4())
        made = await desk.enter(desk.inspector, {"education": "10"}, subject_id=subject, base_version=3)
        assert made["outcome"] == "held"
        return subject, made["id"]

    async def test_it_is_listed(self, desk: Desk) -> None:
        subject, held = await self.held(desk)
        (row,) = (await desk.get(desk.community, "/held-submissions")).json()["items"]
        assert (row["id"], row["wait_kind"], row["waits_for"]) == (held, "subject", subject)

    async def test_it_is_discarded_with_a_reason_and_strands_what_came_after(self, desk: Desk) -> None:
        subject, held = await self.held(desk)
        after = await desk.enter(desk.inspector, {"phone": "13800000000"}, subject_id=subject, after=held)
        gone = await desk.send(desk.community, f"/held-submissions/{held}/discard", {"reason": "重复"})
        assert (gone.json()["state"], gone.json()["settled_reason"]) == ("discarded", "重复")
        assert gone.json()["fields"] == {"education": "10"}
        (row,) = (await desk.get(desk.community, "/held-submissions")).json()["items"]
        assert (row["id"], row["state"]) == (after["id"], "stuck")
        again = await desk.send(desk.community, f"/held-submissions/{held}/discard", {"reason": "重复"})
        assert again.json()["code"] == "submission_not_held"
        assert await desk.events("submission.discarded") == ["submission.discarded"]

    async def test_it_is_rebased_onto_another_subject_and_what_waited_follows(self, desk: Desk) -> None:
        subject, held = await self.held(desk)
        await desk.enter(desk.inspector, {"phone": "13800000000"}, subject_id=subject, after=held)
        path = f"/held-submissions/{held}/rebase"
        nowhere = await desk.send(desk.community, path, {"reason": "核实"})
        assert (nowhere.status_code, nowhere.json()["code"]) == (409, "rebase_refused")
        kept = (await desk.enter(desk.inspector, position=HERE))["told"]["subject_id"]
        done = await desk.send(desk.community, path, {"reason": "核实", "subject_id": kept})
        assert done.json()["state"] == "applied", done.text
        row = await desk.values(kept)
        assert row.attributes["education"] == "10"
        assert row.masked["phone"] == "138****0000"
        assert (await desk.get(desk.community, "/held-submissions")).json()["items"] == []

    async def test_what_is_not_allowed(self, desk: Desk) -> None:
        _, held = await self.held(desk)
        for verb in ("discard", "rebase"):
            path = f"/held-submissions/{held}/{verb}"
            assert (await desk.send(desk.inspector, path, {"reason": "x"})).status_code == 403
            assert (await desk.send(desk.foreigner, path, {"reason": "x"})).status_code == 404
            assert (await desk.send(None, path, {"reason": "x"})).status_code == 401


@pytest.mark.requirement("S0-41")
class TestSampling:
    def draw(self, desk: Desk, **more: Any) -> dict[str, Any]:
        day = desk.beat.day
        return {
            "area_id": str(desk.beat.county.community),
            "first_day": (day - timedelta(days=1)).isoformat(),
            "last_day": day.isoformat(),
            "size": 3,
            **more,
        }

    async def test_a_sample_is_judged_and_its_error_rate_opens_to_its_cases(self, desk: Desk) -> None:
        for n in range(6):
            await desk.enter(desk.inspector, resident(name=f"居民{n}"))
        drawn = (await desk.send(desk.department, "/sample-checks", self.draw(desk))).json()
        assert (drawn["population"], drawn["size"], drawn["error_rate"]) == (6, 3, None)
        path = f"/sample-checks/{drawn['id']}"
        early = await desk.send(desk.department, f"{path}/closing", {"feedback": "x"})
        assert (early.json()["code"], early.json()["open_cases"]) == ("sample_unfinished", 3)
        for ordinal, verdict in ((1, "correct"), (2, "wrong"), (3, "not_found")):
            body = {"verdict": verdict, "remarks": "门牌不符"}
            judged = await desk.send(desk.department, f"{path}/cases/{ordinal}", body, verb="PUT")
        assert (judged.json()["judged"], judged.json()["wrong"]) == (3, 2)
        assert judged.json()["error_rate"] == pytest.approx(2 / 3)
        (case,) = (await desk.get(desk.community, f"{path}/cases", verdict="wrong")).json()["items"]
        assert case["ordinal"] == 2
        closed = await desk.send(desk.department, f"{path}/closing", {"feedback": "请补正"})
        assert (closed.json()["state"], closed.json()["feedback"]) == ("closed", "请补正")
        late = await desk.send(desk.department, f"{path}/cases/1", {"verdict": "correct"}, verb="PUT")
        assert late.json()["code"] == "sample_closed"
        assert await desk.events("sample_check.drawn", "sample_check.closed") == [
            "sample_check.drawn",
            "sample_check.closed",
        ]

    async def test_the_seed_draws_the_same_again(self, desk: Desk) -> None:
        for n in range(6):
            await desk.enter(desk.inspector, resident(name=f"居民{n}"))
        drawn = []
        for _ in range(2):
            made = (await desk.send(desk.department, "/sample-checks", self.draw(desk, seed=42))).json()
            cases = (await desk.get(desk.department, f"/sample-checks/{made['id']}/cases")).json()["items"]
            drawn.append([case["submission_id"] for case in cases])
        assert drawn[0] == drawn[1]

    async def test_what_is_not_allowed(self, desk: Desk) -> None:
        empty = await desk.send(desk.department, "/sample-checks", self.draw(desk))
        assert empty.json()["code"] == "sample_empty"
        large = await desk.send(desk.department, "/sample-checks", self.draw(desk, size=5000))
        assert large.json()["code"] == "sample_too_large"
        await desk.enter(desk.inspector)
        made = (await desk.send(desk.department, "/sample-checks", self.draw(desk))).json()
        path = f"/sample-checks/{made['id']}"
        assert (await desk.send(desk.inspector, "/sample-checks", self.draw(desk))).status_code == 403
        assert (await desk.send(desk.foreigner, "/sample-checks", self.draw(desk))).status_code == 404
        assert (await desk.get(desk.foreigner, path)).status_code == 404
        assert (await desk.get(desk.foreigner, f"{path}/cases")).status_code == 404
        verdict = {"verdict": "wrong"}
        assert (await desk.send(desk.department, f"{path}/cases/1", verdict, verb="PUT")).status_code == 422
        verdict["remarks"] = "x"
        assert (await desk.send(desk.department, f"{path}/cases/9", verdict, verb="PUT")).status_code == 404
        assert (await desk.send(desk.foreigner, f"{path}/cases/1", verdict, verb="PUT")).status_code == 404
        assert (await desk.send(desk.foreigner, f"{path}/closing", {"feedback": "x"})).status_code == 404
        assert len((await desk.get(desk.community, "/sample-checks", state="open")).json()["items"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/submissions",
        f"/submissions/{MISSING}",
        f"/submissions/{MISSING}/quality",
        "/held-submissions",
        "/conflicts",
        f"/conflicts/{MISSING}",
        "/sample-checks",
        f"/sample-checks/{MISSING}",
        f"/sample-checks/{MISSING}/cases",
        f"/areas/{MISSING}/collection-quality",
    ],
)
async def test_nobody_reads_without_a_token_and_nothing_is_found_elsewhere(desk: Desk, path: str) -> None:
    assert (await desk.get(None, path)).status_code == 401
    if MISSING in path:
        assert (await desk.get(desk.community, path)).status_code == 404
