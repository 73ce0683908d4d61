"""`wangge jobs`: the worker's jobs from the keyboard."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app import models  # noqa: F401 - foreign keys name tables of other packages
from app.identity.actor import system_actor
from app.kit.clock import utc_now
from app.kit.console import clear_errors, say
from app.kit.db import Database
from app.kit.embedded import database_of
from app.kit.problems import Problem
from app.operations import job_service
from app.operations.job_service import JobFilter
from app.rules.calendar_seed import SERVICE
from app.settings import get_settings

T = TypeVar("T")
OPERATOR = system_actor(SERVICE)
SHOWN = 200

jobs = typer.Typer(no_args_is_help=True, help="Jobs of the worker: list them, run failed ones again.")


@jobs.command("list")
def list_jobs(
    state: Annotated[
        str | None, typer.Option(help="failed, waiting, running or stalled; by default all.")
    ] = None,
) -> None:
    """Print up to 200 jobs, the newest first."""
    rows, _ = _with_session(
        lambda session: job_service.list_jobs(session, OPERATOR, JobFilter(state), before=None, limit=SHOWN)
    )
    for row in rows:
        changed = f"{row.changed_at:%Y-%m-%d %H:%M:%S}" if row.changed_at else "-"
        typer.echo(f"{row.id:>8}  {row.state:<8}  {row.attempts:>2} attempts  {changed}  {row.task}")
    typer.echo(f"{len(rows)} jobs")


@jobs.command("retry")
def retry(
    job_id: Annotated[int | None, typer.Argument(help="Number of a failed job.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every failed job.")] = False,
) -> None:
    """Run a failed job again, or all of them."""
    if every == (job_id is not None):
        say("wangge: name one job, or --all")
        raise typer.Exit(2)
    now = utc_now()
    if job_id is not None:
        number = job_id
        row = _with_session(lambda session: job_service.retry_job(session, OPERATOR, number, now=now))
        typer.echo(f"{row.id} {row.task}: {row.state}")
        return
    done = _with_session(lambda session: job_service.retry_all(session, OPERATOR, task=None, now=now))
    typer.echo(f"{done.retried} jobs wait again, {done.superseded} given up: others do the same")


def _with_session(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        try:
            return asyncio.run(_run(settings.database_url or "", work))
        except Problem as problem:
            say(f"wangge: {problem.body('en', '')['detail']}")
            raise typer.Exit(1) from problem


async def _run(url: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    database = Database.connect(url, pool_size=1)
    try:
        async with database.transaction() as session:
            return await work(session)
    finally:
        await database.close()
