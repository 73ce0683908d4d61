"""Items, forms and code tables over HTTP."""

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.shipped import read_forms, read_tables
from app.rules.catalogue.collection import CYCLE_OF
from tests.affairs.conftest import Offices
from tests.factories import patrol as make

FORM: dict[str, Any] = {
    "title": "停泊渔船",
    "x-title-en": "Moored boat",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "船名", "x-title-en": "Name", "maxLength": 60, "x-role": "name"},
        "hazard": {"type": "string", "title": "隐患", "x-title-en": "Hazard", "x-code-table": "hazard_type"},
    },
    "additionalProperties": False,
}
ITEM = {
    "code": "boat",
    "subject_kind": "place",
    "name_zh": "停泊渔船",
    "name_en": "Moored boat",
    "cycle_days": 30,
    "source": "县要求",
}
CODES = {
    "based_on": 1,
    "name_zh": "隐患类型",
    "name_en": "Hazard",
    "source": "县修订",
    "values": [
        {"code": "00", "name_zh": "无", "name_en": "none"},
        {"code": "05", "name_zh": "临水隐患", "name_en": "water"},
    ],
}
OWN = "x330921_boat"


def form(**more: Any) -> dict[str, Any]:
    """A form that may be published."""
    return {"based_on": None, "json_schema": copy.deepcopy(FORM), "removed": []} | more


async def publish(offices: Offices, item: str = OWN, **more: Any) -> dict[str, Any]:
    answer = await offices.post("county", f"/catalogue/items/{item}/forms", form(**more))
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def add_item(offices: Offices) -> None:
    answer = await offices.post("county", "/catalogue/items", ITEM)
    assert answer.status_code == 201, answer.text


async def newest_form(offices: Offices, item: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await offices.get("county", f"/catalogue/items/{item}/forms/1")).json()
    return shown


class TestItems:
    async def test_ship_with_the_product(self, offices: Offices) -> None:
        items = (await offices.get("inspector", "/catalogue/items")).json()["items"]
        assert len(items) == 20
        assert {i["code"] for i in items} >= {"resident_registered", "gumei_stair_information"}
        assert not any(i["is_admitted"] or i["is_own"] for i in items)
        people = (await offices.get("inspector", "/catalogue/items", subject_kind="person")).json()["items"]
        assert {i["subject_kind"] for i in people} == {"person"}
        page = (await offices.get("inspector", "/catalogue/items", limit=1)).json()
        following = await offices.get("inspector", "/catalogue/items", limit=1, cursor=page["next"])
        assert [i["code"] for i in following.json()["items"]] == [items[1]["code"]]

    @pytest.mark.requirement("S4-44")
    async def test_say_where_and_until_when_they_are_admitted(self, offices: Offices) -> None:
        affair = await offices.propose_temporary(item_codes=["component"])
        await offices.admit(affair, "township")
        here = (await offices.get("inspector", "/catalogue/items/component")).json()
        assert here["is_admitted"]
        assert here["admitted_until"] == here["admissions"][0]["until"]
        path = "/catalogue/items/component"
        beside = (await offices.get("county", path, area_id=str(offices.other_town))).json()
        assert (beside["is_admitted"], beside["admissions"]) == (False, [])
        answer = await offices.get("other_town", path, area_id=str(offices.place.town))
        assert answer.status_code == 404, "not his to ask"

    @pytest.mark.requirement("S0-38")
    async def test_have_a_cycle_of_their_own_or_the_rules(self, offices: Offices) -> None:
        await add_item(offices)
        assert (await offices.get("county", f"/catalogue/items/{OWN}")).json()["cycle_days"] == 30
        await offices.post("county", "/catalogue/items", ITEM | {"code": "pier", "cycle_days": None})
        assert (await offices.get("county", "/catalogue/items/x330921_pier")).json()["cycle_days"] == 180
        minutes = (await offices.get("county", "/catalogue/items/meeting_minutes")).json()
        assert minutes["cycle_days"] is None, "nothing to look at again"

    @pytest.mark.requirement("S0-38")
    async def test_that_ship_have_the_cycle_that_the_county_decides(
        self, offices: Offices, session: AsyncSession
    ) -> None:
        path = "/catalogue/items/key_place"
        assert (await offices.get("county", path)).json()["cycle_days"] == 30
        await make.decide(session, offices.place.county, "collection.key_place_cycle_days", 7)
        assert (await offices.get("county", path)).json()["cycle_days"] == 7
        assert (await offices.get("foreigner", path)).json()["cycle_days"] == 30, "of the other county"

    def test_that_ship_and_have_a_subject_have_a_cycle(self) -> None:
        about_subjects = {form.code for form in read_forms() if form.subject_kind is not None}
        assert about_subjects == CYCLE_OF.keys()

    async def test_of_a_county_are_its_own(self, offices: Offices) -> None:
        await add_item(offices)
        shown = (await offices.get("inspector", f"/catalogue/items/{OWN}")).json()
        assert (shown["is_own"], shown["newest_version"], shown["versions"]) == (True, None, [])
        assert (await offices.get("foreigner", f"/catalogue/items/{OWN}")).status_code == 404
        assert (await offices.get("foreigner", f"/catalogue/items/{OWN}/forms/1")).status_code == 404
        body = offices.proposal(area_id=str(offices.foreign.county), item_codes=[OWN])
        assert (await offices.post("foreigner", "/affairs", body)).json()["code"] == "affair_item_unknown"
        answer = await offices.post("foreigner", f"/catalogue/items/{OWN}/forms", form())
        assert answer.status_code == 404
        again = await offices.post("county", "/catalogue/items", ITEM)
        assert (again.status_code, again.json()["code"]) == (409, "item_code_taken")
        assert len(await offices.events("item.added")) == 1

    async def test_are_hidden_without_a_token_and_closed_to_others(self, offices: Offices) -> None:
        for path in ("/catalogue/items", "/catalogue/items/component", "/catalogue/code-tables"):
            assert (await offices.get(None, path)).status_code == 401
        for path in ("/catalogue/items/component/forms/1", "/catalogue/code-tables/gender"):
            assert (await offices.get(None, path)).status_code == 401
        for who, status in ((None, 401), ("township", 403), ("inspector", 403), ("department", 403)):
            answers = [
                await offices.post(who, "/catalogue/items", ITEM),
                await offices.post(who, "/catalogue/items/component/forms", form(based_on=1)),
                await offices.post(who, "/catalogue/code-tables/hazard_type/versions", CODES),
            ]
            assert [a.status_code for a in answers] == [status] * 3, who
        check = await offices.post(None, "/catalogue/items/component/forms/1/checks", {"fields": {}})
        assert check.status_code == 401
        assert (await offices.get("county", "/catalogue/items/nonsense")).status_code == 404
        assert (await offices.get("county", "/catalogue/items/component/forms/7")).status_code == 404
        assert (await offices.get("county", "/catalogue/code-tables/nonsense")).status_code == 404


class TestForms:
    async def test_keep_the_order_of_their_fields(self, offices: Offices) -> None:
        shown = await newest_form(offices, "resident_registered")
        assert list(shown["json_schema"]["properties"])[:3] == ["name", "former_name", "id_number"]

    async def test_follow_one_another(self, offices: Offices) -> None:
        await add_item(offices)
        first = await publish(offices)
        assert (first["version"], first["is_own"], first["accepted_until"]) == (1, True, None)
        schema = copy.deepcopy(FORM)
        schema["properties"].pop("hazard")
        second = await publish(offices, based_on=1, json_schema=schema, removed=["hazard"])
        assert (second["version"], second["removed"]) == (2, ["hazard"])
        until = (await offices.get("county", f"/catalogue/items/{OWN}/forms/1")).json()["accepted_until"]
        assert datetime.fromisoformat(until) == offices.clock.now + timedelta(days=30)
        shown = (await offices.get("county", f"/catalogue/items/{OWN}")).json()
        assert [v["version"] for v in shown["versions"]] == [1, 2]
        assert [e["version"] for e in await offices.events("item.form_published")][-2:] == [1, 2]

    async def test_of_what_ships_are_replaced_for_ones_county_alone(self, offices: Offices) -> None:
        schema = (await newest_form(offices, "component"))["json_schema"]
        schema["properties"]["lamp_power_w"] = {
            "type": "integer",
            "title": "功率",
            "x-title-en": "Power",
            "minimum": 0,
        }
        said = await publish(offices, "component", based_on=1, json_schema=schema)
        assert said["version"] == 1001
        foreign = (await offices.get("foreigner", "/catalogue/items/component")).json()
        assert [v["version"] for v in foreign["versions"]] == [1]
        answer = await offices.get("foreigner", "/catalogue/items/component/forms/1001")
        assert answer.status_code == 404

    @pytest.mark.parametrize("based_on", [None, 2, 1001])
    async def test_are_not_overwritten_unread(self, offices: Offices, based_on: int | None) -> None:
        answer = await offices.post("county", "/catalogue/items/component/forms", form(based_on=based_on))
        assert (answer.status_code, answer.json()["code"]) == (409, "version_taken")
        assert answer.json()["newest_version"] == 1

    async def test_are_refused_with_every_fault(self, offices: Offices) -> None:
        await add_item(offices)
        schema = copy.deepcopy(FORM) | {"additionalProperties": True}
        schema["properties"]["hazard"]["x-code-table"] = "nonsense"
        answer = await offices.post("county", f"/catalogue/items/{OWN}/forms", form(json_schema=schema))
        assert (answer.status_code, answer.json()["code"]) == (422, "form_refused")
        assert {e["code"] for e in answer.json()["errors"]} == {"open_form", "unknown_code_table"}
        huge = copy.deepcopy(FORM) | {"x-notice": "告" * 100_000}
        answer = await offices.post("county", f"/catalogue/items/{OWN}/forms", form(json_schema=huge))
        assert [e["code"] for e in answer.json()["errors"]] == ["too_large"]

    async def test_lose_no_field_by_mistake(self, offices: Offices) -> None:
        await add_item(offices)
        await publish(offices)
        schema = copy.deepcopy(FORM)
        schema["properties"].pop("hazard")
        body = form(based_on=1, json_schema=schema)
        answer = await offices.post("county", f"/catalogue/items/{OWN}/forms", body)
        assert [e["code"] for e in answer.json()["errors"]] == ["field_lost"]

    async def test_are_not_published_twice(self, offices: Offices) -> None:
        await add_item(offices)
        await publish(offices)
        answer = await offices.post("county", f"/catalogue/items/{OWN}/forms", form(based_on=1))
        assert (answer.status_code, answer.json()["code"]) == (409, "form_unchanged")

    async def test_can_be_tried(self, offices: Offices) -> None:
        path = "/catalogue/items/resident_registered/forms/1/checks"
        fields = {"name": "张三", "gender": "1", "residence_consistency": "01"}
        said = (await offices.post("inspector", path, {"fields": fields})).json()
        assert said == {"errors": [], "warnings": []}
        wrong = fields | {"id_number": "110105194912310021"}
        said = (await offices.post("inspector", path, {"fields": wrong})).json()
        assert [(e["pointer"], e["code"]) for e in said["errors"]] == [("/id_number", "wrong_checksum")]
        assert "110105194912310021" not in str(said)
        body = {"fields": {"gender": "2"}, "only_changes": True}
        assert (await offices.post("inspector", path, body)).json()["errors"] == []
        answer = await offices.post("inspector", path.replace("/1/", "/9/"), {"fields": {}})
        assert answer.status_code == 404


class TestCodeTables:
    async def test_ship_with_their_sources(self, offices: Offices) -> None:
        tables = (await offices.get("inspector", "/catalogue/code-tables")).json()
        assert len(tables) == len(read_tables())
        assert all(t["source"] and t["version"] == 1 for t in tables)
        reasons = (await offices.get("inspector", "/catalogue/code-tables/inflow_reason")).json()
        assert reasons["values"][0] == {
            "code": "01",
            "name_zh": "务工",
            "name_en": "employment",
            "parent": None,
        }

    async def test_are_replaced_and_old_codes_accepted_for_a_while(self, offices: Offices) -> None:
        path = "/catalogue/code-tables/hazard_type"
        said = (await offices.post("county", f"{path}/versions", CODES)).json()
        assert (said["version"], said["is_own"]) == (1001, True)
        assert [v["code"] for v in said["values"]] == ["00", "05"]
        old = (await offices.get("county", path, version=1)).json()
        assert datetime.fromisoformat(old["accepted_until"]) == offices.clock.now + timedelta(days=30)
        assert (await offices.get("foreigner", path)).json()["version"] == 1

        check = "/catalogue/items/dwelling/forms/1/checks"
        body = {"fields": {"hazard_types": ["02", "05"]}, "only_changes": True}
        assert (await offices.post("county", check, body)).json()["errors"] == []
        said = (await offices.post("foreigner", check, body)).json()
        assert [e["pointer"] for e in said["errors"]] == ["/hazard_types/1"]
        await offices.later(days=30)
        said = (await offices.post("county", check, body)).json()
        assert [e["pointer"] for e in said["errors"]] == ["/hazard_types/0"], "the old code's time is over"
        assert len(await offices.events("code_table.superseded")) == 1

    async def test_of_ones_own_can_be_added(self, offices: Offices) -> None:
        body = CODES | {"based_on": None}
        answer = await offices.post("county", "/catalogue/code-tables/boat_kind/versions", body)
        assert answer.status_code == 201
        assert (await offices.get("foreigner", "/catalogue/code-tables/boat_kind")).status_code == 404

    async def test_refuse_codes_that_do_not_hold_together(self, offices: Offices) -> None:
        values = [
            {"code": "a", "name_zh": "甲", "name_en": "a"},
            {"code": "a", "name_zh": "甲", "name_en": "a"},
            {"code": "b", "name_zh": "乙", "name_en": "b", "parent": "z"},
            {"code": "c", "name_zh": "丙", "name_en": "c", "parent": "c"},
        ]
        path = "/catalogue/code-tables/hazard_type/versions"
        answer = await offices.post("county", path, CODES | {"values": values})
        assert (answer.status_code, answer.json()["code"]) == (422, "codes_refused")
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
            ("/values/1", "repeated"),
            ("/values/2", "unknown_parent"),
            ("/values/3", "unknown_parent"),
        ]

    async def test_are_neither_overwritten_unread_nor_published_twice(self, offices: Offices) -> None:
        path = "/catalogue/code-tables/hazard_type/versions"
        answer = await offices.post("county", path, CODES | {"based_on": None})
        assert (answer.status_code, answer.json()["code"]) == (409, "version_taken")
        assert (await offices.post("county", path, CODES)).status_code == 201
        answer = await offices.post("county", path, CODES | {"based_on": 1001})
        assert (answer.status_code, answer.json()["code"]) == (409, "code_table_unchanged")
