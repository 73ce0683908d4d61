"""`wangge audit`: checks the event log."""

import asyncio

import typer

from app.audit.verify import Verification, verify
from app.kit.console import clear_errors, say
from app.kit.db import Database
from app.kit.embedded import database_of
from app.settings import get_settings

audit = typer.Typer(no_args_is_help=True, help="Check the event log.")


@audit.command("verify")
def verify_log() -> None:
    """Compute every hash of the log again; exit status 1 when a row was changed or is missing."""
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        assert settings.database_url is not None  # noqa: S101 - database_of gives one
        found = asyncio.run(_verify(settings.database_url))
    for finding in found.findings:
        typer.echo(f"{finding.county_code} seq {finding.seq}: {finding.what}")
    typer.echo(
        f"{found.sealed} sealed events read, {found.unsealed} not sealed yet, {len(found.findings)} findings"
    )
    if found.findings:
        raise typer.Exit(1)


async def _verify(url: str) -> Verification:
    database = Database.connect(url, pool_size=1)
    try:
        async with database.transaction() as session:
            return await verify(session)
    finally:
        await database.close()
