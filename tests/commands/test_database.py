"""`wangge db`: the database by hand, each step with a clear answer."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit.cluster import Cluster

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="wangge-db-test-"))
    directory.chmod(0o755)
    yield directory
    Cluster(directory).destroy()
    shutil.rmtree(directory)


def db(data_dir: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANGGE_")}
    return subprocess.run(
        [sys.executable, "-m", "app", "db", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**environment, "WANGGE_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT), **variables},
    )


def test_a_day_of_an_operator(data_dir: Path) -> None:
    new = db(data_dir, "status")
    assert (new.returncode, new.stdout.strip()) == (3, "embedded, stopped, not made yet")
    assert re.search(r"Revision \d{4}\.$", db(data_dir, "migrate").stderr.strip())
    assert Cluster(data_dir).running_pid() is None  # it ran for the migration only
    assert db(data_dir, "start").stdout.strip() == Cluster(data_dir).url()
    status = db(data_dir, "status")
    assert status.returncode == 0
    assert "running (process" in status.stdout
    assert db(data_dir, "url").stdout == db(data_dir, "start").stdout
    assert db(data_dir, "psql", "-Atc", "SELECT to_regclass('event')").stdout.strip() == "event"
    assert db(data_dir, "stop").stderr.strip() == "Stopped."
    assert db(data_dir, "stop").stderr.strip() == "It was not running."


def test_an_outside_server_is_not_started_or_stopped(data_dir: Path) -> None:
    variables = {"WANGGE_DATABASE_URL": "postgresql://x@/x", "WANGGE_MASTER_KEY": "k" * 32}
    for verb in ("start", "stop"):
        done = db(data_dir, verb, **variables)
        assert done.returncode == 1
        assert "WANGGE_DATABASE_URL is set" in done.stderr
    assert db(data_dir, "url", **variables).stdout.strip() == "postgresql://x@/x"


class TestTemporary:
    def test_gives_the_command_a_server_and_removes_it(self, data_dir: Path) -> None:
        script = 'psql -Atc "SHOW data_directory" "$WANGGE_TEST_DATABASE_URL"'
        done = db(data_dir, "temporary", "--", "sh", "-c", script)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().endswith("/data")
        assert not Path(done.stdout.strip()).exists()
        assert list(data_dir.iterdir()) == []

    @pytest.mark.parametrize(("command", "code"), [("exit 5", 5), ("kill -9 $$", 137)])
    def test_ends_as_the_command_does(self, data_dir: Path, command: str, code: int) -> None:
        assert db(data_dir, "temporary", "--", "sh", "-c", command).returncode == code
