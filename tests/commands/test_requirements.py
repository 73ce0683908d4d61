"""`wangge requirements`: only tests that passed prove anything, and only requirements that exist are proven."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from tests.plugins.requirements import known_ids

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

@pytest.mark.requirement("S4-32")
def test_passes(): pass

@pytest.mark.requirement("S4-32", "S4-33")
def test_proves_two(): pass

@pytest.mark.requirement("S4-33")
def test_fails(): assert False

@pytest.mark.requirement("S0-02")
@pytest.mark.skip
def test_skipped(): pass

@pytest.mark.requirement("S0-36")
@pytest.mark.parametrize("n", [1, 2])
def test_each(n): pass

@pytest.fixture
def breaks_afterwards():
    yield
    raise RuntimeError

@pytest.mark.requirement("S0-43")
def test_teardown_fails(breaks_afterwards): pass

def test_unmarked(): pass
"""


def run_pytest(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = requirement(id): x\n")
    record = folder / "record.json"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.plugins.requirements", "-q", *options, "."],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "WANGGE_REQUIREMENTS_RECORD": str(record)},
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "several processes"])
def test_the_record_names_passed_tests_only(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    done = run_pytest(tmp_path, *options)
    assert json.loads((tmp_path / "record.json").read_text()) == {
        "S0-36": ["test_it.py::test_each[1]", "test_it.py::test_each[2]"],
        "S4-32": ["test_it.py::test_passes", "test_it.py::test_proves_two"],
        "S4-33": ["test_it.py::test_proves_two"],
    }, done.stdout


def test_an_unknown_id_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS.replace("S4-33", "S4-3300"))
    done = run_pytest(tmp_path)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no requirement S4-3300" in done.stdout + done.stderr


def test_all_source_requirements_are_known() -> None:
    assert len(known_ids()) == 254
    assert {"S0-02", "S1-24", "S4-08", "S4-33"} <= known_ids()


class TestCommand:
    @pytest.fixture
    def record(self, tmp_path: Path) -> Path:
        path = tmp_path / "record.json"
        path.write_text(json.dumps({"S4-32": ["tests/a.py::test_four_hours"]}))
        return path

    def test_json(self, record: Path) -> None:
        done = CliRunner().invoke(app, ["requirements", "--json", "--record", str(record)])
        assert done.exit_code == 0
        assert json.loads(done.stdout) == {"S4-32": ["tests/a.py::test_four_hours"]}

    def test_table(self, record: Path) -> None:
        done = CliRunner().invoke(app, ["requirements", "--record", str(record)])
        assert "S4-32  Each full-time inspector: daily online patrol time at least 4 hours" in done.stdout
        assert "tests/a.py::test_four_hours" in done.stdout
        assert "1 of 254" in done.stdout
