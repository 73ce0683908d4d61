"""What a form may say, and what ships."""

import copy
from typing import Any

import pytest

from app.collection.catalogue.form_language import breaks, faults_of
from app.collection.catalogue.shipped import read_forms, read_tables

TABLES = {table.code: table for table in read_tables()}
FORMS = {form.code: form for form in read_forms()}
ITEMS = [
    *("resident_registered", "resident_floating", "resident_left_behind", "resident_foreign"),
    *(
        "household",
        "dwelling",
        "rental_dwelling",
        "building",
        "estate",
        "organization",
        "component",
        "article",
    ),
    *("key_place", "environment_record", "meeting_minutes", "case_file", "gumei_resident_registration"),
    *("gumei_base_information", "gumei_work_register", "gumei_stair_information"),
]


def schema(**fields: Any) -> dict[str, Any]:
    """A good form, and more fields."""
    return {
        "title": "船",
        "x-title-en": "Boat",
        "type": "object",
        "required": ["name"],
        "properties": {"name": text(), **fields},
        "additionalProperties": False,
    }


def text(**more: Any) -> dict[str, Any]:
    """A good field, and what else it says."""
    return {"type": "string", "title": "船名", "x-title-en": "Name", "maxLength": 20} | more


def codes_of(form: dict[str, Any]) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in faults_of(form, TABLES)}


class TestForms:
    def test_a_good_one_has_no_fault(self) -> None:
        assert codes_of(schema(hazard=text(**{"x-code-table": "hazard_type"}))) == {}

    @pytest.mark.parametrize(
        ("member", "value", "fault"),
        [
            ("additionalProperties", True, {"/additionalProperties": "open_form"}),
            ("type", "array", {"/type": "wrong_type"}),
            ("required", ["name", "age"], {"/required": "unknown_field"}),
            ("properties", {}, {"/properties": "wrong_number_of_fields", "/required": "unknown_field"}),
            ("allOf", [], {"/allOf": "not_a_schema"}),
            ("allOf", [True], {"/allOf": "unknown_keyword"}),
            ("$schema", "http://json-schema.org/draft-07/schema#", {"/$schema": "wrong_dialect"}),
            ("properties", 7, {"/properties": "not_a_schema"}),
        ],
    )
    def test_faults_of_the_whole(self, member: str, value: Any, fault: dict[str, str]) -> None:
        assert codes_of(schema() | {member: value}) == fault

    @pytest.mark.parametrize(
        ("field", "pointer", "code"),
        [
            (text(**{"x-colour": "red"}), "/properties/f/x-colour", "unknown_keyword"),
            (text(enum=["a"]), "/properties/f/enum", "unknown_keyword"),
            (text(**{"$ref": "#/x"}), "", "not_a_schema"),
            (text(**{"x-personal": "face"}), "/properties/f/x-personal", "unknown_value"),
            (text(**{"x-personal": []}), "/properties/f/x-personal", "unknown_value"),
            (text(**{"x-key": "shoe_size"}), "/properties/f/x-key", "unknown_value"),
            (text(**{"x-role": "name"}), "/properties/f/x-role", "role_taken"),
            (text(**{"x-sensitive": "yes"}), "/properties/f/x-sensitive", "wrong_type"),
            (text(**{"x-declared": 1}), "/properties/f/x-declared", "wrong_type"),
            (text(**{"x-declared": True, "x-sensitive": True}), "/properties/f/x-declared", "not_declarable"),
            (text(**{"x-quality": -1}), "/properties/f/x-quality", "wrong_type"),
            (text(**{"x-quality": True}), "/properties/f/x-quality", "wrong_type"),
            (text(**{"x-code-table": "nonsense"}), "/properties/f/x-code-table", "unknown_code_table"),
            (text(**{"x-code-table": 7}), "/properties/f/x-code-table", "unknown_code_table"),
            (text(**{"x-link": "owns"}), "/properties/f/format", "wrong_type"),
            (text(title=" "), "/properties/f/title", "no_title"),
            (text(**{"x-title-en": None}), "/properties/f/x-title-en", "no_title"),
            (text(type="object"), "/properties/f/type", "wrong_type"),
            (text(type=["string", "null"]), "/properties/f/type", "wrong_type"),
            (text(format="email"), "/properties/f/format", "unknown_value"),
            (text(pattern="(a"), "/properties/f/pattern", "not_a_schema"),
            (text(pattern="(?=a)b"), "/properties/f/pattern", "not_a_schema"),
            (text(maxLength=-1), "/properties/f/maxLength", "not_a_schema"),
            (text(type="integer", **{"x-personal": "name"}), "/properties/f/x-personal", "wrong_type"),
            (text(type="array"), "/properties/f/items", "wrong_type"),
            (text(type="array", items={"type": "number"}), "/properties/f/items", "wrong_type"),
            (text(type="array", items=True), "/properties/f/items", "wrong_type"),
            (True, "/properties/f", "wrong_type"),
        ],
    )
    def test_faults_of_a_field(self, field: Any, pointer: str, code: str) -> None:
        form = schema(f=field)
        form["properties"]["name"]["x-role"] = "name"
        assert codes_of(form).get(pointer) == code

    def test_a_text_is_bounded(self) -> None:
        field = text()
        del field["maxLength"]
        assert codes_of(schema(f=field)) == {"/properties/f/maxLength": "unbounded"}

    def test_names_are_plain(self) -> None:
        assert codes_of(schema(**{"船名": text()})) == {"/properties/船名": "wrong_name"}


class TestBreaks:
    BEFORE = schema(phone=text(**{"x-personal": "phone"}), count=text(type="integer"))

    def codes(self, after: dict[str, Any], *removed: str) -> dict[str, str]:
        return {fault.pointer: fault.code for fault in breaks(after, self.BEFORE, removed)}

    def test_more_fields_break_nothing(self) -> None:
        after = copy.deepcopy(self.BEFORE)
        after["properties"]["note"] = text()
        assert self.codes(after) == {}

    def test_a_field_that_is_gone_is_meant_or_missed(self) -> None:
        after = copy.deepcopy(self.BEFORE)
        del after["properties"]["count"]
        assert self.codes(after) == {"/properties/count": "field_lost"}
        assert self.codes(after, "count") == {}
        assert self.codes(after, "count", "phone", "size") == {
            "/removed/phone": "not_removed",
            "/removed/size": "not_removed",
        }

    @pytest.mark.parametrize("change", [{"type": "string"}, {"x-key": "place_code", "type": "string"}])
    def test_a_name_keeps_its_meaning(self, change: dict[str, Any]) -> None:
        after = copy.deepcopy(self.BEFORE)
        after["properties"]["count"] |= change
        assert self.codes(after) == {"/properties/count": "meaning_changed"}

    def test_what_was_sealed_stays_sealed(self) -> None:
        after = copy.deepcopy(self.BEFORE)
        del after["properties"]["phone"]["x-personal"]
        assert self.codes(after) == {"/properties/phone": "unsealed"}


class TestShipped:
    def test_every_item_has_a_form(self) -> None:
        assert sorted(FORMS) == sorted(ITEMS)

    @pytest.mark.parametrize("code", ITEMS)
    def test_form_is_without_fault(self, code: str) -> None:
        assert faults_of(FORMS[code].schema, TABLES) == []

    @pytest.mark.parametrize("table", sorted(TABLES))
    def test_code_table_holds_together(self, table: str) -> None:
        values = TABLES[table].values
        codes = {value.code for value in values}
        assert 0 < len(codes) == len(values)
        assert {value.parent for value in values} <= codes | {None}
        assert all(value.name_zh and value.name_en for value in values)
        assert TABLES[table].source

    def test_fields_of_one_name_mean_the_same_in_every_form_of_a_kind(self) -> None:
        known: dict[tuple[str, str], tuple[Any, ...]] = {}
        for form in FORMS.values():
            if form.subject_kind is None:
                continue
            for name, field in form.schema["properties"].items():
                means = tuple(
                    field.get(k) for k in ("type", "x-personal", "x-sensitive", "x-key", "x-role", "x-link")
                )
                assert known.setdefault((form.subject_kind, name), means) == means, (form.code, name)

    @pytest.mark.requirement("S2-30")
    @pytest.mark.requirement("S4-18")
    def test_cover_people_places_things_and_organizations(self) -> None:
        kinds = {form.subject_kind for form in FORMS.values()}
        assert kinds >= {"person", "dwelling", "building", "organization", "article", "component", "place"}

    @pytest.mark.requirement("S3-14")
    def test_tell_categories_of_population(self) -> None:
        codes = {value.code for value in TABLES["population_category"].values}
        assert codes >= {"registered", "incoming", "separated"}
        assert "population_category" in FORMS["gumei_resident_registration"].schema["required"]

    @pytest.mark.requirement("S3-15")
    def test_name_special_groups_neutrally_and_seal_them(self) -> None:
        words = " ".join(value.name_zh for value in TABLES["care_category"].values)
        assert not any(word in words for word in ("痴", "疯", "610", "吸毒", "帮教"))
        for form in FORMS.values():
            for name, field in form.schema["properties"].items():
                if field.get("items", {}).get("x-code-table") == "care_category" or name == "is_key_person":
                    assert field["x-sensitive"] is True, (form.code, name)
                assert name not in ("religion", "diagnosis", "criminal_charge")

    @pytest.mark.requirement("S3-16")
    def test_tell_categories_of_houses(self) -> None:
        codes = {value.code for value in TABLES["house_use"].values}
        assert codes >= {"group_rental", "converted", "unlicensed_construction"}

    @pytest.mark.requirement("S3-17")
    def test_tell_categories_of_the_environment(self) -> None:
        codes = {value.code for value in TABLES["environment_category"].values}
        assert codes >= {"sanitation", "underground_production", "safety_hazard", "order_prevention"}
