"""Self-declaration: declared without login, verified by the inspector, told to the declarant."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.shipped import read_forms
from app.collection.declarations import queries
from app.collection.declarations.purge import purge
from app.kit.db import Database
from tests.collection_tasks.conftest import Desk
from tests.factories import areas, catalogue, staffing, tasks
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.factories.submissions import event_types, rows


async def declared(client: httpx.AsyncClient, token: str, **more: Any) -> tuple[str, str]:
    """Id and query code of a new declaration."""
    answer = await tasks.declare(client, token, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["query_code"]


async def status_of(client: httpx.AsyncClient, code: str) -> dict[str, Any]:
    answer = await client.post("/api/v1/declarations/status", json={"code": code})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def task_of(desk: Desk, declaration_id: str) -> dict[str, Any]:
    listed = (await desk.get("/tasks", kind="verification")).json()["items"]
    return next(task for task in listed if task["origin_id"] == declaration_id)


def result(clock: Clock, outcome: str, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "recorded_at": clock.now.isoformat(), "outcome": outcome, **more}


@pytest.mark.requirement("S0-28", "S1-42")
class TestConfirmed:
    async def test_becomes_a_record_as_it_was_declared(
        self, client: httpx.AsyncClient, token: str, inspector: Desk, session: AsyncSession, clock: Clock
    ) -> None:
        declaration_id, code = await declared(client, token)
        assert (await status_of(client, code))["state"] == "received"
        task = await task_of(inspector, declaration_id)
        answer = await inspector.post(f"/tasks/{task['id']}/results", result(clock, "confirmed"))
        assert answer.status_code == 201, answer.text
        done = answer.json()
        assert (done["state"], done["outcome"]) == ("done", "confirmed")
        (subject,) = await rows(session, "SELECT id, grid_id, masked FROM subject WHERE kind = 'person'")
        assert subject.masked["name"] == "李**"
        found = (await inspector.get(f"/declarations/{declaration_id}")).json()
        assert found["submission_id"] == done["submission_id"]
        assert found["subject_id"] == str(subject.id)
        (version,) = await rows(session, "SELECT submission_id FROM subject_version")
        assert str(version.submission_id) == found["submission_id"], "the version names where it came from"
        told = await status_of(client, code)
        assert (told["state"], told["due_on"]) == ("confirmed", None)
        assert await event_types(session, "declaration") == ["declaration.received", "declaration.confirmed"]

    async def test_lies_in_its_grid_though_the_inspector_serves_two(
        self,
        client: httpx.AsyncClient,
        token: str,
        inspector: Desk,
        admitted: Beat,
        database: Database,
        session: AsyncSession,
        clock: Clock,
    ) -> None:
        async with database.transaction() as own:
            other = await areas.grid(own, admitted.county.community, "330921100001002", areas.square(5))
            await staffing.appointment(own, admitted.inspector, other, clock.now.replace(hour=0))
        declaration_id, _ = await declared(client, token)
        task = await task_of(inspector, declaration_id)
        await inspector.post(f"/tasks/{task['id']}/results", result(clock, "confirmed"))
        (subject,) = await rows(session, "SELECT grid_id FROM subject")
        assert subject.grid_id == admitted.grid
        (stored,) = await rows(session, "SELECT geom IS NULL AS nowhere, outside_own_grid FROM submission")
        assert (stored.nowhere, stored.outside_own_grid) == (True, False), "nobody measured where it is"
        assert [s.nowhere for s in await rows(session, "SELECT geom IS NULL AS nowhere FROM subject")] == [
            True
        ]

    async def test_of_a_grid_retired_meanwhile_lies_where_the_inspector_serves(
        self, client: httpx.AsyncClient, token: str, inspector: Desk, session: AsyncSession, clock: Clock
    ) -> None:
        declaration_id, _ = await declared(client, token)
        task = await task_of(inspector, declaration_id)
        await session.execute(text("UPDATE grid SET retired_on = :day"), {"day": clock.now.date()})
        assert (await client.get(f"/declare/{token}")).status_code == 404
        answer = await inspector.post(f"/tasks/{task['id']}/results", result(clock, "confirmed"))
        assert answer.status_code == 201, answer.text
        assert len(await rows(session, "SELECT FROM subject")) == 1

    async def test_twice_is_once(
        self, client: httpx.AsyncClient, token: str, inspector: Desk, session: AsyncSession, clock: Clock
    ) -> None:
        task = await task_of(inspector, (await declared(client, token))[0])
        body = result(clock, "confirmed")
        first = await inspector.post(f"/tasks/{task['id']}/results", body)
        again = await inspector.post(f"/tasks/{task['id']}/results", body)
        assert (first.status_code, again.status_code) == (201, 200)
        assert len(await rows(session, "SELECT FROM submission")) == 1
        other = await inspector.post(
            f"/tasks/{task['id']}/results", body | {"outcome": "rejected", "note": "x"}
        )
        assert other.json()["code"] == "content_differs"


@pytest.mark.requirement("S0-28")
class TestCorrected:
    async def test_keeps_what_was_declared_beside_what_was_found(
        self,
        client: httpx.AsyncClient,
        token: str,
        inspector: Desk,
        admitted: Beat,
        office: Any,
        session: AsyncSession,
        clock: Clock,
    ) -> None:
        declaration_id, code = await declared(client, token)
        task = await task_of(inspector, declaration_id)
        handheld = await office.of(admitted.inspector, admitted.device)
        pushed = {
            "id": str(uuid4()),
            "kind": "submission",
            "recorded_at": clock.now.isoformat(),
            "item_code": "resident_floating",
            "form_version": 1,
            "subject_id": str(uuid4()),
            "base_version": None,
            "fields": tasks.TENANT | {"name": "李大龙"},
            "task_id": task["id"],
        }
        carried = {
            "id": str(uuid4()),
            "kind": "task_result",
            "recorded_at": clock.now.isoformat(),
            "task_id": task["id"],
            "outcome": "corrected",
            "note": "姓名登记有误",
            "submission_id": pushed["id"],
        }
        batch = {"sent_at": clock.now.isoformat(), "items": [carried, pushed]}
        answer = await client.post("/api/v1/sync/push", json=batch, headers=handheld.headers)
        assert [each["outcome"] for each in answer.json()["results"]] == ["stored", "stored"], answer.text
        assert (await status_of(client, code))["state"] == "corrected"
        revealed = await inspector.post(f"/declarations/{declaration_id}/reveals", {"reason": "核对"})
        assert revealed.json()["fields"]["name"] == "李小龙"
        (subject,) = await rows(session, "SELECT masked FROM subject")
        assert subject.masked["name"] == "李**"
        assert "declaration.revealed" in await event_types(session, "declaration")

    async def test_needs_the_submission(
        self, client: httpx.AsyncClient, token: str, inspector: Desk, clock: Clock
    ) -> None:
        task = await task_of(inspector, (await declared(client, token))[0])
        path = f"/tasks/{task['id']}/results"
        assert (await inspector.post(path, result(clock, "corrected"))).json()[
            "code"
        ] == "task_submission_missing"
        named = result(clock, "corrected", submission_id=str(uuid4()))
        assert (await inspector.post(path, named)).json()["code"] == "task_submission_unknown"


@pytest.mark.requirement("S0-28")
class TestRejected:
    async def test_tells_the_declarant_why(
        self, client: httpx.AsyncClient, token: str, inspector: Desk, session: AsyncSession, clock: Clock
    ) -> None:
        declaration_id, code = await declared(client, token)
        task = await task_of(inspector, declaration_id)
        path = f"/tasks/{task['id']}/results"
        assert (await inspector.post(path, result(clock, "rejected"))).json()["code"] == "task_reason_missing"
        await inspector.post(path, result(clock, "rejected", note="查无此人"))
        told = await status_of(client, code)
        assert (told["state"], told["reason"]) == ("rejected", "查无此人")
        assert await rows(session, "SELECT FROM submission") == []
        late = await inspector.post(path, result(clock, "confirmed"))
        assert (late.json()["code"], late.json()["current_state"]) == ("task_transition", "rejected")


class TestSealing:
    async def test_no_personal_value_lies_open_anywhere(
        self, client: httpx.AsyncClient, token: str, session: AsyncSession
    ) -> None:
        await declared(client, token)
        for table in ("declaration", "task", "event"):
            stored = str(await rows(session, f"SELECT to_jsonb(t) FROM {table} t"))
            for value in ("李小龙", "13812345678", "安澜路12号3幢501室"):
                assert value not in stored, table

    async def test_query_code_is_not_stored(
        self, client: httpx.AsyncClient, token: str, session: AsyncSession
    ) -> None:
        _, code = await declared(client, token)
        stored = str(await rows(session, "SELECT to_jsonb(d) FROM declaration d"))
        assert code.replace("-", "") not in stored
        assert code not in stored


class TestRepetition:
    async def test_same_content_gives_the_same_code_and_one_task(
        self, client: httpx.AsyncClient, token: str, session: AsyncSession
    ) -> None:
        own = str(uuid4())
        codes = {(await declared(client, token, id=own))[1] for _ in range(3)}
        assert len(codes) == 1
        assert len(await rows(session, "SELECT FROM task")) == 1

    async def test_other_content_is_refused(self, client: httpx.AsyncClient, token: str) -> None:
        own = str(uuid4())
        await declared(client, token, id=own)
        other = await tasks.declare(client, token, id=own, fields=tasks.TENANT | {"name": "别人"})
        assert (other.status_code, other.json()["code"]) == (409, "declaration_differs")


class TestRefusals:
    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"token": "0" * 26}, "declaration_point_unknown"),
            ({"item_code": "building"}, "declaration_item_not_offered"),
            ({"form_version": 99}, "form_version_unknown"),
            ({"consent_version": "1999-1"}, "declaration_consent_missing"),
            ({"fields": {**tasks.TENANT, "attention_level": "01"}}, "declaration_invalid"),
            ({"fields": {**tasks.TENANT, "no_such_field": 1}}, "declaration_invalid"),
            ({"fields": {"name": "李小龙"}}, "declaration_invalid"),
            ({"fields": {**tasks.TENANT, "id_number": "330921198001011235"}}, "declaration_invalid"),
            ({"fields": {**tasks.TENANT, "birth_date": "2199-01-01"}}, "declaration_invalid"),
            ({"fields": {**tasks.TENANT, "name": ["x"]}}, "declaration_invalid"),
            ({"id": "not-a-uuid"}, "invalid"),
        ],
    )
    async def test_are_clear(
        self, client: httpx.AsyncClient, token: str, more: dict[str, Any], code: str, session: AsyncSession
    ) -> None:
        answer = await tasks.declare(client, token, **more)
        assert answer.json()["code"] == code, answer.text
        assert await rows(session, "SELECT FROM declaration") == []

    async def test_nothing_is_offered_that_was_not_admitted(
        self, client: httpx.AsyncClient, beat: Beat, database: Database, clock: Clock
    ) -> None:
        async with database.transaction() as own:
            await catalogue.admit(own, beat.county.code, beat.county.county, "organization")
            token = await tasks.point(own, beat, now=clock.now)
        offer = (await client.get(f"/api/v1/declaration-forms/{token}")).json()
        assert [form["item_code"] for form in offer["forms"]] == ["organization"]
        assert (await tasks.declare(client, token)).json()["code"] == "declaration_item_not_offered"

    async def test_half_a_surrogate_pair_names_its_field(
        self, client: httpx.AsyncClient, token: str, session: AsyncSession
    ) -> None:
        sent = {"id": str(uuid4()), "token": token, "item_code": "organization", "consent_version": "2026-1"}
        fields = {"name": "店", "organization_kind": ["HALF"]}
        body = json.dumps(sent | {"fields": fields}).replace("HALF", "\\ud800")
        answer = await client.post(
            "/api/v1/declarations", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == ["body.fields"]
        assert await rows(session, "SELECT FROM declaration") == []

    async def test_the_form_says_what_is_asked(self, client: httpx.AsyncClient, token: str) -> None:
        offer = (await client.get(f"/api/v1/declaration-forms/{token}")).json()
        asked = {f["item_code"]: {q["name"] for q in f["questions"]} for f in offer["forms"]}
        marked = {"business_scope", "phone", "legal_representative_name", "contact_name", "contact_phone"}
        assert marked | {"name", "organization_kind", "employee_count"} <= asked["organization"]
        assert {"gender", "birth_date", "phone", "arrived_on"} <= asked["resident_floating"]
        for item_code, names in asked.items():
            (form,) = [form for form in read_forms() if form.code == item_code]
            declared = {n for n, field in form.schema["properties"].items() if field.get("x-declared")}
            assert declared <= names
            assert not names & {"care_categories", "is_key_person", "attention_level", "former_name"}

    async def test_closed_area(
        self, client: httpx.AsyncClient, token: str, admitted: Beat, database: Database
    ) -> None:
        async with database.transaction() as own:
            await make.decide(own, admitted.county.county, "declarations.offered", False)
        assert (await tasks.declare(client, token)).json()["code"] == "declarations_closed"


class TestLimits:
    async def test_one_address(
        self, client: httpx.AsyncClient, token: str, admitted: Beat, database: Database, clock: Clock
    ) -> None:
        async with database.transaction() as own:
            await make.decide(own, admitted.county.county, "declarations.per_address_hour", 2)
        answers = [(await tasks.declare(client, token)).status_code for _ in range(3)]
        assert answers == [201, 201, 429]
        refused = await tasks.declare(client, token)
        assert refused.json()["code"] == "too_many_declarations"
        assert int(refused.headers["Retry-After"]) > 0

    async def test_one_grid(
        self, client: httpx.AsyncClient, token: str, admitted: Beat, database: Database
    ) -> None:
        async with database.transaction() as own:
            await make.decide(own, admitted.county.county, "declarations.per_point_hour", 1)
        assert [(await tasks.declare(client, token)).status_code for _ in range(2)] == [201, 429]

    async def test_guessing_codes(self, client: httpx.AsyncClient, token: str) -> None:
        _, code = await declared(client, token)
        wrong = {"code": "0000-0000-0000"}
        answers = [
            (await client.post("/api/v1/declarations/status", json=wrong)).status_code for _ in range(21)
        ]
        assert answers == [404] * 20 + [429]
        locked = await client.post("/api/v1/declarations/status", json={"code": code})
        assert locked.status_code == 429, "who guesses hears nothing more for a while"


class TestStaff:
    async def test_sees_masked(
        self, client: httpx.AsyncClient, token: str, clerk: Desk, inspector: Desk
    ) -> None:
        declaration_id, _ = await declared(client, token)
        for desk in (clerk, inspector):
            (found,) = (await desk.get("/declarations")).json()["items"]
            assert found["id"] == declaration_id
            assert found["fields"]["name"] == "李**"
            assert found["fields"]["phone"] == "138****5678"
            assert found["fields"]["inflow_reason"] == "01"

    async def test_of_elsewhere_finds_nothing(
        self, client: httpx.AsyncClient, token: str, foreigner: Desk, admitted: Beat
    ) -> None:
        declaration_id, _ = await declared(client, token)
        assert (await foreigner.get("/declarations")).json()["items"] == []
        assert (await foreigner.get(f"/declarations/{declaration_id}")).status_code == 404
        reveal = await foreigner.post(f"/declarations/{declaration_id}/reveals", {"reason": "好奇"})
        assert reveal.status_code == 404
        assert (await foreigner.get(f"/grids/{admitted.grid}/declaration-point")).status_code == 404
        assert (await foreigner.get(f"/grids/{admitted.grid}/declaration-qr.svg")).status_code == 404
        assert (await foreigner.post(f"/grids/{admitted.grid}/declaration-points")).status_code == 404

    async def test_without_login_hears_that(self, client: httpx.AsyncClient, admitted: Beat) -> None:
        for verb, path in (
            ("GET", "/declarations"),
            ("GET", f"/declarations/{uuid4()}"),
            ("POST", f"/declarations/{uuid4()}/reveals"),
            ("GET", f"/grids/{admitted.grid}/declaration-point"),
            ("POST", f"/grids/{admitted.grid}/declaration-points"),
            ("GET", f"/grids/{admitted.grid}/declaration-qr.svg"),
        ):
            answer = await client.request(verb, f"/api/v1{path}", json={} if verb == "POST" else None)
            assert answer.status_code == 401, path


class TestPoint:
    async def test_a_renewed_code_replaces_the_one_before(
        self, client: httpx.AsyncClient, clerk: Desk, admitted: Beat, session: AsyncSession
    ) -> None:
        path = f"/grids/{admitted.grid}/declaration-point"
        assert (await clerk.get(path)).json()["code"] == "declaration_point_missing"
        first = (await clerk.post(f"{path}s")).json()
        second = (await clerk.post(f"{path}s")).json()
        assert first["token"] != second["token"]
        assert second["url"].endswith(f"/declare/{second['token']}")
        assert (await clerk.get(path)).json()["token"] == second["token"]
        assert (await client.get(f"/declare/{first['token']}")).status_code == 404
        assert (await client.get(f"/declare/{second['token']}")).status_code == 200
        assert await event_types(session, "declaration_point") == ["declaration_point.renewed"] * 2

    async def test_qr_code_is_an_svg_of_the_address(
        self, clerk: Desk, admitted: Beat, token: str, database: Database
    ) -> None:
        async with database.transaction() as own:
            await make.decide(
                own, admitted.county.county, "declarations.base_url", "https://wg.example.gov.cn"
            )
        answer = await clerk.get(f"/grids/{admitted.grid}/declaration-qr.svg")
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert b"<svg" in answer.content
        assert b"script" not in answer.content
        point = await clerk.get(f"/grids/{admitted.grid}/declaration-point")
        assert point.json()["url"] == f"https://wg.example.gov.cn/declare/{token}"

    async def test_one_in_force_a_grid(self, session: AsyncSession, token: str, admitted: Beat) -> None:
        clone = text(
            "INSERT INTO declaration_point SELECT county_code, gen_random_uuid(), 'other', grid_id, area_id, "
            "created_by, created_at, NULL FROM declaration_point"
        )
        with pytest.raises(Exception, match="uq_declaration_point_grid_id"):
            await session.execute(clone)


class TestRetention:
    async def purge(self, session: AsyncSession, clock: Clock, days: int) -> int:
        return await purge(session, "330921", now=clock.now + timedelta(days=days), zone=tasks.ZONE)

    async def test_unverified_expires_with_its_task_and_content(
        self, client: httpx.AsyncClient, token: str, inspector: Desk, session: AsyncSession, clock: Clock
    ) -> None:
        declaration_id, code = await declared(client, token)
        assert await self.purge(session, clock, 59) == 0
        assert await self.purge(session, clock, 61) == 1
        assert await self.purge(session, clock, 62) == 0
        (row,) = await rows(session, "SELECT state, fields, masked, sealed FROM declaration")
        assert (row.state, row.fields, row.masked, row.sealed) == ("expired", {}, {}, None)
        assert [t.state for t in await rows(session, "SELECT state FROM task")] == ["cancelled"]
        assert (await status_of(client, code))["state"] == "expired"
        gone = await inspector.post(f"/declarations/{declaration_id}/reveals", {"reason": "核对"})
        assert (gone.status_code, gone.json()["code"]) == (410, "declaration_content_deleted")

    async def test_one_verified_meanwhile_keeps_its_content(
        self,
        client: httpx.AsyncClient,
        token: str,
        session: AsyncSession,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await declared(client, token)
        lock = queries.lock_declarations

        async def lock_late(*asked: Any) -> Any:
            """The inspector's result was first, and the purge waited for it."""
            await session.execute(text("UPDATE declaration SET state = 'confirmed', settled_at = now()"))
            return await lock(*asked)

        monkeypatch.setattr(queries, "lock_declarations", lock_late)
        await self.purge(session, clock, 61)
        (row,) = await rows(session, "SELECT state, sealed IS NULL AS gone, purged_at FROM declaration")
        assert (row.state, row.gone, row.purged_at) == ("confirmed", False, None)
        assert [t.state for t in await rows(session, "SELECT state FROM task")] == ["open"]

    async def test_rejected_goes_sooner_and_confirmed_stays(
        self, client: httpx.AsyncClient, token: str, inspector: Desk, session: AsyncSession, clock: Clock
    ) -> None:
        for outcome, more in (("rejected", {"note": "查无此人"}), ("confirmed", {})):
            task = await task_of(inspector, (await declared(client, token))[0])
            await inspector.post(f"/tasks/{task['id']}/results", result(clock, outcome, **more))
        assert await self.purge(session, clock, 29) == 0
        assert await self.purge(session, clock, 31) == 1
        found = await rows(
            session, "SELECT state, purged_at IS NULL AS kept, reason FROM declaration ORDER BY 1"
        )
        assert [(r.state, r.kept) for r in found] == [("confirmed", True), ("rejected", False)]
        assert found[1].reason == "查无此人", "the query code still answers"
