"""What comes before that which it names waits, is tried again, and is nowhere lost."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.workflow import TaskKind
from app.identity.actor import system_actor
from app.sync.kinds import TAKERS
from app.sync.retries import hand_over_overdue, retry_all
from tests.factories import catalogue, identity, submissions, visits
from tests.factories import patrol as make
from tests.patrol.conftest import Office
from tests.sync.conftest import Post
from tests.sync.test_everything import item

NEEDS = {"condition": "needs_help", "needs": "缺少过冬棉被"}


@pytest.fixture
async def admitted(post: Post) -> Post:
    """Every shipped item may be collected."""
    async with post.database.transaction() as session:
        await catalogue.admit(
            session, make.COUNTY, post.beat.county.county, since=post.clock.now - timedelta(days=30)
        )
    return post


def visit(post: Post, subject_id: str | UUID, **more: Any) -> dict[str, Any]:
    """A visit of twenty minutes ago."""
    told = visits.visit(UUID(str(subject_id)), post.clock.now - timedelta(minutes=20), findings=NEEDS, **more)
    return item(post, "visit", 20, **{k: v for k, v in told.items() if k not in ("id", "recorded_at")})


def arrival(post: Post, person: str, **more: Any) -> dict[str, Any]:
    """The submission that makes a person."""
    return item(
        post, "submission", 30, **submissions.body(), subject_id=person, position=submissions.HERE, **more
    )


async def retry(post: Post, minutes: float = 1) -> int:
    """The minute job, so much later."""
    post.clock.now += timedelta(minutes=minutes)
    return await retry_all(post.database, TAKERS, vault=identity.vault(), zone=make.ZONE, now=post.clock.now)


async def receipt(post: Post, sent: dict[str, Any]) -> dict[str, Any]:
    """What became of an item, as its sender hears it."""
    asked = {"ids": [sent["id"]]}
    answer = await post.handheld.client.post(
        "/api/v1/sync/receipts", json=asked, headers=post.handheld.headers
    )
    [found] = answer.json()["receipts"]
    return dict(found)


async def one(post: Post, statement: str, **bound: Any) -> Any:
    async with post.database.transaction() as session:
        return await session.scalar(text(statement), bound)


async def test_a_visit_waits_for_its_subject_and_is_taken_when_that_comes(admitted: Post) -> None:
    post, person, photo = admitted, str(uuid4()), str(uuid4())
    early = visit(post, person, upload_ids=[photo], position=visits.position())
    [told] = (await post.push([early]))["results"]
    assert (told["outcome"], told["problem"]) == ("held", None)
    assert told["told"] == {"waits_for": person, "missing_uploads": [photo]}
    [again] = (await post.push([early]))["results"]
    assert (again["outcome"], again["first_outcome"]) == ("duplicate", "held")
    assert await retry(post) == 0
    assert "棉被" not in await one(post, "SELECT sealed FROM held_item")
    received_at = post.clock.now - timedelta(minutes=1)
    [made] = (await post.push([arrival(post, person)]))["results"]
    assert made["outcome"] == "stored"
    assert await retry(post, 0.1) == 1
    after = await receipt(post, early)
    assert (after["outcome"], after["told"]["proven_by"]) == ("stored", "position")
    [again] = (await post.push([early]))["results"]
    assert (again["outcome"], again["first_outcome"]) == ("duplicate", "stored")
    assert await one(post, "SELECT received_at FROM visit") == received_at
    assert await one(post, "SELECT count(*) FROM held_item") == 0
    assert await one(post, "SELECT count(*) FROM work_interval WHERE kind = 'visit'") == 1
    assert [
        await one(post, f"SELECT count(*) FROM event WHERE type = 'item.{t}'") for t in ("held", "settled")
    ] == [1, 1]


async def test_a_visit_in_nobodys_reach_is_taken_once_the_appointment_is_entered(
    admitted: Post, office: Office
) -> None:
    post = admitted
    async with post.database.transaction() as session:
        there = await visits.subject(session, "place", post.beat.county.town, post.beat.grid)
        await session.execute(text("UPDATE subject SET grid_id = NULL"))
    [told] = (await post.push([visit(post, there.id)]))["results"]
    assert (told["outcome"], told["told"]) == ("held", {"missing_uploads": []})
    assert await retry(post) == 0
    async with post.database.transaction() as session:
        await session.execute(text("UPDATE subject SET grid_id = :grid"), {"grid": post.beat.grid})
    assert await retry(post, 1) == 0
    assert await retry(post, 1) == 1


async def test_a_result_waits_for_the_submission_that_it_names(admitted: Post) -> None:
    post, person = admitted, str(uuid4())
    async with post.database.transaction() as session:
        kind = TaskKind("secondary_collection")
        new = NewTask(kind, post.beat.county.community, post.beat.grid, "test", uuid4(), urgent=False)
        (task,) = await open_tasks(
            session, system_actor(make.COUNTY), [new], now=post.clock.now, zone=make.ZONE
        )
    made = arrival(post, person)
    done = item(post, "task_result", 10, task_id=str(task), outcome="done", submission_id=made["id"])
    [told] = (await post.push([done]))["results"]
    assert (told["outcome"], told["told"]) == ("held", {"waits_for": made["id"]})
    assert await one(post, "SELECT state FROM task WHERE id = :id", id=task) == "open"
    await post.push([made])
    assert await retry(post) == 1
    assert await one(post, "SELECT state FROM task WHERE id = :id", id=task) == "done"
    assert (await receipt(post, done))["outcome"] == "stored"


async def test_vain_tries_become_rarer(admitted: Post) -> None:
    post = admitted
    await post.push([visit(post, uuid4())])
    tries = []
    for _ in range(40):
        await retry(post)
        tries.append(await one(post, "SELECT tries FROM held_item"))
    assert tries[0] == 2
    assert tries[-1] == 6


class TestOverdue:
    """What waits longer than the rule is a person's."""

    async def over(self, post: Post, hours: float) -> int:
        """The minute job, so much later; nobody's token ends meanwhile."""
        now = post.clock.now + timedelta(hours=hours)
        return await hand_over_overdue(post.database, zone=make.ZONE, now=now)

    async def came(self, post: Post, sent: dict[str, Any], hours: float) -> None:
        """As if it had come so much later."""
        change = text("UPDATE item_receipt SET received_at = :at WHERE item_id = :id")
        async with post.database.transaction() as session:
            await session.execute(change, {"at": post.clock.now + timedelta(hours=hours), "id": sent["id"]})

    async def test_is_shown_first_told_once_and_still_taken(self, admitted: Post, office: Office) -> None:
        post, person = admitted, str(uuid4())
        early, late, strange = visit(post, person), visit(post, uuid4()), visit(post, uuid4())
        await post.push([early, late, strange])
        await self.came(post, late, 2)
        await self.came(post, strange, 2)
        assert await self.over(post, 72) == 0
        assert await self.over(post, 73) == 1
        assert await self.over(post, 73) == 0, "told once"
        await self.came(post, strange, -1000)  # longer than anybody, where the rule allows it
        supervisor = await office.of(post.beat.supervisor)
        page = (await supervisor.get("/held-items", limit=2)).json()
        assert [(row["item_id"], row["overdue"]) for row in page["items"]] == [
            (early["id"], True),
            (strange["id"], False),
        ]
        page = (await supervisor.get("/held-items", limit=2, cursor=page["next"])).json()
        assert [(row["item_id"], row["overdue"]) for row in page["items"]] == [(late["id"], False)]
        told = await one(post, "SELECT data FROM event WHERE type = 'item.overdue'")
        assert told["kind"] == "visit"
        await post.push([arrival(post, person)])
        assert await retry(post, 0.1) == 1
        assert (await receipt(post, early))["outcome"] == "stored"


class TestWhoLooks:
    """`GET /held-items` and giving one up."""

    async def test_the_sender_and_his_supervisors_see_it(self, admitted: Post, office: Office) -> None:
        post, person = admitted, str(uuid4())
        early = visit(post, person)
        await post.push([early])
        supervisor, foreigner = await office.of(post.beat.supervisor), await office.of(post.beat.foreigner)
        for who, seen in ((post.handheld, 1), (supervisor, 1), (foreigner, 0)):
            items = (await who.get("/held-items")).json()["items"]
            assert len(items) == seen
            if items:
                assert (items[0]["item_id"], items[0]["waits_for"]) == (early["id"], person)
                assert "棉被" not in str(items)
        assert (await post.handheld.client.get("/api/v1/held-items")).status_code == 401
        assert (await supervisor.get("/held-items", cursor="x")).json()["code"] == "bad_cursor"

    async def test_given_up_it_is_kept_in_the_quarantine(self, admitted: Post, office: Office) -> None:
        post = admitted
        early, path = visit(post, uuid4()), "/api/v1/held-items/{}/discard"
        supervisor, foreigner = await office.of(post.beat.supervisor), await office.of(post.beat.foreigner)
        await post.push([early])

        async def give_up(headers: dict[str, str]) -> int:
            answer = await post.handheld.client.post(
                path.format(early["id"]), json={"reason": "对象有误"}, headers=headers
            )
            return answer.status_code

        assert await give_up({}) == 401
        assert await give_up(post.handheld.headers) == 403
        assert await give_up(foreigner.headers) == 404
        assert await give_up(supervisor.headers) == 204
        assert await give_up(supervisor.headers) == 404
        after = await receipt(post, early)
        assert (after["outcome"], after["problem"]["code"]) == ("quarantined", "held_given_up")
        assert "对象有误" in after["problem"]["detail"]
        kept = (await supervisor.get("/quarantine", reason="given_up")).json()["items"]
        assert [row["id"] for row in kept] == [after["told"]["quarantine_id"]]
        assert await retry(post, 100) == 0
        data = await one(post, "SELECT data FROM event WHERE type = 'item.given_up'")
        assert (data["outcome"], "对象" in str(data)) == ("quarantined", False)
