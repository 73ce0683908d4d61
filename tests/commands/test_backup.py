"""Backup and restore: the same rows and figures elsewhere, or a clear refusal that touched nothing."""

import asyncio
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from alembic import command
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from app.audit.verify import verify
from app.bench.fleet import UPLOAD, Walker, activate, bodies
from app.commands import seeding
from app.commands.backup import make_backup
from app.commands.restore import check_backup, report_lines, restore_into
from app.kit import backup_file, events, jobs
from app.kit.backup_file import BackupError, BackupFile
from app.kit.cluster import Cluster
from app.kit.db import Database
from app.kit.embedded import database_of
from app.kit.private_service import PrivateService, private_service
from app.kit.processes import wait_until
from app.main import create_app
from app.operations.inventory import list_tables, take_inventory
from app.operations.manifest import DUMP, MANIFEST
from app.settings import Settings
from app.worker import seal_events
from tests.conftest import admin_url, alembic_config, url_of
from tests.factories import identity
from tests.factories.identity import MASTER_KEY

ROOT = Path(__file__).parents[2]
PASSPHRASE = "a passphrase on a slip of paper"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def settings_of(url: str) -> Settings:
    return Settings(database_url=url, master_key=SecretStr(MASTER_KEY))


def database_name(url: str) -> str:
    return make_url(url).database or ""


@pytest.fixture
def empty_url() -> Iterator[str]:
    """An empty database, and whatever a restore leaves beside it removed afterwards."""
    name = f"wangge_test_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield url_of(name)
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        for each in beside(name):
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(each)))


def beside(name: str) -> list[str]:
    """The database of that name and those that a restore made of it."""
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        found = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{name}%"])
        return sorted(row[0] for row in found)


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return list_tables(connection)


@pytest.fixture
async def filled(fresh_url: str, fresh_database: Database) -> str:
    """A database with a few rows, sealed events and a job that a worker was at."""
    await seeding.seed(fresh_url)
    async with fresh_database.transaction() as session:
        county = await identity.county(session, "330921")
        await identity.account(session, county.community, identity.Role.INSPECTOR, phone="13812345678")
        await jobs.defer(session, jobs.queue.tasks["kit.rescue_stalled"], timestamp=0)
    await seal_events(fresh_database)
    with psycopg.connect(fresh_url, autocommit=True) as connection:
        connection.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
        connection.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
        )
    return fresh_url


@pytest.fixture
def backup(filled: str, tmp_path: Path) -> Path:
    path = tmp_path / "one.backup"
    make_backup(settings_of(filled), path, made_at=NOW, passphrase=None)
    return path


def rewritten(backup: Path, target: Path, **changes: Any) -> Path:
    """The same backup with another manifest, whole and with a right checksum."""
    dump = io.BytesIO()
    BackupFile(backup).copy(DUMP, dump.write)
    manifest = json.loads(BackupFile(backup).read(MANIFEST) or b"") | changes
    with backup_file.writing(target) as file:
        file.add(DUMP, dump.getvalue())
        file.add(MANIFEST, json.dumps(manifest).encode())
    return target


def restored(url: str, path: Path, *, replace: bool = False) -> list[str]:
    backup, manifest = check_backup(path)
    return report_lines(restore_into(url, backup, manifest, replace=replace))


class TestRestored:
    def test_every_table_is_equal(self, filled: str, backup: Path, empty_url: str) -> None:
        said = restored(empty_url, backup)
        with psycopg.connect(filled) as before, psycopg.connect(empty_url) as after:
            mine, theirs = take_inventory(before), take_inventory(after)
        changed = mine.differences(theirs)
        # the worker of the past is gone, its job waits again; looking through what ships begins an edition
        queue = {"procrastinate_jobs", "procrastinate_workers", "procrastinate_events"}
        assert set(changed) == queue | {"rule_book"}
        assert mine.rows["account"] == theirs.rows["account"] == 1
        assert "equal in all" in said[1]
        assert beside(database_name(empty_url)) == [database_name(empty_url)]

    def test_the_event_log_verifies_and_goes_on(self, backup: Path, empty_url: str) -> None:
        assert "0 findings" in restored(empty_url, backup)[2]

    async def test_the_chain_continues(self, backup: Path, empty_url: str) -> None:
        await asyncio.to_thread(restored, empty_url, backup)
        database = Database.connect(empty_url, pool_size=1)
        try:
            async with database.transaction() as session:
                await events.record(
                    session,
                    events.SYSTEM,
                    "x.y",
                    ("x", uuid4()),
                    {},
                    county_code="330921",
                    now=identity.now(),
                )
                before = (await verify(session)).sealed
            await seal_events(database)
            async with database.transaction() as session:
                after = await verify(session)
            assert (after.sealed, after.findings) == (before + 1, [])
        finally:
            await database.close()

    def test_a_job_under_way_is_handed_back(self, backup: Path, empty_url: str) -> None:
        assert restored(empty_url, backup)[4] == "Jobs handed back to the queue: 1"
        with psycopg.connect(empty_url) as connection:
            assert connection.execute("SELECT status::text FROM procrastinate_jobs").fetchall() == [("todo",)]

    def test_an_older_backup_is_migrated_forward(self, tmp_path: Path, empty_url: str) -> None:
        old = f"wangge_test_{uuid4().hex[:12]}"
        with psycopg.connect(admin_url(), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(old)))
        try:
            command.upgrade(alembic_config(url_of(old)), "0006")
            path = tmp_path / "old.backup"
            make_backup(settings_of(url_of(old)), path, made_at=NOW, passphrase=None)
            assert restored(empty_url, path)[3].startswith("Schema: revision 0006, migrated to 00")
            assert "worker_sweep" in tables(empty_url)
        finally:
            with psycopg.connect(admin_url(), autocommit=True) as admin:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))


class TestRefused:
    def test_a_newer_schema(self, backup: Path, tmp_path: Path, empty_url: str) -> None:
        newer = rewritten(backup, tmp_path / "newer.backup", revision="9999", app_version="7.0.0")
        with pytest.raises(BackupError, match=r"revision 9999, made by version 7\.0\.0.*newer"):
            restored(empty_url, newer)
        assert tables(empty_url) == []

    def test_another_format(self, backup: Path, tmp_path: Path, empty_url: str) -> None:
        with pytest.raises(BackupError, match="format 2"):
            restored(empty_url, rewritten(backup, tmp_path / "f.backup", format=2))

    @pytest.mark.parametrize("damage", ["cut", "changed"])
    def test_a_damaged_file_before_anything_is_touched(
        self, backup: Path, empty_url: str, damage: str
    ) -> None:
        content = bytearray(backup.read_bytes())
        if damage == "cut":
            content = content[: len(content) // 2]
        else:
            content[len(content) // 2] ^= 1
        backup.write_bytes(content)
        with pytest.raises(BackupError):
            restored(empty_url, backup)
        assert (tables(empty_url), beside(database_name(empty_url))) == ([], [database_name(empty_url)])

    def test_figures_that_differ_from_the_manifest(
        self, backup: Path, tmp_path: Path, empty_url: str
    ) -> None:
        manifest = json.loads(BackupFile(backup).read(MANIFEST) or b"")
        manifest["inventory"]["digests"]["account"] = "12345"
        other = rewritten(backup, tmp_path / "other.backup", inventory=manifest["inventory"])
        with pytest.raises(BackupError, match="not what was backed up: account"):
            restored(empty_url, other)
        assert (tables(empty_url), beside(database_name(empty_url))) == ([], [database_name(empty_url)])

    def test_a_database_with_something_in_it(self, filled: str, backup: Path) -> None:
        with pytest.raises(BackupError, match="not empty"):
            restored(filled, backup)

    def test_a_database_in_use(self, backup: Path, empty_url: str) -> None:
        with psycopg.connect(empty_url), pytest.raises(BackupError, match="stop the service"):
            restored(empty_url, backup)

    def test_nothing_to_back_up(self, empty_url: str, tmp_path: Path) -> None:
        with pytest.raises(BackupError, match="empty"):
            make_backup(settings_of(empty_url), tmp_path / "x.backup", made_at=NOW, passphrase=None)
        assert list(tmp_path.iterdir()) == []


class TestReplace:
    def test_keeps_what_was_there_under_another_name(self, filled: str, backup: Path, empty_url: str) -> None:
        restored(empty_url, backup)
        with psycopg.connect(empty_url, autocommit=True) as connection:
            connection.execute("UPDATE account SET display_name = 'later'")
        said = restored(empty_url, backup, replace=True)
        former = [name for name in beside(database_name(empty_url)) if "_before_" in name]
        assert len(former) == 1
        assert former[0] in said[-1]
        with psycopg.connect(url_of(former[0])) as before, psycopg.connect(empty_url) as after:
            assert before.execute("SELECT display_name FROM account").fetchone() == ("later",)
            assert after.execute("SELECT display_name FROM account").fetchone() != ("later",)


class TestInventory:
    def test_tells_a_changed_a_missing_and_an_added_row(self, filled: str) -> None:
        with psycopg.connect(filled) as connection:
            whole = take_inventory(connection)
            connection.execute("UPDATE account SET display_name = display_name || 'x'")
            assert whole.differences(take_inventory(connection)) == ["account"]
            connection.rollback()
            connection.execute("DELETE FROM procrastinate_periodic_defers")
            connection.execute("DELETE FROM procrastinate_events")
            connection.execute("DELETE FROM procrastinate_jobs")
            assert "procrastinate_jobs" in whole.differences(take_inventory(connection))
            connection.rollback()
            assert whole.differences(take_inventory(connection)) == []


def wangge(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANGGE_")}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**environment, "PYTHONPATH": str(ROOT), **variables},
    )


@pytest.fixture(scope="module")
def service() -> Iterator[PrivateService]:
    with private_service() as service:
        yield service


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="wangge-restore-test-"))
    directory.chmod(0o755)
    yield directory
    Cluster(directory).destroy()
    shutil.rmtree(directory)


class TestWholeService:
    """Backed up while handhelds upload, wrecked, restored elsewhere."""

    def test_the_same_figures_elsewhere_and_handhelds_go_on(
        self, service: PrivateService, elsewhere: Path, tmp_path: Path
    ) -> None:
        walker = activate(service.base_url, 1)[0]
        uploads = bodies([walker], [workday(service)], 30)
        headers = {"Authorization": f"Bearer {walker.token}", "Content-Type": "application/json"}
        with httpx.Client(base_url=service.base_url, trust_env=False) as client:
            sent = [next(uploads)[1] for _ in range(3)]
            assert [client.post(UPLOAD, content=b, headers=headers).status_code for b in sent] == [200] * 3
            assert wait_until(lambda: walker_days(figures(service.database_url), walker) != [], 20)
            (tmp_path / "slip").write_text(PASSPHRASE + "\n")
            made = wangge(
                "backup", "--to", str(tmp_path), "--keep", "1", "--passphrase-file", str(tmp_path / "slip"),
                WANGGE_DATA_DIR=str(service.data_dir),
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
        (path,) = tmp_path.glob("*.backup")
        assert not path.with_name(path.name + ".key").exists()

        without_key = wangge("restore", str(path), "--data-dir", str(elsewhere))
        assert (without_key.returncode, list(elsewhere.iterdir())) == (1, [])
        assert "the master key of this backup is missing" in without_key.stderr
        done = wangge(
            "restore", str(path), "--data-dir", str(elsewhere), "--passphrase-file", str(tmp_path / "slip")
        )
        assert done.returncode == 0, done.stderr
        assert "0 findings" in done.stdout
        again = wangge(
            "restore", str(path), "--data-dir", str(elsewhere), "--passphrase-file", str(tmp_path / "slip")
        )
        assert again.returncode == 1
        assert "is not empty" in again.stderr
        verified = wangge("audit", "verify", WANGGE_DATA_DIR=str(elsewhere))
        assert (verified.returncode, "0 findings" in verified.stdout) == (0, True)

        with database_of(Settings(data_dir=elsewhere), say=lambda _: None) as settings:
            assert settings.database_url is not None
            restored, running = figures(settings.database_url), figures(service.database_url)
            assert restored == {day: running[day] for day in restored}
            assert walker_days(restored, walker) != []
            asyncio.run(goes_on(settings, headers, sent[0], next(uploads)[1]))


def workday(service: PrivateService) -> date:
    with psycopg.connect(service.database_url) as connection:
        row = connection.execute(
            "SELECT max(service_day) FROM shift WHERE service_day < current_date - 1"
        ).fetchone()
    assert row is not None
    return row[0]


def figures(url: str) -> dict[tuple[UUID, date], Any]:
    """Of all days that wait for no fold: the running service folds the others later than the backup was made."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT f.inspector_id, f.service_day, f.figures FROM day_figures f "
            "JOIN patrol_day USING (county_code, inspector_id, service_day) WHERE NOT pending"
        )
        return {(row[0], row[1]): row[2] for row in rows}


def walker_days(days: dict[tuple[UUID, date], Any], walker: Walker) -> list[date]:
    return [day for inspector_id, day in days if inspector_id == walker.inspector_id]


async def goes_on(settings: Settings, headers: dict[str, str], sent: bytes, new: bytes) -> None:
    """A handheld whose tokens come from before: its old batch is a duplicate, its next one is stored."""
    database = Database.connect(settings.database_url or "", pool_size=2)
    app = create_app(settings, database)
    app.state.ingestor.start()
    async with identity.client_of(app) as client:
        old = await client.post(UPLOAD, content=sent, headers=headers)
        assert (old.status_code, old.json()["outcome"]) == (200, "duplicate")
        fresh = await client.post(UPLOAD, content=new, headers=headers)
        assert (fresh.status_code, fresh.json()["outcome"]) == (200, "stored")
    await app.state.ingestor.close()
    await database.close()
