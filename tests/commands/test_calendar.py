"""`wangge calendar import`: a year is published for everywhere, once."""

import asyncio
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest

from app.commands.seeding import seed
from tests.factories import identity as make

ROOT = Path(__file__).parents[2]
NOTICE = """\
day,kind,name
2027-01-01,holiday,元旦
2027-02-20,makeup_workday,春节调休
2026-12-27,makeup_workday,元旦调休
"""


@pytest.fixture
def url(fresh_url: str) -> str:
    asyncio.run(seed(fresh_url))
    return fresh_url


def run(url: str, file: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANGGE_")}
    environment |= {"WANGGE_DATABASE_URL": url, "WANGGE_MASTER_KEY": make.MASTER_KEY, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app", "calendar", "import", str(file), *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def state(url: str) -> tuple[list[int], list[date], int]:
    """Published years after 2026, listed days after 2026-12-20, and import events."""
    with psycopg.connect(url) as connection:
        years = connection.execute("SELECT year FROM work_calendar_year WHERE year > 2026").fetchall()
        days = connection.execute("SELECT day FROM work_calendar WHERE day > '2026-12-20' ORDER BY day")
        events = connection.execute("SELECT count(*) FROM event WHERE type = 'work_calendar.imported'")
        return [row[0] for row in years], [row[0] for row in days.fetchall()], events.fetchall()[0][0]


def test_a_year_is_published_once(url: str, tmp_path: Path) -> None:
    file = tmp_path / "国办发明电〔2026〕7号.csv"
    file.write_text(NOTICE)
    dry = run(url, file, "--dry-run")
    assert dry.stdout.strip() == "2027 would be published: 3 days would be stored, 0 unchanged"
    assert state(url) == ([], [], 0)
    first = run(url, file)
    assert (first.returncode, first.stdout.strip()) == (0, "2027 published: 3 days stored, 0 unchanged")
    stored = ([2027], [date(2026, 12, 27), date(2027, 1, 1), date(2027, 2, 20)], 1)
    assert state(url) == stored
    again = run(url, file)
    assert (again.returncode, again.stdout.strip()) == (
        0,
        "2027 published before: 0 days stored, 3 unchanged",
    )
    assert state(url) == stored
    file.write_text(NOTICE.replace("2027-02-20,makeup_workday", "2027-02-20,holiday"))
    changed = run(url, file)
    assert changed.stdout.strip() == "2027 published before: 1 days stored, 2 unchanged"
    assert state(url) == ([2027], stored[1], 2)


def test_a_line_that_cannot_be_read_stops_the_list(url: str, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(NOTICE + "2027-13-01,holiday,\n2027-03-01,party,\n")
    done = run(url, file, "--year", "2027")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["line 5", "line 6", "2027"]
    assert state(url) == ([], [], 0)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"day,kind\n"])
def test_what_is_no_list(url: str, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    done = run(url, file)
    assert done.returncode == 1
    assert done.stderr.startswith("wangge: ")
    assert "Traceback" not in done.stderr


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    done = run("postgresql://nobody@/nothing", tmp_path / "none.csv")
    assert done.returncode == 2
    assert "does not exist" in done.stderr
