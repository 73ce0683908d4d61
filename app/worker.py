"""`wangge worker`: seals events, folds changed days and runs the jobs of every domain, until it is stopped."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from procrastinate import App

import app.affairs.tasks
import app.areas.tasks
import app.collection.assignments.tasks
import app.collection.declarations.tasks
import app.collection.exports.tasks
import app.collection.imports.tasks
import app.collection.submissions.tasks
import app.demo.fortnight.tasks
import app.exchange.tasks
import app.identity.tasks
import app.kit.tasks
import app.patrol.integrity.tasks
import app.patrol.online.tasks
import app.patrol.periods.tasks
import app.patrol.retention.tasks
import app.sync.tasks
import app.uploads.tasks
import app.visits.tasks  # noqa: F401 - they register their jobs
from app.kit import events, jobs, logs, metrics
from app.kit.clock import utc_now
from app.kit.db import Database
from app.operations.sweeps import SweepMark
from app.patrol.tasks import CHUNK as FOLD_CHUNK
from app.patrol.tasks import fold_due
from app.settings import Settings, get_settings

log = structlog.get_logger("wangge.worker")
SEAL_EVERY_S = 0.1
FOLD_EVERY_S = 2.0
JOBS_AT_ONCE = 2
AFTER_ERROR_S = 5.0
JOB_GRACE_S = 12.0
"""A job that takes longer after SIGTERM is handed back: the supervisor waits 20 s in all."""


def main() -> None:
    """Runs a worker on WANGGE_DATABASE_URL until SIGTERM or SIGINT."""
    settings = get_settings()
    logs.configure(settings.log_level)
    if settings.database_url is None:
        raise SystemExit("WANGGE_DATABASE_URL is not set; start the service with scripts/run")
    asyncio.run(run(settings, settings.database_url))


async def run(settings: Settings, url: str) -> None:
    """Runs all sweeps and jobs; returns when a signal came and the work under way is done."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    database = Database.connect(url, pool_size=4)

    async def fold() -> int:
        return await fold_due(database, now=utc_now(), zone=settings.zone)

    try:
        async with jobs.open_queue(url) as queue, asyncio.TaskGroup() as group:
            sweeps = (
                Sweep("seal", lambda: seal_events(database), SEAL_EVERY_S, full=events.SEAL_CHUNK),
                Sweep("fold", fold, FOLD_EVERY_S, full=FOLD_CHUNK),
            )
            for each in sweeps:
                group.create_task(sweep(each, SweepMark(database, each.name), stop))
            worker = group.create_task(run_jobs(queue, {"database": database, "settings": settings}, stop))
            log.info("worker started")
            await stop.wait()
            worker.cancel()
    finally:
        await database.close()
    log.info("worker stopped")


async def run_jobs(queue: App, context: dict[str, Any], stop: asyncio.Event) -> None:
    """Runs jobs until cancelled or `stop`: the queue's own worker ends quietly when it loses the database."""
    while not stop.is_set():
        try:
            await queue.run_worker_async(
                concurrency=JOBS_AT_ONCE,
                install_signal_handlers=False,
                shutdown_graceful_timeout=JOB_GRACE_S,
                delete_jobs="successful",
                additional_context=context,
            )
        except Exception:
            log.exception("jobs interrupted")
        if not stop.is_set():
            log.warning("jobs begin again", after_s=AFTER_ERROR_S)
            await asyncio.sleep(AFTER_ERROR_S)


async def seal_events(database: Database) -> int:
    """Seals one chunk of events; returns how many."""
    async with database.transaction() as session:
        sealed = await events.seal(session)
    metrics.SEALED.inc(sealed)
    return sealed


@dataclass(frozen=True, slots=True)
class Sweep:
    """Work that asks the database what is due. full: what one round does at most; less means caught up."""

    name: str
    work: Callable[[], Awaitable[int]]
    every_s: float
    full: int


async def sweep(each: Sweep, mark: SweepMark, stop: asyncio.Event) -> None:
    """Repeats its work until `stop`: at once while it finds something, after `every_s` when it doesn't.

    An error is logged and tried again later: a database that is away for a while must not end the worker.
    """
    while not stop.is_set():
        try:
            done = await each.work()
            await mark.ran(utc_now(), caught_up=done < each.full)
            wait_s = 0.0 if done else each.every_s
        except Exception:
            log.exception("sweep failed", sweep=each.name)
            wait_s = AFTER_ERROR_S
        if wait_s:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await stop.wait()
