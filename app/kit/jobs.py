"""Jobs from PostgreSQL: enqueued in our own transaction, so a rollback leaves none; run by `wangge worker`.

A job is delivered at least once, so every task is idempotent. Ticks only wake tasks that ask the database
what is due: a tick that was missed while the worker was down costs nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.tasks import Task
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database, driver_connection
from app.settings import Settings

log = structlog.get_logger("wangge.jobs")
STALLED_AFTER_S = 60
"""A worker silent for this long is dead; its jobs are run again."""

queue = App(connector=PsycopgConnector())
"""All tasks of all domains; the worker opens it on its own database."""

RETRY = RetryStrategy(max_attempts=8, exponential_wait=3)


async def defer(session: AsyncSession, task: Task[Any, Any, Any], **arguments: Any) -> int:
    """Enqueues `task` in the session's transaction and returns the job's id. `arguments` are JSON."""
    return await task.configure(connection=await driver_connection(session)).defer_async(**arguments)


@asynccontextmanager
async def open_queue(url: str) -> AsyncIterator[App]:
    """The queue, open on the database at `url`."""
    # replaced, not copied: periodic tasks defer themselves through the app that they were declared on
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with queue.replace_connector(PsycopgConnector(conninfo=plain, min_size=1, max_size=4)) as app:
        async with app.open_async():
            yield app


def database_of(context: JobContext) -> Database:
    """The worker's database, for tasks that take `pass_context`."""
    database: Database = context.additional_context["database"]
    return database


def settings_of(context: JobContext) -> Settings:
    """The worker's settings, likewise."""
    settings: Settings = context.additional_context["settings"]
    return settings


async def rescue_stalled(app: App, *, silent_s: float = STALLED_AFTER_S) -> int:
    """Hands jobs of workers that were silent for `silent_s` back to the queue; returns how many."""
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_s))
    for job in stalled:
        log.warning("job rescued", task=job.task_name, job_id=job.id)
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            # another job with its queueing lock waits already and does the same
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
    await app.job_manager.prune_stalled_workers(seconds_since_heartbeat=silent_s)
    return len(stalled)
