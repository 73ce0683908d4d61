"""The embedded PostgreSQL + PostGIS: made, started, recovered and stopped for one data directory.

It listens on a socket in a private folder and nowhere else, so `trust` is as strict as the folder's mode.
The server runs in a process session of its own: Ctrl-C reaches the supervisor, which stops it last.
"""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.errors import CannotConnectNow

from app.kit import cluster_home, cluster_server
from app.kit.cluster_home import ClusterError, ClusterHome
from app.kit.processes import end_all, is_alive, send, wait_until, working_in

ROLE = DATABASE = "wangge"
PORT = 5432  # part of the socket's file name; nothing listens on TCP
START_TIMEOUT_S = 60.0
RECOVERY_TIMEOUT_S = 1800.0
STOP_TIMEOUT_S = 60.0

Say = Callable[[str], None]


def _silent(_: str) -> None:
    return None


class Cluster:
    """The embedded cluster of `data_dir`. `durable=False` trades crash safety for speed (tests only)."""

    def __init__(self, data_dir: Path, *, say: Say = _silent, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self.say = say
        self.durable = durable

    def home(self) -> ClusterHome | None:
        """Where the cluster lives; None before its first start."""
        return cluster_home.find_home(self.data_dir)

    def url(self, database: str = DATABASE) -> str:
        """URL of a database of the cluster. Raises ClusterError before the first start."""
        return _url(self._existing_home(), database)

    def running_pid(self) -> int | None:
        """Pid of the server if it runs; a stale pid file, or a number reused since, counts for nothing."""
        home = self.home()
        return _server_pid(home) if home else None

    def start(self) -> str:
        """Makes the cluster if needed, recovers what a crash left, starts the server; returns its URL.

        A server that runs already and answers is taken over. Raises ClusterError.
        """
        home = self.home() or cluster_home.make_home(self.data_dir)
        if not cluster_home.can_reach(home.user, home.path):
            raise ClusterError(
                f"{home.user.name}, who runs the database, can't reach {home.path}: let others pass the "
                "folders above it (chmod o+x), or choose another place with WANGGE_DATA_DIR."
            )
        home.prepare_sockets()
        if not (home.data / "PG_VERSION").exists():
            self.say("Making a new database cluster …")
            cluster_server.initialise(home, ROLE)
        if not self._take_over(home):
            self._clear_remains(home)
            self._launch(home)
        _make_database(home)
        return _url(home, DATABASE)

    def stop(self) -> None:
        """Stops the server: politely, then at once (recovery follows at the next start), then by force."""
        home = self.home()
        pid = _server_pid(home) if home else None
        if home is None or pid is None:
            return
        send(pid, signal.SIGINT)
        if not wait_until(lambda: not is_alive(pid), STOP_TIMEOUT_S):
            self.say("The database doesn't stop; ending it by force …")
            end_all([pid, *working_in(home.data, home.user)], grace_s=5)

    def destroy(self) -> None:
        """Stops the server and deletes the cluster with all its data."""
        home = self.home()
        if home is not None:
            self.stop()
            cluster_home.remove_home(self.data_dir, home)

    def _existing_home(self) -> ClusterHome:
        home = self.home()
        if home is None:
            raise ClusterError(f"{self.data_dir} has no database yet: scripts/run makes one")
        return home

    def _take_over(self, home: ClusterHome) -> bool:
        pid = _server_pid(home)
        if pid is None:
            return False
        if self._becomes_ready(home, lambda: is_alive(pid), timeout_s=10):
            self.say(f"The database is running already (process {pid}).")
            return True
        self.say(f"The database of an earlier run (process {pid}) doesn't answer; ending it …")
        return False

    def _clear_remains(self, home: ClusterHome) -> None:
        pid = _server_pid(home)
        remains = [*([pid] if pid else []), *working_in(home.data, home.user)]
        if remains:
            self.say("Ending what an earlier run left behind …")
            end_all(remains, grace_s=10)
        # With nobody alive these files are stale; left there, a reused number would block the start.
        for stale in (home.data / "postmaster.pid", *home.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def _launch(self, home: ClusterHome) -> None:
        started_at = time.monotonic()
        server = cluster_server.launch(home, PORT, durable=self.durable)
        ready = False
        try:
            ready = self._becomes_ready(home, lambda: server.poll() is None, timeout_s=START_TIMEOUT_S)
        finally:
            if not ready and server.poll() is None:  # also when Ctrl-C came before its pid file was there
                end_all([server.pid], grace_s=5)
        if not ready:
            raise ClusterError(f"the database did not start; the end of {home.log}:\n{_tail(home.log)}")
        self.say(f"The database is ready ({time.monotonic() - started_at:.1f} s).")

    def _becomes_ready(self, home: ClusterHome, runs: Callable[[], bool], *, timeout_s: float) -> bool:
        """Waits for an answer. A server that replays its log says so, and is given all the time it needs."""
        begin = told_at = time.monotonic()
        while runs():
            elapsed_s = time.monotonic() - begin
            try:
                _ask(home)
            except CannotConnectNow:
                if elapsed_s > RECOVERY_TIMEOUT_S:
                    return False
                if time.monotonic() - told_at > 5:
                    told_at = time.monotonic()
                    self.say(f"The database recovers from a crash ({elapsed_s:.0f} s) …")
            except psycopg.OperationalError as error:
                starting = "starting up" in str(error) or "recovery" in str(error)
                if elapsed_s > (RECOVERY_TIMEOUT_S if starting else timeout_s):
                    return False
            else:
                return True
            time.sleep(0.05)
        return False


def _url(home: ClusterHome, database: str) -> str:
    return f"postgresql://{ROLE}@/{database}?host={quote(str(home.sockets), safe='/')}"


def _ask(home: ClusterHome) -> None:
    with psycopg.connect(_url(home, "postgres"), connect_timeout=3) as connection:
        connection.execute("SELECT 1")


def _make_database(home: ClusterHome) -> None:
    with psycopg.connect(_url(home, "postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _server_pid(home: ClusterHome) -> int | None:
    try:
        pid = int((home.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    if not is_alive(pid):
        return None
    if Path("/proc/self").exists() and pid not in working_in(home.data, home.user):
        return None  # the number was given to another program since
    return pid


def _tail(log: Path, lines: int = 12) -> str:
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
