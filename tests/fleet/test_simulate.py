"""`wangge simulate` end to end: what was sent is what is there, also when parts are killed under load."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def simulate(*arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, the report, and what was said beside it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANGGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "app", "simulate", "--handhelds", "5", "--json", *arguments],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=170,
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def test_a_small_fleet_leaves_exactly_what_it_sent() -> None:
    code, report, said = simulate("--as-fast-as-possible", "--seed", "4")
    assert (code, report.get("findings")) == (0, {}), (report, said)
    assert report["ok"]
    assert report["handhelds"] == 5
    assert report["requests"]["answered"].keys() <= {"200", "503"}
    assert report["dispositions"]["stored"] == report["proof"]["checked"]["fixes"] > 10_000
    assert report["proof"]["checked"]["figures against what was sent"] == 5
    assert report["mischief"]["cut_after"] > 0
    assert report["suffered"]["kills"] == {}


def test_kills_and_a_full_disk_lose_and_double_nothing() -> None:
    code, report, said = simulate("--as-fast-as-possible", "--chaos", "2", "--seed", "3")
    assert (code, report.get("findings")) == (0, {}), (report, said)
    assert sum(report["suffered"]["kills"].values()) == 2
    full = report["suffered"]["disk_full"]
    assert full == "done" or full.startswith("skipped: "), full
    assert report["suffered"]["unready_when_full"] is (True if full == "done" else None)
    assert report["suffered"]["ready_after_full"] is (True if full == "done" else None)
    assert report["requests"]["retries"] > 0


def test_what_cannot_be_asked_for_together_is_told() -> None:
    for arguments in (("--chaos", "1", "--url", "http://x"), ("--speed", "5", "--as-fast-as-possible")):
        code, _, said = simulate(*arguments)
        assert code == 2
        assert "Traceback" not in said


def test_a_service_that_is_not_there_is_one_clear_line() -> None:
    code, _, said = simulate("--url", "http://127.0.0.1:9")
    assert code == 1
    assert "wangge simulate: " in said
    assert "Traceback" not in said


@pytest.mark.parametrize("argument", ["--handhelds", "--days"])
def test_nobody_walks_no_day(argument: str) -> None:
    assert simulate(argument, "0")[0] == 2
