"""`wangge replay` against the real service over HTTP, with the demo county: a walk becomes a judged day."""

import asyncio
import json
import math
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import typer
from typer.testing import CliRunner

from app.demo.loader import load_demo
from app.kit.db import Database
from app.kit.ids import DEMO_GRID_CODE, DEMO_INSPECTOR
from app.replay.cli import replay
from app.settings import Settings
from tests.conftest import ROOT, _clone, _drop, url_of

TRACKS = Path(__file__).parent.parent / "data" / "tracks"
SHANGHAI = ZoneInfo("Asia/Shanghai")
SECOND_GRID, THIRD_GRID, FOURTH_GRID, FIFTH_GRID = (f"{DEMO_GRID_CODE[:-1]}{n}" for n in (2, 3, 4, 5))
cli = typer.Typer()
cli.command()(replay)


async def load(settings: Settings) -> None:
    database = Database.connect(settings.database_url or "", pool_size=1)
    await load_demo(database, settings, today=datetime.now(SHANGHAI).date())
    await database.close()


@pytest.fixture(scope="module")
def url(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service with its demo county in a process of its own, as `wangge serve` runs it."""
    name, key = _clone(template), "replay-" * 8
    loading = threading.Thread(  # this thread may have an event loop already
        target=lambda: asyncio.run(
            load(Settings(database_url=url_of(name), master_key=key, demo_passwords=True))
        )  # type: ignore[arg-type]
    )
    loading.start()
    loading.join()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environment = os.environ | {"WANGGE_DATABASE_URL": url_of(name), "WANGGE_MASTER_KEY": key}
        command = [sys.executable, "-m", "app", "serve", "--fd", str(listener.fileno())]
        log = (tmp_path_factory.mktemp("replay") / "service.log").open("wb")
        service = subprocess.Popen(
            command, cwd=ROOT, env=environment, pass_fds=[listener.fileno()], stdout=log, stderr=log
        )
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        _wait(address, service)
        yield address
        service.terminate()
        service.wait(20)
    _drop(name)


def _wait(address: str, service: subprocess.Popen) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and service.poll() is None:
        try:
            httpx.get(f"{address}/health/live", timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the service did not start")


@dataclass
class Run:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def day(self) -> dict:
        return json.loads(self.stdout)


@pytest.fixture
def run(url):
    def call(*arguments: object) -> Run:
        result = CliRunner().invoke(cli, ["--url", url, *map(str, arguments)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Run(result.exit_code, result.stdout, result.stderr)

    return call


def rounds(path: Path, hours: float, every_s: int, start: datetime) -> Path:
    """A CSV of somebody walking round a block at 0.6 m/s."""
    lines = ["recorded_at,longitude,latitude,accuracy_m"]
    for i in range(round(hours * 3600 / every_s)):
        angle = i * every_s * 0.6 / 100
        lon, lat = 122.139 + math.cos(angle) * 100 / 96_000, 30.3131 + math.sin(angle) * 100 / 111_000
        lines.append(f"{(start + timedelta(seconds=i * every_s)).isoformat()},{lon:.7f},{lat:.7f},6")
    path.write_text("\n".join(lines))
    return path


def yesterday(hour: int) -> datetime:
    return datetime.combine(
        datetime.now(SHANGHAI).date() - timedelta(days=1), datetime.min.time(), SHANGHAI
    ) + (timedelta(hours=hour))


@pytest.mark.requirement("S4-32", "S4-33")
def test_a_foreign_walk_becomes_a_judged_day_and_again_the_same_day(run):
    first = run(TRACKS / "DC_telephone.gpx", "--relocate", "--json")
    assert first.exit_code == 0, first.stderr
    day = first.day
    assert day["inspector_id"] == str(DEMO_INSPECTOR)
    assert date.fromisoformat(day["service_day"]) < datetime.now(SHANGHAI).date()
    assert day["fixes"] == day["uploads"]["stored"] == 583
    assert 5_700 < day["distance_m"] < 6_700
    assert day["in_grid_distance_m"] == day["distance_m"]
    assert day["online_s"] == day["patrol_s"] == 4954
    assert day["grids"] == [DEMO_GRID_CODE]
    checks = {c["check"]: c["outcome"] for c in day["checks"]}
    assert checks == {"patrol_s": "missed", "distance_m": "met", "online_share": "missed"}
    assert day["status"] == "fail"

    again = run(TRACKS / "DC_telephone.gpx", "--relocate", "--json")
    assert again.exit_code == 0
    assert again.day["uploads"]["batches_repeated"] == again.day["uploads"]["batches"] == 2
    for same in ("service_day", "fixes", "distance_m", "patrol_s", "versions"):
        assert again.day[same] == day[same]


def test_another_walk_goes_to_an_earlier_free_day(run):
    kept = run(TRACKS / "MC_garmin.gpx", "--relocate", "--json", "--as", SECOND_GRID).day
    other = run(TRACKS / "MC_telephone.gpx", "--relocate", "--json", "--as", f"wg{SECOND_GRID}")
    assert other.exit_code == 0
    assert other.day["service_day"] < kept["service_day"]
    assert f"{kept['service_day']} holds another walk already (340 fixes)" in other.stderr


def test_a_named_day_is_not_mixed_unless_asked_for(run):
    kept = run(TRACKS / "MC_garmin.gpx", "--relocate", "--json", "--as", THIRD_GRID).day
    onto = ("--relocate", "--json", "--as", kept["inspector_id"], "--on", kept["service_day"])
    refused = run(TRACKS / "MC_telephone.gpx", *onto)
    assert refused.exit_code == 1
    assert f"{kept['service_day']} holds 340 fixes of another walk; --add" in refused.stderr
    added = run(TRACKS / "MC_telephone.gpx", *onto, "--add")
    assert added.exit_code == 0
    assert added.day["fixes"] > 340


@pytest.mark.requirement("S4-32", "S4-33")
def test_a_full_day_in_the_own_grid_passes_and_says_so_in_a_table(run, tmp_path):
    walk = rounds(tmp_path / "rounds.csv", hours=7, every_s=15, start=datetime(2020, 5, 4, 9, tzinfo=UTC))
    shown = run(walk, "--relocate", "--as", FOURTH_GRID)
    assert shown.exit_code == 0, shown.stderr
    assert "PASS" in shown.stdout
    assert "今日巡查已达标" in shown.stdout
    assert "sent 1680 fixes in 6 batches: 1680 stored" in shown.stdout


def test_several_files_become_several_days(run):
    both = run(
        TRACKS / "DC_garmin.gpx", TRACKS / "DC_telephone.gpx", "--relocate", "--json", "--sampling", 20
    )
    assert both.exit_code == 0
    days = both.day["days"]
    assert days[0]["service_day"] > days[1]["service_day"]
    assert [d["walk"]["name"] for d in days] == ["DC_garmin.gpx", "DC_telephone.gpx"]


def test_a_recent_walk_keeps_its_place_and_time(run, tmp_path):
    walk = rounds(tmp_path / "recent.csv", hours=1, every_s=10, start=yesterday(10))
    day = run(walk, "--json", "--as", FIFTH_GRID).day
    assert day["service_day"] == yesterday(0).date().isoformat()
    assert datetime.fromisoformat(day["first_at"]) == yesterday(10)
    assert day["relocated_to"] is None


def test_fixes_off_duty_are_listed_and_fail_the_run(run, tmp_path):
    walk = rounds(tmp_path / "night.csv", hours=1, every_s=10, start=yesterday(17) - timedelta(days=1))
    refused = run(walk, "--as", FIFTH_GRID)
    assert refused.exit_code == 1
    assert "180 of 360 fixes were not stored" in refused.stdout
    assert "refused: 180 fixes" in refused.stdout
    assert "off_duty" in refused.stdout


def test_a_walk_longer_than_the_shift_is_told_beforehand(run):
    walk = TRACKS / "edge" / "cerknicko-without-times.gpx"
    long = run(walk, "--relocate", "--pace", 0.35, "--sampling", 60, "--json")
    assert long.exit_code == 1
    notes = " ".join(long.day["walk"]["notes"])
    assert "the walk is larger than grid" in notes
    assert "what is outside will be refused as off_duty" in notes
    assert long.day["uploads"]["rejected"] > 0
    assert long.day["ok"] is False


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([TRACKS / "MC_polar.gpx"], "recorded on 2021-07-16.*older than 45 days.*--on.*--relocate"),
        ([TRACKS / "MC_polar.gpx", "--on", "2099-01-01"], "in the future"),
        ([TRACKS / "MC_polar.gpx", "--on", "2022-01-04"], "too long ago"),
        ([TRACKS / "MC_polar.gpx", "--relocate", "--as", "nobody"], "no inspector 'nobody'"),
        ([TRACKS / "MC_polar.gpx", "--relocate", "--as", "330921999999999"], "no grid 330921999999999"),
        ([TRACKS / "MC_polar.gpx", "--relocate", "--as", "330921106002006"], "serves no grid with a polygon"),
        ([TRACKS / "MC_polar.gpx", "--relocate", "--supervisor", "nobody"], "User name or password"),
        ([TRACKS / "edge" / "track-with-extremes.gpx", "--relocate"], "no times.*--pace"),
        ([TRACKS / "edge" / "track-with-extremes.gpx", "--pace", 1], "needs --on or --relocate"),
        ([TRACKS / "DC_garmin.gpx", TRACKS / "DC_polar.gpx", "--same-day", "--relocate"], "overlap in time"),
        (
            [TRACKS / "DC_garmin.gpx", "--relocate", "--url", "http://127.0.0.1:9"],
            "no service answers.*scripts/run",
        ),
        ([TRACKS / "DC_garmin.gpx", "--relocate", "--url", "elsewhere"], "no service answers at elsewhere"),
        ([TRACKS / "DC_garmin.gpx", "--coord-sys", "utm"], "--coord-sys utm is none of wgs84"),
        ([TRACKS / "LICENCE-CeCILL-C", "--relocate"], "not a kind of file"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(run, arguments, says):
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert re.search(says, refused.stderr), refused.stderr
