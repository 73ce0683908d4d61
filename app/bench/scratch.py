"""A private database with the demo county, for benches that need no HTTP; destroyed afterwards."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from secrets import token_urlsafe
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from app.commands.seeding import seed
from app.demo.loader import load_demo
from app.kit.cluster import Cluster
from app.kit.db import Database
from app.kit.ids import DEMO_COUNTY_CODE, demo_id
from app.kit.migrations import upgrade
from app.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
COUNTY = DEMO_COUNTY_CODE
GRID_CODE = "330921100001002"
"""A grid whose inspector has walked nothing yet."""
INSPECTOR, DEVICE = demo_id("account", f"inspector/{GRID_CODE}"), demo_id("device", GRID_CODE)


@asynccontextmanager
async def scratch_database() -> AsyncIterator[tuple[Database, str, Path]]:
    """A migrated and seeded database on a private cluster, its URL and the cluster's folder."""
    with tempfile.TemporaryDirectory(prefix="wangge-private-") as name:
        data_dir = Path(name)
        data_dir.chmod(0o711)  # noqa: ASYNC240 - once; the database's user gets through
        cluster = Cluster(data_dir, say=lambda _: None)
        url = cluster.start()
        database = Database.connect(url, pool_size=4)
        try:
            await asyncio.to_thread(upgrade, url)
            await seed(url)
            yield database, url, data_dir
        finally:
            await database.close()
            cluster.destroy()


@asynccontextmanager
async def scratch_demo(today: date) -> AsyncIterator[tuple[Database, str]]:
    """The database with the demo county, and its URL."""
    async with scratch_database() as (database, url, data_dir):
        settings = Settings(
            data_dir=data_dir,
            database_url=url,
            master_key=SecretStr(token_urlsafe(48)),
            demo_passwords=True,
        )
        await load_demo(database, settings, today=today)
        yield database, url
