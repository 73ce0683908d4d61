"""The `wangge` command itself."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import OTHERS, app

ROOT = Path(__file__).parents[2]
HEAVY = {"numpy", "fastapi", "alembic", "sqlalchemy", "app.bench", "app.replay"}


def test_help_names_every_command() -> None:
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    for name in ("up", "serve", "worker", "demo", "openapi", "requirements", *OTHERS):
        assert f" {name} " in done.stdout


@pytest.mark.parametrize("name", ["replay", "audit", "bench", "calendar", "db"])
def test_each_has_its_own_help(name: str) -> None:
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.stdout


def test_an_unknown_command_is_a_clear_error() -> None:
    done = CliRunner().invoke(app, ["replya"])
    assert done.exit_code == 2


def test_importing_it_loads_no_domain() -> None:
    script = f"import sys, app.cli; print(sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
