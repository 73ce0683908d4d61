"""`wangge rejudge`: judged days computed again under the rules and the fold of today, as visible revisions."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from app import models  # noqa: F401 - foreign keys name tables of other packages
from app.kit.clock import utc_now
from app.kit.console import clear_errors, say
from app.kit.db import Database
from app.kit.embedded import database_of
from app.kit.problems import Problem
from app.patrol.periods.rejudging import RejudgeOutcome, RejudgeRequest
from app.patrol.periods.rejudging import rejudge as compute
from app.settings import get_settings

DATE = ["%Y-%m-%d"]


def rejudge(
    county: Annotated[str, typer.Option(help="Home code of the county, six digits.")],
    first: Annotated[datetime, typer.Option("--from", formats=DATE, help="First service day.")],
    last: Annotated[datetime, typer.Option("--to", formats=DATE, help="Last service day.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the event of every revision.")],
    inspector: Annotated[UUID | None, typer.Option(help="Only this inspector.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Judge days again with today's fold and the rules that the book now has for them; nothing is overwritten."""
    if first > last:
        raise typer.BadParameter("--from must not follow --to")
    if not reason.strip():
        raise typer.BadParameter("--reason must say why")
    asked = RejudgeRequest(county, first.date(), last.date(), inspector, reason.strip(), dry_run)
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        assert settings.database_url is not None  # noqa: S101 - database_of gives one
        try:
            outcome = asyncio.run(_rejudge(settings.database_url, asked, settings.zone))
        except Problem as problem:
            say(f"wangge: {problem.body('en', '')['detail']}")
            raise typer.Exit(1) from problem
    for line in lines(outcome, dry_run=dry_run):
        typer.echo(line)


def lines(outcome: RejudgeOutcome, *, dry_run: bool) -> list[str]:
    """What is told in the end."""
    changed = sum(outcome.changed.values())
    verb = "would change" if dry_run else "changed"
    told = [
        f"{outcome.days} judged days computed again, {changed} {verb}, {outcome.frozen} frozen ones left alone"
    ]
    for (before, after), days in sorted(outcome.changed.items()):
        told.append(f"  {before} -> {after}: {days}" + (" (other figures)" if before == after else ""))
    return told


async def _rejudge(url: str, asked: RejudgeRequest, zone: ZoneInfo) -> RejudgeOutcome:
    database = Database.connect(url, pool_size=1)
    try:
        return await compute(
            database, asked, now=utc_now(), zone=zone, tell=lambda done: say(f"{done.days} days …")
        )
    finally:
        await database.close()
