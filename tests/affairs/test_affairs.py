"""Affairs, from proposal to end, over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.affairs.service import end_what_is_over
from tests.affairs.conftest import Offices
from tests.factories import patrol as make

STEPS: dict[str, Any] = {
    "approval": None,
    "filing": {"filed_no": "备案9"},
    "rejection": {"reason": "不符"},
    "withdrawal": None,
    "ending": {"reason": "提前完成"},
}


def code_of(answer: Any) -> str:
    return str(answer.json()["code"])


class TestStanding:
    @pytest.mark.requirement("S4-46")
    @pytest.mark.requirement("S0-31")
    async def test_is_admitted_by_county_approval_and_filing(self, offices: Offices) -> None:
        affair = await offices.propose()
        shown = (await offices.get("county", f"/affairs/{affair}")).json()
        assert (shown["state"], shown["allowed_actions"]) == ("proposed", ["approve", "reject", "withdraw"])

        said = (await offices.post("county", f"/affairs/{affair}/approval")).json()
        assert (said["state"], said["in_force_from"]) == ("approved", None), "approval alone admits nothing"

        said = (await offices.post("county", f"/affairs/{affair}/filing", {"filed_no": "备案1"})).json()
        assert (said["state"], said["filed_no"], said["in_force_until"]) == ("admitted", "备案1", None)
        begin = datetime.fromisoformat(said["in_force_from"])
        assert begin.astimezone(make.ZONE).isoformat() == f"{offices.today}T00:00:00+08:00"
        for type_ in ("affair.proposed", "affair.approved", "affair.admitted", "item.admitted"):
            assert len(await offices.events(type_)) == 1, type_

    async def test_without_filing_is_not_in_force(self, offices: Offices) -> None:
        affair = await offices.propose()
        await offices.post("county", f"/affairs/{affair}/approval")
        item = (await offices.get("inspector", "/catalogue/items/resident_registered")).json()
        assert item["is_admitted"] is False
        await offices.post("county", f"/affairs/{affair}/filing", {"filed_no": "备案1"})
        item = (await offices.get("inspector", "/catalogue/items/resident_registered")).json()
        assert item["is_admitted"] is True

    async def test_begins_on_its_first_day(self, offices: Offices) -> None:
        first = offices.today + timedelta(days=3)
        affair = await offices.propose(starts_on=first.isoformat())
        said = await offices.admit(affair)
        begin = datetime.fromisoformat(said["in_force_from"]).astimezone(make.ZONE)
        assert begin.date() == first
        item = (await offices.get("inspector", "/catalogue/items/resident_registered")).json()
        assert item["is_admitted"] is False

    async def test_who_proposed_does_not_decide(self, offices: Offices) -> None:
        affair = await offices.propose("county")
        answer = await offices.post("county", f"/affairs/{affair}/approval")
        assert (answer.status_code, code_of(answer)) == (403, "affair_second_person")
        assert (await offices.post("deputy", f"/affairs/{affair}/approval")).status_code == 200
        answer = await offices.post("county", f"/affairs/{affair}/filing", {"filed_no": "1"})
        assert code_of(answer) == "affair_second_person"

    async def test_unless_the_rule_book_lets_him(self, offices: Offices) -> None:
        async with offices.database.transaction() as session:
            await make.decide(session, offices.place.county, "affairs.second_person", False)
        affair = await offices.propose("county")
        assert (await offices.post("county", f"/affairs/{affair}/approval")).status_code == 200


class TestTemporary:
    @pytest.mark.requirement("S4-47")
    async def test_is_admitted_by_its_township_and_the_countys_filing(self, offices: Offices) -> None:
        affair = await offices.propose_temporary()
        answer = await offices.post("county", f"/affairs/{affair}/approval")
        assert code_of(answer) == "affair_not_yours", "the township agrees"
        assert (await offices.post("township", f"/affairs/{affair}/approval")).status_code == 200
        answer = await offices.post("township", f"/affairs/{affair}/filing", {"filed_no": "1"})
        assert code_of(answer) == "affair_not_yours", "the county files"
        said = (await offices.post("county", f"/affairs/{affair}/filing", {"filed_no": "1"})).json()
        assert (said["state"], said["platform"]) == ("admitted", "governance")
        until = datetime.fromisoformat(said["in_force_until"]).astimezone(make.ZONE)
        assert until.isoformat() == f"{offices.today + timedelta(days=10)}T00:00:00+08:00"

    @pytest.mark.requirement("S4-47")
    @pytest.mark.parametrize("lacking", ["ends_on", "platform"])
    async def test_needs_an_end_and_a_platform(self, offices: Offices, lacking: str) -> None:
        answer = await offices.post("department", "/affairs", offices.temporary(**{lacking: None}))
        assert (answer.status_code, code_of(answer)) == (422, "invalid")

    async def test_is_no_affair_of_a_whole_county(self, offices: Offices) -> None:
        body = offices.temporary(area_id=str(offices.place.county))
        answer = await offices.post("department", "/affairs", body)
        assert (answer.status_code, code_of(answer)) == (422, "affair_area_too_wide")

    async def test_is_no_longer_than_the_rule(self, offices: Offices) -> None:
        async with offices.database.transaction() as session:
            await make.decide(session, offices.place.county, "affairs.temporary_max_days", 9)
        answer = await offices.post("department", "/affairs", offices.temporary())
        assert (code_of(answer), answer.json()["max_days"]) == ("affair_too_long", 9)
        shorter = (offices.today + timedelta(days=8)).isoformat()
        await offices.propose_temporary(ends_on=shorter)

    @pytest.mark.requirement("S4-47")
    async def test_ends_by_itself(self, offices: Offices) -> None:
        affair = await offices.propose_temporary()
        await offices.admit(affair, "township")
        await offices.later(days=9)
        assert (await offices.get("community", f"/affairs/{affair}")).json()["state"] == "admitted"
        await offices.later(days=1)
        shown = (await offices.get("community", f"/affairs/{affair}")).json()
        assert (shown["state"], shown["allowed_actions"]) == ("ended", []), "decided by the clock alone"
        answer = await offices.post("township", f"/affairs/{affair}/ending", {"reason": "完"})
        assert (code_of(answer), answer.json()["current_state"]) == ("affair_step_not_allowed", "ended")

        async with offices.database.transaction() as session:
            assert await end_what_is_over(session, now=offices.clock.now) == 1
        async with offices.database.transaction() as session:
            assert await end_what_is_over(session, now=offices.clock.now) == 0
        assert [e["by_itself"] for e in await offices.events("affair.ended")] == [True]
        assert len(await offices.events("item.admission_ended")) == 1
        shown = (await offices.get("community", f"/affairs/{affair}")).json()
        assert (shown["state"], shown["closed_at"]) == ("ended", shown["in_force_until"])


class TestDepartments:
    @pytest.mark.requirement("S4-45")
    @pytest.mark.requirement("S0-32")
    @pytest.mark.parametrize("step", ["approval", "filing", "rejection", "ending"])
    async def test_may_propose_but_never_admit_and_the_attempt_stays(
        self, offices: Offices, step: str
    ) -> None:
        affair = await offices.propose()
        if step == "filing":
            await offices.post("county", f"/affairs/{affair}/approval")
        if step == "ending":
            await offices.admit(affair)
        before = (await offices.get("department", f"/affairs/{affair}")).json()
        answer = await offices.post("department", f"/affairs/{affair}/{step}", STEPS[step])
        assert (answer.status_code, code_of(answer)) == (403, "affair_not_yours")
        assert (await offices.get("department", f"/affairs/{affair}")).json() == before
        [attempt] = await offices.events("affair.attempt_refused")
        assert attempt["role"] == "department"

    async def test_withdraw_what_they_proposed(self, offices: Offices) -> None:
        affair = await offices.propose()
        answer = await offices.post("county", f"/affairs/{affair}/withdrawal")
        assert code_of(answer) == "affair_not_yours", "it is not theirs to take back"
        said = (await offices.post("department", f"/affairs/{affair}/withdrawal")).json()
        assert said["state"] == "withdrawn"
        assert len(await offices.events("affair.withdrawn")) == 1

    @pytest.mark.parametrize("who", ["inspector", "community", "dispatcher"])
    async def test_others_propose_nothing(self, offices: Offices, who: str) -> None:
        answer = await offices.post(who, "/affairs", offices.proposal())
        assert (answer.status_code, code_of(answer)) == (403, "forbidden")


class TestRefusal:
    async def test_has_a_reason(self, offices: Offices) -> None:
        affair = await offices.propose()
        assert (await offices.post("county", f"/affairs/{affair}/rejection", {})).status_code == 422
        said = (await offices.post("county", f"/affairs/{affair}/rejection", {"reason": "部门职责"})).json()
        assert (said["state"], said["close_reason"]) == ("rejected", "部门职责")
        assert len(await offices.events("affair.rejected")) == 1

    async def test_of_the_filing_is_the_countys(self, offices: Offices) -> None:
        affair = await offices.propose_temporary()
        await offices.post("township", f"/affairs/{affair}/approval")
        answer = await offices.post("township", f"/affairs/{affair}/rejection", {"reason": "改主意"})
        assert code_of(answer) == "affair_not_yours"
        said = (await offices.post("county", f"/affairs/{affair}/rejection", {"reason": "重复"})).json()
        assert said["state"] == "rejected"

    @pytest.mark.parametrize("step", ["approval", "filing", "withdrawal", "rejection"])
    async def test_of_steps_that_come_too_late(self, offices: Offices, step: str) -> None:
        affair = await offices.propose()
        await offices.admit(affair)
        who = "department" if step == "withdrawal" else "county"
        answer = await offices.post(who, f"/affairs/{affair}/{step}", STEPS[step])
        assert (answer.status_code, code_of(answer)) == (409, "affair_step_not_allowed")
        said = answer.json()
        assert said["current_state"] == "admitted"
        assert said["allowed_actions"] == (["end"] if who == "county" else [])


class TestEnding:
    async def test_leaves_what_was_recorded_before(self, offices: Offices) -> None:
        affair = await offices.propose()
        await offices.admit(affair)
        await offices.later(hours=1)
        said = (await offices.post("county", f"/affairs/{affair}/ending", {"reason": "并入他项"})).json()
        assert (said["state"], said["close_reason"]) == ("ended", "并入他项")
        assert datetime.fromisoformat(said["in_force_until"]) == offices.clock.now
        assert len(await offices.events("item.admission_ended")) == 1

    async def test_before_its_first_day_it_was_never_in_force(self, offices: Offices) -> None:
        affair = await offices.propose(starts_on=(offices.today + timedelta(days=3)).isoformat())
        await offices.admit(affair)
        said = (await offices.post("county", f"/affairs/{affair}/ending", {"reason": "取消"})).json()
        assert said["in_force_until"] == said["in_force_from"]


class TestProposals:
    async def test_of_unknown_items(self, offices: Offices) -> None:
        body = offices.proposal(item_codes=["resident_registered", "nonsense"])
        answer = await offices.post("county", "/affairs", body)
        assert (answer.status_code, code_of(answer)) == (422, "affair_item_unknown")
        assert answer.json()["item_codes"] == ["nonsense"]

    async def test_with_a_code_that_is_taken(self, offices: Offices) -> None:
        await offices.propose()
        answer = await offices.post("county", "/affairs", offices.proposal())
        assert (answer.status_code, code_of(answer)) == (409, "affair_code_taken")

    async def test_that_are_over_before_they_begin(self, offices: Offices) -> None:
        past = (offices.today - timedelta(days=1)).isoformat()
        body = offices.proposal(starts_on=past, ends_on=past)
        assert code_of(await offices.post("county", "/affairs", body)) == "affair_over"

    async def test_that_are_over_when_they_are_filed(self, offices: Offices) -> None:
        affair = await offices.propose(ends_on=offices.today.isoformat())
        await offices.post("county", f"/affairs/{affair}/approval")
        await offices.later(days=1)
        answer = await offices.post("county", f"/affairs/{affair}/filing", {"filed_no": "1"})
        assert (answer.status_code, code_of(answer)) == (422, "affair_over")

    async def test_filed_with_a_number_that_is_taken(self, offices: Offices) -> None:
        await offices.admit(await offices.propose())
        second = await offices.propose(code="A-2")
        await offices.post("county", f"/affairs/{second}/approval")
        answer = await offices.post("county", f"/affairs/{second}/filing", {"filed_no": "备案1"})
        assert (answer.status_code, code_of(answer)) == (409, "filing_number_taken")

    async def test_outside_ones_area(self, offices: Offices) -> None:
        body = offices.proposal(area_id=str(offices.other_town))
        assert (await offices.post("township", "/affairs", body)).status_code == 404
        assert (await offices.post("foreigner", "/affairs", offices.proposal())).status_code == 404


class TestScope:
    async def test_a_foreign_county_sees_and_does_nothing(self, offices: Offices) -> None:
        affair = await offices.propose()
        assert (await offices.get("foreigner", f"/affairs/{affair}")).status_code == 404
        assert (await offices.get("foreigner", "/affairs")).json()["items"] == []
        for step, body in STEPS.items():
            assert (await offices.post("foreigner", f"/affairs/{affair}/{step}", body)).status_code == 404

    async def test_who_is_below_sees_what_holds_for_him_and_decides_nothing(self, offices: Offices) -> None:
        affair = await offices.propose()
        assert (await offices.get("inspector", f"/affairs/{affair}")).status_code == 200
        assert (await offices.get("inspector", f"/affairs/{affair}")).json()["allowed_actions"] == []
        answer = await offices.post("township", f"/affairs/{affair}/approval")
        assert code_of(answer) == "affair_not_yours"

    async def test_another_town_sees_nothing_of_a_towns_affair(self, offices: Offices) -> None:
        affair = await offices.propose_temporary()
        assert (await offices.get("other_town", f"/affairs/{affair}")).status_code == 404
        assert (await offices.post("other_town", f"/affairs/{affair}/approval")).status_code == 404

    async def test_nobody_without_a_token(self, offices: Offices) -> None:
        affair = await offices.propose()
        assert (await offices.get(None, "/affairs")).status_code == 401
        assert (await offices.get(None, f"/affairs/{affair}")).status_code == 401
        assert (await offices.post(None, "/affairs", offices.proposal())).status_code == 401
        for step, body in STEPS.items():
            assert (await offices.post(None, f"/affairs/{affair}/{step}", body)).status_code == 401

    async def test_what_is_not_there(self, offices: Offices) -> None:
        assert (await offices.get("county", f"/affairs/{uuid4()}")).status_code == 404


class TestList:
    async def test_is_filtered_and_paged(self, offices: Offices) -> None:
        standing = await offices.propose(item_codes=["component"])
        await offices.later(minutes=1)
        temporary = await offices.propose_temporary()
        await offices.admit(temporary, "township")

        async def ids(who: str = "county", **asked: Any) -> list[str]:
            answer = await offices.get(who, "/affairs", **asked)
            assert answer.status_code == 200, answer.text
            return [each["id"] for each in answer.json()["items"]]

        assert await ids() == [standing, temporary]
        assert await ids(state="admitted") == [temporary] == await ids(platform="governance")
        assert await ids(kind="standing") == [standing] == await ids(item_code="component")
        assert await ids(area_id=str(offices.other_town)) == [standing]
        assert await ids("other_town") == [standing]
        page = (await offices.get("county", "/affairs", limit=1)).json()
        assert [each["id"] for each in page["items"]] == [standing]
        assert await ids(limit=1, cursor=page["next"]) == [temporary]
        assert (await offices.get("county", "/affairs", cursor="?")).json()["code"] == "bad_cursor"
        await offices.later(days=10)
        assert await ids(state="ended") == [temporary], "by the clock"
        assert await ids(state="admitted") == []
