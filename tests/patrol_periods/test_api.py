"""Periods over HTTP: figures open down to days, people are never ranked, scope holds."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app.kit.db import Database
from tests.factories import identity, periods, staffing
from tests.factories import patrol as make
from tests.factories.patrol import Clock
from tests.factories.periods import Day
from tests.patrol_periods.conftest import FIRST, Clerk, Desk, October, events_of, refusal, store


async def figures(clerk: Clerk, path: str, **params: Any) -> dict[str, Any]:
    answer = await clerk.get(f"{path}/figures", **params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestFigures:
    @pytest.mark.requirement("S4-07")
    async def test_four_hours_a_day_on_average_meet_the_target_although_one_day_missed_it(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        """3 h and 5 h: one day failed S4-32, the average of S4-07 is met; a half-day asks for half."""
        one, two, *_ = october.town.inspectors
        await store(
            database,
            Day(one.id, FIRST, one.area_id, status="fail", online_s=3 * 3600, distance_m=1000),
            Day(two.id, FIRST, two.area_id, online_s=5 * 3600, distance_m=5000),
            Day(
                two.id,
                FIRST + timedelta(days=1),
                two.area_id,
                prorate=0.5,
                online_s=2 * 3600,
                distance_m=1500,
            ),
            Day(one.id, FIRST + timedelta(days=1), one.area_id, "excused", 0.0, "excused", 9999, 0, 9999.0),
        )
        found = (await figures(await desk.of(october.county_supervisor), october.month))["area"]
        assert (found["expected_days"], found["expected_whole_days"], found["inspectors"]) == (3, 2.5, 2)
        assert (found["online_s"], found["average_online_s"]) == (10 * 3600, 4 * 3600)
        assert (found["target_online_s"], found["online_s_met"]) == (4 * 3600, True)
        assert (found["distance_m"], found["average_distance_m"], found["distance_met"]) == (7500, 3000, True)
        assert found["days_by_status"] | {"pass": 2, "fail": 1, "excused": 1} == found["days_by_status"]
        assert found["pass_share"] == pytest.approx(2 / 3, abs=1e-4)

    @pytest.mark.requirement("S4-08")
    async def test_just_below_the_target_is_missed_and_a_day_nobody_walked_counts(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        one, two, *_ = october.town.inspectors
        await store(
            database,
            Day(one.id, FIRST, one.area_id, distance_m=5999.0, online_s=8 * 3600),
            Day(two.id, FIRST, two.area_id, status="no_data", distance_m=0, online_s=0, fixes=0),
        )
        found = (await figures(await desk.of(october.county_supervisor), october.month))["area"]
        assert (found["expected_days"], found["walked_days"]) == (2, 1)
        assert (found["average_distance_m"], found["distance_met"]) == (2999.5, False)
        assert (found["average_online_s"], found["online_s_met"]) == (4 * 3600, True)

    async def test_a_planned_day_without_a_row_is_expected_and_today_is_not(
        self, october: October, database: Database, desk: Desk, clock: Clock
    ) -> None:
        inspector = october.town.inspectors[0]
        clock.now = periods.at(date(2026, 10, 20), "12:00")
        async with database.transaction() as session:
            for day in (date(2026, 10, 19), date(2026, 10, 20), date(2026, 10, 21)):
                await staffing.shift(session, inspector, periods.at(day, "08:00"), periods.at(day, "12:00"))
        found = (await figures(await desk.of(october.county_supervisor), october.month))["area"]
        assert (found["expected_days"], found["days_by_status"]["provisional"]) == (1, 1)
        assert (found["average_distance_m"], found["distance_met"], found["pass_share"]) == (0.0, False, None)

    async def test_nobody_expected_is_null_never_zero(self, october: October, desk: Desk) -> None:
        found = (await figures(await desk.of(october.county_supervisor), october.month))["area"]
        names = ("average_online_s", "average_distance_m", "online_rate", "pass_share", "online_share")
        assert [found[name] for name in names] == [None] * 5
        assert [found[f"{name}_met"] for name in ("online_s", "distance", "online_rate")] == [None] * 3

    async def test_children_are_the_next_level_down_to_grids(self, october: October, desk: Desk) -> None:
        clerk = await desk.of(october.county_supervisor)
        towns = await figures(clerk, october.month)
        assert [i["level"] for i in towns["items"]] == ["township"]
        communities = await figures(clerk, october.month, area_id=str(october.town.county.town))
        assert {i["subject_id"] for i in communities["items"]} == set(map(str, october.town.communities))
        grids = await figures(clerk, october.month, area_id=str(october.town.other_community))
        assert [i["code"] for i in grids["items"]] == sorted(i["code"] for i in grids["items"])
        assert (len(grids["items"]), grids["items"][0]["level"]) == (2, "grid")

    async def test_pages_join_without_gaps(self, october: October, desk: Desk) -> None:
        clerk = await desk.of(october.county_supervisor)
        whole = (await figures(clerk, october.month, level="grid"))["items"]
        for order in ("name", "average_distance_m"):
            seen: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                page = await figures(clerk, october.month, level="grid", limit=1, order_by=order, **cursor)
                seen += [i["subject_id"] for i in page["items"]]
                if page["next"] is None:
                    break
                cursor = {"cursor": page["next"]}
            assert sorted(seen) == sorted(i["subject_id"] for i in whole), order

    async def test_areas_may_be_ordered_by_a_figure(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        for inspector, metres in zip(october.town.inspectors[2:4], (2000.0, 4000.0), strict=True):
            await store(database, Day(inspector.id, FIRST, inspector.area_id, distance_m=metres))
        clerk = await desk.of(october.county_supervisor)
        page = await figures(clerk, october.month, level="community", order_by="average_distance_m")
        assert [i["average_distance_m"] for i in page["items"]] == [4000.0, 2000.0]

    async def test_a_figure_opens_down_to_its_days(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        one, _, _, away, *_ = october.town.inspectors
        grid = next(iter(october.town.grids))
        async with database.transaction() as session:
            await staffing.appointment(
                session, away, grid, periods.at(FIRST, "00:00"), periods.at(FIRST, "12:00")
            )
        await store(
            database,
            Day(one.id, FIRST, one.area_id),
            Day(away.id, FIRST, away.area_id, rule_version="rules-b"),
            Day(away.id, FIRST + timedelta(days=1), away.area_id),
        )
        clerk = await desk.of(october.county_supervisor)
        grid_figures = (await clerk.get(f"{october.month}/figures/grid/{grid}")).json()
        assert (grid_figures["expected_days"], grid_figures["explanation"]["rule_versions"]) == (
            1,
            ["rules-b"],
        )
        for level, subject, count in (
            ("grid", grid, 1),
            ("inspector", away.id, 2),
            ("community", october.town.other_community, 2),
            ("county", october.town.county.county, 3),
        ):
            found = (await clerk.get(f"{october.month}/figures/{level}/{subject}")).json()
            days = (await clerk.get(found["days_link"].removeprefix("/api/v1"))).json()["items"]
            assert len(days) == found["expected_days"] == count, level
            assert days[0]["link"].endswith(f"/{days[0]['inspector_id']}/2026-10-01/explanation")

    async def test_sources_of_targets_and_versions_are_named(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        one = october.town.inspectors[0]
        await store(database, Day(one.id, FIRST, one.area_id, rule_version="rules-a", fold_version=7))
        async with database.transaction() as session:
            town = october.town.county.town
            await make.decide(session, town, "patrol.period.distance_avg_min_m", 2000)
        clerk = await desk.of(october.county_supervisor)
        found = (await clerk.get(f"{october.month}/figures/township/{town}")).json()
        assert found["target_distance_m"] == 2000
        told = {t["parameter_key"]: t["source"] for t in found["explanation"]["targets"]}
        assert told["patrol.period.distance_avg_min_m"] == "test"
        assert "Daishan" in told["patrol.period.online_avg_min_s"]
        assert (found["explanation"]["rule_versions"], found["explanation"]["fold_versions"]) == (
            ["rules-a"],
            [7],
        )


class TestPersons:
    async def test_are_listed_by_name_and_never_ranked(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        for n, inspector in enumerate(october.town.inspectors):
            await store(database, Day(inspector.id, FIRST, inspector.area_id, distance_m=1000.0 * n))
        clerk = await desk.of(october.county_supervisor)
        listed = (await figures(clerk, october.month, level="inspector"))["items"]
        assert len(listed) == 6
        assert [i["subject_id"] for i in listed] == sorted(
            i["subject_id"] for i in listed
        )  # equal names: by id
        answer = await clerk.get(f"{october.month}/figures", level="inspector", order_by="pass_share")
        assert refusal(answer) == (422, "persons_not_ranked")

    async def test_of_areas_that_only_record_are_withheld_and_have_no_pass_share(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, october.town.other_community, "patrol.policy", "record")
        for inspector in october.town.inspectors:
            await store(database, Day(inspector.id, FIRST, inspector.area_id))
        clerk = await desk.of(october.county_supervisor)
        listed = await figures(clerk, october.month, level="inspector")
        assert (len(listed["items"]), listed["withheld_inspectors"]) == (3, 3)
        area = (await clerk.get(f"{october.month}/figures/community/{october.town.other_community}")).json()
        assert (area["policy"], area["pass_share"], area["expected_days"]) == ("record", None, 3)
        person = october.town.inspectors[-1].id
        assert refusal(await clerk.get(f"{october.month}/figures/inspector/{person}")) == (404, "not_found")

    async def test_see_their_own_figures_only(self, october: October, database: Database, desk: Desk) -> None:
        one, two, *_ = october.town.inspectors
        await store(database, Day(one.id, FIRST, one.area_id), Day(two.id, FIRST, two.area_id))
        clerk = await desk.of(one)
        found = await figures(clerk, october.month, level="county")
        assert ([i["subject_id"] for i in found["items"]], found["area"]) == ([str(one.id)], None)
        assert (await clerk.get(f"{october.month}/figures/inspector/{one.id}")).status_code == 200
        for level, subject in (("inspector", two.id), ("county", october.town.county.county)):
            assert refusal(await clerk.get(f"{october.month}/figures/{level}/{subject}")) == (
                404,
                "not_found",
            )
        assert (await clerk.get(f"{october.month}/revisions")).status_code == 403
        assert await events_of(database, "period_figures.viewed") == []

    async def test_who_looked_leaves_an_event(self, october: October, database: Database, desk: Desk) -> None:
        one = october.town.inspectors[0]
        await store(database, Day(one.id, FIRST, one.area_id))
        await figures(await desk.of(october.town_supervisor), october.month, level="inspector")
        (event,) = await events_of(database, "period_figures.viewed")
        assert event["inspector_ids"] == [str(one.id)]

    async def test_under_off_nothing_is_counted(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, october.town.county.county, "patrol.policy", "off")
        one = october.town.inspectors[0]
        await store(database, Day(one.id, FIRST, one.area_id))
        found = (await figures(await desk.of(october.county_supervisor), october.month))["area"]
        assert (found["expected_days"], found["average_distance_m"]) == (0, None)


class TestPeriods:
    async def test_are_listed_with_the_day_of_their_seal(self, october: October, desk: Desk) -> None:
        """31 days, 5 weeks, one month; the third working day after October 2026 is Wednesday, 4 November."""
        clerk = await desk.of(october.county_supervisor)
        span = {"day_from": "2026-10-01", "day_to": "2026-10-31", "limit": 500}
        listed = (await clerk.get("/periods", **span)).json()["items"]
        kinds = [p["kind"] for p in listed]
        assert (kinds.count("day"), kinds.count("week"), kinds.count("month")) == (31, 5, 1)
        due = {p["kind"]: p["seal_due_at"] for p in listed if p["first_day"] <= "2026-10-12" <= p["last_day"]}
        assert due["month"][:10] == due["day"][:10] == "2026-11-04"
        assert due["week"][:10] == "2026-10-21"
        months = (await clerk.get("/periods", **span, kind="month", status="open")).json()["items"]
        assert [p["first_day"] for p in months] == ["2026-10-01"]
        assert (await clerk.get("/periods", **span, status="sealed")).json()["items"] == []
        one = (await clerk.get(october.month)).json()
        assert (one["status"], one["digest"], one["sealed_at"]) == ("open", None, None)

    async def test_refusals(self, october: October, desk: Desk, client: httpx.AsyncClient) -> None:
        town = october.town.county.town
        paths = [
            october.month,
            f"{october.month}/figures",
            f"{october.month}/figures/township/{town}",
            f"{october.month}/figures/township/{town}/days",
            f"{october.month}/revisions",
        ]
        foreigner = await desk.of(october.foreigner)
        for path in paths:
            assert refusal(await foreigner.get(path)) == (404, "period_not_found"), path
            assert (await client.get(f"/api/v1{path}")).status_code == 401, path
        assert (await client.get("/api/v1/periods")).status_code == 401
        assert (
            await client.post(f"/api/v1{october.month}/seal", json={"reason": "early"})
        ).status_code == 401
        assert (await foreigner.get("/periods")).json()["items"] == []
        community = await desk.of(october.community_supervisor)
        for path in (paths[2], paths[3]):
            assert refusal(await community.get(path)) == (404, "not_found"), path
        beside = {"area_id": str(october.town.other_community)}
        assert refusal(await community.get(paths[1], **beside)) == (404, "not_found")
        assert refusal(await community.get(paths[4], **beside)) == (404, "not_found")
        clerk = await desk.of(october.county_supervisor)
        assert refusal(await clerk.get(f"/periods/{uuid4()}")) == (404, "period_not_found")
        for path in ("/periods", paths[1], paths[3]):
            assert refusal(await clerk.get(path, cursor="nonsense")) == (422, "bad_cursor"), path
        ordered = {"order_by": "pass_share", "level": "grid", "cursor": "WzEsMl0"}  # [1,2]
        assert refusal(await clerk.get(paths[1], **ordered)) == (422, "bad_cursor")

    async def test_a_city_reads_its_counties(self, database: Database, desk: Desk) -> None:
        from app.identity.actor import Role
        from app.patrol.periods.sealing import note_periods

        async with database.transaction() as session:
            city = await identity.area(session, "330900", "city")
            county = await identity.county(session, "330923", city)
            await note_periods(session, "330923", FIRST, FIRST)
            mayor = await identity.account(session, city, Role.CITY)
            month = await session.scalar(
                text("SELECT id FROM period WHERE county_code = '330923' AND kind = 'month'")
            )
        found = await figures(await desk.of(mayor), f"/periods/{month}")
        assert found["area"]["subject_id"] == str(county.county)
