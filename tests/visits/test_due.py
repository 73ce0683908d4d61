"""What is due and overdue, for inspector, grid, area and month; what a handheld pulls."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import text

from app.exchange.sources import Scope
from app.visits.duty import Month
from app.visits.pull import VisitDutySource
from tests.factories import areas, staffing
from tests.factories import patrol as make
from tests.factories import visits as v
from tests.visits.conftest import Parish


def month_before(parish: Parish) -> Month:
    return Month.of(Month.of(parish.beat.day).first - timedelta(days=1))


@pytest.mark.requirement("S4-34")
class TestMonth:
    async def test_both_are_due_until_they_are_visited(self, parish: Parish) -> None:
        assert {d["status"] for d in await parish.due()} == {"due"}
        await parish.visit()
        await parish.visit(subject_id=parish.person)
        duties = {d["subject_id"]: d for d in await parish.due()}
        place, person = duties[str(parish.place)], duties[str(parish.person)]
        assert (place["status"], person["status"]) == ("done", "done")
        assert (place["required"], place["counted"]) == (1, 1)
        assert place["last_visit_on"] == parish.beat.day.isoformat()
        assert place["inspector_ids"] == sorted(
            [str(parish.beat.inspector.id), str(parish.beat.colleague.id)]
        )

    async def test_several_visits_count_once(self, parish: Parish) -> None:
        await parish.visit()
        await parish.visit(at=parish.beat.at("11:50"))
        assert (await parish.duty())["counted"] == 1

    async def test_a_month_that_passed_without_a_visit_is_overdue(self, parish: Parish) -> None:
        before = month_before(parish)
        async with parish.database.transaction() as session:
            place = await v.subject(session, "place", parish.beat.county.community, parish.beat.grid)
            await v.key(session, parish.beat.supervisor, place.id, "school", before.first)
        await parish.visit(subject_id=place.id)
        assert (await parish.duty(place.id, month=before.name))["status"] == "overdue"
        assert (await parish.duty(place.id))["status"] == "done"
        listed = await parish.due(parish.supervisor, month=before.name, status="overdue")
        assert [d["subject_id"] for d in listed] == [str(place.id)]

    async def test_the_rule_of_the_category_and_the_subjects_own_number(self, parish: Parish) -> None:
        async with parish.database.transaction() as session:
            await make.decide(session, parish.beat.county.county, "visits.per_month.market", 2)
            place = await v.subject(session, "place", parish.beat.county.community, parish.beat.grid)
            since = Month.of(parish.beat.day).first
            await v.key(session, parish.beat.supervisor, place.id, "school", since, per_month=4)
        assert (await parish.duty())["required"] == 2
        assert (await parish.duty(place.id))["required"] == 4

    async def test_who_left_is_not_visited_any_more(self, parish: Parish) -> None:
        async with parish.database.transaction() as session:
            await session.execute(
                text("UPDATE subject SET state = 'closed', state_since = :day WHERE id = :id"),
                {"id": parish.place, "day": Month.of(parish.beat.day).first},
            )
        assert str(parish.place) not in {d["subject_id"] for d in await parish.due()}
        listed = await parish.due(status="not_required")
        assert [d["subject_id"] for d in listed] == [str(parish.place)]

    async def test_visits_to_a_merged_record_count_for_the_one_that_stays(self, parish: Parish) -> None:
        async with parish.database.transaction() as session:
            twin = await v.subject(session, "place", parish.beat.county.community, parish.beat.grid)
        await parish.visit(subject_id=twin.id)
        assert (await parish.duty())["status"] == "due"
        async with parish.database.transaction() as session:
            await session.execute(
                text("UPDATE subject SET merged_into = :place WHERE id = :twin"),
                {"place": parish.place, "twin": twin.id},
            )
        assert (await parish.duty())["status"] == "done"

    async def test_merges_are_followed_along_chains(self, parish: Parish) -> None:
        async with parish.database.transaction() as session:
            twins = [
                await v.subject(session, "place", parish.beat.county.community, parish.beat.grid)
                for _ in range(2)
            ]
            for loser, winner in ((twins[0].id, twins[1].id), (twins[1].id, parish.place)):
                await session.execute(
                    text("UPDATE subject SET merged_into = :winner WHERE id = :loser"),
                    {"winner": winner, "loser": loser},
                )
        said = await parish.visit(subject_id=twins[0].id)
        assert said["proven_by"] == "position"
        assert (await parish.duty())["status"] == "done"
        of_place = (await parish.supervisor.get("/visits", subject_id=str(parish.place))).json()["items"]
        assert [each["id"] for each in of_place] == [said["id"]]

    async def test_a_grid_whose_people_were_all_away_is_excused(self, parish: Parish) -> None:
        month = Month.of(parish.beat.day)
        since = datetime.combine(month.first, datetime.min.time(), make.ZONE)
        until = datetime.combine(month.end, datetime.min.time(), make.ZONE)
        async with parish.database.transaction() as session:
            await staffing.absence(session, parish.beat.inspector, since, until)
        assert (await parish.duty())["status"] == "due"
        async with parish.database.transaction() as session:
            await staffing.absence(session, parish.beat.colleague, since, until)
        assert (await parish.duty())["status"] == "excused"
        async with parish.database.transaction() as session:
            await make.decide(session, parish.beat.county.county, "visits.excuse_unserved_month", value=False)
        assert (await parish.duty())["status"] == "due"


async def test_the_list_is_the_same_after_any_order_of_visits(parish: Parish) -> None:
    told = [
        v.visit(parish.place, parish.beat.at("10:00"), position=v.position(500)),
        v.visit(parish.place, parish.beat.at("10:30"), position=v.position()),
        v.visit(parish.place, parish.beat.at("11:00"), position=v.position()),
    ]
    found: list[Any] = []
    for order in permutations(told):
        async with parish.database.transaction() as session:
            for table in ("visit", "work_interval", "item_receipt"):
                await session.execute(text(f"DELETE FROM {table}"))
        for body in (*order, order[0]):
            assert (await parish.post(parish.inspector, "/visits", body)).status_code in (200, 201)
        found.append(await parish.due())
    assert all(each == found[0] for each in found)
    assert (found[0][0]["counted"], len(found)) == (1, 6) or found[0][1]["counted"] == 1


class TestScope:
    async def test_an_inspector_sees_the_grids_that_he_serves(self, parish: Parish) -> None:
        async with parish.database.transaction() as session:
            code = "330921100001002"
            grid = await areas.grid(session, parish.beat.county.community, code, areas.square(5))
            other = await v.subject(session, "place", parish.beat.county.community, grid)
            await v.key(session, parish.beat.supervisor, other.id, "hotel", parish.beat.day.replace(day=1))
        assert len(await parish.due()) == 2
        assert len(await parish.due(parish.supervisor)) == 3
        assert len(await parish.due(parish.supervisor, grid_id=str(grid))) == 1
        mine = await parish.due(parish.supervisor, inspector_id=str(parish.beat.inspector.id))
        assert len(mine) == 2
        assert await parish.due(grid_id=str(grid)) == []
        assert await parish.due(parish.foreigner) == []

    async def test_foreign_areas_and_people_are_unknown(self, parish: Parish) -> None:
        for asked in (
            {"area_id": str(parish.beat.county.community)},
            {"inspector_id": str(parish.beat.inspector.id)},
        ):
            assert (await parish.foreigner.get("/visits/due", **asked)).status_code == 404
        assert (await parish.client.get("/api/v1/visits/due")).status_code == 401
        strange = {"inspector_id": str(parish.beat.supervisor.id)}
        answer = await parish.supervisor.get("/visits/due", **strange)
        assert answer.json()["code"] == "staffing_not_an_inspector"

    async def test_pages(self, parish: Parish) -> None:
        first = (await parish.inspector.get("/visits/due", limit=1)).json()
        rest = (await parish.inspector.get("/visits/due", cursor=first["next"])).json()
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (1, 1, None)
        for cursor in ("x", "WzFd"):
            assert (await parish.inspector.get("/visits/due", cursor=cursor)).json()["code"] == "bad_cursor"


class TestRate:
    async def test_it_opens_down_to_grids(self, parish: Parish) -> None:
        await parish.visit()
        answer = await parish.supervisor.get(f"/areas/{parish.beat.county.town}/visit-rate")
        said = answer.json()
        assert (said["required"], said["done"], said["due"], said["share"]) == (2, 1, 1, 0.5)
        [grid] = said["grids"]
        assert (grid["grid_code"], grid["share"]) == ("330921100001001", 0.5)

    async def test_an_area_without_duties_has_no_share(self, parish: Parish) -> None:
        said = (await parish.foreigner.get(f"/areas/{parish.beat.foreign.county}/visit-rate")).json()
        assert (said["required"], said["share"], said["grids"]) == (0, None, [])

    async def test_who_may_see_it(self, parish: Parish) -> None:
        path = f"/areas/{parish.beat.county.town}/visit-rate"
        assert (await parish.foreigner.get(path)).status_code == 404
        assert (await parish.inspector.get(path)).status_code == 403
        assert (await parish.client.get(f"/api/v1{path}")).status_code == 401


async def test_a_handheld_pulls_the_duties_of_its_grids(parish: Parish) -> None:
    source, beat = VisitDutySource(), parish.beat
    scope = Scope(make.COUNTY, beat.inspector.id, frozenset({beat.grid}), frozenset(), beat.day)
    elsewhere = Scope(make.COUNTY, beat.inspector.id, frozenset(), frozenset(), beat.day)
    async with parish.database.transaction() as session:
        first = await source.page(session, scope, None, 1)
        rest = await source.page(session, scope, first[0].id, 10)
        assert sorted([first[0].id, rest[0].id]) == sorted([parish.place, parish.person])
        assert await source.page(session, elsewhere, None, 10) == []
    await parish.visit()
    async with parish.database.transaction() as session:
        [after] = await source.some(session, scope, [parish.place])
    before = next(each for each in (*first, *rest) if each.id == parish.place)
    assert after.version > before.version
    assert (after.body["status"], after.body["per_month"], after.grid_id) == ("done", 1, beat.grid)
    person = next(each for each in (*first, *rest) if each.id == parish.person)
    assert person.body["categories"] == ["restricted"]
    assert person.body["subject_name"] == "张**"
