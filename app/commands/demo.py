"""The demo county: loaded once, its accounts shown."""

import asyncio
import time
import unicodedata

from app.demo.loader import DemoSummary, demo_logins, load_demo
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.embedded import Say
from app.settings import Settings


def load_once(settings: Settings, say: Say) -> None:
    """Loads the demo county unless it is there; settings name a database that answers."""
    begin = time.monotonic()
    done = asyncio.run(_load(settings, say))
    if done.loaded:
        say(
            f"Loaded the demo county in {time.monotonic() - begin:.1f} s: {done.areas} areas, {done.grids} grids, "
            f"{done.accounts} accounts, {done.devices} handhelds, {done.shifts} shifts."
        )


async def _load(settings: Settings, say: Say) -> DemoSummary:
    database = Database.connect(settings.database_url or "", pool_size=1)
    try:
        say("Checking the demo county 岱山县 …")
        return await load_demo(database, settings, today=utc_now().astimezone(settings.zone).date())
    finally:
        await database.close()


def account_lines() -> list[str]:
    """A table of the demo accounts, one for each role."""
    rows = [(each.role, each.username, each.password) for each in demo_logins()]
    widths = [max(map(_columns, column)) for column in zip(*rows, strict=True)]
    lines = ["  Demo accounts 演示账号 (Swagger UI: Authorize)"]
    for row in rows:
        cells = (cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True))
        lines.append(f"    {'  '.join(cells)}".rstrip())
    return lines


def _columns(text: str) -> int:
    """Columns that the text takes on a terminal; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
