"""`wangge up`: database, migrations, demo county, API and worker; what scripts/run starts."""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from socket import socket

from app.commands import demo, seeding
from app.kit import migrations, run_lock
from app.kit.cluster import Cluster
from app.kit.cluster_home import ClusterError
from app.kit.console import say
from app.kit.embedded import environment_of, prepare_data_dir, with_embedded_defaults
from app.kit.listening import open_sockets
from app.kit.probe import is_ready
from app.kit.supervisor import Member, StopRequest, Supervisor
from app.settings import Settings

READY_TIMEOUT_S = 60.0
DATABASE_POLL_S = 1.0


def run(settings: Settings, *, live: bool = False) -> None:
    """Runs the service until Ctrl-C or SIGTERM, with walking handhelds if `live` (where the demo may be signed in to).

    Raises what console.clear_errors knows.
    """
    stop_request = StopRequest()
    stop_request.listen()
    began_at = time.monotonic()
    with ExitStack() as stack:
        try:
            if (
                not settings.database_url
            ):  # first of all: who starts it twice shall hear that, not "port taken"
                stack.enter_context(run_lock.hold(prepare_data_dir(settings)))
            sockets = open_sockets(settings.host, settings.port, settings.api_processes)
            for each in sockets:
                stack.enter_context(each)
            settings, guard = stack.enter_context(_database(settings))
            _prepare(settings)
            stop_request.check()
            members = _members(settings, sockets)
            if live:
                members.insert(0, _walkers(settings))  # first to stop
            supervisor = Supervisor(members, say, guard, stop_request)
            stack.callback(supervisor.stop)
            supervisor.start()
            _wait_until_ready(settings, supervisor)
            say(f"Ready after {time.monotonic() - began_at:.1f} s.")
            _welcome(settings)
            supervisor.watch()
        except KeyboardInterrupt:
            say("")
    say("Everything has stopped; the data is kept.")


class NoDemoError(PermissionError):
    """Walking handhelds were asked for where the demo's passwords are not allowed."""

    def __init__(self) -> None:
        super().__init__(
            "--live walks in the demo county, whose passwords WANGGE_DEMO_PASSWORDS forbids here"
        )


class DatabaseGuard:
    """Starts the embedded database again when it has died."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.looked_at = time.monotonic()

    def __call__(self) -> None:
        """Looks once a second.

        One that can't be started is tried again until somebody stops the service: a full disk that stopped it
        is often freed without anybody thinking of us.
        """
        if time.monotonic() - self.looked_at < DATABASE_POLL_S:
            return
        if self.cluster.running_pid() is None:
            say("The database ended; starting it again.")
            try:
                self.cluster.start()
            except ClusterError as error:
                say(f"{error}\nTrying again …")
        self.looked_at = time.monotonic()


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, "DatabaseGuard | _NoGuard"]]:
    if settings.database_url:
        yield settings, _NoGuard()
        return
    cluster = Cluster(prepare_data_dir(settings), say=say)
    try:
        url = cluster.start()
        yield with_embedded_defaults(settings, url), DatabaseGuard(cluster)
    finally:
        say("Stopping the database …")
        cluster.stop()


class _NoGuard:
    def __call__(self) -> None:
        """An outside server is looked after by somebody else."""


def _prepare(settings: Settings) -> None:
    url = settings.database_url or ""
    current, newest = migrations.revisions(url)
    if current != newest:
        say(f"Migrating the database from {current or 'nothing'} to {newest} …")
        migrations.upgrade(url)
    asyncio.run(seeding.seed(url))
    if settings.demo_passwords:
        demo.load_once(settings, say)


def _members(settings: Settings, sockets: Sequence[socket]) -> list[Member]:
    environment = environment_of(settings)
    wangge = [sys.executable, "-m", "app"]
    api = [
        Member(
            "API" if len(sockets) == 1 else f"API process {number}",
            [*wangge, "serve", "--fd", str(each.fileno())],
            environment,
            pass_fds=[each.fileno()],
        )
        for number, each in enumerate(sockets, 1)
    ]
    return [*api, Member("worker", [*wangge, "worker"], environment)]


def _walkers(settings: Settings) -> Member:
    if not settings.demo_passwords:
        raise NoDemoError
    walk = [sys.executable, "-m", "app", "simulate", "--live"]
    return Member("walking handhelds", [*walk, "--url", base_url(settings)], environment_of(settings))


def base_url(settings: Settings) -> str:
    """Where a browser on this machine finds the service."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _wait_until_ready(settings: Settings, supervisor: Supervisor) -> None:
    end = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < end:
        supervisor.watch_once()
        if is_ready(base_url(settings)):
            return
        time.sleep(0.1)
    say(f"The service isn't ready after {READY_TIMEOUT_S:.0f} s; see the messages above. It goes on trying.")


def _welcome(settings: Settings) -> None:
    url = base_url(settings)
    lines = [
        "",
        f"  Try it (Swagger UI)      {url}/docs",
        f"  Read it (ReDoc)          {url}/redoc",
        f"  Health, metrics          {url}/health/ready  {url}/metrics",
        f"  Data                     {settings.data_dir.absolute()}",
    ]
    if settings.demo_passwords:
        lines += ["", *demo.account_lines()]
    lines += ["", "  Ctrl-C stops everything and keeps the data.", ""]
    for line in lines:
        say(line)
