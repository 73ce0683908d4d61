"""Commands of an operator: jobs, a key rotation, the configuration's reference."""

import asyncio
import re
from pathlib import Path
from uuid import UUID

import pytest
import typer.main
from pydantic import SecretStr
from sqlalchemy import select, text
from typer.testing import CliRunner

from app.cli import app
from app.commands import configuration, reencrypt
from app.identity.accounts import PHONE as PHONE_COLUMN
from app.identity.actor import Role
from app.identity.models import Account
from app.kit import metrics
from app.kit.crypto import SealError, Vault
from app.kit.db import Database
from app.main import create_app
from app.operations.wellness import Reason
from app.rules.catalogue import PARAMETERS
from app.settings import Settings, get_settings
from tests.factories import identity
from tests.factories.identity import MASTER_KEY

PHONE = "13812345678"
NEW_KEY = "another-master-key-for-tests-and-nothing-else"


@pytest.fixture
def environment(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands work on a database of the test's own."""
    settings = Settings(database_url=fresh_url, master_key=SecretStr(MASTER_KEY))
    for module in ("app.commands.jobs", "app.commands.reencrypt"):
        monkeypatch.setattr(f"{module}.get_settings", lambda: settings)


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


async def failed_job(database: Database, task: str = "test.note") -> int:
    async with database.transaction() as session:
        return int(
            await session.scalar(
                text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args) "
                    "VALUES ('default', :task, 'failed', cast(:args AS jsonb)) RETURNING id"
                ),
                {"task": task, "args": f'{{"phone": "{PHONE}"}}'},
            )
            or 0
        )


@pytest.mark.usefixtures("environment")
class TestJobs:
    async def invoke(self, *words: str) -> tuple[int, str]:
        return await asyncio.to_thread(run, "jobs", *words)

    async def test_listed_and_run_again(self, fresh_database: Database) -> None:
        first, second = [await failed_job(fresh_database) for _ in range(2)]
        code, said = await self.invoke("list", "--state", "failed")
        assert (code, PHONE in said) == (0, False)
        assert said.splitlines()[-1] == "2 jobs"
        assert said.split()[0] == str(second)
        assert (await self.invoke("retry", str(first)))[1].strip() == f"{first} test.note: waiting"
        assert "1 jobs wait again" in (await self.invoke("retry", "--all"))[1]
        async with fresh_database.transaction() as session:
            retried = await session.scalar(text("SELECT count(*) FROM event WHERE type = 'job.retried'"))
        assert retried == 2

    async def test_what_is_no_failed_job_is_a_clear_error(self, fresh_database: Database) -> None:
        assert (await self.invoke("retry", "12345"))[0] == 1
        assert (await self.invoke("retry"))[0] == 2
        assert (await self.invoke("retry", "1", "--all"))[0] == 2


class TestReencrypt:
    async def account(self, database: Database) -> UUID:
        async with database.transaction() as session:
            county = await identity.county(session, "330921")
            return (await identity.account(session, county.community, Role.INSPECTOR, phone=PHONE)).id

    async def test_moves_everything_to_the_new_key(
        self, fresh_url: str, fresh_database: Database, capsys: pytest.CaptureFixture[str]
    ) -> None:
        account_id = await self.account(fresh_database)
        vault = Vault.parse(f"k2:{NEW_KEY},k1:{MASTER_KEY}")
        assert await reencrypt.move_all(fresh_url, vault, 1) == 1
        assert "1 of 1" in capsys.readouterr().err
        assert await reencrypt.move_all(fresh_url, vault, 1) == 0
        async with fresh_database.transaction() as session:
            sealed = await session.scalar(select(Account.phone_sealed).where(Account.id == account_id))
        without_the_old = Vault.parse(f"k2:{NEW_KEY},k3:{NEW_KEY}x")
        assert without_the_old.decrypt(str(sealed), PHONE_COLUMN, account_id) == PHONE

    async def test_a_key_that_is_gone_is_told(self, fresh_url: str, fresh_database: Database) -> None:
        await self.account(fresh_database)
        with pytest.raises(SealError):
            await reencrypt.move_all(fresh_url, Vault.parse(f"k2:{NEW_KEY},k3:{NEW_KEY}x"), 10)


class TestConfiguration:
    def test_the_page_is_what_the_code_says(self) -> None:
        assert configuration.PAGE.read_text() == configuration.render(), "run wangge configuration --write"

    def test_names_every_setting_and_rule(self) -> None:
        page = configuration.render()
        for name in Settings.model_fields:
            assert f"| `WANGGE_{name.upper()}` |" in page
        for parameter in PARAMETERS.values():
            assert f"| `{parameter.key}` |" in page
            assert parameter.source.replace("|", "\\|") in page

    def test_every_setting_is_described_in_both_languages(self) -> None:
        for name, field in Settings.model_fields.items():
            assert " · " in (field.description or ""), name

    def test_a_stale_page_fails_the_check(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        page = configuration.ROOT / "docs" / "configuration.md"
        copy = tmp_path / "configuration.md"
        monkeypatch.setattr(configuration, "PAGE", copy)
        monkeypatch.setattr(configuration, "ROOT", tmp_path)
        assert run("configuration", "--check")[0] == 1
        assert run("configuration", "--write")[0] == 0
        assert run("configuration", "--check")[0] == 0
        assert copy.read_text() == run("configuration")[1] == configuration.render()
        copy.write_text(copy.read_text().replace("8000", "8001"))
        assert run("configuration", "--check")[0] == 1
        assert page.exists()

    def test_needs_no_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        get_settings.cache_clear()
        monkeypatch.setenv("WANGGE_MASTER_KEY", "short")
        assert run("configuration", "--check")[0] in (0, 1)
        get_settings.cache_clear()


class TestHandbook:
    def recovery(self) -> str:
        """The statements that the handbook gives for a lost master key."""
        page = (configuration.ROOT / "docs" / "operations.md").read_text()
        found = re.search(r'db psql -c "BEGIN; (.*?) COMMIT"', page, re.DOTALL)
        assert found is not None
        return found[1].replace("\\\n", " ")

    async def test_sign_in_works_again_after_a_lost_master_key(self, fresh_database: Database) -> None:
        async with fresh_database.transaction() as session:
            county = await identity.county(session, "330921")
            await identity.account(session, county.county, Role.COUNTY, username="chief", phone=PHONE)
        form = {"grant_type": "password", "username": "chief", "password": identity.PASSWORD}

        async def sign_in(key: str) -> int:
            app = create_app(Settings(master_key=SecretStr(key)), fresh_database)
            async with identity.client_of(app) as client:
                return (await client.post("/api/v1/auth/token", data=form)).status_code

        assert await sign_in(MASTER_KEY) == 200
        assert await sign_in(NEW_KEY) == 500
        async with fresh_database.transaction() as session:
            for statement in self.recovery().split(";"):
                if statement.strip():
                    await session.execute(text(statement))
        assert await sign_in(NEW_KEY) == 200

    def test_names_every_reason_and_command_that_exists(self) -> None:
        page = (configuration.ROOT / "docs" / "operations.md").read_text()
        for reason in Reason:
            assert f"| `{reason.value}` |" in page
        commands = typer.main.get_command(app)
        context = typer.Context(commands)
        for name in set(re.findall(r"scripts/wangge (\w+)", page)):
            assert commands.get_command(context, name) is not None, name  # type: ignore[attr-defined]
        for name in re.findall(r"`?(wangge_[a-z_]+)", page):
            assert name.removesuffix("_count") in METRICS, name


METRICS = metrics.exposition()[0].decode()
