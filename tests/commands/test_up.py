"""`wangge up`, the whole service: it starts, survives the death of its parts and stops in order."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.kit.cluster import Cluster
from app.kit.private_service import PrivateService, ServiceFailedError, private_service
from app.kit.probe import is_ready
from app.kit.processes import is_alive, wait_until

ROOT = Path(__file__).parents[2]
NO_DEMO = {"WANGGE_DEMO_PASSWORDS": "false"}


@pytest.fixture(scope="module")
def service() -> Iterator[PrivateService]:
    with private_service() as service:
        yield service


def parts(service: PrivateService) -> dict[str, int]:
    """{name: pid} of API and worker, found as children of the supervisor."""
    found = {}
    for each in Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split():
        words = Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")
        for name in ("serve", "worker"):
            if name.encode() in words:
                found[name] = int(each)
    return found


def up(data_dir: Path, port: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANGGE_")}
    environment |= {"WANGGE_DATA_DIR": str(data_dir), "WANGGE_PORT": port, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "app", "up"],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_prints_where_to_go_and_who_to_be(service: PrivateService) -> None:
    assert wait_until(lambda: "Ctrl-C" in service.log.read_text(), 30)
    said = service.log.read_text()
    assert f"{service.base_url}/docs" in said
    assert "inspector" in said


def test_the_demo_county_is_there(service: PrivateService) -> None:
    with psycopg.connect(service.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM grid").fetchone()
    assert row is not None
    assert row[0] > 300


def test_a_second_run_is_told_who_has_the_data(service: PrivateService) -> None:
    done = up(service.data_dir, "8123")
    assert done.returncode == 1
    assert f"in use by process {service.process.pid}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_told_before_anything_is_made(service: PrivateService, tmp_path: Path) -> None:
    done = up(tmp_path, service.base_url.rpartition(":")[2])
    assert done.returncode == 1
    assert "is taken by another program" in done.stderr
    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "cluster.path").exists()


@pytest.mark.parametrize("part", ["serve", "worker"])
def test_a_killed_part_is_started_again(service: PrivateService, part: str) -> None:
    before = parts(service)[part]
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: parts(service).get(part, before) != before, 10)
    assert wait_until(lambda: is_ready(service.base_url), 20)


def test_a_killed_database_is_started_again_with_its_data(service: PrivateService) -> None:
    cluster = Cluster(service.data_dir)
    before = cluster.running_pid()
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: (cluster.running_pid() or before) != before, 20)
    assert wait_until(lambda: is_ready(service.base_url), 20)
    with psycopg.connect(service.database_url) as connection:
        assert connection.execute("SELECT count(*) > 300 FROM grid").fetchone() == (True,)


def test_a_request_to_stop_ends_api_then_worker_then_database() -> None:
    with private_service(NO_DEMO | {"WANGGE_API_PROCESSES": "2"}) as service:
        pids = [*parts(service).values(), Cluster(service.data_dir).running_pid() or 0]
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(60) == 0
        assert not any(is_alive(pid) for pid in pids)
        said = [line for line in service.log.read_text().splitlines() if line.startswith("Stopping")]
        assert said == [
            "Stopping the API process 1 …",
            "Stopping the API process 2 …",
            "Stopping the worker …",
            "Stopping the database …",
        ]


def test_nothing_outlives_a_killed_supervisor_but_the_database_which_the_next_run_takes_over() -> None:
    with private_service(NO_DEMO) as service:
        children = parts(service)
        database = Cluster(service.data_dir).running_pid()
        service.process.kill()
        service.process.wait()
        assert wait_until(lambda: not any(is_alive(pid) for pid in children.values()), 30)
        assert database is not None
        assert is_alive(database)


def test_private_data_is_removed() -> None:
    with private_service(NO_DEMO) as service:
        home = Cluster(service.data_dir).home()
    assert home is not None
    assert not home.path.exists()
    assert not service.data_dir.exists()


def test_wrong_settings_are_one_clear_line() -> None:
    with (
        pytest.raises(ServiceFailedError, match="WANGGE_MASTER_KEY"),
        private_service({"WANGGE_MASTER_KEY": "short"}),
    ):
        pass
