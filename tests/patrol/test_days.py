"""The patrol day over HTTP: what counts, who sees it, how it is judged, and that a judgement stays."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import gpxpy
import httpx
import pytest
from sqlalchemy import text

from app.kit.db import Database
from app.kit.events import SYSTEM
from app.patrol.fold_store import note_absent
from app.patrol.passers import PASSERS
from app.patrol.tasks import fold_due
from app.rules.service import Decision, set_value
from tests.factories import areas, identity, staffing
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld, batch, press, walk
from tests.patrol.conftest import Office, count

HOUR = 3600


def path(beat: Beat, tail: str = "", inspector: UUID | None = None, day: date | None = None) -> str:
    """Address of a day."""
    return f"/patrol-days/{inspector or beat.inspector.id}/{day or beat.day}{tail}"


async def events(database: Database, type_: str) -> list[dict[str, Any]]:
    """Data of the events of a type, in order."""
    async with database.transaction() as session:
        found = await session.scalars(
            text("SELECT data FROM event WHERE type = :type ORDER BY ord"), {"type": type_}
        )
        return list(found)


async def judged(database: Database, clock: Clock) -> None:
    """The folder's sweep, after the day."""
    while await fold_due(database, now=clock.now, zone=make.ZONE, refold_every_s=0):
        pass


async def upload(handheld: Handheld, fixes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Uploads and expects everything to be taken."""
    answer = await handheld.send(batch(fixes, **more))
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    assert all(r["disposition"] == "stored" for r in said["results"])
    return said


def close_of_day(beat: Beat) -> datetime:
    """The next morning."""
    return beat.at("07:00", beat.day + timedelta(days=1))


class TestAbsent:
    async def test_who_never_spoke_is_judged_and_listed_too(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        """A planned day without any upload has no row until it is looked for; then it is `no_data`."""
        clock.now = close_of_day(beat)
        supervisor = await office.of(beat.supervisor)
        listed = {"day_from": beat.day.isoformat(), "day": beat.day.isoformat()}
        assert (await supervisor.get("/patrol-days", **listed)).json()["items"] == []
        async with database.transaction() as session:
            assert await note_absent(session, first=beat.day, last=beat.day, now=clock.now) == 2
            assert await note_absent(session, first=beat.day, last=beat.day, now=clock.now) == 0
        await judged(database, clock)
        items = (await supervisor.get("/patrol-days", **listed)).json()["items"]
        assert [i["figures"]["status"] for i in items] == ["no_data", "no_data"]
        assert {e["status"] for e in await events(database, "patrol_day.judged")} == {"no_data"}


class TestFaultyHandheld:
    async def test_more_fixes_than_the_rule_allows_are_kept_and_told_but_not_read(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        """Without a bound one handheld's millions of fixes would stop the folder for everybody."""
        clock.now = close_of_day(beat)
        async with database.transaction() as session:
            await set_value(
                session,
                SYSTEM,
                Decision("patrol.fixes_per_day_max", None, beat.day, None, 10_000, "test"),
                county_code=make.COUNTY,
                area_path=[],
                now=clock.now,
                today=None,
            )
        handheld = await office.of(beat.inspector, beat.device)
        start = beat.at("09:00")
        for n in range(6):
            began = start + timedelta(seconds=20 * n)
            fixes = [
                f | {"recorded_at": int(began.timestamp() * 1000) + 10 * i}
                for i, f in enumerate(walk(began, 19_990))
            ]
            await upload(handheld, fixes[:2000])
        explained = (await handheld.get(path(beat, "/explanation"))).json()
        assert (explained["figures"]["fixes"], explained["fixes_left_out"]) == (10_000, 2_000)


class TestStatus:
    async def status_of(
        self, beat: Beat, office: Office, database: Database, clock: Clock, fixes: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The day's figures as judged the morning after."""
        clock.now = close_of_day(beat)
        handheld = await office.of(beat.inspector, beat.device)
        for n in range(0, len(fixes), 500):
            await upload(handheld, fixes[n : n + 500])
        await judged(database, clock)
        answer = await handheld.get(path(beat))
        found: dict[str, Any] = answer.json()["figures"]
        return found

    @pytest.mark.requirement("S4-32")
    @pytest.mark.requirement("S4-33")
    async def test_over_4_hours_and_3_km_in_the_own_grid_pass(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        found = await self.status_of(
            beat, office, database, clock, walk(beat.at("08:05"), 4 * HOUR + 1200, speed_mps=1.0)
        )
        assert found["status"] == "pass"
        assert found["patrol_s"] == pytest.approx(4 * HOUR + 1200, abs=30)
        assert found["distance_m"] == pytest.approx(15_600, rel=0.03)
        assert {c["check"]: c["outcome"] for c in found["checks"]} == dict.fromkeys(
            ("patrol_s", "distance_m", "online_share"), "met"
        )

    @pytest.mark.requirement("S4-32")
    async def test_3_hours_fail_and_say_what_is_missing(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        found = await self.status_of(beat, office, database, clock, walk(beat.at("08:05"), 3 * HOUR))
        assert found["status"] == "fail"
        checks = {c["check"]: c for c in found["checks"]}
        assert (checks["patrol_s"]["outcome"], checks["distance_m"]["outcome"]) == ("missed", "met")
        assert checks["patrol_s"]["missing"] == pytest.approx(HOUR, abs=60)

    @pytest.mark.requirement("S4-32")
    async def test_time_outside_the_own_grid_is_online_but_no_patrol(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        away = walk(beat.at("08:05"), 4 * HOUR + 1200, north_m=3000)
        found = await self.status_of(beat, office, database, clock, away)
        assert (found["status"], found["patrol_s"]) == ("fail", 0)
        assert found["online_s"] > 4 * HOUR
        assert found["in_grid_distance_m"] == 0

    @pytest.mark.requirement("S4-33")
    async def test_2_km_fail(self, beat: Beat, office: Office, database: Database, clock: Clock) -> None:
        walked = walk(beat.at("08:05"), 1800, speed_mps=1.1)
        rest = [
            walked[-1] | {"recorded_at": walked[-1]["recorded_at"] + s * 1000}
            for s in range(20, 4 * HOUR, 20)
        ]
        found = await self.status_of(beat, office, database, clock, walked + rest)
        assert found["status"] == "fail"
        checks = {c["check"]: c["outcome"] for c in found["checks"]}
        assert (checks["patrol_s"], checks["distance_m"]) == ("met", "missed")
        assert found["distance_m"] == pytest.approx(1980, rel=0.03)

    @pytest.mark.requirement("S4-33")
    async def test_a_threshold_inside_the_error_bounds_is_for_a_person_to_review(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        walked = walk(beat.at("08:05"), 2500, speed_mps=1.2)
        rest = [
            walked[-1] | {"recorded_at": walked[-1]["recorded_at"] + s * 1000}
            for s in range(20, 4 * HOUR, 20)
        ]
        found = await self.status_of(beat, office, database, clock, walked + rest)
        check = next(c for c in found["checks"] if c["check"] == "distance_m")
        assert check["low"] < 3000 < check["high"]
        assert (found["status"], check["outcome"]) == ("review", "uncertain")

    async def test_provisional_while_the_day_runs(
        self, beat: Beat, handheld: Handheld, database: Database, clock: Clock
    ) -> None:
        await upload(handheld, walk(beat.at("08:05"), 1200))
        said = (await handheld.get("/my-day")).json()
        assert said["figures"]["status"] == "provisional"
        assert (await handheld.get(path(beat, "/judgements"))).status_code == 404
        assert await events(database, "patrol_day.judged") == []

    @pytest.mark.parametrize(
        ("kind", "expected"), [("leave", "excused"), ("rest", "not_expected"), ("training", "excused")]
    )
    async def test_kinds_of_days(
        self, beat: Beat, office: Office, database: Database, clock: Clock, kind: str, expected: str
    ) -> None:
        async with database.transaction() as session:
            await session.execute(text("UPDATE shift SET kind = :kind"), {"kind": kind})
        clock.now = close_of_day(beat)
        supervisor = await office.of(beat.supervisor)
        assert (await supervisor.get(path(beat))).json()["figures"]["status"] == expected

    async def test_no_shift_and_no_data(self, beat: Beat, office: Office, clock: Clock) -> None:
        clock.now = close_of_day(beat)
        supervisor = await office.of(beat.supervisor)
        sunday = beat.day - timedelta(days=9)
        statuses = [
            (await supervisor.get(path(beat, day=d))).json()["figures"]["status"] for d in (sunday, beat.day)
        ]
        assert statuses == ["not_expected", "no_data"]

    async def test_an_area_that_only_records_judges_nobody(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, beat.county.town, "patrol.policy", "record")
        found = await self.status_of(beat, office, database, clock, walk(beat.at("08:05"), HOUR))
        assert (found["status"], found["policy"]) == ("not_expected", "record")

    @pytest.mark.requirement("S0-47")
    async def test_a_township_may_ask_for_less_than_its_county(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, "patrol.day.patrol_min_s", 4 * HOUR)
            await make.decide(session, beat.county.town, "patrol.day.patrol_min_s", 2 * HOUR)
        found = await self.status_of(beat, office, database, clock, walk(beat.at("08:00"), 3 * HOUR + 1200))
        assert found["status"] == "pass"
        assert next(c["asked"] for c in found["checks"] if c["check"] == "patrol_s") == 2 * HOUR


class TestJudgements:
    async def test_late_data_adds_a_revision_and_an_event(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        clock.now = close_of_day(beat)
        handheld = await office.of(beat.inspector, beat.device)
        await upload(handheld, walk(beat.at("08:05"), 3 * HOUR))
        await judged(database, clock)
        await judged(database, clock)
        clock.now += timedelta(days=2)
        handheld = await office.of(beat.inspector, beat.device)
        await upload(handheld, walk(beat.at("11:05"), HOUR + 1200))
        await judged(database, clock)
        found = (await handheld.get(path(beat, "/judgements"))).json()
        assert [(j["revision"], j["figures"]["status"]) for j in found] == [(1, "fail"), (2, "pass")]
        assert found[0]["figures"]["patrol_s"] < 4 * HOUR < found[1]["figures"]["patrol_s"]
        told = [(e["revision"], e["status"]) for e in await events(database, "patrol_day.judged")]
        told += [(e["revision"], e["status"]) for e in await events(database, "patrol_day.revised")]
        assert told == [(1, "fail"), (2, "pass")]

    async def test_data_that_changes_nothing_is_no_revision(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        clock.now = close_of_day(beat)
        handheld = await office.of(beat.inspector, beat.device)
        fixes = walk(beat.at("08:05"), HOUR)
        for _ in range(3):
            await upload(handheld, fixes)
            await judged(database, clock)
        assert await count(database, "day_judgement") == 1

    @pytest.mark.requirement("S0-43")
    async def test_a_changed_rule_does_not_rewrite_a_judged_day(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        clock.now = close_of_day(beat)
        handheld = await office.of(beat.inspector, beat.device)
        await upload(handheld, walk(beat.at("08:05"), 3 * HOUR, accuracy_m=12.0))
        await judged(database, clock)
        before = (await handheld.get(path(beat))).json()["figures"]
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, "patrol.day.patrol_min_s", HOUR)
            await make.decide(session, beat.county.county, "patrol.fold.max_accuracy_m", 10)
        assert (await handheld.get(path(beat))).json()["figures"] == before
        # and evidence that comes later is judged by the rules of then, too
        await upload(handheld, walk(beat.at("11:06"), 600))
        await judged(database, clock)
        found = (await handheld.get(path(beat, "/judgements"))).json()
        assert [j["figures"]["versions"]["rule_version"] for j in found] == [
            before["versions"]["rule_version"]
        ] * 2
        assert found[1]["figures"]["status"] == "fail"

    async def test_a_day_that_nobody_looked_at_is_judged_when_it_is_over(
        self, beat: Beat, handheld: Handheld, database: Database, clock: Clock
    ) -> None:
        await upload(handheld, walk(beat.at("08:05"), 1200))
        await judged(database, clock)
        assert await count(database, "day_judgement") == 0
        clock.now = close_of_day(beat)
        await judged(database, clock)
        assert await count(database, "day_judgement") == 1

    async def test_a_correction_of_the_shift_revises_the_day(
        self, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        clock.now = close_of_day(beat)
        supervisor = await office.of(beat.supervisor)
        handheld = await office.of(beat.inspector, beat.device)
        await upload(handheld, walk(beat.at("08:05"), HOUR))
        await judged(database, clock)
        own = {"inspector_id": str(beat.inspector.id), "from": beat.day, "to": beat.day}
        (shift,) = (await supervisor.get("/shifts", **own)).json()["items"]
        cancelled = await handheld.client.delete(
            f"/api/v1/shifts/{shift['id']}",
            headers=supervisor.headers | {"If-Match": f'"{shift["version"]}"'},
        )
        assert cancelled.status_code < 300, cancelled.text
        await judged(database, clock)
        found = (await supervisor.get(path(beat, "/judgements"))).json()
        assert [j["figures"]["status"] for j in found] == ["fail", "not_expected"]


class TestExplanation:
    @pytest.fixture
    async def walked(self, beat: Beat, handheld: Handheld) -> list[dict[str, Any]]:
        fixes = walk(beat.at("08:05"), 3000)
        rest = [fixes[-1] | {"recorded_at": fixes[-1]["recorded_at"] + s * 1000} for s in range(20, 2400, 20)]
        rest[5] = rest[5] | {"is_mock": True}
        await upload(
            handheld,
            fixes + rest,
            beats=[make.to_ms(beat.at("11:30"))],
            reports=[{"at": make.to_ms(beat.at("10:00")), "cause": "no_signal"}],
        )
        return fixes + rest

    @pytest.mark.requirement("S1-24")
    async def test_my_day_says_what_counts_and_what_is_missing(
        self, handheld: Handheld, walked: list[dict[str, Any]]
    ) -> None:
        said = (await handheld.get("/my-day")).json()
        assert said["figures"]["fixes"] == len(walked)
        assert said["figures"]["distance_m"] == pytest.approx(3600, rel=0.03)
        texts = " ".join(s["zh"] for s in said["sentences"])
        assert "还差" in texts
        assert "静止" in texts
        assert all(s["en"] and s["code"] for s in said["sentences"])

    async def test_it_opens_down_to_segments_stays_and_gaps(
        self, beat: Beat, handheld: Handheld, walked: list[dict[str, Any]]
    ) -> None:
        said = (await handheld.get(path(beat, "/explanation"))).json()
        verdicts = said["figures"]["verdicts"]
        assert sum(v["fixes"] for v in verdicts.values()) == len(walked)
        assert sum(s["fixes"] for s in said["segments"]) == len(walked)
        assert verdicts["mock"]["fixes"] == 1
        assert sum(s["distance_m"] for s in said["segments"]) == pytest.approx(
            said["figures"]["distance_m"], abs=1
        )
        assert said["stays"]
        assert said["grids"] == ["330921100001001"]
        gap = next(g for g in said["gaps"] if g["cause"] == "no_signal")
        assert gap["duration_s"] > 300
        assert [(w["start_at"], w["end_at"]) for w in said["duty"]] == [
            (f"{beat.at('08:00').isoformat()[:19]}Z", f"{beat.at('13:00').isoformat()[:19]}Z")
        ]

    async def test_geojson(self, beat: Beat, handheld: Handheld, walked: list[dict[str, Any]]) -> None:
        answer = await handheld.get(path(beat, "/track.geojson"), points=True)
        assert answer.headers["content-type"] == "application/geo+json"
        features = answer.json()["features"]
        points = [f for f in features if f["properties"]["kind"] == "fix"]
        assert len(points) == len(walked)
        west, south = points[0]["geometry"]["coordinates"]
        assert (west, south) == (walked[0]["longitude"], walked[0]["latitude"])
        assert {f["properties"]["verdict"] for f in points} >= {"mock", "moving", "stationary"}
        plain = (await handheld.get(path(beat, "/track.geojson"))).json()["features"]
        assert {f["properties"]["kind"] for f in plain} == {"segment"}

    async def test_gpx(self, beat: Beat, handheld: Handheld, walked: list[dict[str, Any]]) -> None:
        answer = await handheld.get(path(beat, "/track.gpx"))
        assert answer.headers["content-type"] == "application/gpx+xml"
        parsed = gpxpy.parse(answer.text)
        points = [p for t in parsed.tracks for s in t.segments for p in s.points]
        assert len(points) == len(walked)
        assert points[0].time == beat.at("08:05")
        assert {p.comment for p in points} >= {"moving", "mock"}

    async def test_a_day_without_fixes_has_empty_tracks(self, beat: Beat, handheld: Handheld) -> None:
        assert (await handheld.get(path(beat, "/track.geojson"), points=True)).json()["features"] == []
        assert gpxpy.parse((await handheld.get(path(beat, "/track.gpx"))).text).get_points_no() == 0
        assert (await handheld.get(path(beat, "/explanation"))).json()["segments"] == []


class TestScope:
    ADDRESSES = ("", "/explanation", "/track.geojson", "/track.gpx")

    async def test_an_inspector_sees_only_his_own(
        self, beat: Beat, handheld: Handheld, office: Office
    ) -> None:
        await upload(handheld, walk(beat.at("08:05"), 600))
        colleague = await office.of(beat.colleague, beat.other_device)
        for tail in (*self.ADDRESSES, "/judgements"):
            answer = await colleague.get(path(beat, tail))
            assert (answer.status_code, answer.json()["code"]) == (404, "day_not_found")
        await handheld.get("/my-day")
        assert (await colleague.get("/patrol-days")).json()["items"] == []
        assert len((await handheld.get("/patrol-days")).json()["items"]) == 1

    async def test_a_foreign_supervisor_finds_nothing(
        self, beat: Beat, handheld: Handheld, foreigner: Handheld
    ) -> None:
        await upload(handheld, walk(beat.at("08:05"), 600))
        await handheld.get("/my-day")
        for tail in (*self.ADDRESSES, "/judgements"):
            answer = await foreigner.get(path(beat, tail))
            assert (answer.status_code, answer.json()["code"]) == (404, "day_not_found")
        assert (await foreigner.get("/patrol-days")).json()["items"] == []

    async def test_a_supervisor_of_another_community_finds_nothing(
        self, beat: Beat, handheld: Handheld, office: Office, database: Database
    ) -> None:
        await upload(handheld, walk(beat.at("08:05"), 600))
        async with database.transaction() as session:
            other = await identity.area(session, make.COUNTY, "township", beat.county.county)
            neighbour = await identity.account(session, other, identity.Role.TOWNSHIP)
        looking = await office.of(neighbour)
        assert (await looking.get(path(beat))).status_code == 404
        assert (await looking.get("/patrol-days")).json()["items"] == []

    @pytest.mark.parametrize("tail", [*ADDRESSES, "/judgements"])
    async def test_nobody_without_a_token(self, beat: Beat, client: httpx.AsyncClient, tail: str) -> None:
        assert (await client.get(f"/api/v1{path(beat, tail)}")).status_code == 401

    async def test_roles(self, beat: Beat, office: Office, supervisor: Handheld, handheld: Handheld) -> None:
        admin = await office.of(beat.admin)
        assert (await supervisor.get("/my-day")).status_code == 403
        assert (await admin.get(path(beat))).status_code == 403
        assert (await handheld.get("/quarantine")).status_code == 403
        assert (await handheld.get("/passers", **box(beat))).status_code == 403

    async def test_looking_at_somebody_elses_track_leaves_an_event(
        self, beat: Beat, handheld: Handheld, supervisor: Handheld, database: Database
    ) -> None:
        await upload(handheld, walk(beat.at("08:05"), 600))
        for tail in self.ADDRESSES:
            await handheld.get(path(beat, tail))
        assert await events(database, "track.viewed") == []
        for tail in self.ADDRESSES:
            assert (await supervisor.get(path(beat, tail))).status_code == 200
        assert [e["what"] for e in await events(database, "track.viewed")] == [
            "day",
            "explanation",
            "geojson",
            "gpx",
        ]


class TestHandover:
    async def test_the_old_holders_backlog_is_his_and_is_not_shown(
        self,
        beat: Beat,
        handheld: Handheld,
        office: Office,
        supervisor: Handheld,
        database: Database,
        clock: Clock,
    ) -> None:
        await upload(handheld, walk(beat.at("08:05"), 600))
        assert (await handheld.get("/my-day")).json()["figures"]["fixes"] == 61
        async with database.transaction() as session:
            await session.execute(
                text("DELETE FROM device_binding WHERE device_id = :d"), {"d": beat.other_device.id}
            )
        clock.now = beat.at("12:30")
        supervisor = await office.of(beat.supervisor)
        answer = await handheld.client.post(
            f"/api/v1/devices/{beat.device.id}/handovers",
            json={"inspector_id": str(beat.colleague.id), "at": beat.at("11:00").isoformat()},
            headers=supervisor.headers,
        )
        assert answer.status_code < 300, answer.text
        new_holder = await office.of(beat.colleague, beat.device)
        backlog, own = walk(beat.at("10:00"), 600), walk(beat.at("11:30"), 300)
        said = await upload(new_holder, backlog)
        assert said["day"] == {"service_day": beat.day.isoformat(), "pending": False, "figures": None}
        said = await upload(new_holder, backlog + own)
        mine = (await new_holder.get("/my-day")).json()
        assert mine["figures"]["fixes"] == len(own)
        assert (await new_holder.get(path(beat))).status_code == 404
        his = (await supervisor.get(path(beat))).json()
        assert his["figures"]["fixes"] == 61 + len(backlog)


class TestLists:
    async def test_days_come_in_pages(
        self, beat: Beat, database: Database, clock: Clock, supervisor: Handheld
    ) -> None:
        async with database.transaction() as session:
            for n in range(7):
                inspector = await identity.account(session, beat.county.community, identity.Role.INSPECTOR)
                for back in (0, 1):
                    start = beat.at("08:00") - timedelta(days=back)
                    await staffing.shift(session, inspector, start, start + timedelta(hours=n + 1))
                    await session.execute(
                        text(
                            "INSERT INTO patrol_day (county_code, inspector_id, service_day, area_id, "
                            "opened_at, input_version, pending) VALUES ('330921', :i, :d, :a, :now, 1, true)"
                        ),
                        {
                            "i": inspector.id,
                            "d": beat.day - timedelta(days=back),
                            "a": inspector.area_id,
                            "now": clock.now,
                        },
                    )
        clock.now += timedelta(minutes=1)
        await judged(database, clock)
        seen, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = (await supervisor.get("/patrol-days", limit=4, day_to=beat.day, **more)).json()
            seen += [(i["service_day"], i["inspector_id"]) for i in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert len(seen) == 14
        assert seen == sorted(set(seen))
        yesterday = (beat.day - timedelta(days=1)).isoformat()
        only = (await supervisor.get("/patrol-days", day_to=beat.day, status="no_data")).json()["items"]
        assert {i["service_day"] for i in only} == {yesterday}
        assert len(only) == 7
        one = (await supervisor.get("/patrol-days", day_to=beat.day, inspector_id=seen[0][1])).json()["items"]
        assert len(one) == 2
        bad = await supervisor.get("/patrol-days", cursor="nonsense")
        assert (bad.status_code, bad.json()["code"]) == (422, "bad_cursor")

    async def test_quarantine_in_pages(
        self, beat: Beat, handheld: Handheld, supervisor: Handheld, foreigner: Handheld
    ) -> None:
        for n in range(5):
            await handheld.send_raw(f"broken {n}".encode())
        first = (await supervisor.get("/quarantine", limit=3)).json()
        rest = (await supervisor.get("/quarantine", limit=3, cursor=first["next"])).json()
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 2, None)
        assert len({i["id"] for i in first["items"] + rest["items"]}) == 5
        assert all(i["body_bytes"] > 0 and i["reason"] == "unreadable" for i in first["items"])
        assert (await foreigner.get("/quarantine")).json()["items"] == []

    async def test_receipts_of_many(self, beat: Beat, handheld: Handheld, office: Office) -> None:
        body = batch(walk(beat.at("08:05"), 100))
        await handheld.send(body)
        ids = [body["batch_id"], str(uuid4())]
        asked = await handheld.client.post(
            f"{make.UPLOAD}/receipts", json={"batch_ids": ids}, headers=handheld.headers
        )
        assert [r["batch_id"] for r in asked.json()] == [body["batch_id"]]
        assert asked.json()[0]["results"][0]["last"] == 10
        other = await office.of(beat.colleague, beat.other_device)
        asked = await other.client.post(
            f"{make.UPLOAD}/receipts", json={"batch_ids": ids}, headers=other.headers
        )
        assert asked.json() == []
        assert (await handheld.get(f"/fix-batches/{uuid4()}")).status_code == 404

    async def test_receipts_need_a_handheld(self, supervisor: Handheld, client: httpx.AsyncClient) -> None:
        asked = await client.post(
            f"{make.UPLOAD}/receipts", json={"batch_ids": [str(uuid4())]}, headers=supervisor.headers
        )
        assert (asked.status_code, asked.json()["code"]) == (403, "device_needed")
        for address in (f"/fix-batches/{uuid4()}", "/handheld/config"):
            assert (await supervisor.get(address)).json()["code"] == "device_needed"
            assert (await client.get(f"/api/v1{address}")).status_code == 401

    @pytest.mark.requirement("S0-36")
    async def test_an_old_app_is_told_never_refused(
        self, beat: Beat, handheld: Handheld, database: Database
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, "handheld.min_app_version", "2.10.0")
            await make.decide(session, beat.county.town, "handheld.sampling_s", 30)
        config = (await handheld.get("/handheld/config")).json()
        assert (config["min_app_version"], config["sampling_s"], config["fixes_max"]) == ("2.10.0", 30, 2000)
        for version, outdated in (("2.9.1", True), ("2.10.0", False), ("2.11.0-beta", False), (None, False)):
            more = {"app_version": version} if version else {}
            said = await upload(handheld, walk(beat.at("08:05"), 20), **more)
            assert said["app_outdated"] is outdated
            assert said["config_version"] == config["config_version"]


def box(beat: Beat, north_m: float = 0, **more: Any) -> dict[str, Any]:
    """A search of 200 m around where walks begin, over the day."""
    north = make.SOUTH + north_m / 110_860
    return {
        "west": make.WEST - 0.001,
        "east": make.WEST + 0.001,
        "south": north - 0.001,
        "north": north + 0.001,
        "start_at": beat.at("08:00").isoformat(),
        "end_at": beat.at("13:00").isoformat(),
    } | more


class TestPassers:
    async def test_who_passed_here_between_these_times(
        self, beat: Beat, handheld: Handheld, office: Office, supervisor: Handheld, foreigner: Handheld,
        database: Database,
    ) -> None:  # fmt: skip
        colleague = await office.of(beat.colleague, beat.other_device)
        await upload(handheld, walk(beat.at("09:00"), 600))
        await upload(colleague, walk(beat.at("09:00"), 600, north_m=2000))
        found = (await supervisor.get("/passers", **box(beat))).json()
        assert [f["inspector_id"] for f in found] == [str(beat.inspector.id)]
        assert datetime.fromisoformat(found[0]["first_at"]) == beat.at("09:00")
        assert 5 < found[0]["fixes"] < 12
        there = (await supervisor.get("/passers", **box(beat, 2000))).json()
        assert [f["inspector_id"] for f in there] == [str(beat.colleague.id)]
        later = box(beat, start_at=beat.at("10:00").isoformat())
        assert (await supervisor.get("/passers", **later)).json() == []
        assert (await foreigner.get("/passers", **box(beat))).json() == []
        assert len(await events(database, "passers.searched")) == 4

    @pytest.mark.parametrize(
        "wide",
        [
            {"east": 130.0},
            {"start_at": "2020-01-01T00:00:00Z"},
            {"end_at": "2000-01-01T00:00:00Z"},
        ],
    )
    async def test_too_wide_or_ends_before_it_begins(
        self, beat: Beat, supervisor: Handheld, wide: dict[str, Any]
    ) -> None:
        answer = await supervisor.get("/passers", **box(beat, **wide))
        assert (answer.status_code, answer.json()["code"]) == (422, "range_too_wide")

    @pytest.mark.parametrize("reversed_", [{"west": 123.0}, {"south": 31.0}])
    async def test_a_reversed_box(self, beat: Beat, supervisor: Handheld, reversed_: dict[str, Any]) -> None:
        answer = await supervisor.get("/passers", **box(beat, **reversed_))
        assert (answer.status_code, answer.json()["code"]) == (422, "box_reversed")

    async def test_the_spatial_index_is_used(
        self, beat: Beat, handheld: Handheld, database: Database
    ) -> None:
        await upload(handheld, walk(beat.at("09:00"), 600))
        async with database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO fix_batch SELECT b.county_code, b.day, b.inspector_id, gen_random_uuid(), "
                    "b.device_id, 0, b.fix_count, ST_AsTWKB(ST_Translate(ST_GeomFromTWKB(b.track), n * 0.002, "
                    "(n % 50) * 0.1), 7, 0, 0), b.attributes FROM fix_batch b, generate_series(1, 6000) n"
                )
            )
            await session.execute(text("ANALYZE fix_batch"))
            sought = box(beat)
            plan = await session.scalars(
                text(f"EXPLAIN {PASSERS.text}"),
                {
                    "counties": [make.COUNTY],
                    "area_id": beat.county.county,
                    "day_from": beat.day - timedelta(days=1),
                    "day_to": beat.day + timedelta(days=1),
                    "from_ms": 0,
                    "to_ms": 10**13,
                    "limit": 10,
                    **{side: sought[side] for side in ("west", "east", "south", "north")},
                },
            )
            assert any("Index" in line and "_st_setsrid_idx" in line for line in plan)


class TestPresses:
    async def test_an_early_press_counts_for_the_day(
        self, beat: Beat, handheld: Handheld, database: Database
    ) -> None:
        await upload(handheld, walk(beat.at("07:31"), 600), presses=[press("on", beat.at("07:30"))])
        said = (await handheld.get("/my-day")).json()
        assert said["figures"]["fixes"] == 61
        assert [e["service_day"] for e in await events(database, "duty.pressed_on")] == [beat.day.isoformat()]

    async def test_a_late_off_press_takes_back_what_was_counted(
        self, beat: Beat, handheld: Handheld, database: Database, clock: Clock
    ) -> None:
        await upload(handheld, walk(beat.at("09:00"), 1200))
        before = (await handheld.get("/my-day")).json()["figures"]
        await handheld.send(batch(presses=[press("off", beat.at("09:10"))]))
        after = (await handheld.get("/my-day")).json()["figures"]
        assert (before["fixes"], after["fixes"]) == (121, 60)
        assert after["distance_m"] < before["distance_m"] * 0.6

    async def test_after_off_fixes_are_not_kept(self, beat: Beat, handheld: Handheld) -> None:
        answer = await handheld.send(
            batch(walk(beat.at("09:00"), 1200), presses=[press("off", beat.at("09:10"))])
        )
        assert [(r["disposition"], r["first"], r["last"]) for r in answer.json()["results"]] == [
            ("stored", 0, 59),
            ("off_duty", 60, 120),
        ]


@pytest.mark.requirement("S0-02")
async def test_the_grid_is_the_unit_by_which_a_day_counts(
    beat: Beat, handheld: Handheld, database: Database
) -> None:
    """Metres count by the grid's own code; a day pins the version of the outline it was computed with."""
    async with database.transaction() as session:
        await areas.grid(session, beat.county.community, "330921100001002", areas.square(0, 1))
    await upload(handheld, walk(beat.at("09:00"), 1200) + walk(beat.at("09:30"), 1200, north_m=1500))
    said = (await handheld.get(path(beat, "/explanation"))).json()
    assert said["grids"] == ["330921100001001"]
    assert said["figures"]["versions"]["grid_versions"] == ["330921100001001@1"]
    assert said["figures"]["in_grid_distance_m"] == pytest.approx(1440, rel=0.05)
    assert said["figures"]["distance_m"] == pytest.approx(2880, rel=0.05)
