"""Recording, proving, voiding and reading visits."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.visits.tasks import prove_all
from tests.factories import patrol as make
from tests.factories import visits as v
from tests.visits.conftest import Parish


async def upload(
    parish: Parish, upload_id: str, *, account: UUID | None = None, type_: str = "image/jpeg"
) -> None:
    """A picture of the inspector that has arrived whole."""
    async with parish.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO stored_file (county_code, digest, key, length_bytes, content_type, thumbnail_state, "
                "stored_at) VALUES (:county, sha256(cast(:id AS text)::bytea), :id, 1, :type, 'none', :now)"
            ),
            {"county": make.COUNTY, "id": upload_id, "type": type_, "now": parish.clock.now},
        )
        await session.execute(
            text(
                "INSERT INTO upload (county_code, id, account_id, area_id, state, length_bytes, offset_bytes, "
                "content_type, digest, created_at, touched_at, completed_at) VALUES (:county, cast(:id AS uuid), "
                ":account, :area, 'complete', 1, 1, :type, sha256(:id::text::bytea), :now, :now, :now)".replace(
                    ":id::text", "cast(:id AS text)"
                )
            ),
            {
                "county": make.COUNTY,
                "id": upload_id,
                "account": account or parish.beat.inspector.id,
                "area": parish.beat.county.community,
                "type": type_,
                "now": parish.clock.now,
            },
        )


async def prove(parish: Parish) -> int:
    """The job that looks for pictures that came late."""
    return await prove_all(parish.database, now=parish.clock.now, zone=make.ZONE)


async def work(parish: Parish) -> list[Any]:
    """Intervals credited to patrol days, and whether they were withdrawn."""
    async with parish.database.transaction() as session:
        rows = await session.execute(
            text("SELECT kind, started_at, ended_at, withdrawn_at IS NOT NULL FROM work_interval ORDER BY id")
        )
        return [tuple(row) for row in rows]


class TestRecording:
    @pytest.mark.requirement("S4-34")
    async def test_a_position_near_the_place_proves_the_visit_and_credits_the_day(
        self, parish: Parish
    ) -> None:
        said = await parish.visit(position=v.position(150))
        assert (said["proven_by"], said["is_near"], said["is_counted"]) == ("position", True, True)
        assert said["distance_m"] == pytest.approx(150, abs=0.5)
        assert said["is_own_grid"]
        assert said["subject_name"] == "便民超市"
        at = parish.beat.at("11:00")
        assert await work(parish) == [("visit", at - timedelta(minutes=20), at, False)]
        assert (await parish.events("visit.recorded"))[0]["proven_by"] == "position"
        assert (await parish.events("visit_duty.changed"))[-1] == {"grid_id": str(parish.beat.grid)}

    async def test_too_far_away_is_kept_with_its_distance_but_not_counted(self, parish: Parish) -> None:
        said = await parish.visit(position=v.position(350))
        assert (said["proven_by"], said["unproven_why"]) == ("none", "too_far")
        assert said["distance_m"] == pytest.approx(350, abs=1)
        assert not said["is_counted"]
        assert await work(parish) == []
        duty = await parish.duty()
        assert (duty["counted"], duty["unproven"], duty["status"]) == (0, 1, "due")

    async def test_a_position_of_a_chinese_map_is_converted(self, parish: Parish) -> None:
        import numpy as np

        from app.kit import chinese_datums  # the map's own datum, 500 m off

        lon, lat = chinese_datums.to_gcj02(np.array([v.LON]), np.array([v.LAT]))
        said = await parish.visit(position={"lon": float(lon[0]), "lat": float(lat[0]), "coord_sys": "gcj02"})
        assert said["proven_by"] == "position"
        assert said["distance_m"] < 1

    async def test_the_same_again_changes_nothing_and_other_content_is_refused(self, parish: Parish) -> None:
        body = v.visit(parish.place, parish.beat.at("11:00"), position=v.position())
        first = await parish.post(parish.inspector, "/visits", body)
        again = await parish.post(parish.inspector, "/visits", body)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        other = await parish.post(parish.inspector, "/visits", body | {"findings": {"condition": "worse"}})
        assert (other.status_code, other.json()["code"]) == (409, "content_differs")
        assert len(await work(parish)) == 1

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"subject_id": str(uuid4())}, 404, "visit_subject_unknown"),
            (
                {"started_at": "2050-01-01T00:00:00Z", "ended_at": "2050-01-01T00:00:00Z"},
                422,
                "visit_in_future",
            ),
            ({"ended_at": "2020-01-01T00:00:00Z"}, 422, "invalid"),
            ({"findings": {"condition": "gone"}}, 422, "invalid"),
            ({"mood": "good"}, 422, "invalid"),
            ({"position": {"lon": 500, "lat": 30}}, 422, "invalid"),
            ({"upload_ids": [str(uuid4())] * 21}, 422, "invalid"),
        ],
    )
    async def test_bad_input_is_told(
        self, parish: Parish, change: dict[str, Any], status: int, code: str
    ) -> None:
        body = v.visit(parish.place, parish.beat.at("11:00")) | change
        answer = await parish.post(parish.inspector, "/visits", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_only_an_inspector_visits_and_only_in_his_area(self, parish: Parish) -> None:
        body = v.visit(parish.place, parish.beat.at("11:00"))
        assert (await parish.post(None, "/visits", body)).status_code == 401
        assert (await parish.post(parish.supervisor, "/visits", body)).status_code == 403
        async with parish.database.transaction() as session:
            strange = await v.subject(session, "place", parish.beat.foreign.community, None)
        body |= {"subject_id": str(strange.id)}
        assert (await parish.post(parish.inspector, "/visits", body)).status_code == 404

    async def test_what_is_told_too_late_is_kept_but_proves_nothing(self, parish: Parish) -> None:
        said = await parish.visit(at=parish.clock.now - timedelta(days=46))
        assert (said["proven_by"], said["unproven_why"]) == ("none", "too_late")


class TestPictures:
    async def test_a_photo_that_comes_late_proves_the_visit_then(self, parish: Parish) -> None:
        photo = str(uuid4())
        said = await parish.visit(position=None, upload_ids=[photo])
        assert (said["proven_by"], said["missing_uploads"]) == ("none", [photo])
        assert await prove(parish) == 0
        await upload(parish, photo)
        assert await prove(parish) == 1
        now = (await parish.inspector.get(f"/visits/{said['id']}")).json()
        assert (now["proven_by"], now["is_counted"], now["missing_uploads"]) == ("photo", True, [])
        assert (await parish.duty())["status"] == "done"
        assert len(await work(parish)) == 1
        assert (await parish.events("visit.proven"))[0]["proven_by"] == "photo"
        assert await prove(parish) == 0

    async def test_the_receipt_says_so_then(self, parish: Parish) -> None:
        photo = str(uuid4())
        said = await parish.visit(position=None, upload_ids=[photo])
        await upload(parish, photo)
        await prove(parish)
        answer = await parish.post(parish.inspector, "/sync/receipts", {"ids": [said["id"]]})
        told = answer.json()["receipts"][0]["told"]
        assert (told["proven_by"], told["awaits_upload"], told["missing_uploads"]) == ("photo", False, [])

    async def test_one_that_several_visits_name_is_told(self, parish: Parish) -> None:
        photo, other = str(uuid4()), str(uuid4())
        await upload(parish, photo)
        first = await parish.visit(position=None, upload_ids=[photo, other])
        assert first["shared_uploads"] == []
        second = await parish.visit(position=None, upload_ids=[photo], subject_id=parish.person)
        assert (second["proven_by"], second["shared_uploads"]) == ("photo", [photo])
        listed = (await parish.supervisor.get("/visits")).json()["items"]
        assert [each["shared_uploads"] for each in listed] == [[photo], [photo]]

    async def test_a_picture_that_is_there_already_proves_at_once(self, parish: Parish) -> None:
        signature = str(uuid4())
        await upload(parish, signature)
        said = await parish.visit(position=v.position(900), signature_upload_id=signature)
        assert (said["proven_by"], said["unproven_why"]) == ("signature", "too_far")

    async def test_neither_a_strangers_picture_nor_a_text_proves_anything(self, parish: Parish) -> None:
        theirs, text_file = str(uuid4()), str(uuid4())
        await upload(parish, theirs, account=parish.beat.colleague.id)
        await upload(parish, text_file, type_="text/plain")
        said = await parish.visit(position=None, upload_ids=[theirs, text_file])
        assert said["proven_by"] == "none"
        assert await prove(parish) == 0

    async def test_a_voided_visit_is_not_proven_later(self, parish: Parish) -> None:
        photo = str(uuid4())
        said = await parish.visit(position=None, upload_ids=[photo])
        await parish.post(parish.supervisor, f"/visits/{said['id']}/voidings", {"reason": "误报"})
        await upload(parish, photo)
        assert await prove(parish) == 0


class TestVoiding:
    async def test_it_is_kept_counts_no_more_and_its_time_goes(self, parish: Parish) -> None:
        said = await parish.visit()
        path = f"/visits/{said['id']}/voidings"
        answer = await parish.post(parish.supervisor, path, {"reason": "当日未到场"})
        assert answer.status_code == 200
        assert (answer.json()["is_counted"], answer.json()["void_reason"]) == (False, "当日未到场")
        assert (await parish.duty())["counted"] == 0
        assert (await work(parish))[0][3]
        assert "void_reason" not in (await parish.events("visit.voided"))[0]
        again = await parish.post(parish.supervisor, path, {"reason": "再次"})
        assert (again.status_code, again.json()["code"]) == (409, "visit_voided")

    async def test_only_a_supervisor_of_the_area_voids(self, parish: Parish) -> None:
        said = await parish.visit()
        path = f"/visits/{said['id']}/voidings"
        for who, status in ((None, 401), (parish.inspector, 403), (parish.foreigner, 404)):
            assert (await parish.post(who, path, {"reason": "x"})).status_code == status


class TestFindings:
    async def test_texts_are_sealed_and_a_reveal_leaves_an_event(self, parish: Parish) -> None:
        findings = {"condition": "needs_help", "needs": "缺少过冬棉被", "help_given": "联系社区"}
        said = await parish.visit(findings=findings)
        assert said["has_texts"]
        assert "缺少" not in str(said)
        async with parish.database.transaction() as session:
            sealed = await session.scalar(text("SELECT sealed FROM visit"))
        assert sealed is not None
        assert "棉被" not in sealed
        path = f"/visits/{said['id']}/reveals"
        answer = await parish.post(parish.supervisor, path, {"purpose": "aid"})
        assert answer.json() == findings
        assert (await parish.events("visit.revealed"))[0]["purpose"] == "aid"
        for who, status in ((None, 401), (parish.colleague, 404), (parish.foreigner, 404)):
            assert (await parish.post(who, path, {"purpose": "aid"})).status_code == status

    async def test_a_later_visit_corrects_the_findings_of_an_earlier_one(self, parish: Parish) -> None:
        before = await parish.visit()
        after = await parish.visit(corrects_id=before["id"], findings={"condition": "worse"})
        shown = (await parish.inspector.get(f"/visits/{before['id']}")).json()
        assert (shown["corrected_by"], shown["is_counted"]) == (after["id"], True)
        body = v.visit(parish.place, parish.beat.at("11:00"), corrects_id=before["id"])
        answer = await parish.post(parish.colleague, "/visits", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "visit_corrects_another")

    async def test_who_met_nobody_has_to_come_again(self, parish: Parish) -> None:
        said = await parish.visit(findings={"condition": "not_met"})
        assert (said["proven_by"], said["is_counted"]) == ("position", False)
        assert (await parish.duty())["status"] == "due"


class TestReading:
    async def test_an_inspector_sees_his_own_a_supervisor_the_area(self, parish: Parish) -> None:
        mine = await parish.visit()
        await parish.visit(parish.colleague, subject_id=parish.person, position=v.position(900))
        path = f"/visits/{mine['id']}"
        for who, seen in ((parish.inspector, 1), (parish.supervisor, 2), (parish.foreigner, 0)):
            assert len((await who.get("/visits")).json()["items"]) == seen
        assert (await parish.supervisor.get(path)).json() == mine
        assert (await parish.foreigner.get(path)).status_code == 404
        assert (await parish.colleague.get(path)).status_code == 404
        assert (await parish.client.get(f"/api/v1{path}")).status_code == 401

    async def test_filters_and_pages(self, parish: Parish) -> None:
        for minute in ("09:10", "09:40", "10:10"):
            await parish.visit(at=parish.beat.at(minute))
        await parish.visit(subject_id=parish.person, position=v.position(900))
        month = f"{parish.beat.day:%Y-%m}"
        first = (await parish.supervisor.get("/visits", month=month, limit=3)).json()
        rest = (await parish.supervisor.get("/visits", month=month, cursor=first["next"])).json()
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
        counted = (await parish.supervisor.get("/visits", is_counted=False)).json()["items"]
        assert [each["subject_id"] for each in counted] == [str(parish.person)]
        of_place = (await parish.supervisor.get("/visits", subject_id=str(parish.place))).json()["items"]
        assert len(of_place) == 3
        assert (await parish.supervisor.get("/visits", month="2026-13")).status_code == 422
        assert (await parish.supervisor.get("/visits", cursor="x")).status_code == 422
