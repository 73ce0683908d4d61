"""`wangge calendar`: the working calendar of a whole database."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import utc_now
from app.kit.console import clear_errors, say
from app.kit.db import Database
from app.kit.embedded import database_of
from app.rules.calendar_file import FileRow, read_rows
from app.rules.calendar_publication import Publication, publish_year, year_of
from app.rules.problems import CalendarFileUnreadable
from app.settings import get_settings

calendar = typer.Typer(no_args_is_help=True, help="The working calendar of all areas.")


@calendar.callback()
def _group() -> None:
    """Without a callback the only command would take the group's place."""


@calendar.command("import")
def import_year(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV: day,kind,name.")
    ],
    year: Annotated[
        int | None,
        typer.Option(min=2000, max=2100, help="The year it publishes; without it the one most lines are of."),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The notice it comes from, e.g. 国办发明电〔2026〕7号.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Store nothing, show what would change.")
    ] = False,
) -> None:
    """Publish the official holidays and make-up workdays of a year, for everywhere.

    kind: workday, makeup_workday, holiday or closure. A line that can't be read stops the whole list (exit status
    1): with a hole in it a year would still pass for official. The same list again changes nothing.
    """
    rows = _read(file)
    published = year or year_of(rows)
    if published is None:
        say(f"wangge: {file} lists no day")
        raise typer.Exit(1)
    named = (source or file.stem).strip()[:200]
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        done = asyncio.run(_publish(settings.database_url or "", rows, published, named, dry_run))
    _show(done, dry_run)
    raise typer.Exit(1 if done.refused else 0)


def _read(file: Path) -> list[FileRow]:
    try:
        return read_rows(file.read_bytes())
    except CalendarFileUnreadable as problem:
        say(f"wangge: {file}: {problem.body('en', '')['detail']}")
        raise typer.Exit(1) from problem


async def _publish(url: str, rows: list[FileRow], year: int, source: str, dry_run: bool) -> Publication:
    database = Database.connect(url, pool_size=1)
    try:
        async with database.sessions() as session:
            return await _in_transaction(session, rows, year, source, dry_run)
    finally:
        await database.close()


async def _in_transaction(
    session: AsyncSession, rows: list[FileRow], year: int, source: str, dry_run: bool
) -> Publication:
    """A dry run does everything and takes it back, so that it can't differ from the real one."""
    async with session.begin() as transaction:
        done = await publish_year(session, rows, year, source, now=utc_now())
        if dry_run:
            await transaction.rollback()
    return done


def _show(done: Publication, dry_run: bool) -> None:
    for row in done.refused:
        zh, en = row.refusal or ("", "")
        typer.echo(f"line {row.line}: {en} · {zh}")
    if done.refused:
        typer.echo(f"{done.year}: {len(done.refused)} lines can't be read; nothing was stored")
        return
    would = "would be " if dry_run else ""
    unchanged = len(done.rows) - done.stored
    state = f"{would}published" if done.newly_published else "published before"
    typer.echo(f"{done.year} {state}: {done.stored} days {would}stored, {unchanged} unchanged")
