"""`wangge audit`: checks the event log and the snapshots of sealed periods."""

import asyncio

import typer

from app.audit.periods import PeriodFinding, verify_periods
from app.audit.verify import Verification, verify
from app.kit.console import clear_errors, say
from app.kit.db import Database
from app.kit.embedded import database_of
from app.settings import get_settings

audit = typer.Typer(no_args_is_help=True, help="Check the event log and sealed periods.")


@audit.command("verify")
def verify_log() -> None:
    """Compute the hashes of the log, of sealed periods and of frozen days again; exit status 1 when one differs."""
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        assert settings.database_url is not None  # noqa: S101 - database_of gives one
        found, periods, changed = asyncio.run(_verify(settings.database_url))
    for finding in found.findings:
        typer.echo(f"{finding.county_code} seq {finding.seq}: {finding.what}")
    for period in changed:
        typer.echo(
            f"{period.county_code} {period.kind} of {period.first_day}, {period.period_id}: {period.what}"
        )
    for day in found.frozen_findings:
        typer.echo(f"{day.county_code} frozen day {day.inspector_id} {day.service_day}: {day.what}")
    typer.echo(
        f"{found.sealed} sealed events read, {found.unsealed} not sealed yet, {len(found.findings)} findings; "
        f"{periods} sealed periods read, {len(changed)} findings; "
        f"{found.frozen} frozen days read, {len(found.frozen_findings)} findings"
    )
    if changed or not found.is_sound:
        raise typer.Exit(1)


async def _verify(url: str) -> tuple[Verification, int, list[PeriodFinding]]:
    database = Database.connect(url, pool_size=1)
    try:
        async with database.transaction() as session:
            return await verify(session), *await verify_periods(session)
    finally:
        await database.close()
