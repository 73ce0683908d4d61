"""Jobs of the worker: what waits, runs, stalls or failed; failed ones are run again.

Arguments are never shown: they may name people. Of jobs that name a county only its own staff sees any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import counties_of, holds_everything
from app.kit import events
from app.kit.jobs import STALLED_AFTER_S
from app.kit.problems import NotFound
from app.operations.problems import JobNotFailed, JobWaitsAlready

_JOBS = """
SELECT j.id, j.task_name AS task, j.attempts, j.scheduled_at, j.queueing_lock,
       CASE WHEN j.status = 'failed' THEN 'failed'
            WHEN j.status = 'todo' THEN 'waiting'
            WHEN w.last_heartbeat > now() - :stalled_s * interval '1 second' THEN 'running'
            ELSE 'stalled' END AS state,
       (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id) AS changed_at
  FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
 WHERE j.status IN ('failed', 'todo', 'doing')
   AND (cast(:everything AS boolean) OR coalesce(j.args->>'county_code', :county) = ANY(:counties))
"""
LIST = text(f"""
SELECT * FROM ({_JOBS}) j
 WHERE (cast(:state AS text) IS NULL OR state = :state) AND (cast(:task AS text) IS NULL OR task = :task)
   AND (cast(:before AS bigint) IS NULL OR id < :before)
 ORDER BY id DESC LIMIT :limit
""")
FIND = text(f"SELECT * FROM ({_JOBS}) j WHERE id = :id")
WAITS = text("SELECT 1 FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = :lock")
RETRY = text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")
# a job that another with its queueing lock will do anyway
SUPERSEDE = text("UPDATE procrastinate_jobs SET status = 'cancelled' WHERE id = :id AND status = 'failed'")
MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are wanted. state: "failed", "waiting", "running", "stalled" or None for all."""

    state: str | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """How many jobs wait again, and how many were given up because another does the same."""

    retried: int
    superseded: int


async def list_jobs(
    session: AsyncSession, actor: Actor, wanted: JobFilter, *, before: int | None, limit: int
) -> tuple[Sequence[Row[Any]], int | None]:
    """Jobs, the newest first, and the id before which the next page begins."""
    asked = await _scope(session, actor)
    asked |= {"state": wanted.state, "task": wanted.task, "before": before, "limit": limit + 1}
    rows = (await session.execute(LIST, asked)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


async def retry_job(session: AsyncSession, actor: Actor, job_id: int, *, now: datetime) -> Row[Any]:
    """Puts a failed job into the queue again, for one attempt. Raises NotFound, JobNotFailed, JobWaitsAlready."""
    scope = await _scope(session, actor)
    job = (await session.execute(FIND, scope | {"id": job_id})).one_or_none()
    if job is None:
        raise NotFound
    if job.state != "failed":
        raise JobNotFailed(current_state=job.state)
    if await _waits(session, job):
        raise JobWaitsAlready
    await session.execute(RETRY, {"id": job_id})
    await _record(session, actor, job, now)
    return (await session.execute(FIND, scope | {"id": job_id})).one()


async def retry_all(session: AsyncSession, actor: Actor, *, task: str | None, now: datetime) -> Retried:
    """Every failed job, or those of one task; of several that do the same only the newest."""
    failed, _ = await list_jobs(session, actor, JobFilter("failed", task), before=None, limit=MOST_AT_ONCE)
    retried = superseded = 0
    for job in failed:
        if await _waits(session, job):
            await session.execute(SUPERSEDE, {"id": job.id})
            superseded += 1
            continue
        await session.execute(RETRY, {"id": job.id})
        await _record(session, actor, job, now)
        retried += 1
    return Retried(retried, superseded)


async def _waits(session: AsyncSession, job: Row[Any]) -> bool:
    if job.queueing_lock is None:
        return False
    return await session.scalar(WAITS, {"lock": job.queueing_lock}) is not None


async def _scope(session: AsyncSession, actor: Actor) -> dict[str, Any]:
    return {
        "everything": await holds_everything(session, actor),
        "county": actor.county_code,
        "counties": await counties_of(session, actor),
        "stalled_s": STALLED_AFTER_S,
    }


async def _record(session: AsyncSession, actor: Actor, job: Row[Any], now: datetime) -> None:
    await events.record(
        session,
        actor.event_actor,
        "job.retried",
        ("job", UUID(int=job.id)),
        {"task": job.task, "attempts": job.attempts},
        county_code=actor.county_code,
        now=now,
    )
