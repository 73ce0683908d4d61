"""`wangge account`: the first administrators of an installation, and the way back in when all are locked out.

Whoever may run this has the machine and its master key; the event log names the service as the one who did it.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import models  # noqa: F401 - foreign keys name tables of other packages
from app.areas.models import AreaCode
from app.identity import accounts, lockout, passwords, queries, second_factor
from app.identity.actor import ADMINISTRATORS, Role, system_actor
from app.identity.problems import TotpNotSet, UsernameTaken
from app.identity.schemas import USERNAME
from app.kit.clock import utc_now
from app.kit.console import clear_errors, say
from app.kit.crypto import Vault
from app.kit.db import Database
from app.kit.embedded import database_of
from app.kit.problems import NotFound, Problem
from app.rules.calendar_seed import SERVICE
from app.settings import get_settings

PASSWORD_BYTES = 15
account = typer.Typer(no_args_is_help=True, help="The first administrators, and the way back in.")
Work = Callable[[AsyncSession, Vault], Awaitable[None]]


@account.command()
def add(
    username: Annotated[str, typer.Argument(help="Letters, digits, dot, underscore, hyphen.")],
    role: Annotated[Role, typer.Option(help="system_admin, security_admin or audit_admin.")],
    area: Annotated[str, typer.Option(help="Official code of the area it answers for, e.g. 330921000000.")],
    name: Annotated[str, typer.Option(help="Name of the person.")],
) -> None:
    """Make an administrator's account and print its password, to be changed at the first sign-in."""
    if role not in ADMINISTRATORS:
        say("wangge: this makes administrators; they make everybody else's account, over HTTP")
        raise typer.Exit(2)
    if not re.fullmatch(USERNAME, username):
        say("wangge: a user name has 3 to 64 letters, digits, dots, underscores or hyphens")
        raise typer.Exit(2)
    password = secrets.token_urlsafe(PASSWORD_BYTES) + "7a"

    async def work(session: AsyncSession, vault: Vault) -> None:
        now = utc_now()
        if await queries.find_account_by_username(session, username.lower()) is not None:
            raise UsernameTaken
        new = accounts.NewAccount(
            username,
            await passwords.hash_password(password),
            role,
            await _area(session, area),
            name,
        )
        await accounts.create_account(session, system_actor(SERVICE), new, vault=vault, now=now)

    _run(work)
    typer.echo(f"{username}  {password}")


@account.command()
def recover(
    username: Annotated[str, typer.Argument(help="Whose way in is lost.")],
    reason: Annotated[str, typer.Option(help="Why; goes into the event log.")],
) -> None:
    """Give an administrator a new password, take his authenticator away and forget wrong passwords."""
    password = secrets.token_urlsafe(PASSWORD_BYTES) + "7a"

    async def work(session: AsyncSession, vault: Vault) -> None:
        now = utc_now()
        found = await queries.find_account_by_username(session, username.lower())
        if found is None or Role(found.role) not in ADMINISTRATORS:
            raise NotFound
        service = system_actor(found.county_code)
        await accounts.reset_password(session, service, found.id, password, now=now)
        try:
            await second_factor.remove(session, service, found.id, reason, now=now)
        except TotpNotSet:
            say("There was no authenticator.")
        await lockout.unlock(session, found.username, vault=vault)

    _run(work)
    typer.echo(f"{username}  {password}")


def _run(work: Work) -> None:
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        assert settings.master_key is not None  # noqa: S101 - the settings refuse a database without one
        vault = Vault.parse(settings.master_key.get_secret_value())
        try:
            asyncio.run(_in_transaction(settings.database_url or "", vault, work))
        except Problem as problem:
            say(f"wangge: {problem.body('en', '')['detail']}")
            raise typer.Exit(1) from problem


async def _in_transaction(url: str, vault: Vault, work: Work) -> None:
    database = Database.connect(url, pool_size=1)
    try:
        async with database.transaction() as session:
            await work(session, vault)
    finally:
        await database.close()


async def _area(session: AsyncSession, code: str) -> UUID:
    """The area whose official code it is. Raises NotFound."""
    today = func.current_date()
    wanted = select(AreaCode.area_id).where(AreaCode.code == code, AreaCode.valid.op("@>")(today))
    found: UUID | None = await session.scalar(wanted.limit(1))
    if found is None:
        raise NotFound
    return found
