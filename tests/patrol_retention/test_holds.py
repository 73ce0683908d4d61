"""Legal holds over HTTP: who places and releases them, and what they keep."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import patrol as make
from tests.patrol_retention.conftest import Archive


class TestPlacing:
    async def test_the_county_places_and_releases(self, archive: Archive) -> None:
        holder = archive.county
        answer = await archive.post(holder, "/legal-holds", archive.hold())
        assert answer.status_code == 201, answer.text
        hold = answer.json()
        assert (hold["day_from"], hold["day_to"]) == (archive.beat.day.isoformat(),) * 2
        assert (await holder.get(f"/legal-holds/{hold['id']}")).json() == hold
        assert [h["id"] for h in (await holder.get("/legal-holds", is_released=False)).json()["items"]] == [
            hold["id"]
        ]
        released = await archive.post(holder, f"/legal-holds/{hold['id']}/release", {"reason": "调查结束"})
        assert (released.status_code, released.json()["release_reason"]) == (200, "调查结束")
        again = await archive.post(holder, f"/legal-holds/{hold['id']}/release", {"reason": "调查结束"})
        assert (again.status_code, again.json()["code"]) == (409, "hold_released")
        assert (await holder.get("/legal-holds", is_released=False)).json()["items"] == []
        types = await archive.rows(
            "SELECT type FROM event WHERE subject_type = 'legal_hold' AND subject_id = :id ORDER BY ord",
            id=hold["id"],
        )
        assert [row.type for row in types] == ["legal_hold.placed", "legal_hold.released"]

    async def test_the_same_again_is_the_same_hold(self, archive: Archive) -> None:
        for who in ({}, {"inspector_id": None, "area_id": str(archive.beat.county.town)}, {"day_to": None}):
            body = archive.hold(**who)
            first = await archive.post(archive.county, "/legal-holds", body)
            again = await archive.post(archive.county, "/legal-holds", body)
            assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
            other = await archive.post(archive.county, "/legal-holds", body | {"document_no": "2026-13"})
            assert (other.status_code, other.json()["code"]) == (409, "hold_id_reused")
            await archive.post(archive.county, f"/legal-holds/{body['id']}/release", {"reason": "结束"})
            late = await archive.post(archive.county, "/legal-holds", body)
            assert (late.status_code, late.json()["release_reason"]) == (200, "结束")
        placed = await archive.one("SELECT count(*) FROM event WHERE type = 'legal_hold.placed'")
        assert (placed, await archive.one("SELECT count(*) FROM legal_hold")) == (3, 3)

    async def test_one_inspectors_hold_is_not_the_areas(self, archive: Archive) -> None:
        body = archive.hold()
        await archive.post(archive.county, "/legal-holds", body)
        wider = {name: value for name, value in body.items() if name != "inspector_id"}
        wider["area_id"] = str(archive.beat.inspector.area_id)
        answer = await archive.post(archive.county, "/legal-holds", wider)
        assert (answer.status_code, answer.json()["code"]) == (409, "hold_id_reused")

    async def test_an_open_end_stays_open(self, archive: Archive) -> None:
        hold = (await archive.post(archive.county, "/legal-holds", archive.hold(day_to=None))).json()
        assert hold["day_to"] is None

    async def test_the_auditor_sees_and_changes_nothing(self, archive: Archive) -> None:
        hold = (await archive.post(archive.county, "/legal-holds", archive.hold())).json()
        path = f"/legal-holds/{hold['id']}"
        assert (await archive.auditor.get(path)).json() == hold
        assert [h["id"] for h in (await archive.auditor.get("/legal-holds")).json()["items"]] == [hold["id"]]
        assert (await archive.post(archive.auditor, "/legal-holds", archive.hold())).status_code == 403
        assert (await archive.post(archive.auditor, f"{path}/release", {"reason": "x"})).status_code == 403

    async def test_nobody_else_does(self, archive: Archive) -> None:
        for who in (archive.inspector, archive.township):
            assert (await archive.post(who, "/legal-holds", archive.hold())).status_code == 403
            assert (await who.get("/legal-holds")).status_code == 403
        answer = await archive.county.client.post("/api/v1/legal-holds", json=archive.hold())
        assert answer.status_code == 401

    async def test_what_lies_elsewhere_is_not_found(self, archive: Archive) -> None:
        assert (await archive.post(archive.foreigner, "/legal-holds", archive.hold())).status_code == 404
        area = archive.hold(inspector_id=None, area_id=str(archive.beat.county.town))
        assert (await archive.post(archive.foreigner, "/legal-holds", area)).status_code == 404
        hold = (await archive.post(archive.county, "/legal-holds", area)).json()
        path = f"/legal-holds/{hold['id']}"
        assert (await archive.foreigner.get(path)).status_code == 404
        released = await archive.post(archive.foreigner, f"{path}/release", {"reason": "x"})
        assert released.status_code == 404
        assert (await archive.foreigner.get("/legal-holds")).json()["items"] == []

    @pytest.mark.parametrize(
        ("more", "status", "code"),
        [
            ({"day_to": "2001-01-01"}, 422, "hold_order"),
            ({"inspector_id": str(uuid4())}, 404, "not_found"),
            ({"inspector_id": None}, 422, "invalid"),
            ({"reason": " "}, 422, "invalid"),
            ({"document_no": None}, 422, "invalid"),
        ],
    )
    async def test_what_makes_no_sense_is_refused(
        self, archive: Archive, more: dict[str, str | None], status: int, code: str
    ) -> None:
        answer = await archive.post(archive.county, "/legal-holds", archive.hold(**more))
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_only_inspectors_have_days_to_hold(self, archive: Archive) -> None:
        hold = archive.hold(inspector_id=str(archive.beat.supervisor.id))
        answer = await archive.post(archive.county, "/legal-holds", hold)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_an_inspector")

    async def test_a_bad_cursor_is_a_clear_problem(self, archive: Archive) -> None:
        assert (await archive.county.get("/legal-holds", cursor="!")).json()["code"] == "bad_cursor"


class TestKeeping:
    async def test_what_is_held_stays_until_it_is_released(self, archive: Archive) -> None:
        hold = (await archive.post(archive.county, "/legal-holds", archive.hold())).json()
        before = await archive.fixes(archive.beat.inspector.id)
        await archive.purge()
        assert await archive.fixes(archive.beat.inspector.id) == before > 0
        assert await archive.fixes(archive.beat.colleague.id) == 0
        await archive.post(archive.county, f"/legal-holds/{hold['id']}/release", {"reason": "结束"})
        await archive.purge()
        assert await archive.fixes() == 0

    async def test_a_hold_of_an_area_keeps_everybody_below_it(self, archive: Archive) -> None:
        hold = archive.hold(inspector_id=None, area_id=str(archive.beat.county.town))
        await archive.post(archive.county, "/legal-holds", hold)
        before = await archive.fixes()
        await archive.purge()
        assert await archive.fixes() == before > 0

    async def test_a_hold_of_other_days_keeps_nothing(self, archive: Archive) -> None:
        after = (archive.beat.day + timedelta(days=2)).isoformat()
        await archive.post(archive.county, "/legal-holds", archive.hold(day_from=after, day_to=after))
        done = await archive.purge()
        assert await archive.fixes() == 0
        assert done.counties[make.COUNTY].days_purged > 0
