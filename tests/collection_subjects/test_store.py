"""The store that submissions write through."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.subjects import store
from app.collection.subjects.changing import Place
from app.collection.subjects.problems import SubjectClosed
from app.kit.problems import Problem
from tests.factories import identity
from tests.factories import subjects as make
from tests.factories.identity import County

ID_NUMBER = "330921199001011236"
ZHANG = {
    "name": "张三丰",
    "id_number": ID_NUMBER,
    "phone": "13812345678",
    "address": "安澜路12号3幢501室",
    "birth_date": "1990-01-01",
    "categories": ["floating"],
    "nation": "01",
    "health": "吃药",
}


@pytest.fixture
async def county(session: AsyncSession) -> County:
    return await identity.county(session, make.COUNTY)


async def _all(session: AsyncSession, sql: str, **parameters: object) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await session.execute(text(sql), parameters)]


async def _events(session: AsyncSession, type_: str) -> list[dict[str, object]]:
    found = await session.scalars(
        text(
            "SELECT data || jsonb_build_object('id', subject_id, 'area', area_id) FROM event "
            "WHERE type = :type ORDER BY ord"
        ),
        {"type": type_},
    )
    return list(found)


class TestWriting:
    @pytest.mark.requirement("S0-07")
    @pytest.mark.requirement("S1-10")
    @pytest.mark.requirement("S2-30")
    async def test_people_houses_units_components_and_articles_are_kept_and_read_back(
        self, session: AsyncSession, county: County
    ) -> None:
        kinds = {
            "person": ZHANG,
            "dwelling": {"address": "安澜路12号", "code": "3309210001"},
            "building": {"name": "一幢", "code": "B1"},
            "organization": {"name": "岱山渔具厂", "credit_code": "91330921MA00000001"},
            "component": {"name": "井盖", "code": "0101"},
            "place": {"name": "高亭小学"},
        }
        made = [await make.subject(session, kind, county.community, values) for kind, values in kinds.items()]
        found = await make.locked(session, *[each.id for each in made])
        assert {found[each.id].kind: found[each.id].values for each in made} == kinds
        assert {each.version for each in found.values()} == {1}

    async def test_nothing_personal_lies_open(self, session: AsyncSession, county: County) -> None:
        person = await make.subject(session, "person", county.community, ZHANG)
        await make.write(
            session, make.change("person", {"phone": "13912345678", "remark": "独居老人"}, stored=person)
        )
        for table in ("subject", "subject_version", "subject_key", "event"):
            everything = str(await _all(session, f"SELECT t.*::text FROM {table} t"))
            for secret in (
                "张三丰",
                "三丰",
                ID_NUMBER,
                "13812345678",
                "13912345678",
                "501室",
                "独居",
                "吃药",
            ):
                assert secret not in everything, (table, secret)

    async def test_what_everybody_sees_is_masked_and_sensitive_fields_are_not_there(
        self, session: AsyncSession, county: County
    ) -> None:
        person = await make.subject(session, "person", county.community, ZHANG)
        [(masked, sensitive, tags)] = await _all(session, "SELECT masked, sensitive, tags FROM subject")
        assert masked == {
            "name": "张**",
            "id_number": "330921********1236",
            "phone": "138****5678",
            "address": "安澜路12号3幢***",
        }
        assert (sensitive, tags) == (["health"], ["floating"])
        assert person.values["health"] == "吃药"

    async def test_versions_keep_what_was_before(self, session: AsyncSession, county: County) -> None:
        person = await make.subject(session, "person", county.community, ZHANG)
        sent = uuid4()
        first = make.change("person", {"nation": "02", "phone": None}, stored=person, submission_id=sent)
        second = make.change("person", {"nation": "02"}, subject_id=person.id)
        applied = await make.write(session, first, second)
        assert [each.after.version for each in applied] == [2, 3]
        assert [each.changed for each in applied] == [{"nation", "phone"}, frozenset()]
        notes = (await store.history(session, make.COUNTY, {person.id: 1}))[person.id]
        assert [(n.version, n.changed, n.submission_id) for n in notes] == [
            (2, {"nation", "phone"}, sent),
            (3, frozenset(), None),
        ]
        found = (await make.locked(session, person.id))[person.id]
        assert found.values == {k: v for k, v in {**ZHANG, "nation": "02"}.items() if k != "phone"}
        assert found.masked.get("phone") is None
        [(attributes, sealed)] = await _all(
            session, "SELECT attributes, sealed IS NOT NULL FROM subject_version WHERE version = 1"
        )
        assert (attributes["nation"], sealed) == ("01", True)

    async def test_a_subject_made_and_edited_in_one_batch(
        self, session: AsyncSession, county: County
    ) -> None:
        subject_id = uuid7()
        await make.write(
            session,
            make.change(
                "place", {"name": "码头"}, subject_id=subject_id, place=Place(county.community, None)
            ),
            make.change("place", {"address": "滨港路1号"}, subject_id=subject_id),
        )
        found = (await make.locked(session, subject_id))[subject_id]
        assert (found.version, found.name, found.address) == (2, "码头", "滨港路1号")
        assert [e["version"] for e in await _events(session, "subject.created")] == [1]
        assert [e["version"] for e in await _events(session, "subject.changed")] == [2]

    async def test_moving_to_another_grid_tells_both(self, session: AsyncSession, county: County) -> None:
        here, there = uuid7(), uuid7()
        person = await make.subject(session, "person", county.community, ZHANG, grid_id=here)
        await make.write(
            session, make.change("person", {}, stored=person, place=Place(county.community, there))
        )
        [left] = await _events(session, "subject.left_grid")
        [changed] = await _events(session, "subject.changed")
        assert (left["grid_id"], left["to_grid_id"], changed["grid_id"]) == (
            str(here),
            str(there),
            str(there),
        )

    async def test_an_empty_set_does_nothing(self, session: AsyncSession) -> None:
        assert await make.write(session) == []
        assert await make.locked(session) == {}


class TestKeys:
    async def test_found_by_key_however_it_is_written(self, session: AsyncSession, county: County) -> None:
        person = await make.subject(session, "person", county.community, ZHANG)
        asked = [("id_number", f" {ID_NUMBER} "), ("id_number", "110101199001011237")]
        found = await store.find_by_keys(session, identity.vault(), make.COUNTY, asked)
        assert found == {asked[0]: person.id}
        assert await store.find_by_keys(session, identity.vault(), "330922", asked) == {}

    async def test_a_changed_key_is_no_longer_found(self, session: AsyncSession, county: County) -> None:
        building = await make.subject(session, "building", county.community, {"code": "B1"})
        await make.write(session, make.change("building", {"code": "B2"}, stored=building))
        asked = [("building_code", "B1"), ("building_code", "b2")]
        found = await store.find_by_keys(session, identity.vault(), make.COUNTY, asked)
        assert found == {asked[1]: building.id}

    async def test_two_with_one_key_are_both_kept_and_proposed(
        self, session: AsyncSession, county: County
    ) -> None:
        one = await make.subject(session, "building", county.community, {"code": "B1"})
        other = await make.subject(session, "building", county.community, {"code": "B1"})
        found = await _all(session, "SELECT one_id, other_id, reason, state FROM duplicate_proposal")
        assert found == [(*sorted((one.id, other.id)), "same_key", "proposed")]
        assert [e["reason"] for e in await _events(session, "duplicate.proposed")] == ["same_key"]


class TestLifeCycle:
    @pytest.mark.requirement("S1-12")
    async def test_a_person_from_arrival_to_death(self, session: AsyncSession, county: County) -> None:
        day = make.TODAY
        person = await make.subject(session, "person", county.community, ZHANG)
        for back, state in ((6, "left"), (4, "returned"), (2, "died")):
            stored = (await make.locked(session, person.id))[person.id]
            then = make.NOW - timedelta(days=back) + timedelta(days=7)
            change = make.change(
                "person", {}, stored=stored, at=then, state=(state, then.astimezone(make.ZONE).date())
            )
            assert store.refusal(stored, change, is_supervisor=False) is None
            await make.write(session, change, now=then)
        found = (await make.locked(session, person.id))[person.id]
        assert [(s.state, (s.since - day).days) for s in found.states] == [
            ("arrived", 0),
            ("left", 1),
            ("returned", 3),
            ("died", 5),
        ]
        assert [e["state"] for e in await _events(session, "subject.state_changed")] == [
            "left",
            "returned",
            "died",
        ]

    @pytest.mark.parametrize(
        ("days", "is_supervisor", "code"), [(1, False, "subject_closed"), (1, True, None), (-1, False, None)]
    )
    async def test_after_death_only_a_correction(
        self, session: AsyncSession, county: County, days: int, is_supervisor: bool, code: str | None
    ) -> None:
        person = await make.subject(
            session, "person", county.community, ZHANG, state=("died", make.TODAY), at=make.NOW
        )
        change = make.change("person", {"nation": "03"}, stored=person, at=make.NOW + timedelta(days=days))
        refused = store.refusal(person, change, is_supervisor=is_supervisor)
        assert (refused.code if refused else None) == code

    async def test_what_refuses_says_why(self, session: AsyncSession, county: County) -> None:
        person = await make.subject(session, "person", county.community, ZHANG)

        def refused(kind: str, state: tuple[str, date] | None = None) -> Problem | None:
            return store.refusal(
                person, make.change(kind, {}, stored=person, state=state), is_supervisor=False
            )

        assert refused("person") is None
        codes = [
            refused("place"),
            refused("person", ("demolished", make.TODAY)),
            refused("person", ("left", make.TODAY + timedelta(days=1))),
            refused("person", ("returned", make.TODAY)),
        ]
        assert [each.code if each else None for each in codes] == [
            "subject_kind_differs",
            "state_unknown",
            "state_in_future",
            "state_not_allowed",
        ]
        assert SubjectClosed.status == 409


class TestLinks:
    async def test_a_field_opens_and_closes_its_links(self, session: AsyncSession, county: County) -> None:
        first, second = uuid7(), uuid7()
        person = await make.subject(
            session, "person", county.community, {"name": "李四", "dwelling_id": str(first)}
        )
        later = make.NOW + timedelta(days=3)
        await make.write(
            session, make.change("person", {"dwelling_id": str(second)}, stored=person, at=later), now=later
        )
        found = await _all(
            session, "SELECT to_id, kind, valid_from, valid_to FROM subject_link ORDER BY valid_from"
        )
        moved = make.TODAY + timedelta(days=3)
        assert found == [
            (first, "lives_in", make.TODAY, moved),
            (second, "lives_in", moved, None),
        ]

    async def test_moving_twice_in_one_batch_keeps_the_dwelling_between(
        self, session: AsyncSession, county: County
    ) -> None:
        a, b, c = uuid7(), uuid7(), uuid7()
        person = await make.subject(
            session, "person", county.community, {"name": "李四", "dwelling_id": str(a)}
        )
        days = [make.NOW + timedelta(days=n) for n in (1, 2)]
        await make.write(
            session,
            make.change("person", {"dwelling_id": str(b)}, stored=person, at=days[0]),
            make.change("person", {"dwelling_id": str(c)}, subject_id=person.id, at=days[1]),
            now=days[1],
        )
        found = await _all(
            session, "SELECT to_id, valid_from, valid_to FROM subject_link ORDER BY valid_from"
        )
        one, two = make.TODAY + timedelta(days=1), make.TODAY + timedelta(days=2)
        assert found == [(a, make.TODAY, one), (b, one, two), (c, two, None)]
