"""The embedded cluster: made, found again, recovered after every kind of crash."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.kit import cluster_home, run_lock
from app.kit.cluster import Cluster
from app.kit.cluster_home import ClusterError, ClusterHome
from app.kit.processes import SystemUser, is_alive, wait_until
from app.kit.run_lock import AlreadyRunningError
from app.kit.secrets import MASTER_KEY_NAME, master_key

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty data directory that a server's own user can reach."""
    directory = Path(tempfile.mkdtemp(prefix="wangge-cluster-test-"))
    directory.chmod(0o755)
    yield directory
    Cluster(directory).destroy()
    shutil.rmtree(directory)


@pytest.fixture
def cluster(data_dir: Path) -> Cluster:
    cluster = Cluster(data_dir, durable=False)
    cluster.start()
    return cluster


def home_of(cluster: Cluster) -> ClusterHome:
    home = cluster.home()
    assert home is not None
    return home


def pid_of(cluster: Cluster) -> int:
    pid = cluster.running_pid()
    assert pid is not None
    return pid


def ask(cluster: Cluster, query: str) -> object:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    return row and row[0]


class TestStart:
    def test_has_postgis_utf8_and_no_tcp(self, cluster: Cluster) -> None:
        assert ask(cluster, "SHOW listen_addresses") == ""
        assert ask(cluster, "SHOW server_encoding") == "UTF8"
        assert ask(cluster, "SELECT datcollate FROM pg_database WHERE datname = 'wangge'") == "C.UTF-8"
        assert ask(cluster, "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'") == 1

    def test_commits_are_durable_and_personal_data_stays_out_of_the_log(self, cluster: Cluster) -> None:
        configuration = (home_of(cluster).data / "postgresql.conf").read_text()
        assert "synchronous_commit = on" in configuration
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE person (phone text PRIMARY KEY)")
            connection.execute("INSERT INTO person VALUES ('13812345678')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO person VALUES ('13812345678')")
        log = home_of(cluster).log.read_text()
        assert "duplicate key" in log
        assert "13812345678" not in log

    def test_only_the_owner_gets_near_the_socket(self, cluster: Cluster) -> None:
        home = home_of(cluster)
        for folder in (home.path, home.sockets):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert folder.stat().st_uid == home.user.uid != 0

    def test_runs_in_a_session_of_its_own(self, cluster: Cluster) -> None:
        assert os.getsid(pid_of(cluster)) == pid_of(cluster) != os.getsid(0)

    def test_a_second_start_takes_the_server_over(self, cluster: Cluster) -> None:
        pid = pid_of(cluster)
        Cluster(cluster.data_dir).start()
        assert cluster.running_pid() == pid

    def test_stop_ends_it_and_keeps_the_data(self, cluster: Cluster) -> None:
        ask(cluster, "SELECT 1 FROM (SELECT pg_sleep(0)) s")
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        pid = pid_of(cluster)
        cluster.stop()
        assert not is_alive(pid)
        cluster.start()
        assert ask(cluster, "SELECT answer FROM kept") == 42

    def test_a_path_too_long_for_a_socket(self, data_dir: Path) -> None:
        deep = data_dir / ("网格" * 30) / "with space, comma"
        deep.mkdir(parents=True)
        cluster = Cluster(deep, durable=False)
        try:
            cluster.start()
            assert ask(cluster, "SELECT 1") == 1
            assert len(os.fsencode(home_of(cluster).sockets)) < 100
        finally:
            sockets = home_of(cluster).sockets
            cluster.destroy()
        assert not sockets.exists()

    def test_an_interrupted_initdb_is_begun_again(self, data_dir: Path) -> None:
        home = cluster_home.make_home(data_dir)
        (home.path / "data.new").mkdir()
        (home.path / "data.new" / "half").write_text("")
        cluster = Cluster(data_dir, durable=False)
        cluster.start()
        assert ask(cluster, "SELECT 1") == 1

    def test_a_server_that_cannot_start_shows_the_end_of_its_log(self, cluster: Cluster) -> None:
        cluster.stop()
        with (home_of(cluster).data / "postgresql.conf").open("a") as configuration:
            configuration.write("no_such_setting = 1\n")
        with pytest.raises(ClusterError, match="no_such_setting"):
            cluster.start()


class TestRecovery:
    def test_killed_server_with_a_busy_child(self, cluster: Cluster) -> None:
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        busy = subprocess.Popen(
            ["psql", cluster.url(), "-c", "SELECT count(*) FROM generate_series(1, 10^9)"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.5)
        old = pid_of(cluster)
        os.kill(old, signal.SIGKILL)
        assert wait_until(lambda: not is_alive(old), 5)
        cluster.start()
        assert pid_of(cluster) != old
        assert ask(cluster, "SELECT answer FROM kept") == 42
        assert busy.wait(10) != 0

    def test_pid_file_whose_number_belongs_to_another_program(self, cluster: Cluster) -> None:
        cluster.stop()
        home = home_of(cluster)
        other = subprocess.Popen(["sleep", "60"], **home.user.popen_arguments())
        try:
            (home.data / "postmaster.pid").write_text(
                f"{other.pid}\n{home.data}\n1\n5432\n{home.sockets}\n\n"
            )
            (home.sockets / ".s.PGSQL.5432.lock").write_text(f"{other.pid}\n")
            assert cluster.running_pid() is None
            cluster.start()
            assert ask(cluster, "SELECT 1") == 1
            assert other.poll() is None
        finally:
            other.kill()
            other.wait()

    def test_garbage_in_the_pid_file(self, cluster: Cluster) -> None:
        cluster.stop()
        (home_of(cluster).data / "postmaster.pid").write_text("")
        cluster.start()
        assert ask(cluster, "SELECT 1") == 1


class TestHome:
    def test_a_lost_cluster_is_reported_not_replaced_by_an_empty_one(self, data_dir: Path) -> None:
        (data_dir / cluster_home.POINTER_NAME).write_text("/var/lib/wangge/gone\n")
        with pytest.raises(ClusterError, match="gone"):
            Cluster(data_dir).start()
        (data_dir / cluster_home.POINTER_NAME).unlink()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can make somebody else's socket folder")
    def test_a_socket_folder_of_somebody_else_is_refused(self, data_dir: Path) -> None:
        nobody = SystemUser("nobody", 65534, 65534)
        home = cluster_home.make_home(data_dir)
        cluster_home.make_private(home.sockets, nobody)
        with pytest.raises(ClusterError, match="private"):
            home.prepare_sockets()

    @pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user keeps it in the data directory")
    def test_root_goes_elsewhere_when_the_server_cannot_reach_the_data_directory(
        self, data_dir: Path
    ) -> None:
        data_dir.chmod(0o700)
        cluster = Cluster(data_dir, durable=False)
        cluster.start()
        home = home_of(cluster)
        assert home.path.parent == cluster_home.SYSTEM_ROOT
        assert (data_dir / cluster_home.POINTER_NAME).read_text().strip() == str(home.path)
        cluster.destroy()
        assert not home.path.exists()
        assert list(data_dir.iterdir()) == []

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
    def test_an_ordinary_user_keeps_it_in_the_data_directory(self, data_dir: Path) -> None:
        os.chown(data_dir, 65534, 65534)
        program = (
            "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
            "from app.kit.cluster import Cluster;"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534);"
            "c = Cluster(Path(sys.argv[1]), durable=False); print(c.start()); c.stop()"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(data_dir), str(ROOT)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert f"host={data_dir}/postgres/socket" in done.stdout, done.stderr
        assert (data_dir / "postgres" / "data").stat().st_uid == 65534


class TestLock:
    def test_a_second_run_is_refused_and_told_the_pid(self, data_dir: Path) -> None:
        refused = pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}")
        with run_lock.hold(data_dir), refused, run_lock.hold(data_dir):
            pass

    def test_the_lock_of_a_killed_run_is_free(self, data_dir: Path) -> None:
        program = (
            "import sys, time; sys.path.insert(0, sys.argv[2]); from pathlib import Path;"
            "from app.kit import run_lock\n"
            "with run_lock.hold(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", program, str(data_dir), str(ROOT)], stdout=subprocess.PIPE
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError, match=str(holder.pid)), run_lock.hold(data_dir):
            pass
        holder.kill()
        holder.communicate()
        with run_lock.hold(data_dir):
            assert (data_dir / run_lock.LOCK_NAME).read_text() == str(os.getpid())


class TestMasterKey:
    def test_is_made_once_and_for_the_owner_alone(self, data_dir: Path) -> None:
        key = master_key(data_dir)
        assert len(key) >= 64
        assert master_key(data_dir) == key
        assert stat.S_IMODE((data_dir / MASTER_KEY_NAME).stat().st_mode) == 0o600

    def test_differs_between_data_directories(self, data_dir: Path, tmp_path: Path) -> None:
        assert master_key(data_dir) != master_key(tmp_path)

    def test_a_damaged_one_is_never_replaced(self, data_dir: Path) -> None:
        (data_dir / MASTER_KEY_NAME).write_text("short")
        with pytest.raises(ValueError, match="damaged"):
            master_key(data_dir)
        assert (data_dir / MASTER_KEY_NAME).read_text() == "short"
