"""Ledgers are questions to what is collected: masked, within scope, opened down to what is missing."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from app.collection.catalogue.shipped import read_forms
from app.collection.ledgers.declaration import Documents, Field, Linked, Subjects
from app.collection.ledgers.declared import LEDGERS
from tests.collection_ledgers.conftest import Desks
from tests.factories.ledgers import Town, event_data

ID_NUMBER = "330921198001011230"


async def ledger(desks: Desks, code: str, who: str = "community", **params: Any) -> list[dict[str, Any]]:
    """Cells of all rows of a ledger."""
    answer = await desks.ask(who, "GET", f"/ledgers/{code}", params=params)
    return [row["cells"] for row in answer.json()["items"]]


async def test_every_ledger_answers(desks: Desks) -> None:
    for code in LEDGERS:
        assert await ledger(desks, code) == [], code


@pytest.mark.parametrize("declared", LEDGERS.values(), ids=LEDGERS.keys())
def test_columns_name_fields_that_some_form_has(declared: Any) -> None:
    """A column whose field no form has would be empty for ever, and nobody would notice."""
    if isinstance(declared.rows, Documents):
        forms = [form for form in read_forms() if form.code == declared.rows.item]
    else:
        forms = [form for form in read_forms() if form.subject_kind == declared.rows.kind]
    known: dict[str, set[str | None]] = {}
    for form in forms:
        for name, schema in form.schema["properties"].items():
            table = schema.get("x-code-table") or schema.get("items", {}).get("x-code-table")
            known.setdefault(name, set()).add(table)
            assert not (schema.get("x-sensitive") and declared.column(name)), "sensitive: never in a ledger"
    for column in declared.columns:
        if isinstance(column.source, Field):
            assert column.source.table in known[column.source.name], column.code
        elif isinstance(column.source, Linked):
            assert isinstance(declared.rows, Subjects)
    for code in declared.filters:
        assert isinstance(declared.column(code).source, Field)


@pytest.mark.requirement("S2-23")
class TestResidents:
    async def test_permanent_and_outside_people_have_different_columns(
        self, desks: Desks, place: Town
    ) -> None:
        await place.person(
            "张三丰", residence_consistency="01", hukou_address="高亭镇人民路1号", id_number=ID_NUMBER
        )
        await place.person("李四", item="resident_floating", inflow_reason="01", permit_type="01")
        (permanent,) = await ledger(desks, "residents_permanent")
        (outside,) = await ledger(desks, "residents_outside")
        assert permanent["name"] == "张**"
        assert permanent["residence_consistency"] == "人户一致"
        assert "inflow_reason" not in permanent
        assert outside["inflow_reason"] == "务工"
        assert outside["permit_type"] == "居住证"
        assert "relation_to_head" not in outside
        assert len(await ledger(desks, "residents")) == 2

    @pytest.mark.requirement("S2-25")
    async def test_sub_ledgers_tell_who_lives_where_he_is_registered(self, desks: Desks, place: Town) -> None:
        flat = await place.add(
            "rental_dwelling", {"address": "人民路2号", "house_use": "rented", "rental_use": "02"}
        )
        await place.person("张一", residence_consistency="01")
        await place.person("张二", residence_consistency="02")
        await place.person("张三", item="resident_floating", inflow_reason="01", lodging_type="02")
        await place.person("张四", item="resident_floating", inflow_reason="01", dwelling_id=str(flat))
        codes = ("residents_registered_here", "residents_registered_elsewhere", "tenants")
        found = {code: len(await ledger(desks, code)) for code in codes}
        assert found == {codes[0]: 1, codes[1]: 1, codes[2]: 2}
        assert {row["dwelling_address"] for row in await ledger(desks, "tenants")} == {None, "人民路2号"}

    async def test_who_left_is_not_among_the_present(self, desks: Desks, place: Town) -> None:
        await place.person("王五", residence_consistency="01", state="left")
        assert await ledger(desks, "residents") == []
        (gone,) = await ledger(desks, "residents", presence="closed")
        assert gone["state"] == "已离开"

    async def test_personal_data_is_masked(self, desks: Desks, place: Town) -> None:
        await place.person(
            "欧阳修", residence_consistency="01", id_number=ID_NUMBER, phone="13812345678", note="独居"
        )
        answer = await desks.ask("community", "GET", "/ledgers/residents")
        for secret in ("欧阳修", ID_NUMBER, "13812345678"):
            assert secret not in answer.text


@pytest.mark.requirement("S2-26")
async def test_resident_units_have_size_party_organisation_and_members(desks: Desks, place: Town) -> None:
    await place.add(
        "organization",
        {
            "name": "岱山水产有限公司",
            "organization_kind": "enterprise",
            "employee_count": 120,
            "party_organization": "党支部",
            "party_member_count": 9,
            "legal_representative_name": "赵海生",
        },
    )
    (row,) = await ledger(desks, "organizations")
    assert (row["name"], row["employee_count"], row["party_organization"], row["party_member_count"]) == (
        "岱山水产有限公司",
        120,
        "党支部",
        9,
    )
    assert row["legal_representative_name"] == "赵**"


@pytest.mark.requirement("S2-27")
async def test_special_groups_by_tag_without_sensitive_categories(desks: Desks, place: Town) -> None:
    await place.person("陈一", residence_consistency="01", tags=["party_member", "retired"])
    await place.person("陈二", residence_consistency="01", tags=["low_income"])
    await place.person(
        "陈三", residence_consistency="01", care_categories=["mental_disability"], is_key_person=True
    )
    everybody = await ledger(desks, "special_groups")
    assert [row["tags"] for row in everybody] == ["党员、退休职工", "低保户"]
    (poor,) = await ledger(desks, "special_groups", tag="low_income")
    assert poor["name"] == "陈*"
    answer = await desks.ask("community", "GET", "/ledgers/residents")
    assert "mental" not in answer.text
    assert "精神" not in answer.text


@pytest.mark.requirement("S1-10")
@pytest.mark.requirement("S3-16")
async def test_base_libraries_and_house_categories(desks: Desks, place: Town) -> None:
    building = await place.add("building", {"building_name": "3幢", "household_count": 4})
    for use in ("group_rental", "converted", "unlicensed_construction", "self_occupied"):
        await place.add("dwelling", {"address": f"3幢{use}", "house_use": use, "building_id": str(building)})
    await place.add("component", {"name": "路灯", "component_major": "01", "component_state": "02"})
    for code, address in (
        ("group_rentals", "3幢group_rental"),
        ("converted_dwellings", "3幢converted"),
        ("unlicensed_construction", "3幢unlicensed_construction"),
    ):
        (row,) = await ledger(desks, code)
        assert (row["address"], row["building"]) == (address, "3幢")
    (tower,) = await ledger(desks, "buildings")
    assert (tower["household_count"], tower["dwellings_recorded"]) == (4, 4)
    (lamp,) = await ledger(desks, "components", where="component_state:02")
    assert (lamp["component_major"], lamp["component_state"]) == ("公用设施", "破损")
    assert await ledger(desks, "components", where="component_state:01") == []
    libraries = {row["library"] for row in (await desks.ask("community", "GET", "/ledgers")).json()["items"]}
    assert {"population", "organizations", "houses"} <= libraries


async def test_key_places(desks: Desks, place: Town) -> None:
    await place.add(
        "key_place", {"name": "东海旅馆", "key_place_category": "hotel", "manager_phone": "13812345678"}
    )
    (row,) = await ledger(desks, "key_places")
    assert (row["key_place_category"], row["manager_phone"]) == ("旅馆", "138****5678")


@pytest.mark.requirement("S2-24")
class TestCompleteness:
    async def test_what_is_missing_opens_down_to_the_dwelling(self, desks: Desks, place: Town) -> None:
        building = await place.add("building", {"building_name": "3幢", "household_count": 4})
        await place.add("building", {"building_name": "4幢", "household_count": 2}, area=place.other)
        house = {"house_use": "self_occupied", "building_id": str(building)}
        lived = await place.add("dwelling", {"address": "3幢101", **house})
        empty = await place.add("dwelling", {"address": "3幢102", **house})
        await place.add("dwelling", {"address": "3幢103", **house, "house_use": "vacant"})
        alone = await place.add("dwelling", {"address": "人民路9号", "house_use": "self_occupied"})
        await place.person("张一", residence_consistency="01", dwelling_id=str(lived))
        await place.person("张二", residence_consistency="01")
        answer = (await desks.ask("township", "GET", "/completeness")).json()
        here = next(area for area in answer["areas"] if area["name"] == "沙涂社区")
        assert {name: here[name] for name in here if name not in ("area_id", "name")} == {
            "buildings": 1,
            "buildings_without_dwellings": 0,
            "households_declared": 4,
            "dwellings": 4,
            "dwellings_missing": 1,
            "dwellings_without_people": 2,
            "dwellings_without_building": 1,
            "people": 1,
            "people_without_dwelling": 1,
        }
        assert answer["total"]["dwellings_missing"] == 3
        assert answer["total"]["buildings_without_dwellings"] == 1
        (gap,) = (await desks.ask("community", "GET", "/completeness/buildings")).json()["items"]
        assert (gap["id"], gap["dwellings_missing"], gap["dwellings_without_people"]) == (str(building), 1, 1)
        found = (await desks.ask("community", "GET", "/completeness/dwellings")).json()["items"]
        assert [row["id"] for row in found] == [str(empty), str(alone)]
        params = {"building_id": str(building)}
        found = (await desks.ask("community", "GET", "/completeness/dwellings", params=params)).json()[
            "items"
        ]
        assert [row["id"] for row in found] == [str(empty)]

    async def test_pages_join_without_gap(self, desks: Desks, place: Town) -> None:
        wanted = [str(await place.add("building", {"building_name": f"{n}幢"})) for n in range(5)]
        found: list[str] = []
        cursor = None
        while True:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await desks.ask("community", "GET", "/completeness/buildings", params=params)).json()
            found += [row["id"] for row in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert found == wanted


@pytest.mark.requirement("S2-28")
class TestLookUps:
    async def look(self, desks: Desks, who: str = "community", **body: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await desks.ask(who, "POST", "/look-ups", json=body)).json()["items"]
        return found

    async def test_residents_addresses_by_part_of_the_name(self, desks: Desks, place: Town) -> None:
        building = await place.add("building", {"building_name": "3幢"})
        home = await place.add(
            "dwelling", {"address": "3幢101", "house_use": "self_occupied", "building_id": str(building)}
        )
        await place.person("张三丰", residence_consistency="01", dwelling_id=str(home), phone="13812345678")
        await place.person("张翠山", residence_consistency="01")
        (found,) = await self.look(desks, topic="residents", name="三丰")
        assert (found["name"], found["address"], found["building"]) == ("张**", "3幢101", "3幢")
        assert found["phone"] == "138****5678"
        (event,) = await event_data(place.session, "look_up.made")
        assert event == {"topic": "residents", "rows": 1, "by_name": True}

    async def test_vulnerable_and_priority_people(self, desks: Desks, place: Town) -> None:
        poor = await place.person("陈一", residence_consistency="01", tags=["low_income"])
        listed = await place.person("陈二", residence_consistency="01")
        await place.person("陈三", residence_consistency="01", tags=["volunteer"])
        await place.session.execute(
            text(
                "INSERT INTO key_subject (county_code, id, subject_id, kind, category, legal_basis, valid, "
                "designated_by, designated_at) VALUES ('330921', :id, :id, 'person', 'social_care', '依据', "
                "daterange('2026-01-01', NULL), :by, now())"
            ),
            {"id": listed, "by": place.accounts["county"].id},
        )
        found = await self.look(desks, topic="vulnerable")
        assert {(row["id"], row["is_priority"]) for row in found} == {(str(poor), False), (str(listed), True)}
        # an inspector without an appointment to the grid is not told who is on the list
        assert [row["id"] for row in await self.look(desks, "inspector", topic="vulnerable")] == [str(poor)]

    async def test_backbone_by_the_tags_of_the_rule_book(self, desks: Desks, place: Town) -> None:
        await place.person("周一", residence_consistency="01", tags=["backbone"])
        await place.person("周二", residence_consistency="01", tags=["low_income"])
        (found,) = await self.look(desks, topic="backbone")
        assert found["labels"] == ["骨干"]

    async def test_residents_need_a_name(self, desks: Desks) -> None:
        answer = await desks.ask("community", "POST", "/look-ups", 422, json={"topic": "residents"})
        assert answer.json()["code"] == "name_needed"


async def document(place: Town, item: str, fields: dict[str, Any], sealed: dict[str, Any]) -> None:
    """A record of a form about no subject."""
    from uuid6 import uuid7

    from app.collection.submissions.sealing import SUBMISSION
    from tests.factories import identity

    record = uuid7()
    await place.session.execute(
        text(
            "INSERT INTO submission (county_code, id, digest, item_code, form_version, area_id, grid_id, author_id, "
            "recorded_at, received_at, entry_lag_s, outside_own_grid, state, fields, sealed, photo_count, quality, "
            "review_state) VALUES ('330921', :id, decode(repeat('00', 32), 'hex'), :item, 1, :area, :grid, :author, "
            "'2026-11-20T02:00Z', '2026-11-20T02:00Z', 0, false, 'applied', cast(:fields AS jsonb), :sealed, 0, "
            "'[]', 'submitted')"
        ),
        {
            "id": record,
            "item": item,
            "area": place.community,
            "grid": place.grid,
            "author": place.accounts["community"].id,
            "fields": json.dumps(fields),
            "sealed": identity.vault().encrypt(json.dumps(sealed), SUBMISSION, record),
        },
    )


@pytest.mark.requirement("S3-17", "S3-24", "S3-29", "S3-33")
class TestDocuments:
    async def test_forms_three_and_four_minutes_and_case_files(self, desks: Desks, place: Town) -> None:
        await document(
            place,
            "gumei_work_register",
            {"registered_on": "2026-11-20", "report_channel": "visit"},
            {"content": "三楼漏水", "reporter_name": "王小明"},
        )
        await document(
            place, "gumei_stair_information", {"collected_on": "2026-11-20", "address": "3幢2单元"}, {}
        )
        await document(place, "meeting_minutes", {"meeting_kind": "weekly", "agenda": "例会"}, {})
        await document(place, "case_file", {"title": "邻里纠纷", "opened_on": "2026-11-01"}, {})
        await document(
            place, "environment_record", {"environment_category": "sanitation"}, {"description": "垃圾"}
        )
        (register,) = await ledger(desks, "gumei_form_3")
        assert register["reporter_name"] == "王**"
        assert "漏水" not in str(register)
        assert [row["address"] for row in await ledger(desks, "gumei_form_4")] == ["3幢2单元"]
        assert [row["meeting_kind"] for row in await ledger(desks, "meeting_minutes")] == ["每周工作例会"]
        assert [row["title"] for row in await ledger(desks, "case_files")] == ["邻里纠纷"]
        assert [r["environment_category"] for r in await ledger(desks, "environment_records")] == ["卫生环境"]
        assert await ledger(desks, "meeting_minutes", where="meeting_kind:joint") == []
        assert await ledger(desks, "gumei_form_4", until="2026-11-20T00:00:00Z") == []

    @pytest.mark.requirement("S3-18")
    @pytest.mark.requirement("S3-19")
    async def test_forms_one_and_two_are_subjects_that_were_collected_by_them(
        self, desks: Desks, place: Town
    ) -> None:
        await place.person("张一", item="gumei_resident_registration", population_category="incoming")
        await place.person("张二", residence_consistency="01")
        await place.add(
            "gumei_base_information", {"building_name": "5幢", "house_uses": ["group_rental", "shop"]}
        )
        (first,) = await ledger(desks, "gumei_form_1")
        assert first["population_category"].endswith("人口")
        (second,) = await ledger(desks, "gumei_form_2")
        assert second["house_uses"] == "群租、商铺"


class TestScope:
    async def test_a_foreign_area_is_not_found(self, desks: Desks, place: Town) -> None:
        await place.person("张一", residence_consistency="01")
        for path in ("/ledgers/residents", "/ledgers/residents/totals", "/completeness"):
            params = {"area_id": str(place.community)}
            await desks.ask("foreigner", "GET", path, 404, params=params)
        assert await ledger(desks, "residents", "foreigner") == []

    async def test_a_link_out_of_scope_is_not_shown(self, desks: Desks, place: Town) -> None:
        far = await place.add(
            "dwelling", {"address": "兰秀路1号", "house_use": "self_occupied"}, area=place.other
        )
        await place.person("张一", residence_consistency="01", dwelling_id=str(far))
        (row,) = await ledger(desks, "residents", "community")
        assert row["dwelling_address"] is None
        (row,) = await ledger(desks, "residents", "township")
        assert row["dwelling_address"] == "兰秀路1号"

    async def test_nobody_without_a_token(self, desks: Desks) -> None:
        for path in ("/ledgers", "/ledgers/residents", "/completeness", "/exports"):
            assert (await desks.client.get(f"/api/v1{path}")).status_code == 401

    async def test_administrators_see_no_ledger(self, desks: Desks) -> None:
        await desks.ask("system_admin", "GET", "/ledgers/residents", 403)


@pytest.mark.requirement("S2-01")
async def test_a_ledger_follows_what_is_collected_at_once(desks: Desks, place: Town) -> None:
    assert await ledger(desks, "residents") == []
    await place.person("张一", residence_consistency="01")
    assert len(await ledger(desks, "residents")) == 1
    answer = (await desks.ask("township", "GET", "/ledgers/residents/totals")).json()
    assert answer["rows"] == 1
    assert {area["name"]: area["rows"] for area in answer["areas"]} == {"沙涂社区": 1, "兰秀社区": 0}


class TestBadQuestions:
    async def test_unknown_ledger_and_filter(self, desks: Desks) -> None:
        answer = await desks.ask("community", "GET", "/ledgers/nothing", 404)
        assert answer.json()["code"] == "unknown_ledger"
        params = {"where": "id_number:1"}
        answer = await desks.ask("community", "GET", "/ledgers/residents", 422, params=params)
        assert answer.json()["code"] == "filter_unknown"

    async def test_broken_cursor(self, desks: Desks) -> None:
        for path in ("/ledgers/residents", "/completeness/buildings"):
            answer = await desks.ask("community", "GET", path, 422, params={"cursor": "nonsense"})
            assert answer.json()["code"] == "bad_cursor"
