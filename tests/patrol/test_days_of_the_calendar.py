"""Dates at the ends of the calendar overflow as instants; they are refused like any other bad input."""

import pytest

from tests.factories.patrol import Beat, Handheld


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31", "2026-02-30"])
class TestImpossibleDays:
    @pytest.mark.parametrize("tail", ["", "/explanation", "/track.geojson", "/track.gpx", "/judgements"])
    async def test_of_an_inspector(self, beat: Beat, supervisor: Handheld, day: str, tail: str) -> None:
        answer = await supervisor.get(f"/patrol-days/{beat.inspector.id}/{day}{tail}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")

    async def test_of_my_own(self, handheld: Handheld, day: str) -> None:
        assert (await handheld.get("/my-day", day=day)).status_code == 422

    @pytest.mark.parametrize("name", ["day", "day_from"])
    async def test_of_a_list(self, supervisor: Handheld, day: str, name: str) -> None:
        assert (await supervisor.get("/patrol-days", **{name: day})).status_code == 422

    @pytest.mark.parametrize("name", ["day_from", "day_to"])
    async def test_of_an_average(self, supervisor: Handheld, day: str, name: str) -> None:
        assert (await supervisor.get("/patrol-averages", **{name: day})).status_code == 422
