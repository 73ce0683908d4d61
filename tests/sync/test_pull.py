"""What a handheld pulls: everything of its own at first, then what changes, nothing missed, nothing of others."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.identity import devices
from app.identity.actor import system_actor
from app.identity.device_models import DeviceState
from app.kit import events
from app.rules.catalogue.handhelds import MIN_ANDROID_MAJOR
from tests.factories import areas, staffing
from tests.factories import patrol as make
from tests.patrol.conftest import Office
from tests.sync.conftest import PULL, Post

pytestmark = pytest.mark.requirement("S4-51")


def things(*pages: Any) -> dict[str, int]:
    """Versions by id of the things in some pages; none stands twice in one."""
    found: dict[str, int] = {}
    for page in pages:
        ids = [o["id"] for o in page["objects"] if o["kind"] == "thing"]
        assert len(ids) == len(set(ids))
        found |= {o["id"]: o["version"] for o in page["objects"] if o["kind"] == "thing"}
    return found


def kinds(page: Any) -> list[str]:
    return [o["kind"] for o in page["objects"]]


class Mirror:
    """What a handheld does with pages, in the order docs/sync.md asks for."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Any] = {}
        self.cursor: str | None = None

    def take(self, page: Any) -> None:
        if page["reset"]:
            self.objects = {}
        left = set(page["left_grids"])
        self.objects = {key: o for key, o in self.objects.items() if o["grid_id"] not in left}
        for gone in page["gone"]:
            self.objects.pop((gone["kind"], gone["id"]), None)
        for each in page["objects"]:
            self.objects[each["kind"], each["id"]] = each
        self.cursor = page["cursor"]

    async def follow(self, post: Post, **params: Any) -> "Mirror":
        pages, _ = await post.pull_all(self.cursor, **params)
        for page in pages:
            self.take(page)
        return self


class TestFirstLoad:
    async def test_own_grids_rules_and_things_page_by_page(self, post: Post) -> None:
        mine = [await post.put(grid=post.beat.grid) for _ in range(7)]
        wide = [await post.put(area=post.beat.county.town)]
        await post.put(grid=uuid4())
        await post.put(area=post.beat.foreign.community)
        await post.seal()
        pages, cursor = await post.pull_all(limit=3)
        assert len(pages) > 3
        assert things(*pages) == {str(each): 1 for each in mine + wide}
        assert not any(page["reset"] or page["gone"] or page["left_grids"] for page in pages)
        grid, rule = pages[0]["objects"][:2]
        assert (grid["kind"], grid["id"], grid["grid_id"]) == ("grid", *[str(post.beat.grid)] * 2)
        assert grid["body"]["geometry"]["type"] in ("Polygon", "MultiPolygon")
        assert (rule["kind"], rule["id"]) == ("rule", str(post.beat.county.community))
        assert rule["body"]["values"]["patrol.day.patrol_min_s"] == 14_400
        assert not any(key.startswith("integrity.") for key in rule["body"]["values"])
        again = await post.pull(cursor)
        assert (again["objects"], again["more"]) == ([], False)

    async def test_what_changes_while_it_loads_is_told_after_it(self, post: Post) -> None:
        before = [await post.put(grid=post.beat.grid) for _ in range(4)]
        await post.seal()
        first = await post.pull(limit=3)
        for each in before:
            await post.put(each, grid=post.beat.grid)
        late = await post.put(grid=post.beat.grid)
        await post.seal()
        mirror = Mirror()
        mirror.take(first)
        await mirror.follow(post, limit=3)
        versions = {id_: o["version"] for (kind, id_), o in mirror.objects.items() if kind == "thing"}
        assert versions == {str(each): 2 for each in before} | {str(late): 1}

    async def test_a_page_whose_answer_was_lost_is_told_again(self, post: Post) -> None:
        for _ in range(5):
            await post.put(grid=post.beat.grid)
        await post.seal()
        first = await post.pull(limit=3)
        assert await post.pull(first["cursor"], limit=3) == await post.pull(first["cursor"], limit=3)


class TestChanges:
    async def test_each_object_once_in_its_present_state_and_what_is_gone(self, post: Post) -> None:
        kept, gone = await post.put(grid=post.beat.grid), await post.put(grid=post.beat.grid)
        await post.seal()
        _, cursor = await post.pull_all()
        for _ in range(3):
            await post.put(kept, grid=post.beat.grid)
        async with post.database.transaction() as session:
            await session.execute(text("DELETE FROM thing WHERE id = :id"), {"id": gone})
            await post.record(session, gone, post.beat.county.community, {"grid_id": str(post.beat.grid)})
        unsealed = await post.pull(cursor)
        assert unsealed["objects"] == []
        await post.seal()
        page = await post.pull(cursor)
        assert things(page) == {str(kept): 4}
        assert page["gone"] == [{"kind": "thing", "id": str(gone)}]
        assert not page["more"]

    async def test_many_changes_come_in_pages_that_miss_none(self, post: Post) -> None:
        _, cursor = await post.pull_all()
        made = [await post.put(grid=post.beat.grid) for _ in range(12)]
        made += [await post.put(area=post.beat.county.county), await post.put(grid=post.beat.grid)]
        await post.seal()
        pages, _ = await post.pull_all(cursor, limit=4)
        assert len(pages) == 4
        assert things(*pages) == {str(each): 1 for each in made}

    async def test_other_grids_other_areas_other_counties_tell_nothing(self, post: Post) -> None:
        _, cursor = await post.pull_all()
        await post.put(grid=uuid4())
        await post.put(area=post.beat.foreign.community)
        await post.seal()
        page = await post.pull(cursor)
        assert (page["objects"], page["gone"]) == ([], [])
        assert page["head"] > 0

    async def test_what_names_the_inspector_concerns_him_wherever_it_lies(self, post: Post) -> None:
        _, cursor = await post.pull_all()
        await post.put(grid=uuid4(), inspector_id=str(post.beat.inspector.id))
        await post.put(grid=uuid4(), inspector_id=str(post.beat.colleague.id))
        await post.seal()
        assert len((await post.pull(cursor))["gone"]) == 1

    async def test_an_object_that_moves_leaves_one_handheld_and_reaches_the_other(
        self, post: Post, office: Office
    ) -> None:
        async with post.database.transaction() as session:
            there = await areas.grid(session, post.beat.county.community, "330921100001002", areas.square(4))
            other_inspector = await staffing_elsewhere(session, post, there)
        other = Post(
            await office.of(*other_inspector), post.synchronizer, post.database, post.clock, post.beat
        )
        moving = await post.put(grid=post.beat.grid)
        await post.seal()
        mine, his = await Mirror().follow(post), await Mirror().follow(other)
        assert ("thing", str(moving)) in mine.objects
        assert ("thing", str(moving)) not in his.objects
        await post.put(moving, grid=there)
        async with post.database.transaction() as session:  # the other of its two events
            await post.record(session, moving, post.beat.county.community, {"grid_id": str(post.beat.grid)})
        await post.seal()
        await mine.follow(post)
        await his.follow(other)
        assert ("thing", str(moving)) not in mine.objects
        assert his.objects["thing", str(moving)]["version"] == 2

    async def test_a_new_rule_is_told(self, post: Post) -> None:
        _, cursor = await post.pull_all()
        async with post.database.transaction() as session:
            await make.decide(session, post.beat.county.town, MIN_ANDROID_MAJOR.key, 12)
        await post.seal()
        page = await post.pull(cursor)
        (rule,) = page["objects"]
        assert rule["body"]["values"][MIN_ANDROID_MAJOR.key] == 12
        assert page["gone"] == []

    async def test_a_rule_that_begins_with_the_day_needs_no_event(self, post: Post, office: Office) -> None:
        async with post.database.transaction() as session:
            tomorrow = post.beat.day + timedelta(days=1)
            await make.decide(session, post.beat.county.town, MIN_ANDROID_MAJOR.key, 13, since=tomorrow)
        await post.seal()
        old = await Mirror().follow(post)
        assert (
            old.objects["rule", str(post.beat.county.community)]["body"]["values"][MIN_ANDROID_MAJOR.key]
            != 13
        )
        post.clock.now += timedelta(days=1)
        post = replace(post, handheld=await office.of(post.beat.inspector, post.beat.device))
        page = await post.pull(old.cursor)
        assert kinds(page) == ["rule"]
        await old.follow(post)
        assert (
            old.objects["rule", str(post.beat.county.community)]["body"]["values"][MIN_ANDROID_MAJOR.key]
            == 13
        )
        assert old.objects == (await Mirror().follow(post)).objects


async def staffing_elsewhere(session: Any, post: Post, grid: UUID) -> tuple[Any, Any]:
    """An inspector of another grid, with his handheld."""
    from app.identity.actor import Role
    from tests.factories import identity

    inspector = await identity.account(session, post.beat.county.community, Role.INSPECTOR)
    device = await identity.device(session, post.beat.county.community)
    await identity.binding(session, device, inspector, start=post.clock.now - timedelta(days=1))
    await staffing.appointment(session, inspector, grid, post.clock.now - timedelta(days=1))
    return inspector, device


class TestGrids:
    async def test_a_gained_grid_is_loaded_and_a_lost_one_left(self, post: Post) -> None:
        async with post.database.transaction() as session:
            there = await areas.grid(session, post.beat.county.community, "330921100001002", areas.square(4))
        here = [await post.put(grid=post.beat.grid) for _ in range(3)]
        theirs = [await post.put(grid=there) for _ in range(3)]
        wide = await post.put()
        await post.seal()
        old = await Mirror().follow(post)
        gained = await post.appoint(there)
        await post.seal()
        pages, cursor = await post.pull_all(old.cursor, limit=2)
        assert things(*pages) == {str(each): 1 for each in theirs}, "what he had is not sent again"
        assert [o["id"] for page in pages for o in page["objects"] if o["kind"] == "grid"] == [str(there)]
        for page in pages:
            old.take(page)
        assert old.objects == (await Mirror().follow(post)).objects
        await post.dismiss(gained)
        await post.seal()
        page = await post.pull(cursor)
        assert page["left_grids"] == [str(there)]
        old.take(page)
        assert {id_ for kind, id_ in old.objects if kind == "thing"} == {str(each) for each in [*here, wide]}
        assert old.objects == (await Mirror().follow(post)).objects

    async def test_a_grid_lost_while_it_loads_is_left(self, post: Post) -> None:
        for _ in range(6):
            await post.put(grid=post.beat.grid)
        await post.seal()
        mirror = Mirror()
        mirror.take(await post.pull(limit=4))
        await post.dismiss()
        await post.seal()
        await mirror.follow(post, limit=4)
        assert mirror.objects == (await Mirror().follow(post)).objects
        assert not [kind for kind, _ in mirror.objects if kind in ("grid", "thing")]


class TestBeginningAnew:
    async def test_a_cursor_of_a_feed_that_was_restored_begins_anew(self, post: Post) -> None:
        for _ in range(3):
            await post.put(grid=post.beat.grid)
        await post.seal()
        _, cursor = await post.pull_all()
        async with (
            post.database.transaction() as session
        ):  # an earlier state comes back, and goes on otherwise
            await session.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
            await session.execute(
                text(
                    "DELETE FROM event WHERE county_code = :c "
                    "AND seq = (SELECT seq FROM event_head WHERE county_code = :c)"
                ),
                {"c": make.COUNTY},
            )
            await session.execute(
                text(
                    "UPDATE event_head h SET (seq, hash) = (SELECT seq, hash FROM event e "
                    "WHERE e.county_code = h.county_code ORDER BY seq DESC LIMIT 1) WHERE county_code = :c"
                ),
                {"c": make.COUNTY},
            )
            await session.execute(text("ALTER TABLE event ENABLE TRIGGER USER"))
        await post.follow()
        page = await post.pull(cursor)
        assert page["reset"], "its event does not exist any more"
        assert len(things(page)) == 3
        for _ in range(3):
            await post.put(grid=post.beat.grid)
        await post.seal()
        assert (await post.pull(cursor))["reset"], "the number exists again, of another event"
        assert not (await post.pull(page["cursor"]))["reset"]

    async def test_another_holder_gets_nothing_of_the_former(self, post: Post, office: Office) -> None:
        await post.seal()
        _, cursor = await post.pull_all()
        other = await office.of(post.beat.colleague, post.beat.other_device)
        page = (await other.client.get(PULL, params={"cursor": cursor}, headers=other.headers)).json()
        assert page["reset"]

    @pytest.mark.parametrize("cursor", ["x", "AAAA", "lol!", "é", "kA", "mKYzMzA5MjE"])
    async def test_what_is_no_cursor_is_refused(self, post: Post, cursor: str) -> None:
        answer = await post.handheld.client.get(
            PULL, params={"cursor": cursor}, headers=post.handheld.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")

    async def test_who_may_not(self, post: Post, office: Office) -> None:
        assert (await post.handheld.client.get(PULL)).status_code == 401
        supervisor = await office.of(post.beat.supervisor)
        assert (await supervisor.get("/sync/pull")).json()["code"] == "device_needed"


class TestFromMemory:
    async def test_nothing_new_is_answered_without_the_database(
        self, post: Post, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await post.put(grid=post.beat.grid)
        await post.seal()
        _, cursor = await post.pull_all()
        await post.put(grid=uuid4())
        await post.seal()

        def no_database() -> None:
            raise AssertionError("asked the database")

        monkeypatch.setattr(post.database, "sessions", no_database)
        page = await post.pull(cursor)
        assert (page["objects"], page["gone"], page["more"], page["reset"]) == ([], [], False, False)
        assert page["cursor"] != cursor, "it moves on with the feed"
        assert (await post.pull(page["cursor"]))["cursor"] == page["cursor"]

    async def test_memory_never_hides_what_was_sealed(self, post: Post) -> None:
        await post.seal()
        _, cursor = await post.pull_all()
        for place in (
            {"grid": post.beat.grid},
            {"area": post.beat.county.town},
            {"area": post.beat.county.county},
        ):
            made = await post.put(**place)
            await post.seal()
            page = await post.pull(cursor)
            assert things(page) == {str(made): 1}
            cursor = page["cursor"]

    async def test_old_memory_answers_nothing(self, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
        await post.seal()
        _, cursor = await post.pull_all()
        made = await post.put(grid=post.beat.grid)
        async with post.database.transaction() as session:
            await events.seal(session)  # this process has not looked yet
        assert things(await post.pull(cursor)) == {}
        follower = post.synchronizer.follower
        monkeypatch.setattr(follower, "_polled_s", follower._polled_s - 1.01)
        assert things(await post.pull(cursor)) == {str(made): 1}

    async def test_a_revoked_handheld_is_told_as_soon_as_its_event_is_seen(self, post: Post) -> None:
        await post.seal()
        _, cursor = await post.pull_all()
        async with post.database.transaction() as session:
            await devices.revoke_device(
                session,
                system_actor(make.COUNTY),
                post.beat.device.id,
                DeviceState.LOST,
                "丢失",
                now=post.clock.now,
            )
        await post.seal()
        answer = await post.handheld.get("/sync/pull", cursor=cursor)
        assert (answer.status_code, answer.json()["code"]) == (401, "device_revoked")

    async def test_an_appointment_is_noticed_as_soon_as_its_event_is_seen(self, post: Post) -> None:
        async with post.database.transaction() as session:
            there = await areas.grid(session, post.beat.county.community, "330921100001002", areas.square(4))
        await post.seal()
        _, cursor = await post.pull_all()
        await post.appoint(there)
        await post.seal()
        assert "grid" in kinds(await post.pull(cursor))


class TestUrgent:
    async def test_every_answer_says_so_until_the_pull(self, post: Post, office: Office) -> None:
        await post.seal()
        first = await post.pull()
        while first["more"]:
            first = await post.pull(first["cursor"])
        assert not first["urgent"]
        seq = {"Wangge-Seq": str(first["head"])}
        await post.put(grid=post.beat.grid)
        await post.seal()
        assert not (await post.push([], headers=seq))["urgent"]
        await post.put(grid=post.beat.grid, urgent=True)
        await post.seal()
        assert (await post.push([], headers=seq))["urgent"]
        answer = await post.handheld.client.post(
            "/api/v1/sync/receipts", json={"ids": [str(uuid4())]}, headers={**post.handheld.headers, **seq}
        )
        assert answer.json()["urgent"]
        sent = await post.handheld.send_raw(_batch(post), Wangge_Seq=str(first["head"]))
        assert sent.headers["wangge-urgent"] == "1"
        assert "wangge-urgent" not in (await post.handheld.send_raw(_batch(post))).headers
        assert "wangge-urgent" not in (await post.handheld.send_raw(_batch(post), Wangge_Seq="x")).headers
        page = await post.pull(first["cursor"])
        seq = {"Wangge-Seq": str(page["head"])}
        assert not (await post.push([], headers=seq))["urgent"]
        sent = await post.handheld.send_raw(_batch(post), Wangge_Seq=str(page["head"]))
        assert sent.headers["wangge-urgent"] == "0"

    async def test_what_is_urgent_elsewhere_is_nobody_elses(self, post: Post) -> None:
        await post.seal()
        pages, _ = await post.pull_all()
        await post.put(grid=uuid4(), urgent=True)
        await post.seal()
        assert not (await post.push([], headers={"Wangge-Seq": str(pages[-1]["head"])}))["urgent"]


def _batch(post: Post) -> bytes:
    import json

    return json.dumps(make.batch(make.walk(post.clock.now - timedelta(minutes=1), 20))).encode()
