"""Links that an office enters and ends, beside those that fields make."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.collection.catalogue.shipped import read_forms
from app.collection.subjects import link_ends
from app.collection.subjects.models import LINK_KINDS
from tests.collection_subjects.conftest import Town

TODAY = date.today()  # noqa: DTZ011 - a day before it is in the past everywhere
SINCE = TODAY - timedelta(days=30)


def owns(town: Town, **more: Any) -> dict[str, Any]:
    """That somebody owns the dwelling next door."""
    return {"kind": "owns", "to_id": str(town.next_door.id), "valid_from": SINCE.isoformat(), **more}


async def enter(town: Town, **more: Any) -> dict[str, Any]:
    answer = await town.post(f"/subjects/{town.zhang.id}/links", owns(town, **more))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_person_lives_in_no_person_and_every_form_keeps_to_the_table() -> None:
    assert link_ends.fits("lives_in", "person", "dwelling")
    assert not link_ends.fits("lives_in", "person", "person")
    assert not link_ends.fits("lives_in", "dwelling", "person")
    assert set(link_ends.ENDS) == set(LINK_KINDS)
    for form in read_forms():
        for declared in form.schema["properties"].values():
            if form.subject_kind is not None and "x-link" in declared:
                assert form.subject_kind in link_ends.ENDS[declared["x-link"]][0], form.code


class TestEntering:
    async def test_is_seen_from_both_ends_and_told_to_handhelds(self, town: Town) -> None:
        before = (await town.get(f"/subjects/{town.zhang.id}")).json()["revision"]
        link = await enter(town)
        assert (link["direction"], link["subject"]["id"], link["field"]) == (
            "out",
            str(town.next_door.id),
            None,
        )
        found = (await town.get(f"/subjects/{town.next_door.id}/links", kind="owns")).json()["items"]
        assert [(each["id"], each["direction"], each["subject"]["id"]) for each in found] == [
            (link["id"], "in", str(town.zhang.id))
        ]
        assert (await town.get(f"/subjects/{town.zhang.id}")).json()["revision"] == before + 1
        [event] = await town.events("subject.linked")
        assert event == {
            "kind": "person",
            "grid_id": str(town.grid),
            "revision": before + 1,
            "link_id": link["id"],
            "link_kind": "owns",
            "to_id": str(town.next_door.id),
        }

    async def test_one_that_ended_long_ago(self, town: Town) -> None:
        link = await enter(town, valid_from="1985-01-01", valid_to="2015-01-01")
        assert link["valid_to"] == "2015-01-01"
        await enter(town, valid_from="2015-01-01")
        found = (await town.get(f"/subjects/{town.zhang.id}/links", kind="owns", at="2014-12-31")).json()
        assert [each["id"] for each in found["items"]] == [link["id"]]

    @pytest.mark.parametrize(
        ("days", "status"),
        [
            ({}, 409),
            ({"valid_from": (SINCE - timedelta(days=9)).isoformat()}, 409),
            ({"valid_from": "2010-01-01", "valid_to": (SINCE + timedelta(days=1)).isoformat()}, 409),
            ({"valid_from": "2010-01-01", "valid_to": SINCE.isoformat()}, 201),
            ({"kind": "rents"}, 201),
        ],
    )
    async def test_the_same_one_again(self, town: Town, days: dict[str, Any], status: int) -> None:
        first = await enter(town)
        answer = await town.post(f"/subjects/{town.zhang.id}/links", owns(town, **days))
        assert answer.status_code == status
        if status == 409:
            assert (answer.json()["code"], answer.json()["link_id"]) == ("link_exists", first["id"])

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"valid_from": (TODAY + timedelta(days=2)).isoformat()}, 422, "link_in_future"),
            ({"valid_to": (TODAY + timedelta(days=2)).isoformat()}, 422, "link_in_future"),
            ({"valid_to": (SINCE - timedelta(days=1)).isoformat()}, 422, "link_dates_reversed"),
            ({"to_id": str(uuid4())}, 404, "subject_not_found"),
            ({"kind": "likes"}, 422, "invalid"),
            ({"kind": "works_at"}, 422, "link_ends_unfit"),
            ({"kind": "part_of"}, 422, "link_ends_unfit"),
            ({"valid_from": "9999-12-31"}, 422, "invalid"),
            ({"reason": "x"}, 422, "invalid"),
        ],
    )
    async def test_what_makes_no_sense(
        self, town: Town, body: dict[str, Any], status: int, code: str
    ) -> None:
        answer = await town.post(f"/subjects/{town.zhang.id}/links", owns(town, **body))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await town.events("subject.linked") == []

    async def test_to_itself_and_of_a_merged_one(self, town: Town) -> None:
        itself = await town.post(f"/subjects/{town.zhang.id}/links", owns(town, to_id=str(town.zhang.id)))
        assert (itself.status_code, itself.json()["code"]) == (422, "link_to_itself")
        merge = {"loser_id": str(town.li.id), "winner_id": str(town.zhang.id), "reason": "重复"}
        assert (await town.post("/merges", merge)).status_code == 201
        answer = await town.post(f"/subjects/{town.li.id}/links", owns(town))
        assert (answer.status_code, answer.json()["code"]) == (409, "subject_merged")

    async def test_who_may_not(self, town: Town) -> None:
        path = f"/subjects/{town.zhang.id}/links"
        assert (await town.client.post(f"/api/v1{path}", json=owns(town))).status_code == 401
        assert (await town.post(path, owns(town), "inspector")).status_code == 403
        assert (await town.post(path, owns(town), "foreigner")).status_code == 404
        beyond = owns(town, to_id=str(town.elsewhere.id))
        assert (await town.post(path, beyond)).status_code == 404


class TestEnding:
    async def end(self, town: Town, subject: Any, link_id: str, on: date, who: str = "community") -> Any:
        body = {"on": on.isoformat()}
        return await town.post(f"/subjects/{subject.id}/links/{link_id}/ending", body, who)

    async def test_from_the_other_end(self, town: Town) -> None:
        link = await enter(town)
        answer = await self.end(town, town.next_door, link["id"], TODAY - timedelta(days=1))
        assert answer.status_code == 200, answer.text
        ended = answer.json()
        assert (ended["direction"], ended["subject"]["id"]) == ("in", str(town.zhang.id))
        assert ended["valid_to"] == (TODAY - timedelta(days=1)).isoformat()
        now = (await town.get(f"/subjects/{town.zhang.id}/links", kind="owns")).json()["items"]
        assert now == []
        [event] = await town.events("subject.unlinked")
        assert event["link_id"] == link["id"]
        again = await self.end(town, town.zhang, link["id"], TODAY - timedelta(days=2))
        assert (again.status_code, again.json()["code"]) == (409, "link_ended")

    async def test_one_that_never_held_makes_room(self, town: Town) -> None:
        link = await enter(town)
        assert (await self.end(town, town.zhang, link["id"], SINCE)).status_code == 200
        await enter(town)

    async def test_a_field_is_changed_by_a_submission(self, town: Town) -> None:
        [link] = (await town.get(f"/subjects/{town.zhang.id}/links", kind="lives_in")).json()["items"]
        answer = await self.end(town, town.zhang, link["id"], SINCE)
        assert (answer.status_code, answer.json()["code"]) == (409, "link_of_field")
        assert answer.json()["field"] == "dwelling_id"

    async def test_what_is_wrong(self, town: Town) -> None:
        link = await enter(town)
        early = await self.end(town, town.zhang, link["id"], SINCE - timedelta(days=1))
        assert (early.status_code, early.json()["code"]) == (422, "link_dates_reversed")
        future = await self.end(town, town.zhang, link["id"], TODAY + timedelta(days=2))
        assert (future.status_code, future.json()["code"]) == (422, "link_in_future")
        another = await self.end(town, town.firm, link["id"], TODAY)
        assert (another.status_code, another.json()["code"]) == (404, "link_not_found")
        assert (await self.end(town, town.zhang, link["id"], SINCE, "foreigner")).status_code == 404
        assert (await self.end(town, town.zhang, link["id"], SINCE, "inspector")).status_code == 403
        path = f"/api/v1/subjects/{town.zhang.id}/links/{link['id']}/ending"
        assert (await town.client.post(path, json={"on": "2026-01-01"})).status_code == 401
