"""Which requirements of the source documents are proven by tests that pass."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import typer

from app.kit.console import say

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "docs" / "requirements.csv"
DEFAULT_RECORD = ROOT / "build" / "requirements.json"
SOURCES = ("app", "migrations", "tests")
RECORD_VARIABLE = "WANGGE_REQUIREMENTS_RECORD"

Proven = dict[str, list[str]]


def fingerprint() -> str:
    """Changes when code, migrations or tests do: a record of other code proves nothing."""
    digest = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def record_path() -> Path:
    """Where the test run of this very code leaves its record."""
    return DEFAULT_RECORD.with_name(f"requirements-{fingerprint()}.json")


def show(*, as_json: bool, record: Path | None) -> int:
    """Prints the table; returns the exit code. Runs the marked tests when nobody has yet for this code."""
    path = record or record_path()
    code = 0
    if not path.exists():
        code = _run_marked_tests(path)
    if not path.exists():
        say("wangge: the tests left no record; see above")
        return code or 1
    proven: Proven = json.loads(path.read_text())
    if as_json:
        typer.echo(json.dumps(proven, ensure_ascii=False, indent=1))
    else:
        _print_table(proven)
    return code


def _run_marked_tests(record: Path) -> int:
    say("No record for this code: running the tests that prove requirements …")
    pytest = [sys.executable, "-m", "pytest", "-m", "requirement", "-q", str(ROOT / "tests")]
    has_database = "WANGGE_TEST_DATABASE_URL" in os.environ
    command = pytest if has_database else [sys.executable, "-m", "app", "db", "temporary", "--", *pytest]
    environment = {**os.environ, RECORD_VARIABLE: str(record), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, check=False, cwd=ROOT, env=environment, stdout=sys.stderr).returncode


def _print_table(proven: Proven) -> None:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        catalogue = {row["id"]: row for row in csv.DictReader(file)}
    for each, tests in proven.items():
        row = catalogue[each]
        typer.echo(f"{each}  {row['requirement']} · {row['keywords_zh']}")
        for test in tests:
            typer.echo(f"       {test}")
    typer.echo(f"{len(proven)} of {len(catalogue)} requirements are proven by passing tests.")
