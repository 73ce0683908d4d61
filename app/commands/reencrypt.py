"""`wangge reencrypt`: moves every sealed value to the current master key after a rotation."""

import asyncio
from typing import Annotated

import typer
from sqlalchemy import func, not_, select

from app.collection.declarations import sealed as declarations
from app.collection.subjects import rotation as subjects
from app.collection.submissions import rotation as submissions
from app.exchange import holding
from app.identity import sealed as identity
from app.kit.console import clear_errors, say
from app.kit.crypto import SealError, Vault
from app.kit.db import Database
from app.kit.embedded import database_of
from app.kit.reencryption import SealedColumn, reencrypt_some
from app.patrol import quarantine
from app.settings import get_settings
from app.visits import sealed as visits

SEALED_COLUMNS = (
    *identity.SEALED_COLUMNS,
    *quarantine.SEALED_COLUMNS,
    *subjects.SEALED_COLUMNS,
    *submissions.SEALED_COLUMNS,
    *declarations.SEALED_COLUMNS,
    *visits.SEALED_COLUMNS,
    *holding.SEALED_COLUMNS,
)
"""Of every domain: what is left out here is lost when an old key leaves the settings."""


def reencrypt(
    chunk: Annotated[int, typer.Option(min=1, max=10_000, help="Values moved in one transaction.")] = 500,
) -> None:
    """Seal everything again under the current master key; run it while the service runs, again without harm."""
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        key = settings.master_key
        vault = Vault.parse(key.get_secret_value() if key else "")
        try:
            moved = asyncio.run(move_all(settings.database_url or "", vault, chunk))
        except SealError as error:
            say(f"wangge: {error}: is its key still among those of WANGGE_MASTER_KEY?")
            raise typer.Exit(1) from error
    typer.echo(f"{moved} values moved to the key {vault.current}; none is left under another")


async def move_all(url: str, vault: Vault, chunk: int) -> int:
    """Moves every column, a chunk a transaction, with progress; returns how many values. Raises SealError."""
    database = Database.connect(url, pool_size=1)
    moved = 0
    try:
        for column in SEALED_COLUMNS:
            total = await count_stale(database, vault, column)
            done = 0
            while some := await _move_some(database, vault, column, chunk):
                done += some
                say(f"{column.name}: {done} of {max(total, done)}")
            moved += done
            if left := await count_stale(database, vault, column):
                say(f"{column.name}: {left} values are held by others at the moment; run it again")
                raise typer.Exit(1)
    finally:
        await database.close()
    return moved


async def count_stale(database: Database, vault: Vault, column: SealedColumn) -> int:
    """How many values of a column are sealed under another key or algorithm."""
    current = f"{vault.cipher}:{vault.current}:%"
    statement = select(func.count()).where(column.sealed.is_not(None), not_(column.sealed.like(current)))
    async with database.transaction() as session:
        return int(await session.scalar(statement) or 0)


async def _move_some(database: Database, vault: Vault, column: SealedColumn, chunk: int) -> int:
    async with database.transaction() as session:
        return await reencrypt_some(session, vault, column, limit=chunk)
