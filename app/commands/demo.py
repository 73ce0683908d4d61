"""The demo county, loaded once."""

import asyncio
import time

from app.demo.loader import DemoSummary, demo_logins, load_demo
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.embedded import Say
from app.settings import Settings


def load_once(settings: Settings, say: Say) -> None:
    """Loads the demo county into the database; when it is there already, only plans its shifts ahead."""
    began_at = time.monotonic()
    summary = asyncio.run(_load(settings))
    if summary.loaded:
        say(
            f"Loaded the demo county Daishan in {time.monotonic() - began_at:.1f} s: {summary.grids} synthetic "
            f"grids, {summary.accounts} accounts, {summary.devices} handhelds, {summary.shifts} shifts."
        )


async def _load(settings: Settings) -> DemoSummary:
    if settings.database_url is None:
        raise ValueError("no database: the caller starts the embedded one first")
    database = Database.connect(settings.database_url, pool_size=1)
    try:
        return await load_demo(database, settings, today=utc_now().astimezone(settings.zone).date())
    finally:
        await database.close()


def account_lines() -> list[str]:
    """The demo accounts, one a role, for the welcome text."""
    logins = demo_logins()
    wide = max(len(login.username) for login in logins)
    return [
        f"  Demo accounts            password {logins[0].password}",
        *(f"    {login.username:<{wide}}  {login.role}" for login in logins),
    ]
