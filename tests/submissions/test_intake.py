"""What becomes of a submission on its own: checked by its form, placed in a grid, made a subject."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.kit.problems import Problem
from tests.factories.submissions import BEYOND, HERE, event_types, id_number, resident, rows
from tests.submissions.conftest import Place

SAME = uuid4()

WRONG = "1" if id_number(1)[-1] != "1" else "2"
FLOATING = {"name": "李海涛", "gender": "1", "inflow_reason": "01"}
HOUSE_USES = ("rented", "group_rental", "converted", "unlicensed_construction")
ENVIRONMENT = (
    {"environment_category": "sanitation"},
    {"environment_category": "underground_production"},
    {"environment_category": "safety_hazard", "hazard_types": ["02"]},
    {"environment_category": "order_prevention"},
)
COMPONENT = {"name": "路灯", "component_major": "01", "component_state": "01"}


def codes(problem: Problem | None) -> list[str]:
    """Codes of the faults of a refused submission."""
    assert problem is not None
    return [str(error["code"]) for error in problem.extra["errors"]]


@pytest.mark.requirement("S0-26", "S3-13", "S2-01")
class TestNew:
    async def test_a_new_resident_becomes_a_subject_of_the_grid_where_he_was_recorded(
        self, place: Place
    ) -> None:
        result = await place.inspector.send(resident(id_number=id_number(1)), position=HERE)
        assert result.outcome == "stored", result.problem and result.problem.extra
        assert result.told["grid_code"] == "330921100001001"
        assert result.told["version"] == 1
        assert result.told["outside_own_grid"] is False
        assert result.told["conflicts"] == result.told["missing_uploads"] == []
        subject = await place.subject(result.told["subject_id"])
        assert subject.values["name"] == "张三丰"
        assert subject.place.grid_id == place.beat.grid
        assert subject.place.position == (122.005, 30.005)

    async def test_the_sender_may_name_the_subject_himself(self, place: Place) -> None:
        mine = uuid4()
        result = await place.inspector.send(subject_id=str(mine))
        assert result.told["subject_id"] == str(mine)

    async def test_personal_values_are_sealed_in_the_submission_and_its_events(self, place: Place) -> None:
        number = id_number(2)
        await place.inspector.send(resident(id_number=number), position=HERE)
        (row,) = await rows(place.session, "SELECT fields::text AS plain, sealed FROM submission")
        assert "张三丰" not in row.plain
        assert number not in row.plain
        assert row.sealed.startswith("aesgcm:")
        for event in await rows(place.session, "SELECT data::text AS data FROM event"):
            assert "张三丰" not in event.data
            assert number not in event.data

    async def test_every_submission_leaves_an_event_that_handhelds_of_the_grid_hear(
        self, place: Place
    ) -> None:
        await place.inspector.send(position=HERE)
        (event,) = await rows(
            place.session, "SELECT data, area_id FROM event WHERE type = 'submission.received'"
        )
        assert event.data["grid_id"] == str(place.beat.grid)
        assert event.area_id == place.beat.county.community

    async def test_a_record_without_position_belongs_to_the_single_own_grid(self, place: Place) -> None:
        result = await place.inspector.send()
        assert result.told["grid_code"] == "330921100001001"
        assert result.told["outside_own_grid"] is False

    async def test_outside_the_own_grid_is_accepted_and_flagged(self, place: Place) -> None:
        result = await place.inspector.send(position=BEYOND)
        assert result.outcome == "stored"
        assert result.told["outside_own_grid"] is True
        assert result.told["grid_code"] is None

    async def test_positions_of_map_services_are_converted(self, place: Place) -> None:
        await place.inspector.send(position={"lon": 122.0095, "lat": 30.0026, "coord_sys": "gcj02"})
        (row,) = await rows(place.session, "SELECT ST_X(geom) AS x, ST_SRID(geom) AS srid FROM submission")
        assert 122.004 < row.x < 122.0065
        assert row.srid == 4490

    async def test_the_office_enters_what_was_written_on_paper(self, place: Place) -> None:
        dwelling = await place.inspector.send(
            {"address": "高亭镇安澜路3号", "house_use": "rented"}, item_code="dwelling", position=HERE
        )
        result = await place.clerk.send(resident(dwelling_id=dwelling.told["subject_id"]))
        assert result.outcome == "stored"
        assert result.told["grid_code"] == "330921100001001", "the grid of the dwelling lived in"

    async def test_what_lies_about_no_subject_is_kept_as_a_record(self, place: Place) -> None:
        fields = {
            "environment_category": "sanitation",
            "observed_on": place.beat.day.isoformat(),
            "description": "垃圾未清",
        }
        result = await place.inspector.send(fields, item_code="environment_record", position=HERE)
        assert result.outcome == "stored"
        assert result.told["subject_id"] is None
        (row,) = await rows(place.session, "SELECT subject_id, state, grid_id FROM submission")
        assert (row.subject_id, row.state, row.grid_id) == (None, "applied", place.beat.grid)

    async def test_the_entry_lag_is_kept(self, place: Place) -> None:
        await place.inspector.send()
        assert (await rows(place.session, "SELECT entry_lag_s FROM submission"))[0].entry_lag_s == 3600

    async def test_unknown_members_are_ignored_and_counted(self, place: Place) -> None:
        result = await place.inspector.send(mood="good", position={**HERE, "satellites": 9})
        assert result.outcome == "stored"
        assert result.told["ignored"] == 2

    async def test_missing_photos_are_named(self, place: Place) -> None:
        photo = uuid4()
        result = await place.inspector.send(upload_ids=[str(photo)])
        assert result.told["missing_uploads"] == [str(photo)]

    async def test_work_at_a_doorstep_is_credited_to_the_patrol_day(self, place: Place) -> None:
        began = place.inspector.at - timedelta(minutes=12)
        with_place = place.inspector.item(started_at=began.isoformat(), position=HERE)
        without = place.inspector.item(started_at=began.isoformat())
        await place.inspector.push(with_place, without)
        (row,) = await rows(place.session, "SELECT id, kind, started_at FROM work_interval")
        assert (row.id, row.kind, row.started_at) == (with_place.id, "submission", began)


class TestNaturalKeys:
    async def test_a_second_person_with_the_same_number_is_the_same_person(self, place: Place) -> None:
        number = id_number(3)
        first = await place.inspector.send(resident(id_number=number))
        again = uuid4()
        second = await place.colleague.send(
            resident(id_number=number.lower(), ethnicity="01"), subject_id=str(again)
        )
        assert second.told["subject_id"] == first.told["subject_id"] != str(again)
        assert second.told["conflicts"] == []
        values = await place.values(first.told["subject_id"])
        assert values["ethnicity"] == "01"

    async def test_what_differs_is_a_conflict_and_what_was_left_empty_says_nothing(
        self, place: Place
    ) -> None:
        number = id_number(4)
        first = await place.inspector.send(resident(id_number=number, phone="13812345678"))
        second = await place.colleague.send(resident(id_number=number, name="张三", phone=None))
        assert second.told["conflicts"] == ["name"]
        values = await place.values(first.told["subject_id"])
        assert (values["name"], values["phone"]) == ("张三丰", "13812345678")

    async def test_two_in_one_push_make_one_subject(self, place: Place) -> None:
        number = id_number(5)
        one = place.inspector.item(resident(id_number=number), subject_id=str(uuid4()))
        two = place.inspector.item(resident(id_number=number), subject_id=str(uuid4()), minute=1)
        results = await place.inspector.push(two, one)
        assert results[0].told["subject_id"] == results[1].told["subject_id"] == str(one.body["subject_id"])
        assert len(await rows(place.session, "SELECT id FROM subject")) == 1

    async def test_the_id_that_the_sender_made_goes_on_working(self, place: Place) -> None:
        number, mine = id_number(6), uuid4()
        first = await place.inspector.send(resident(id_number=number))
        made = place.colleague.item(resident(id_number=number), subject_id=str(mine))
        edit = place.colleague.item({"education": "10"}, subject_id=str(mine), after=str(made.id), minute=2)
        await place.colleague.push(made)
        (result,) = await place.colleague.push(edit)
        assert result.outcome == "stored", result.problem and result.problem.extra
        assert result.told["subject_id"] == first.told["subject_id"]

    async def test_links_by_that_id_lead_to_the_known_subject(self, place: Place) -> None:
        code, mine = "3309210001", uuid4()
        fields = {"address": "安澜路3号", "house_use": "rented", "house_code": code}
        first = await place.inspector.send(fields, item_code="dwelling", position=HERE)
        await place.colleague.send(fields, item_code="dwelling", subject_id=str(mine), position=HERE)
        lodger = await place.colleague.send(resident(dwelling_id=str(mine)))
        assert (await place.values(lodger.told["subject_id"]))["dwelling_id"] == first.told["subject_id"]


class TestRefused:
    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            (resident(nickname="x"), "unknown_field"),
            (resident(gender="7"), "not_in_code_table"),
            (resident(id_number=id_number(1)[:-1] + WRONG), "wrong_checksum"),
            (resident(birth_date="2099-01-01"), "future_date"),
            ({"gender": "1", "residence_consistency": "01"}, "required"),
            (resident(phone=13812345678), "wrong_type"),
            (resident(dwelling_id="here"), "wrong_format"),
        ],
    )
    async def test_fields_that_do_not_fit_the_form(
        self, place: Place, fields: dict[str, Any], code: str
    ) -> None:
        result = await place.inspector.send(fields)
        assert result.outcome == "rejected"
        assert codes(result.problem) == [code]
        assert not await rows(place.session, "SELECT id FROM submission")

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"item_code": "nothing_known"}, "item_unknown"),
            ({"form_version": 99}, "form_version_unknown"),
            ({"form_version": "one"}, "submission_unreadable"),
            ({"position": {"lon": 200, "lat": 30}}, "submission_unreadable"),
            ({"upload_ids": ["x"]}, "submission_unreadable"),
            ({"upload_ids": [str(uuid4()) for _ in range(31)]}, "submission_unreadable"),
            ({"started_at": "2099-01-01T00:00:00Z"}, "submission_unreadable"),
            ({"started_at": "2026-01-01T00:00:00"}, "submission_unreadable"),
            ({"started_at": "0001-01-01T00:00:00+14:00"}, "submission_unreadable"),
            ({"started_at": "9999-12-31T23:59:59-14:00"}, "submission_unreadable"),
            ({"state_change": {"state": "arrived", "on": "1899-12-31"}}, "submission_unreadable"),
            ({"id": SAME, "after": str(SAME), "subject_id": str(SAME)}, "submission_unreadable"),
            ({"base_version": 3}, "subject_needed"),
            ({"item_code": "environment_record", "subject_id": str(uuid4())}, None),
            ({"state_change": {"state": "flown", "on": "2026-01-01"}}, "state_unknown"),
        ],
    )
    async def test_members_that_make_no_sense(
        self, place: Place, more: dict[str, Any], code: str | None
    ) -> None:
        result = await place.inspector.send(**more)
        assert result.outcome == "rejected"
        assert result.problem is not None
        assert result.problem.code == (code or "subject_not_taken")

    @pytest.mark.parametrize("value", ["a\0b", "\ud800", 2**70])
    async def test_what_no_database_keeps(self, place: Place, value: Any) -> None:
        item = place.inspector.item()
        item.body["fields"]["name"] = value  # type: ignore[index]
        (result,) = await place.inspector.push(item)
        assert result.problem is not None
        assert result.problem.code == "submission_unreadable"

    async def test_a_link_to_oneself(self, place: Place) -> None:
        mine = str(uuid4())
        result = await place.inspector.send(resident(dwelling_id=mine), subject_id=mine)
        assert codes(result.problem) == ["linked_to_itself"]

    async def test_a_record_from_the_future(self, place: Place) -> None:
        result = await place.inspector.send(minute=90)
        assert result.problem is not None
        assert result.problem.code == "recorded_in_future"

    @pytest.mark.requirement("S0-31")
    async def test_an_item_that_was_not_admitted_is_refused_and_the_attempt_logged(
        self, place: Place
    ) -> None:
        await place.session.execute(
            text("UPDATE affair SET in_force_until = in_force_from + interval '1 day'")
        )
        result = await place.inspector.send()
        assert result.problem is not None
        assert result.problem.code == "item_not_admitted"
        assert await event_types(place.session, "submission") == ["affair.attempt_refused"]

    async def test_the_office_cannot_record_beyond_its_area(self, place: Place) -> None:
        place.clerk.actor = replace(place.clerk.actor, area_id=place.foreigner.actor.area_id)
        result = await place.clerk.send(position=HERE)
        assert result.problem is not None
        assert result.problem.code == "place_elsewhere"

    async def test_one_broken_item_costs_its_499_neighbours_nothing(self, place: Place) -> None:
        items = [place.inspector.item(resident(name=f"居民{n}")) for n in range(500)]
        items[250] = place.inspector.item(resident(gender="7"))
        results = await place.inspector.push(*items)
        assert [n for n, r in enumerate(results) if r.outcome != "stored"] == [250]
        assert len({r.told["subject_id"] for r in results if r.told}) == 499


class TestRepeated:
    async def test_the_same_item_again_is_a_duplicate_with_what_was_told_first(self, place: Place) -> None:
        item = place.inspector.item(position=HERE)
        (first,) = await place.inspector.push(item)
        (second,) = await place.inspector.push(item)
        assert second.outcome == "duplicate"
        assert second.told == first.told
        assert len(await rows(place.session, "SELECT id FROM subject")) == 1

    async def test_the_same_id_with_other_content_is_refused_with_both_digests(self, place: Place) -> None:
        item = place.inspector.item()
        await place.inspector.push(item)
        other = place.inspector.item(resident(name="李四"))
        (result,) = await place.inspector.push(replace(other, id=item.id))
        assert result.problem is not None
        assert result.problem.code == "content_differs"
        assert result.problem.extra["stored_digest"] == item.digest.hex()


@pytest.mark.requirement("S0-07", "S4-18", "S3-08")
class TestFamilies:
    @pytest.mark.parametrize(
        ("item_code", "fields", "kind"),
        [
            ("resident_registered", resident(), "person"),
            ("resident_registered", resident(residence_consistency="02"), "person"),
            ("resident_floating", FLOATING, "person"),
            ("organization", {"name": "海丰渔业", "organization_kind": "enterprise"}, "organization"),
            *(("dwelling", {"address": "安澜路3号", "house_use": use}, "dwelling") for use in HOUSE_USES),
            ("building", {"building_name": "3幢"}, "building"),
            ("component", COMPONENT, "component"),
            ("estate", {"name": "海景苑"}, "place"),
        ],
    )
    async def test_people_organizations_houses_and_components_are_collected(
        self, place: Place, item_code: str, fields: dict[str, Any], kind: str
    ) -> None:
        result = await place.inspector.send(fields, item_code=item_code, position=HERE)
        assert result.outcome == "stored", result.problem and result.problem.extra
        assert (await place.subject(UUID(result.told["subject_id"]))).kind == kind

    @pytest.mark.requirement("S3-17")
    @pytest.mark.parametrize("kept", ENVIRONMENT, ids=str)
    async def test_sanitation_and_safety_are_recorded_without_a_subject(
        self, place: Place, kept: dict[str, Any]
    ) -> None:
        fields = {"observed_on": "2026-10-10", "description": "地下室内加工食品", **kept}
        result = await place.inspector.send(
            fields, item_code="environment_record", subject_id=None, position=HERE
        )
        assert result.outcome == "stored", result.problem and result.problem.extra
        (row,) = await rows(place.session, "SELECT subject_id, grid_id, fields, sealed FROM submission")
        assert (row.subject_id, row.grid_id) == (None, place.beat.grid)
        assert row.fields | kept == row.fields, "categories are open, so that they can be counted"
        assert "地下室" not in str(row)


@pytest.mark.requirement("S2-32")
async def test_a_building_is_part_of_its_estate(place: Place) -> None:
    """Sent in one push, the building first: both were made without signal."""
    estate, building = str(uuid4()), str(uuid4())
    fields = {"building_name": "3幢", "estate_id": estate}
    results = await place.inspector.push(
        place.inspector.item(fields, item_code="building", subject_id=building, position=HERE),
        place.inspector.item({"name": "海景苑"}, item_code="estate", subject_id=estate, position=HERE),
    )
    assert [result.outcome for result in results] == ["stored", "stored"]
    (link,) = await rows(place.session, "SELECT kind, from_id, to_id, field FROM subject_link")
    assert (link.kind, str(link.from_id), str(link.to_id)) == ("part_of", building, estate)
    assert link.field == "estate_id"


@pytest.mark.requirement("S3-15")
class TestCare:
    async def test_special_care_is_recorded_in_neutral_words_sealed_and_not_shown(self, place: Place) -> None:
        result = await place.inspector.send(
            resident(care_categories=["intellectual_disability"], is_key_person=True)
        )
        assert result.outcome == "stored", result.problem and result.problem.extra
        (row,) = await rows(place.session, "SELECT fields::text AS plain FROM submission")
        assert "care_categories" not in row.plain
        (subject,) = await rows(place.session, "SELECT attributes, masked, sensitive FROM subject")
        assert set(subject.sensitive) == {"care_categories", "is_key_person"}
        assert not set(subject.sensitive) & (set(subject.attributes) | set(subject.masked))
