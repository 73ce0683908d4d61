"""What forms say about values."""

from datetime import date
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.collection.catalogue.forms import Form, make_form
from app.collection.catalogue.shipped import read_forms, read_tables
from app.collection.subjects import indexing

TODAY = date(2026, 11, 22)
CODES = {table.code: frozenset(value.code for value in table.values) for table in read_tables()}
SHIPPED = {form.code: form for form in read_forms()}
NUMBER = "11010519491231002X"
RESIDENT = {"name": "张三", "gender": "1", "residence_consistency": "01"}


def shipped(code: str) -> Form:
    form = SHIPPED[code]
    return make_form(uuid4(), uuid4(), code, form.version, form.subject_kind, form.schema, CODES)


RESIDENTS = shipped("resident_registered")
ORGANIZATIONS = shipped("organization")


def wide(text: str) -> str:
    """As a Chinese input method types it: U+FF01 and the following, the blank U+3000."""
    return "".join("\u3000" if c == " " else chr(ord(c) + 0xFEE0) for c in text)


def codes_of(values: dict[str, Any], form: Form = RESIDENTS, **more: Any) -> dict[str, str]:
    """Pointer → code of what is wrong."""
    return {e.pointer: e.code for e in form.errors(form.normalized(values), today=TODAY, **more)}


class TestErrors:
    def test_a_good_record_has_none(self) -> None:
        more = {
            "id_number": NUMBER,
            "birth_date": "1949-12-31",
            "phone": "13812345678",
            "tags": ["volunteer"],
        }
        assert codes_of(RESIDENT | more) == {}

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("name", "", "required"),
            ("name", None, "required"),
            ("name", "   ", "required"),
            ("name", "张" * 61, "too_long"),
            ("name", 7, "wrong_type"),
            ("name", ["张三"], "wrong_type"),
            ("name", "张\0三", "wrong_pattern"),
            ("gender", "3", "not_in_code_table"),
            ("gender", 1, "wrong_type"),
            ("ethnicity", "57", "not_in_code_table"),
            ("id_number", "110105194912310021", "wrong_checksum"),
            ("id_number", "110105491231002", "wrong_length"),
            ("id_number", "11010519491331002X", "wrong_birth_date"),
            ("head_id_number", "110105194912310021", "wrong_checksum"),
            ("birth_date", "2026-11-23", "future_date"),
            ("birth_date", "1849-12-31", "implausible_date"),
            ("birth_date", "0000-01-01", "implausible_date"),
            ("birth_date", "2026-02-30", "wrong_format"),
            ("birth_date", "20260130", "wrong_format"),
            ("birth_date", 20260130, "wrong_type"),
            ("phone", "12345", "wrong_pattern"),
            ("dwelling_id", "not-an-id", "wrong_format"),
            ("tags", "volunteer", "wrong_type"),
            ("tags", ["volunteer"] * 2, "repeated"),
            ("is_key_person", "yes", "wrong_type"),
        ],
    )
    def test_name_the_field_and_why(self, field: str, value: Any, code: str) -> None:
        assert codes_of(RESIDENT | {field: value}) == {f"/{field}": code}

    def test_point_into_lists(self) -> None:
        assert codes_of(RESIDENT | {"tags": ["volunteer", "hero"]}) == {"/tags/1": "not_in_code_table"}

    def test_a_nul_in_a_free_list_is_refused_by_name(self) -> None:
        listed = {"type": "array", "items": {"type": "string"}, "title": "别名", "x-title-en": "Aliases"}
        form = make_form(uuid4(), uuid4(), "x", 1, None, {"properties": {"aliases": listed}}, {})
        assert codes_of({"aliases": ["a", "b\0c"]}, form) == {"/aliases": "wrong_pattern"}

    def test_of_numbers_and_credit_codes(self) -> None:
        firm = {"name": "岱山渔业", "organization_kind": "enterprise"}
        assert codes_of(firm | {"credit_code": "91110000600037341l"}, ORGANIZATIONS) == {}
        wrong = firm | {"credit_code": "91110000600037342L", "employee_count": -1, "area_m2": 1e12}
        assert codes_of(wrong, ORGANIZATIONS) == {
            "/credit_code": "wrong_checksum",
            "/employee_count": "too_small",
            "/area_m2": "too_large",
        }
        assert codes_of(firm | {"employee_count": 1.5}, ORGANIZATIONS) == {"/employee_count": "wrong_type"}

    def test_what_no_form_names_is_refused(self) -> None:
        assert codes_of(RESIDENT | {"religion": "10"}) == {"/religion": "unknown_field"}
        assert codes_of(RESIDENT | {"religion": None}) == {"/religion": "unknown_field"}
        assert codes_of(RESIDENT | {"张三 110105": 1}) == {"": "unknown_field"}, (
            "a name that is none stays unsaid"
        )

    def test_changes_need_not_say_what_is_unchanged(self) -> None:
        assert codes_of({"phone": "13812345678"}, only_changes=True) == {}
        assert codes_of({"phone": None}, only_changes=True) == {}
        assert codes_of({"name": None}, only_changes=True) == {"/name": "required"}

    @given(st.sampled_from(sorted(RESIDENTS.fields)), st.text("甲乙丙丁戊己庚辛", min_size=6, max_size=70))
    def test_never_repeat_a_value(self, field: str, secret: str) -> None:
        for error in RESIDENTS.errors(RESIDENT | {field: secret}, today=TODAY):
            assert secret not in orjson.dumps(error.told()).decode()

    @given(
        st.dictionaries(
            st.sampled_from(sorted(RESIDENTS.fields)) | st.text(max_size=5),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
                ),
                max_leaves=5,
            ),
            max_size=6,
        )
    )
    def test_anything_has_an_answer(self, values: dict[str, Any]) -> None:
        read = RESIDENTS.normalized(values)
        errors = RESIDENTS.errors(read, today=TODAY)
        assert {e.code for e in errors} >= ({"required"} if "name" not in values else set())
        if not errors:
            list(RESIDENTS.warnings(read))

    def test_in_both_languages(self) -> None:
        [error] = RESIDENTS.errors(RESIDENT | {"name": "张" * 61}, today=TODAY)
        assert (error.zh, error.en) == ("姓名:最多 60 个字符", "Name: may have at most 60 characters")


class TestWarnings:
    def test_doubts_refuse_nothing(self) -> None:
        values = RESIDENT | {"id_number": NUMBER, "birth_date": "1949-12-30", "gender": "1"}
        assert codes_of(values) == {}
        assert {w.pointer: w.code for w in RESIDENTS.warnings(values)} == {
            "/birth_date": "birth_date_differs",
            "/gender": "gender_differs",
        }
        assert RESIDENTS.warnings(RESIDENT | {"id_number": NUMBER, "gender": "2"}) == []


class TestFields:
    def test_say_how_they_are_kept(self) -> None:
        fields = RESIDENTS.fields
        assert (fields["name"].personal, fields["name"].role, fields["name"].is_required) == (
            "name",
            "name",
            True,
        )
        assert (fields["id_number"].key, fields["id_number"].is_sealed) == ("id_number", True)
        assert (fields["dwelling_id"].link, fields["dwelling_id"].is_sealed) == ("lives_in", False)
        assert fields["care_categories"].is_sealed
        assert fields["care_categories"].code_table == "care_category"

    def test_keys_have_one_spelling(self) -> None:
        assert RESIDENTS.normalized({"id_number": " 11010519491231002x "}) == {"id_number": NUMBER}
        assert RESIDENTS.normalized({"name": " 张三 ", "tags": [" volunteer"], "note": None, "x": 1}) == {
            "name": "张三",
            "tags": ["volunteer"],
            "note": None,
            "x": 1,
        }
        building = shipped("building").normalized({"building_code": " b 1 "})
        assert building == {"building_code": "B1"}
        assert shipped("building").normalized({"building_code": wide("b1")}) == building

    def test_what_an_input_method_typed_full_width_is_half_width(self) -> None:
        typed = {"id_number": wide("11010519491231002x"), "phone": wide(" 13800000000")}
        assert RESIDENTS.normalized(typed) == {"id_number": NUMBER, "phone": "13800000000"}
        assert codes_of(RESIDENT | typed) == {}
        firm = {"credit_code": wide("91330921-MA28K0000x"), "phone": wide("0580-1234567")}
        assert ORGANIZATIONS.normalized(firm) == {
            "credit_code": "91330921MA28K0000X",
            "phone": "0580-1234567",
        }
        assert indexing.normalised_phone(wide("+8613800000000")) == "13800000000"
