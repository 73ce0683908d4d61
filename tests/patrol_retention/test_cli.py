"""`wangge retention purge` on a database of its own."""

import asyncio

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.kit.db import Database
from app.patrol.retention.cli import retention
from app.settings import get_settings
from tests.factories import identity


@pytest.fixture
def runner(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    async def fill() -> None:
        database = Database.connect(fresh_url)
        async with database.transaction() as session:
            await identity.county(session, "330921")
            await session.execute(
                text(
                    "INSERT INTO batch_receipt VALUES ('330921', gen_random_uuid(), gen_random_uuid(), "
                    "now() - interval '61 days', '', 0, 0, 0, NULL)"
                )
            )
        await database.close()

    asyncio.run(fill())
    monkeypatch.setenv("WANGGE_DATABASE_URL", fresh_url)
    monkeypatch.setenv("WANGGE_MASTER_KEY", identity.MASTER_KEY)
    get_settings.cache_clear()
    yield CliRunner()
    get_settings.cache_clear()


def test_a_dry_run_then_the_purge_then_nothing(runner: CliRunner) -> None:
    for arguments, told in (
        (["purge", "--dry-run"], "330921: receipts 1"),
        (["purge"], "330921: receipts 1"),
        (["purge"], "330921: nothing"),
    ):
        done = runner.invoke(retention, arguments)
        assert done.exit_code == 0, done.output
        assert told in done.output
