"""Live positions, online rates and silent handhelds over HTTP: who sees what, and what is recorded of looking."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.identity.actor import Role
from app.identity.models import Account
from app.kit.clock import day_start, to_ms
from app.kit.db import Database
from app.patrol.online.service import compute_online_days
from app.patrol.online.tasks import compute_days
from app.rules.catalogue import judging, presence
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Clock, Handheld, batch, walk
from tests.patrol_online.conftest import Office, Town, Worker, town, worker

POSITIONS, LIVE, AREAS, DAY, SILENT = (
    "/live-positions",
    "/online-rates/live",
    "/online-rates/areas",
    "/online-rates",
    "/silent-handhelds",
)
EVERYTHING = (POSITIONS, LIVE, AREAS, DAY, SILENT)


@dataclass(frozen=True)
class Scene:
    """A town at noon: two inspectors in the first community and one in the second, on duty since eight."""

    of: Town
    people: list[Worker]
    chief: Handheld
    foreigner: Account


@pytest.fixture
async def scene(database: Database, clock: Clock, office: Office) -> Scene:
    midnight = day_start(clock.now.astimezone(make.ZONE).date(), make.ZONE)
    shift = (midnight + timedelta(hours=8), midnight + timedelta(hours=17), "work")
    async with database.transaction() as session:
        of = await town(session)
        people = [await worker(session, of, n, clock.now, shifts=[shift]) for n in (0, 0, 1)]
        foreign = await identity.county(session, "330922")
        foreigner = await identity.account(session, foreign.county, Role.COUNTY)
    return Scene(of, people, await office.of(of.supervisor), foreigner)


async def speak(office: Office, of: Worker, clock: Clock, **more: Any) -> httpx.Response:
    """The worker's handheld sends a minute's walk up to now."""
    handheld = await office.of(of.account, of.device)
    body = batch(walk(clock.now - timedelta(seconds=60), 60), sent_at=to_ms(clock.now), **more)
    answer = await handheld.send(body)
    assert answer.status_code == 200, answer.text
    return answer


async def looks(database: Database) -> list[dict[str, Any]]:
    """What was recorded of looking at positions."""
    async with database.transaction() as session:
        found = await session.execute(
            text("SELECT actor_id, area_id, data FROM event WHERE type = 'positions.viewed' ORDER BY ord")
        )
        return [dict(row._mapping) for row in found]


async def ids(handheld: Handheld, **params: Any) -> list[str]:
    """Inspectors on the map."""
    answer = await handheld.get(POSITIONS, **params)
    assert answer.status_code == 200, answer.text
    return [f["properties"]["inspector_id"] for f in answer.json()["features"]]


class TestAccess:
    @pytest.mark.parametrize("path", EVERYTHING)
    async def test_nobody_unknown(self, scene: Scene, client: httpx.AsyncClient, path: str) -> None:
        assert (await client.get(f"/api/v1{path}")).status_code == 401

    @pytest.mark.parametrize("path", EVERYTHING)
    async def test_another_county_finds_nothing(
        self, scene: Scene, office: Office, database: Database, path: str
    ) -> None:
        stranger = await office.of(scene.foreigner)
        answer = await stranger.get(path, area_id=str(scene.of.communities[0]))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert await looks(database) == []

    @pytest.mark.parametrize("path", EVERYTHING)
    async def test_an_inspector_may_not(self, scene: Scene, office: Office, path: str) -> None:
        me = await office.of(scene.people[0].account, scene.people[0].device)
        assert (await me.get(path)).status_code == 403

    @pytest.mark.parametrize("path", [POSITIONS, AREAS, SILENT])
    async def test_a_broken_cursor(self, scene: Scene, path: str) -> None:
        for cursor in ("x", "WzFd", "bnVsbA"):
            answer = await scene.chief.get(path, cursor=cursor)
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


class TestLivePositions:
    async def test_whoever_is_on_duty_and_was_heard_is_shown_where_he_was_last(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        first, second, third = scene.people
        await speak(office, first, clock, state={"battery_pct": 55, "charging": False})
        await speak(office, third, clock)
        clock.now += timedelta(minutes=4)
        answer = await scene.chief.get(POSITIONS)
        assert answer.headers["content-type"] == "application/geo+json"
        said = answer.json()
        assert (said["type"], said["next"]) == ("FeatureCollection", None)
        shown = {f["properties"]["inspector_id"]: f for f in said["features"]}
        assert set(shown) == {str(first.account.id), str(third.account.id)}
        mine = shown[str(first.account.id)]
        last = walk(clock.now, 60)[-1]
        assert mine["geometry"] == {"type": "Point", "coordinates": [last["longitude"], last["latitude"]]}
        told = mine["properties"]
        assert (told["age_s"], told["accuracy_m"], told["battery_pct"], told["on_duty"]) == (
            240,
            6.0,
            55,
            True,
        )
        assert told["grid_codes"] == ["330921100001001"]
        [look] = await looks(database)
        assert (look["actor_id"], look["area_id"]) == (scene.of.supervisor.id, scene.of.county)
        assert sorted(look["data"]["inspector_ids"]) == sorted(shown)
        assert (look["data"]["count"], second.account.id) == (2, second.account.id)

    async def test_after_the_rules_minutes_nobody_is_shown_and_the_look_is_recorded_all_the_same(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        await speak(office, scene.people[0], clock)
        clock.now += timedelta(minutes=5)
        assert await ids(scene.chief) == []
        [look] = await looks(database)
        assert look["data"]["inspector_ids"] == []

    async def test_whoever_pressed_off_is_not_shown(self, scene: Scene, office: Office, clock: Clock) -> None:
        await speak(office, scene.people[0], clock, presses=[make.press("off", clock.now)])
        clock.now += timedelta(minutes=1)
        assert await ids(scene.chief) == []

    async def test_an_area_that_collects_no_tracks_shows_nothing(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        for each in scene.people:
            await speak(office, each, clock)
        async with database.transaction() as session:
            await make.decide(session, scene.of.communities[0], judging.POLICY.key, "off")
        assert await ids(scene.chief) == [str(scene.people[2].account.id)]

    @pytest.mark.parametrize("box", [{"west": 123, "east": 122}, {"south": 31, "north": 30}])
    async def test_a_reversed_box(self, scene: Scene, box: dict[str, int]) -> None:
        answer = await scene.chief.get(POSITIONS, **box)
        assert (answer.status_code, answer.json()["code"]) == (422, "box_reversed")

    async def test_area_box_and_pages(self, scene: Scene, office: Office, clock: Clock) -> None:
        for each in scene.people:
            await speak(office, each, clock)
        everybody = sorted(str(p.account.id) for p in scene.people)
        assert sorted(await ids(scene.chief, area_id=str(scene.of.communities[1]))) == [
            str(scene.people[2].account.id)
        ]
        assert await ids(scene.chief, west=121, east=122) == []
        assert sorted(await ids(scene.chief, west=122, south=30, east=123, north=31)) == everybody
        found: list[str] = []
        cursor = None
        for _ in range(3):
            page = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            said = (await scene.chief.get(POSITIONS, **page)).json()
            found += [f["id"] for f in said["features"]]
            cursor = said["next"]
        assert (sorted(found), cursor) == (everybody, None)

    async def test_a_night_shift_is_shown_across_midnight(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        midnight = day_start(clock.now.astimezone(make.ZONE).date(), make.ZONE)
        shift = (midnight - timedelta(hours=2), midnight + timedelta(hours=6), "work")
        async with database.transaction() as session:
            night = await worker(session, scene.of, 0, clock.now, shifts=[shift])
        clock.now = midnight - timedelta(minutes=1)
        await speak(office, night, clock)
        for minutes, shown in ((1, True), (4, True), (7, False)):
            clock.now = midnight - timedelta(minutes=1) + timedelta(minutes=minutes)
            chief = await office.of(scene.of.supervisor)
            assert (await ids(chief) == [str(night.account.id)]) is shown, minutes
        clock.now = midnight + timedelta(minutes=3)
        await speak(office, night, clock)
        chief = await office.of(scene.of.supervisor)
        said = (await chief.get(POSITIONS)).json()
        assert [f["properties"]["age_s"] for f in said["features"]] == [0]


class TestLiveRate:
    @pytest.mark.requirement("S4-06")
    async def test_numerator_denominator_and_target(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        await speak(office, scene.people[0], clock)
        await speak(office, scene.people[2], clock)
        said = (await scene.chief.get(LIVE)).json()
        assert said["without_leave"] == {"online": 2, "expected": 3, "rate": 0.6667}
        assert (said["is_met"], said["target"]["rate"], said["heard_within_min"]) == (True, 0.6, 5)
        assert "S4-06" in said["target"]["source"]
        one = (await scene.chief.get(LIVE, area_id=str(scene.of.communities[0]))).json()
        assert (one["without_leave"]["rate"], one["is_met"]) == (0.5, False)
        async with database.transaction() as session:
            await make.decide(session, scene.of.communities[0], judging.PERIOD_ONLINE_RATE_MIN.key, 0.5)
            await make.decide(session, scene.of.county, judging.HEARD_WITHIN_MIN.key, 2)
        one = (await scene.chief.get(LIVE, area_id=str(scene.of.communities[0]))).json()
        assert (one["is_met"], one["target"]["source"], one["heard_within_min"]) == (True, "test", 2)
        clock.now += timedelta(minutes=2)
        assert (await scene.chief.get(LIVE)).json()["without_leave"]["online"] == 0

    @pytest.mark.requirement("S4-06")
    async def test_nobody_expected_is_null_and_never_zero(
        self, scene: Scene, office: Office, clock: Clock
    ) -> None:
        clock.now += timedelta(hours=6)
        chief = await office.of(scene.of.supervisor)
        said = (await chief.get(LIVE)).json()
        assert said["without_leave"] == {"online": 0, "expected": 0, "rate": None}
        assert said["is_met"] is None

    @pytest.mark.requirement("S4-06")
    async def test_an_area_that_collects_no_tracks_has_no_rate_and_lowers_no_others(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        """Its handhelds are told to record nothing: to count them as absent would be a lie."""
        await speak(office, scene.people[2], clock)
        async with database.transaction() as session:
            await make.decide(session, scene.of.communities[0], judging.POLICY.key, "off")
        said = (await scene.chief.get(LIVE)).json()
        assert said["without_leave"] == {"online": 1, "expected": 1, "rate": 1.0}
        by_code = (await scene.chief.get(AREAS, level="community")).json()["items"]
        assert [a["without_leave"]["rate"] for a in by_code] == [None, 1.0]
        day = (await scene.chief.get(DAY, area_id=str(scene.of.communities[0]))).json()
        assert (day["minutes"], day["rate"]) == (0, None)

    async def test_areas_below_by_code_and_by_rate(self, scene: Scene, office: Office, clock: Clock) -> None:
        await speak(office, scene.people[2], clock)
        by_code = (await scene.chief.get(AREAS, level="community")).json()["items"]
        assert [(a["code"], a["without_leave"]["rate"]) for a in by_code] == [
            ("330921100001", 0.0),
            ("330921100002", 1.0),
        ]
        by_rate = (await scene.chief.get(AREAS, level="community", order="rate")).json()["items"]
        assert [a["name"] for a in by_rate] == ["社区2", "社区1"]
        first = (await scene.chief.get(AREAS, level="community", order="rate", limit=1)).json()
        rest = await scene.chief.get(AREAS, level="community", order="rate", limit=1, cursor=first["next"])
        assert [a["code"] for a in rest.json()["items"]] == ["330921100001"]
        assert rest.json()["next"] is None
        towns = (await scene.chief.get(AREAS)).json()["items"]
        assert [(t["level"], t["without_leave"]["expected"]) for t in towns] == [("township", 3)]


class TestOnlineDay:
    async def test_today_runs_up_to_the_present_minute(
        self, scene: Scene, office: Office, clock: Clock
    ) -> None:
        await speak(office, scene.people[2], clock)
        clock.now += timedelta(minutes=10, seconds=30)
        said = (await scene.chief.get(DAY, area_id=str(scene.of.communities[1]))).json()
        assert (said["is_over"], said["minutes"], len(said["quarters"])) == (False, 4 * 60 + 10, 96)
        assert said["rate"] == pytest.approx(5 / 250)
        noon = said["quarters"][48]
        assert (noon["rate"], noon["rate_with_leave"]) == (pytest.approx(0.5), pytest.approx(0.5))
        assert noon["start_at"].startswith(f"{clock.now.astimezone(make.ZONE).date()}T") or noon[
            "start_at"
        ].endswith("Z")
        assert said["quarters"][49]["rate"] is None
        assert said["quarters"][0]["rate"] is None

    async def test_a_day_that_is_over_is_kept_and_a_corrected_roster_shows_in_the_next_run(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        day = clock.now.astimezone(make.ZONE).date()
        await speak(office, scene.people[2], clock)
        clock.now = day_start(day, make.ZONE) + timedelta(days=1, hours=2)
        chief = await office.of(scene.of.supervisor)
        fresh = (await chief.get(DAY, day=day.isoformat())).json()
        assert (fresh["is_over"], fresh["minutes"]) == (True, 9 * 60)
        assert await compute_days(database, [day], now=clock.now, zone=make.ZONE) == 4 + 3
        clock.now += timedelta(seconds=5)
        kept = (await chief.get(DAY, day=day.isoformat())).json()
        assert kept == fresh
        async with database.transaction() as session:
            await session.execute(
                text("UPDATE shift SET cancelled_at = now() WHERE inspector_id = :id"),
                {"id": scene.people[0].account.id},
            )
        assert (await chief.get(DAY, day=day.isoformat())).json()["rate"] == kept["rate"]
        async with database.transaction() as session:
            await compute_online_days(session, make.COUNTY, [day], now=clock.now, zone=make.ZONE)
        assert (await chief.get(DAY, day=day.isoformat())).json()["rate"] == pytest.approx(
            kept["rate"] * 3 / 2, abs=2e-4
        )

    async def test_a_row_from_before_midnight_is_not_taken_for_the_whole_day(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        day = clock.now.astimezone(make.ZONE).date()
        async with database.transaction() as session:
            assert await compute_online_days(session, make.COUNTY, [day], now=clock.now, zone=make.ZONE) == 4
            tomorrow = [day + timedelta(days=1)]
            assert (
                await compute_online_days(session, make.COUNTY, tomorrow, now=clock.now, zone=make.ZONE) == 0
            )
        clock.now = day_start(day, make.ZONE) + timedelta(days=1, hours=2)
        chief = await office.of(scene.of.supervisor)
        assert (await chief.get(DAY, day=day.isoformat())).json()["minutes"] == 9 * 60

    async def test_a_city_counts_all_its_counties(self, database: Database, clock: Clock) -> None:
        """The city's areas have another home code than the inspectors below it."""
        day = clock.now.astimezone(make.ZONE).date()
        midnight = day_start(day, make.ZONE)
        shift = (midnight + timedelta(hours=8), midnight + timedelta(hours=17), "work")
        async with database.transaction() as session:
            of = await town(session)
            await worker(session, of, 0, clock.now, shifts=[shift])
            city = await identity.area(session, "330900", "city")
            await session.execute(
                text(
                    "INSERT INTO area_closure SELECT area_id, :city, depth + 1 FROM area_closure "
                    "WHERE ancestor_id = :county"
                ),
                {"city": city, "county": of.county},
            )
            assert await compute_online_days(session, "330900", [day], now=clock.now, zone=make.ZONE) == 1
            row = (await session.execute(text("SELECT * FROM online_day"))).one()
        assert (row.area_id, row.county_code, row.minutes) == (city, "330900", 4 * 60)


class TestSilent:
    async def test_who_should_be_heard_and_is_not(self, scene: Scene, office: Office, clock: Clock) -> None:
        first, second, third = scene.people
        clock.now -= timedelta(minutes=40)
        told = {
            "battery_pct": 4,
            "network": "2g",
            "location_permission": "foreground",
            "waiting_batches": 12,
            "exit_reason": "system_kill",
            "exit_at": to_ms(clock.now - timedelta(minutes=9)),
        }
        await speak(office, first, clock, state=told)
        clock.now += timedelta(minutes=40)
        await speak(office, third, clock)
        chief = await office.of(scene.of.supervisor)
        said = (await chief.get(SILENT)).json()
        assert said["next"] is None
        found = {s["inspector_id"]: s for s in said["items"]}
        assert set(found) == {str(first.account.id), str(second.account.id)}
        mine = found[str(first.account.id)]
        assert {name: mine[name] for name in told if name != "exit_at"} == {
            name: value for name, value in told.items() if name != "exit_at"
        }
        assert (mine["silent_s"], mine["device_id"]) == (2400, str(first.device.id))
        never = found[str(second.account.id)]
        assert (never["last_heard_at"], never["state_at"], never["silent_s"]) == (None, None, 4 * 3600)

    async def test_the_areas_rule_and_the_beginning_of_the_shift_decide(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        clock.now -= timedelta(hours=3, minutes=40)  # twenty minutes into the shift
        chief = await office.of(scene.of.supervisor)
        assert (await chief.get(SILENT)).json()["items"] == []
        async with database.transaction() as session:
            await make.decide(session, scene.of.county, presence.SILENT_AFTER_MIN.key, 15)
        assert len((await chief.get(SILENT)).json()["items"]) == 3

    async def test_an_area_that_collects_no_tracks_lists_nobody(
        self, scene: Scene, database: Database
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, scene.of.communities[0], judging.POLICY.key, "off")
        assert [s["area_code"] for s in (await scene.chief.get(SILENT)).json()["items"]] == ["330921100002"]

    async def test_nobody_off_duty_on_leave_or_without_handheld_is_listed_and_pages_follow(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(
                text("UPDATE shift SET kind = 'leave' WHERE inspector_id = :id"),
                {"id": scene.people[0].account.id},
            )
        ops = scene.chief
        first = (await ops.get(SILENT, limit=1)).json()
        second = (await ops.get(SILENT, limit=1, cursor=first["next"])).json()
        codes = [s["area_code"] for s in first["items"] + second["items"]]
        assert (codes, second["next"]) == (["330921100001", "330921100002"], None)
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM device_binding"))
        assert (await ops.get(SILENT)).json()["items"] == []


class TestOwnShare:
    @pytest.mark.requirement("S4-31")
    async def test_a_person_is_judged_by_his_share_of_slots_on_line(
        self, scene: Scene, office: Office, clock: Clock, database: Database
    ) -> None:
        """Nine hours are 36 slots: 22 of them on line are 61 %, 21 are 58 % and miss the 60 % asked."""
        midnight = day_start(clock.now.astimezone(make.ZONE).date(), make.ZONE)
        async with database.transaction() as session:
            await make.assessed(session, scene.of.county)
        clock.now = midnight + timedelta(hours=23)
        outcomes = []
        for person, slots in zip(scene.people, (22, 21), strict=False):
            beats = [to_ms(midnight + timedelta(hours=8, minutes=15 * slot + 7)) for slot in range(slots)]
            handheld = await office.of(person.account, person.device)
            answer = await handheld.send(batch(beats=beats))
            assert answer.json()["beats_stored"] == slots
            said = (await handheld.get("/my-day", day=str(clock.now.astimezone(make.ZONE).date()))).json()
            figures = said["figures"]
            assert figures["online_share"] == round(slots / 36, 4)
            outcomes.append(next(r["outcome"] for r in figures["checks"] if r["check"] == "online_share"))
        assert outcomes == ["met", "missed"]
