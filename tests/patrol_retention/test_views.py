"""An inspector sees who looked at his track: every read of whereabouts by another is told."""

from datetime import timedelta

import pytest

from tests.patrol_retention.conftest import Archive

READS = ("", "/explanation", "/track.geojson", "/track.gpx")


async def views(archive: Archive, **asked: object) -> list[dict[str, object]]:
    """What the inspector is shown."""
    answer = await archive.inspector.get("/me/track-views", **asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


class TestViews:
    async def test_every_read_by_another_is_told_and_ones_own_is_not(self, archive: Archive) -> None:
        for tail in READS:
            assert (await archive.inspector.get(archive.path(tail))).status_code == 200
        assert await views(archive) == []
        for tail in READS:
            archive.clock.now += timedelta(seconds=1)
            assert (await archive.township.get(archive.path(tail))).status_code == 200
        told = await views(archive)
        assert [v["what"] for v in told] == ["gpx", "geojson", "explanation", "day"]
        assert {v["viewer_id"] for v in told} == {str(archive.beat.supervisor.id)}
        assert {(v["viewer_role"], v["viewer_name"]) for v in told} == {("township", "王海生")}
        assert {v["service_day"] for v in told} == {archive.beat.day.isoformat()}

    async def test_a_search_names_whom_it_showed(self, archive: Archive) -> None:
        day = archive.beat.day
        box = {
            "west": 122.0,
            "south": 30.0,
            "east": 122.02,
            "north": 30.02,
            "start_at": archive.beat.at("00:00", day).isoformat(),
            "end_at": archive.beat.at("23:00", day).isoformat(),
        }
        found = (await archive.township.get("/passers", **box)).json()
        assert len(found) == 2
        (told,) = await views(archive)
        assert (told["type"], told["others"], told["service_day"]) == ("passers.searched", 1, None)
        assert told["data"]["box"] == [122.0, 30.0, 122.02, 30.02]  # type: ignore[index]
        nowhere = box | {"west": 121.0, "east": 121.1}
        assert (await archive.township.get("/passers", **nowhere)).json() == []
        assert len(await views(archive)) == 1

    async def test_views_of_others_are_not_told(self, archive: Archive) -> None:
        path = archive.path("/explanation", archive.beat.colleague.id)
        assert (await archive.township.get(path)).status_code == 200
        assert await views(archive) == []
        colleague = (await archive.colleague.get("/me/track-views")).json()["items"]
        assert len(colleague) == 1

    async def test_an_appeal_shows_the_day_and_leaves_its_trace(self, archive: Archive) -> None:
        from uuid import uuid4

        from tests.patrol_retention.conftest import appeal_of

        appeal_id = uuid4()
        await archive.post(archive.inspector, "/appeals", appeal_of(archive.beat.day, appeal_id))
        assert (await archive.township.get(f"/appeals/{appeal_id}")).status_code == 200
        assert [v["what"] for v in await views(archive)] == ["appeal"]

    async def test_pages_and_since(self, archive: Archive) -> None:
        for tail in READS:
            archive.clock.now += timedelta(seconds=1)
            await archive.township.get(archive.path(tail))
        page = (await archive.inspector.get("/me/track-views", limit=3)).json()
        rest = (await archive.inspector.get("/me/track-views", limit=3, cursor=page["next"])).json()
        assert [v["what"] for v in page["items"] + rest["items"]] == ["gpx", "geojson", "explanation", "day"]
        assert rest["next"] is None
        late = await views(archive, since=archive.clock.now.isoformat())
        assert [v["what"] for v in late] == ["gpx"]

    @pytest.mark.parametrize("who", ["township", "county"])
    async def test_it_is_the_inspectors_own(self, archive: Archive, who: str) -> None:
        assert (await getattr(archive, who).get("/me/track-views")).status_code == 403
        assert (await archive.inspector.client.get("/api/v1/me/track-views")).status_code == 401

    async def test_a_bad_cursor_is_a_clear_problem(self, archive: Archive) -> None:
        answer = await archive.inspector.get("/me/track-views", cursor="!")
        assert answer.json()["code"] == "bad_cursor"
