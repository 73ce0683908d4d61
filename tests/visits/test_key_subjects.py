"""Who is on the list of those that are visited, and who may know why."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories import areas
from tests.factories import visits as v
from tests.visits.conftest import Parish


def designation(parish: Parish, **more: Any) -> dict[str, Any]:
    """The place, designated from today on."""
    return {
        "subject_id": str(parish.place),
        "category": "catering",
        "legal_basis": "岱综治〔2018〕1号",
        "since": parish.beat.day.isoformat(),
        **more,
    }


class TestDesignation:
    async def test_a_community_designates_a_place(self, parish: Parish) -> None:
        answer = await parish.post(parish.community, "/key-subjects", designation(parish))
        assert answer.status_code == 201, answer.text
        said = answer.json()
        assert (said["kind"], said["category"], said["category_label"]) == ("place", "catering", "餐饮场所")
        assert answer.headers["etag"] == '"1"'
        [event] = await parish.events("key_subject.designated")
        assert event["subject_id"] == str(parish.place)
        assert len(await parish.events("visit_duty.changed")) == 1

    async def test_the_same_twice_is_refused_by_the_database(self, parish: Parish) -> None:
        await parish.post(parish.community, "/key-subjects", designation(parish))
        answer = await parish.post(parish.community, "/key-subjects", designation(parish))
        assert (answer.status_code, answer.json()["code"]) == (409, "key_subject_listed")

    async def test_a_restricted_category_needs_an_end_within_the_rules_term(self, parish: Parish) -> None:
        body = designation(parish, subject_id=str(parish.person), category="petition")
        for until in (None, parish.beat.day.replace(year=parish.beat.day.year + 2).isoformat()):
            answer = await parish.post(parish.community, "/key-subjects", body | {"until": until})
            assert (answer.status_code, answer.json()["code"]) == (422, "restricted_term")
        until = (parish.beat.day + timedelta(days=300)).isoformat()
        answer = await parish.post(parish.community, "/key-subjects", body | {"until": until})
        assert (answer.status_code, answer.json()["category"]) == (201, "restricted")

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"category": "living_alone"}, 422, "key_subject_kind"),
            ({"category": "dissident"}, 422, "invalid"),
            ({"legal_basis": " "}, 422, "invalid"),
            ({"until": "2020-01-01"}, 422, "key_subject_term"),
            ({"visits_per_month": 0}, 422, "invalid"),
        ],
    )
    async def test_bad_input_is_told(
        self, parish: Parish, change: dict[str, Any], status: int, code: str
    ) -> None:
        answer = await parish.post(parish.community, "/key-subjects", designation(parish, **change))
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_who_may_not(self, parish: Parish) -> None:
        for who, status in ((None, 401), (parish.inspector, 403), (parish.foreigner, 404)):
            answer = await parish.post(who, "/key-subjects", designation(parish))
            assert answer.status_code == status


class TestReading:
    async def test_nobody_sees_a_restricted_category_in_a_list(self, parish: Parish) -> None:
        for who, seen in ((parish.inspector, 2), (parish.supervisor, 2), (parish.foreigner, 0)):
            answer = await who.get("/key-subjects")
            assert len(answer.json()["items"]) == seen
            assert "mental_health" not in answer.text
        [person] = (await parish.inspector.get("/key-subjects", kind="person")).json()["items"]
        assert (person["category"], person["category_label"]) == ("restricted", "重点走访对象")
        assert person["subject_name"] == "张**"
        restricted = (await parish.supervisor.get("/key-subjects", category="restricted")).json()["items"]
        assert [each["subject_id"] for each in restricted] == [str(parish.person)]
        assert (await parish.supervisor.get("/key-subjects", category="petition")).status_code == 422
        assert (await parish.client.get("/api/v1/key-subjects")).status_code == 401

    async def test_an_inspector_sees_those_of_the_grids_that_he_serves(self, parish: Parish) -> None:
        async with parish.database.transaction() as session:
            code = "330921100001002"
            grid = await areas.grid(session, parish.beat.county.community, code, areas.square(5))
            other = await v.subject(session, "place", parish.beat.county.community, grid)
            theirs = await v.key(session, parish.beat.supervisor, other.id, "hotel", parish.beat.day)
        assert len((await parish.inspector.get("/key-subjects")).json()["items"]) == 2
        assert len((await parish.supervisor.get("/key-subjects")).json()["items"]) == 3
        assert (await parish.inspector.get(f"/key-subjects/{theirs.id}")).status_code == 404

    async def test_filters_and_pages(self, parish: Parish) -> None:
        first = (await parish.supervisor.get("/key-subjects", limit=1)).json()
        rest = (await parish.supervisor.get("/key-subjects", cursor=first["next"])).json()
        assert (len(first["items"]), len(rest["items"])) == (1, 1)
        past = (await parish.supervisor.get("/key-subjects", on="2020-01-01")).json()
        assert past["items"] == []
        markets = (await parish.supervisor.get("/key-subjects", category="market")).json()["items"]
        assert [each["id"] for each in markets] == [str(parish.key)]
        of_grid = await parish.supervisor.get("/key-subjects", grid_id=str(parish.place))
        assert of_grid.json()["items"] == []

    async def test_a_reveal_names_it_and_leaves_an_event(self, parish: Parish) -> None:
        [person] = (await parish.supervisor.get("/key-subjects", kind="person")).json()["items"]
        path = f"/key-subjects/{person['id']}/reveals"
        answer = await parish.post(parish.supervisor, path, {"purpose": "service"})
        assert answer.json()["category"] == "mental_health"
        [event] = await parish.events("key_subject.revealed")
        assert event == {"subject_id": str(parish.person), "purpose": "service"}
        for who, status in ((None, 401), (parish.inspector, 403), (parish.foreigner, 404)):
            assert (await parish.post(who, path, {"purpose": "service"})).status_code == status


class TestChange:
    async def change(self, parish: Parish, body: Any, version: str | None = '"1"', who: Any = None) -> Any:
        headers = (who or parish.community).headers | ({"If-Match": version} if version else {})
        return await parish.client.patch(f"/api/v1/key-subjects/{parish.key}", json=body, headers=headers)

    async def test_it_needs_the_version_that_was_read(self, parish: Parish) -> None:
        read = await parish.community.get(f"/key-subjects/{parish.key}")
        assert read.headers["etag"] == '"1"'
        assert (await self.change(parish, {"visits_per_month": 2}, None)).status_code == 428
        changed = await self.change(parish, {"visits_per_month": 2})
        assert (changed.json()["visits_per_month"], changed.headers["etag"]) == (2, '"2"')
        assert (await self.change(parish, {"visits_per_month": 3})).status_code == 412
        assert (await parish.duty())["required"] == 2
        assert len(await parish.events("key_subject.changed")) == 1

    async def test_bad_changes(self, parish: Parish) -> None:
        assert (await self.change(parish, {"legal_basis": None})).status_code == 422
        early = await self.change(parish, {"until": "2020-01-01"})
        assert early.json()["code"] == "key_subject_term"
        assert (await self.change(parish, {}, who=parish.foreigner)).status_code == 404
        assert (await self.change(parish, {}, who=parish.inspector)).status_code == 403
        path = f"/api/v1/key-subjects/{parish.key}"
        assert (await parish.client.patch(path, json={}, headers={"If-Match": '"1"'})).status_code == 401

    async def test_an_extension_may_not_overlap_the_next_designation(self, parish: Parish) -> None:
        day = parish.beat.day + timedelta(days=60)
        until = {"until": day.isoformat()}
        assert (await self.change(parish, until)).status_code == 200
        async with parish.database.transaction() as session:
            await v.key(session, parish.beat.supervisor, parish.place, "market", day)
        answer = await self.change(parish, {"until": None}, '"2"')
        assert (answer.status_code, answer.json()["code"]) == (409, "key_subject_listed")


class TestEnding:
    async def test_it_ends_the_duty_and_is_kept(self, parish: Parish) -> None:
        path = f"/key-subjects/{parish.key}/endings"
        on = parish.beat.day.replace(day=2).isoformat()
        answer = await parish.post(parish.community, path, {"on": on, "reason": "已停业"})
        assert (answer.json()["until"], answer.json()["end_reason"]) == (on, "已停业")
        assert [d["subject_id"] for d in await parish.due()] == [str(parish.person)]
        again = await parish.post(parish.community, path, {"on": on, "reason": "已停业"})
        assert (again.status_code, again.json()["code"]) == (409, "key_subject_ended")
        assert len(await parish.events("key_subject.ended")) == 1

    async def test_bad_endings(self, parish: Parish) -> None:
        path = f"/key-subjects/{parish.key}/endings"
        body = {"on": "2020-01-01", "reason": "x"}
        answer = await parish.post(parish.community, path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "key_subject_term")
        for who, status in ((None, 401), (parish.inspector, 403), (parish.foreigner, 404)):
            assert (await parish.post(who, path, body)).status_code == status
        assert (await parish.foreigner.get(f"/key-subjects/{parish.key}")).status_code == 404
