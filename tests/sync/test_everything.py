"""Submissions, visits and task results pushed by one handheld, pulled by an old one and a fresh one: equal states."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.workflow import TaskKind
from app.identity.actor import system_actor
from tests.factories import catalogue, submissions, visits
from tests.factories import patrol as make
from tests.patrol.conftest import Office
from tests.sync.conftest import Post
from tests.sync.test_pull import Mirror


def item(post: Post, kind: str, minutes_ago: int, **members: Any) -> dict[str, Any]:
    """An item of today."""
    at = post.clock.now - timedelta(minutes=minutes_ago)
    return {"id": str(uuid4()), "kind": kind, "recorded_at": at.isoformat(), **members}


def bodies(mirror: Mirror, kind: str) -> dict[str, Any]:
    return {id_: o["body"] for (k, id_), o in mirror.objects.items() if k == kind}


@pytest.mark.requirement("S4-51")
async def test_a_fresh_handheld_gets_what_an_old_one_has(post: Post, office: Office) -> None:
    county, person = post.beat.county, str(uuid4())
    async with post.database.transaction() as session:
        await catalogue.admit(session, make.COUNTY, county.county, since=post.clock.now - timedelta(days=30))
        market = await visits.subject(session, "place", county.community, post.beat.grid)
        await visits.key(session, post.beat.supervisor, market.id, "market", post.beat.day.replace(day=1))
        (task,) = await open_tasks(
            session,
            system_actor(make.COUNTY),
            [
                NewTask(
                    TaskKind("secondary_collection"),
                    county.community,
                    post.beat.grid,
                    "test",
                    uuid4(),
                    urgent=True,
                )
            ],
            now=post.clock.now,
            zone=make.ZONE,
        )
    await post.seal()
    old = await Mirror().follow(post, limit=7)
    assert bodies(old, "task")[str(task)]["state"] in ("open", "assigned")
    assert str(market.id) in bodies(old, "visit_duty")
    assert {"resident_registered"} <= {body.get("code") for body in bodies(old, "item").values()}
    assert bodies(old, "code_table")
    arrived = item(post, "submission", 50, **submissions.body(), subject_id=person, position=submissions.HERE)
    moved = item(
        post,
        "submission",
        40,
        **submissions.body({"gender": "2"}),
        subject_id=person,
        base_version=None,
        after=arrived["id"],
    )
    visited = item(
        post,
        "visit",
        20,
        **{
            name: value
            for name, value in visits.visit(market.id, post.clock.now - timedelta(minutes=20)).items()
            if name not in ("id", "recorded_at")
        },
        position=visits.position(),
    )
    done = item(post, "task_result", 10, task_id=str(task), outcome="done", submission_id=arrived["id"])
    pushed = await post.push([done, visited, moved, arrived])  # in any order
    assert [(r["outcome"], r["problem"]) for r in pushed["results"]] == [("stored", None)] * 4
    again = await post.push([arrived, moved, visited, done])
    assert {r["outcome"] for r in again["results"]} == {"duplicate"}
    await post.seal()
    await old.follow(post, limit=5)
    fresh = await Mirror().follow(post, limit=5)
    assert old.objects == fresh.objects
    assert bodies(fresh, "subject")[person]["fields"]["gender"] == "2"
    assert bodies(fresh, "task")[str(task)]["state"] == "done"
    assert bodies(fresh, "visit_duty")[str(market.id)] != {}
    colleague = Post(
        await office.of(post.beat.colleague, post.beat.other_device),
        post.synchronizer,
        post.database,
        post.clock,
        post.beat,
    )
    assert bodies(await Mirror().follow(colleague), "subject") == bodies(fresh, "subject")
    assert "张三丰" not in str(fresh.objects), "masked"
    for days in (1, 30):  # months turn, tasks are shown no longer, rules begin: no event tells it
        post.clock.now += timedelta(days=days)
        later = replace(post, handheld=await office.of(post.beat.inspector, post.beat.device))
        await old.follow(later)
        assert old.objects == (await Mirror().follow(later)).objects
    assert str(task) not in bodies(old, "task")
