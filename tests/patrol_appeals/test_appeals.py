"""Appeals over HTTP: who may contest what until when, who decides, and that the raw fact stays."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.identity.actor import Role
from app.kit.db import Database
from app.rules.calendar import load_calendar
from app.rules.working_time import due_in_working_days
from tests.factories import identity, staffing
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.patrol.conftest import Office, count
from tests.patrol_appeals.conftest import Court, data_of, fold_all


def day_path(beat: Beat) -> str:
    """Address of the contested day."""
    return f"/patrol-days/{beat.inspector.id}/{beat.day}"


async def contest_until(database: Database, clock: Clock) -> datetime:
    """Five working days after the judgement, at close of business."""
    async with database.transaction() as session:
        calendar = await load_calendar(session, [])
    return due_in_working_days(clock.now, 5, "close_of_business", calendar, make.ZONE).at


class TestFiling:
    async def test_the_inspector_contests_his_judged_day(
        self, court: Court, database: Database, clock: Clock
    ) -> None:
        filed = await court.file(evidence=[str(uuid4())])
        assert (filed["state"], filed["revision"], filed["judged_status"]) == ("filed", 1, "fail")
        assert filed["contested"]["figures"]["status"] == "fail"
        assert filed["by_grace"] is False
        assert datetime.fromisoformat(filed["file_by"]) == await contest_until(database, clock)
        assert datetime.fromisoformat(filed["decide_by"]) == await contest_until(database, clock)
        assert [e["revision"] for e in await data_of(database, "appeal.filed")] == [1]

    async def test_who_is_not_signed_in_is_asked_to(self, court: Court) -> None:
        answer = await court.client.post("/api/v1/appeals", json=court.appeal())
        assert answer.status_code == 401

    async def test_supervisors_contest_nothing(self, court: Court) -> None:
        assert (await court.post(court.township, "/appeals", court.appeal())).status_code == 403

    async def test_the_same_appeal_sent_again_is_filed_once(self, court: Court, database: Database) -> None:
        body = court.appeal()
        first = await court.post(court.inspector, "/appeals", body)
        again = await court.post(court.inspector, "/appeals", body)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert await count(database, "appeal") == 1
        assert len(await data_of(database, "appeal.filed")) == 1

    async def test_the_same_id_with_other_content_is_refused_with_both_digests(self, court: Court) -> None:
        filed = await court.file()
        answer = await court.post(
            court.inspector, "/appeals", court.appeal(appeal_id=filed["id"], statement="另有原因")
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "appeal_differs")
        assert answer.json()["stored_digest"] != answer.json()["sent_digest"]

    async def test_a_second_open_appeal_of_the_day_is_refused(self, court: Court) -> None:
        await court.file()
        answer = await court.post(court.inspector, "/appeals", court.appeal())
        assert (answer.status_code, answer.json()["code"]) == (409, "appeal_open")

    async def test_anothers_day_is_not_found(self, court: Court, beat: Beat) -> None:
        body = court.appeal(inspector_id=str(beat.inspector.id))
        answer = await court.post(court.colleague, "/appeals", body)
        assert (answer.status_code, answer.json()["code"]) == (404, "day_not_found")

    async def test_a_day_without_record_is_not_found(self, court: Court, beat: Beat) -> None:
        body = court.appeal(day=beat.day - timedelta(days=9))
        assert (await court.post(court.inspector, "/appeals", body)).status_code == 404

    async def test_a_day_that_is_not_judged_yet_cannot_be_contested(self, court: Court, beat: Beat) -> None:
        today = beat.day + timedelta(days=1)
        answer = await court.post(court.inspector, "/appeals", court.appeal(day=today))
        assert (answer.status_code, answer.json()["code"]) == (409, "day_not_judged")
        answer = await court.post(court.inspector, "/appeals", court.appeal(revision=2))
        assert answer.json()["code"] == "day_not_judged"

    @pytest.mark.parametrize(
        "body",
        [
            {"statement": " "},
            {"asked_status": "review"},
            {"evidence": ["x"]},
            {"written_at": "2026-11-20T08:00:00"},
            {"written_at": "0001-01-01T00:00:00+14:00"},
            {"statement": "一\0二"},
        ],
    )
    async def test_what_makes_no_sense_is_refused_and_says_where(
        self, court: Court, body: dict[str, str]
    ) -> None:
        answer = await court.post(court.inspector, "/appeals", court.appeal(**body))
        assert answer.status_code == 422
        (name,) = body
        assert answer.json()["errors"][0]["field"].startswith(f"body.{name}")


class TestDeadline:
    async def test_the_last_moment_counts_and_the_next_does_not(
        self, court: Court, database: Database, clock: Clock, office: Office, beat: Beat
    ) -> None:
        due = await contest_until(database, clock)
        clock.now = due + timedelta(seconds=1)
        late = await office.of(beat.inspector, beat.device)
        answer = await court.post(late, "/appeals", court.appeal())
        assert (answer.status_code, answer.json()["code"]) == (409, "appeal_too_late")
        assert datetime.fromisoformat(answer.json()["file_by"]) == due
        clock.now = due
        assert (await court.post(late, "/appeals", court.appeal())).status_code == 201

    async def test_written_in_time_without_signal_counts_within_the_grace(
        self, court: Court, database: Database, clock: Clock, office: Office, beat: Beat
    ) -> None:
        due = await contest_until(database, clock)
        clock.now = due + timedelta(days=7)
        late = await office.of(beat.inspector, beat.device)
        answer = await court.post(
            late, "/appeals", court.appeal(written_at=(due + timedelta(seconds=1)).isoformat())
        )
        assert answer.json()["code"] == "appeal_too_late"
        filed = (await court.post(late, "/appeals", court.appeal(written_at=due.isoformat()))).json()
        assert (filed["state"], filed["by_grace"]) == ("filed", True)
        assert datetime.fromisoformat(filed["written_at"]) == due
        assert datetime.fromisoformat(filed["filed_at"]) == clock.now

    async def test_after_the_grace_nothing_counts(
        self, court: Court, database: Database, clock: Clock, office: Office, beat: Beat
    ) -> None:
        due = await contest_until(database, clock)
        clock.now = due + timedelta(days=7, seconds=1)
        late = await office.of(beat.inspector, beat.device)
        answer = await court.post(late, "/appeals", court.appeal(written_at=due.isoformat()))
        assert answer.json()["code"] == "appeal_too_late"

    async def test_an_answer_that_got_lost_is_given_again_after_the_deadline(
        self, court: Court, clock: Clock, office: Office, beat: Beat
    ) -> None:
        body = court.appeal()
        await court.post(court.inspector, "/appeals", body)
        clock.now += timedelta(days=60)
        late = await office.of(beat.inspector, beat.device)
        assert (await court.post(late, "/appeals", body)).status_code == 200


class TestDecision:
    async def test_upheld_the_decided_status_stands_beside_the_raw_one(
        self, court: Court, database: Database, beat: Beat
    ) -> None:
        filed = await court.file()
        before = (await court.inspector.get(day_path(beat))).json()["figures"]
        said = (await court.decide(filed["id"])).json()
        assert (said["state"], said["decision"], said["decided_status"]) == ("decided", "upheld", "pass")
        assert said["contested"]["figures"] == before
        assert (said["contested"]["latest_status"], said["contested"]["standing_status"]) == ("fail", "pass")
        assert said["decided_by"] == str(beat.supervisor.id)
        day = (await court.inspector.get(day_path(beat))).json()
        assert day["figures"] == before
        assert (day["standing"]["status"], day["standing"]["appeal_id"]) == ("pass", filed["id"])
        async with database.transaction() as session:
            decided = (
                await session.execute(text("SELECT service_day, decided_status FROM day_decision"))
            ).all()
        assert decided == [(beat.day, "pass")]
        assert [e["decision"] for e in await data_of(database, "appeal.decided")] == ["upheld"]

    async def test_dismissed_the_judged_status_stands(
        self, court: Court, database: Database, beat: Beat
    ) -> None:
        filed = await court.file()
        said = (await court.decide(filed["id"], decision="dismissed", decided_status=None)).json()
        assert (said["decision"], said["contested"]["standing_status"]) == ("dismissed", "fail")
        assert await count(database, "day_decision") == 0
        day = (await court.inspector.get(day_path(beat))).json()
        assert (day["standing"]["status"], day["standing"]["decision"]) == ("fail", "dismissed")

    @pytest.mark.parametrize(
        "body",
        [
            {"decided_status": None},
            {"decision": "dismissed"},
            {"reason": "  "},
            {"decision": "maybe"},
        ],
    )
    async def test_a_decision_needs_its_parts(self, court: Court, body: dict[str, str | None]) -> None:
        filed = await court.file()
        assert (await court.decide(filed["id"], **body)).status_code == 422

    async def test_who_may_not_decide(self, court: Court) -> None:
        filed = await court.file()
        assert (await court.decide(filed["id"], court.inspector)).status_code == 403
        answer = await court.decide(filed["id"], court.community)
        assert (answer.status_code, answer.json()["code"]) == (403, "appeal_decided_above")
        assert (await court.decide(filed["id"], court.foreigner)).status_code == 404
        assert (await court.decide(filed["id"], court.county)).status_code == 200

    async def test_the_town_beside_finds_nothing_to_decide(
        self, court: Court, beat: Beat, database: Database, office: Office
    ) -> None:
        async with database.transaction() as session:
            beside = await identity.area(session, make.COUNTY, "township", beat.county.county)
            neighbour = await identity.account(session, beside, Role.TOWNSHIP)
        who, filed = await office.of(neighbour), await court.file()
        assert (await who.get("/appeals")).json()["items"] == []
        assert (await who.get(f"/appeals/{filed['id']}")).status_code == 404
        assert (await court.decide(filed["id"], who)).status_code == 404

    async def test_the_level_that_decides_is_a_rule(
        self, court: Court, beat: Beat, database: Database
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, "appeals.decided_by", "county")
        filed = await court.file()
        court.township.headers["Accept-Language"] = "zh"
        answer = (await court.decide(filed["id"])).json()
        assert (answer["code"], answer["lowest_level"]) == ("appeal_decided_above", "county")
        assert answer["detail"] == "按规则由区县及以上决定申诉"
        assert (await court.decide(filed["id"], court.county)).status_code == 200

    async def test_a_decision_is_made_once(self, court: Court) -> None:
        filed = await court.file()
        await court.decide(filed["id"])
        answer = await court.decide(filed["id"], decision="dismissed", decided_status=None)
        assert (answer.status_code, answer.json()["code"]) == (409, "appeal_closed")
        assert answer.json()["current_state"] == "decided"
        again = await court.post(court.inspector, "/appeals", court.appeal())
        assert (again.status_code, again.json()["code"]) == (409, "judgement_contested_before")

    async def test_after_a_revision_the_decision_stays_and_names_the_one_it_was_about(
        self, court: Court, beat: Beat, database: Database, clock: Clock
    ) -> None:
        filed = await court.file()
        await court.decide(filed["id"])
        fixes = make.walk(beat.at("11:30"), 1800)
        assert (await court.inspector.send(make.batch(fixes))).status_code == 200
        clock.now += timedelta(minutes=10)
        await fold_all(database, clock)
        day = (await court.inspector.get(day_path(beat))).json()["standing"]
        assert (day["revision"], day["decided_revision"], day["status"]) == (2, 1, "pass")
        second = await court.file()
        assert second["revision"] == 2
        await court.decide(second["id"], decision="dismissed", decided_status=None)
        shown = (await court.inspector.get(f"/appeals/{filed['id']}")).json()
        assert (shown["is_current"], shown["contested"]["latest_revision"]) == (False, 2)
        assert shown["contested"]["standing_status"] == shown["contested"]["latest_status"]


class TestMoved:
    async def test_who_works_elsewhere_now_still_contests_his_days(
        self, court: Court, beat: Beat, database: Database
    ) -> None:
        async with database.transaction() as session:
            elsewhere = await identity.area(
                session, make.COUNTY, "community", beat.county.town, beat.county.county
            )
            await session.execute(
                text("UPDATE account SET area_id = :area WHERE id = :id"),
                {"area": elsewhere, "id": beat.inspector.id},
            )
        filed = await court.file()
        assert [a["id"] for a in (await court.inspector.get("/appeals")).json()["items"]] == [filed["id"]]
        assert (await court.inspector.get(day_path(beat))).status_code == 200
        assert (await court.decide(filed["id"])).status_code == 200


class TestWithdrawal:
    async def test_withdrawn_the_day_can_be_contested_again(self, court: Court, database: Database) -> None:
        filed = await court.file()
        answer = await court.post(court.inspector, f"/appeals/{filed['id']}/withdrawal")
        assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
        assert len(await data_of(database, "appeal.withdrawn")) == 1
        assert (await court.decide(filed["id"])).json()["code"] == "appeal_closed"
        await court.file()

    async def test_nobody_else_withdraws_it(self, court: Court) -> None:
        filed = await court.file()
        path = f"/appeals/{filed['id']}/withdrawal"
        assert (await court.post(court.colleague, path)).status_code == 404
        assert (await court.post(court.township, path)).status_code == 403


class TestReading:
    async def test_each_sees_what_is_his(self, court: Court) -> None:
        filed = await court.file()
        for who, seen in (
            (court.inspector, 1),
            (court.township, 1),
            (court.community, 1),
            (court.colleague, 0),
            (court.foreigner, 0),
        ):
            assert len((await who.get("/appeals")).json()["items"]) == seen
            expected = 200 if seen else 404
            assert (await who.get(f"/appeals/{filed['id']}")).status_code == expected

    async def test_who_looks_at_anothers_appeal_is_told_of(self, court: Court, database: Database) -> None:
        filed = await court.file()
        for who in (court.inspector, court.township):
            await who.get(f"/appeals/{filed['id']}")
        (looked,) = await data_of(database, "track.viewed")
        assert (looked["what"], looked["role"]) == ("appeal", "township")

    async def test_overdue_ones_are_listed(
        self, court: Court, clock: Clock, office: Office, beat: Beat
    ) -> None:
        filed = await court.file()
        clock.now = datetime.fromisoformat(filed["decide_by"])
        township = await office.of(beat.supervisor)
        assert (await township.get("/appeals", is_overdue=True)).json()["items"] == []
        clock.now += timedelta(seconds=1)
        overdue = (await township.get("/appeals", is_overdue=True, state="filed")).json()["items"]
        assert [(a["id"], a["is_overdue"]) for a in overdue] == [(filed["id"], True)]
        assert (await township.get("/appeals", is_overdue=False)).json()["items"] == []

    async def test_pages(self, court: Court) -> None:
        first = await court.file()
        await court.post(court.inspector, f"/appeals/{first['id']}/withdrawal")
        second = await court.file()
        page = (await court.township.get("/appeals", limit=1)).json()
        rest = (await court.township.get("/appeals", limit=1, cursor=page["next"])).json()
        assert {page["items"][0]["id"], rest["items"][0]["id"]} == {first["id"], second["id"]}
        assert rest["next"] is None

    async def test_a_bad_cursor_is_a_clear_problem(self, court: Court) -> None:
        assert (await court.township.get("/appeals", cursor="!")).json()["code"] == "bad_cursor"


class TestDoubleTap:
    async def test_two_sendings_at_once_file_one(self, fresh_database: Database, clock: Clock) -> None:
        """The second one waits for the day's lock, then finds the first."""
        app = make.app_at(fresh_database, clock)
        app.state.ingestor.start()
        try:
            async with fresh_database.transaction() as session:
                beat = await make.beat(session, clock.now)
                clock.now = beat.at("07:00", beat.day + timedelta(days=1))
                await staffing.patrol_days(session, beat.inspector, [beat.day])
                await session.execute(
                    text("UPDATE patrol_day SET pending = true, input_version = 2, opened_at = :then"),
                    {"then": clock.now},
                )
            await fold_all(fresh_database, clock)
            async with identity.client_of(app) as client:
                handheld = await make.sign_in(
                    app, client, fresh_database, beat.inspector, beat.device, at=clock.now
                )
                body = {
                    "appeal_id": str(uuid4()),
                    "service_day": beat.day.isoformat(),
                    "statement": "终端故障",
                }
                answers = await asyncio.gather(
                    *(client.post("/api/v1/appeals", json=body, headers=handheld.headers) for _ in range(6))
                )
            assert sorted(a.status_code for a in answers) == [200] * 5 + [201]
            assert await count(fresh_database, "appeal") == 1
        finally:
            await app.state.ingestor.close()
