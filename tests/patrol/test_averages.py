"""The average distance of an area: who was expected counts, walked or not."""

from datetime import timedelta

import pytest

from app.identity.actor import Role
from app.kit.db import Database
from tests.factories import identity, staffing
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld
from tests.patrol.conftest import Office
from tests.patrol.test_days import close_of_day, judged, upload

PATH = "/patrol-averages"


class TestAverageDistance:
    @pytest.mark.requirement("S4-08")
    async def test_an_expected_day_that_nobody_walked_counts_as_zero(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        """Two inspectors were expected; one walked about 7.2 km, the other not at all: 3.6 km each."""
        clock.now = close_of_day(beat)
        handheld = await office.of(beat.inspector, beat.device)
        await upload(handheld, make.walk(beat.at("08:05"), 6000, speed_mps=1.2))
        await judged(database, clock)
        supervisor = await office.of(beat.supervisor)
        period = {"day_from": beat.day.isoformat(), "day_to": beat.day.isoformat()}
        found = (await supervisor.get(PATH, **period)).json()
        day = (await supervisor.get(f"/patrol-days/{beat.inspector.id}/{beat.day}")).json()["figures"]
        assert (found["expected_days"], found["walked_days"], found["inspectors"]) == (2, 1, 2)
        assert found["distance_m"] == pytest.approx(day["distance_m"])
        assert found["average_m"] == pytest.approx(day["distance_m"] / 2, abs=0.1)
        assert (found["target_m"], found["is_met"]) == (3000, True)

    @pytest.mark.requirement("S4-08")
    async def test_below_3_km_a_day_the_target_is_missed(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        clock.now = close_of_day(beat)
        handheld = await office.of(beat.inspector, beat.device)
        await upload(handheld, make.walk(beat.at("08:05"), 4000, speed_mps=1.2))
        await judged(database, clock)
        supervisor = await office.of(beat.supervisor)
        period = {"day_from": beat.day.isoformat(), "day_to": beat.day.isoformat()}
        found = (await supervisor.get(PATH, **period)).json()
        assert found["average_m"] < 3000
        assert found["is_met"] is False

    async def test_nobody_expected_is_null_and_today_is_left_out(
        self, beat: Beat, office: Office, clock: Clock
    ) -> None:
        supervisor = await office.of(beat.supervisor)
        for day in (beat.day - timedelta(days=20), beat.day):  # nothing planned; planned, but not over
            period = {"day_from": day.isoformat(), "day_to": day.isoformat()}
            found = (await supervisor.get(PATH, **period)).json()
            assert (found["expected_days"], found["average_m"], found["is_met"]) == (0, None, None)

    async def test_a_city_sees_its_counties(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        async with database.transaction() as session:
            city = await identity.account(session, beat.county.county, Role.CITY)
            before = beat.day - timedelta(days=1)
            await staffing.shift(session, beat.inspector, beat.at("08:00", before), beat.at("12:00", before))
        clock.now = close_of_day(beat)
        found = (await (await office.of(city)).get(PATH)).json()
        assert found["expected_days"] >= 1

    async def test_refusals(self, beat: Beat, office: Office, supervisor: Handheld) -> None:
        foreign = await supervisor.get(PATH, area_id=str(beat.foreign.county))
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
        long = await supervisor.get(PATH, day_from="2026-01-01", day_to="2026-11-01")
        assert (long.status_code, long.json()["code"]) == (422, "period_too_long")
        inspector = await office.of(beat.inspector, beat.device)
        assert (await inspector.get(PATH)).status_code == 403
