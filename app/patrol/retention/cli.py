"""`wangge retention`: what is past its retention goes."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from app.kit.clock import utc_now
from app.kit.console import clear_errors, say
from app.kit.db import Database
from app.kit.embedded import database_of
from app.patrol.retention.purge import Purged, foresee, purge
from app.settings import Settings, get_settings

retention = typer.Typer(
    no_args_is_help=True, help="Retention: freeze explanations, remove what is past its time."
)


@retention.callback()
def _group() -> None:
    """Keeps `purge` a subcommand."""


@retention.command("purge")
def purge_now(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; tell what would go. · 仅预览")
    ] = False,
) -> None:
    """Do now what the worker does every night; may be stopped and run again."""
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        done = asyncio.run(_run(settings, dry_run=dry_run))
    for county_code, counts in sorted(done.counties.items()):
        told = ", ".join(f"{name} {value}" for name, value in asdict(counts).items() if value)
        typer.echo(f"{county_code}: {told or 'nothing'}")
    for month in done.months:
        typer.echo(f"month {month}")


async def _run(settings: Settings, *, dry_run: bool) -> Purged:
    assert settings.database_url is not None  # noqa: S101 - database_of gives one
    database = Database.connect(settings.database_url, pool_size=1)
    try:
        work = foresee if dry_run else purge
        return await work(database, now=utc_now(), zone=settings.zone)
    finally:
        await database.close()
