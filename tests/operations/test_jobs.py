"""Jobs over HTTP: failed and stalled ones are seen without their arguments, and run again once."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.kit.db import Database
from tests.factories.patrol import Beat, Clock, Handheld

SECRET = "13812345678"


async def add(
    database: Database, status: str, *, task: str = "test.note", lock: str | None = None, **args: Any
) -> int:
    """A job in some state; returns its id."""
    async with database.transaction() as session:
        return int(
            await session.scalar(
                text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, status, attempts) "
                    "VALUES ('default', :task, :lock, cast(:args AS jsonb), "
                    "cast(:status AS procrastinate_job_status), 8) "
                    "RETURNING id"
                ),
                {"task": task, "lock": lock, "args": json.dumps(args), "status": status},
            )
            or 0
        )


async def status_of(database: Database, job_id: int) -> str:
    async with database.transaction() as session:
        return str(
            await session.scalar(
                text("SELECT status::text FROM procrastinate_jobs WHERE id = :id"), {"id": job_id}
            )
        )


async def retry(who: Handheld, path: str, body: Any = None) -> httpx.Response:
    return await who.client.post(f"/api/v1/operations/jobs/{path}", json=body, headers=who.headers)


class TestListed:
    async def test_by_state_the_newest_first_without_arguments(
        self, admin: Handheld, database: Database
    ) -> None:
        ids = [await add(database, status, phone=SECRET) for status in ("failed", "todo", "doing", "failed")]
        await add(database, "succeeded")
        answer = await admin.get("/operations/jobs")
        assert SECRET not in answer.text
        assert [(j["id"], j["state"]) for j in answer.json()["items"]] == [
            (ids[3], "failed"),
            (ids[2], "stalled"),
            (ids[1], "waiting"),
            (ids[0], "failed"),
        ]
        failed = (await admin.get("/operations/jobs", state="failed")).json()["items"]
        assert [j["id"] for j in failed] == [ids[3], ids[0]]

    async def test_one_that_a_living_worker_is_at_runs(self, admin: Handheld, database: Database) -> None:
        job = await add(database, "doing")
        async with database.transaction() as session:
            worker = await session.scalar(
                text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id")
            )
            await session.execute(
                text("UPDATE procrastinate_jobs SET worker_id = :w WHERE id = :j"), {"w": worker, "j": job}
            )
        assert [j["state"] for j in (await admin.get("/operations/jobs")).json()["items"]] == ["running"]

    async def test_in_pages(self, admin: Handheld, database: Database) -> None:
        ids = [await add(database, "failed") for _ in range(5)]
        seen, before = [], None
        for _ in range(3):
            params = {"limit": 2} | ({"before": before} if before else {})
            page = (await admin.get("/operations/jobs", **params)).json()
            seen += [j["id"] for j in page["items"]]
            before = page["next"]
        assert seen == ids[::-1]
        assert before is None

    async def test_another_countys_jobs_are_not_shown(self, admin: Handheld, database: Database) -> None:
        job = await add(database, "failed", county_code="330922")
        assert (await admin.get("/operations/jobs")).json()["items"] == []
        assert (await retry(admin, f"{job}/retries")).status_code == 404
        assert (await retry(admin, "retries", {})).json() == {"retried": 0, "superseded": 0}
        ours = await add(database, "failed", county_code="330921")
        assert [j["id"] for j in (await admin.get("/operations/jobs")).json()["items"]] == [ours]

    async def test_for_nobody_else(
        self, handheld: Handheld, supervisor: Handheld, client: httpx.AsyncClient
    ) -> None:
        for who in (handheld, supervisor):
            assert (await who.get("/operations/jobs")).status_code == 403
            assert (await retry(who, "1/retries")).status_code == 403
            assert (await retry(who, "retries", {})).status_code == 403
        assert (await client.get("/api/v1/operations/jobs")).status_code == 401
        assert (await client.post("/api/v1/operations/jobs/1/retries")).status_code == 401


class TestRetried:
    async def test_a_failed_job_waits_again_and_leaves_an_event(
        self, admin: Handheld, database: Database, beat: Beat, clock: Clock
    ) -> None:
        job = await add(database, "failed")
        answer = await retry(admin, f"{job}/retries")
        assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
        assert await status_of(database, job) == "todo"
        async with database.transaction() as session:
            row = (
                await session.execute(text("SELECT actor_id, data FROM event WHERE type = 'job.retried'"))
            ).one()
        assert (row.actor_id, row.data) == (beat.admin.id, {"task": "test.note", "attempts": 8})

    @pytest.mark.parametrize("status", ["todo", "doing"])
    async def test_only_failed_ones(self, admin: Handheld, database: Database, status: str) -> None:
        answer = await retry(admin, f"{await add(database, status)}/retries")
        assert (answer.status_code, answer.json()["code"]) == (409, "job_not_failed")

    async def test_one_whose_like_waits_already(self, admin: Handheld, database: Database) -> None:
        failed = await add(database, "failed", lock="months")
        await add(database, "todo", lock="months")
        answer = await retry(admin, f"{failed}/retries")
        assert (answer.status_code, answer.json()["code"]) == (409, "job_waits_already")

    async def test_unknown_and_impossible_numbers(self, admin: Handheld) -> None:
        assert (await retry(admin, "987654321/retries")).status_code == 404
        assert (await retry(admin, f"{2**63}/retries")).status_code == 422
        assert (await retry(admin, "0/retries")).status_code == 422

    async def test_all_but_those_that_do_the_same(self, admin: Handheld, database: Database) -> None:
        older, newer = [await add(database, "failed", lock="months") for _ in range(2)]
        other = await add(database, "failed", task="test.other")
        only = await retry(admin, "retries", {"task": "test.other"})
        assert only.json() == {"retried": 1, "superseded": 0}
        assert (await retry(admin, "retries", {})).json() == {"retried": 1, "superseded": 1}
        assert [await status_of(database, job) for job in (older, newer, other)] == [
            "cancelled",
            "todo",
            "todo",
        ]
        assert (await retry(admin, "retries", {})).json() == {"retried": 0, "superseded": 0}
