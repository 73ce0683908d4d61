"""The demo county, loaded once."""

import asyncio
import time

from app.kit.db import Database
from app.kit.embedded import Say
from app.settings import Settings


def load_once(settings: Settings, say: Say) -> None:
    """Loads the demo county into the database unless it is there already."""
    try:
        from app.demo.loader import load_demo
    except ModuleNotFoundError:
        return
    asyncio.run(_load(settings, say, load_demo))


async def _load(settings, say, load_demo) -> None:
    begin = time.monotonic()
    database = Database.connect(settings.database_url, pool_size=2)
    try:
        await load_demo(database, settings)
    finally:
        await database.close()
    say(f"demo {time.monotonic() - begin:.1f} s")


def account_lines() -> list[str]:
    return []
