"""`wangge db`: the database by hand."""

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.kit import run_lock
from app.kit.cluster import Cluster
from app.kit.cluster_server import programs
from app.kit.console import clear_errors, say
from app.kit.embedded import database_of, prepare_data_dir
from app.kit.run_lock import AlreadyRunningError
from app.kit.supervisor import StopRequest
from app.settings import get_settings

TEMPORARY_PREFIX = "wangge-temporary-"
TEST_URL_VARIABLE = "WANGGE_TEST_DATABASE_URL"

db = typer.Typer(no_args_is_help=True, help="The database: start, stop, status, psql, migrate, url.")


def _embedded() -> Cluster:
    settings = get_settings()
    if settings.database_url:
        say("wangge: WANGGE_DATABASE_URL is set: that server is started and stopped by whoever runs it.")
        raise typer.Exit(1)
    return Cluster(prepare_data_dir(settings), say=say)


@db.command()
def start() -> None:
    """Start the embedded database and leave it running."""
    with clear_errors():
        cluster = _embedded()
        if not cluster.running_pid():
            with run_lock.hold(cluster.data_dir):
                cluster.start()
        typer.echo(cluster.url())


@db.command()
def stop() -> None:
    """Stop the embedded database; refused while the service runs on it."""
    with clear_errors():
        cluster = _embedded()
        with run_lock.hold(cluster.data_dir):
            was_running = cluster.running_pid() is not None
            cluster.stop()
        say("Stopped." if was_running else "It was not running.")


@db.command()
def status() -> None:
    """Say whether the database runs and which revision it has; exit code 3 when it doesn't run."""
    settings = get_settings()
    with clear_errors():
        if settings.database_url:
            typer.echo("an outside server (WANGGE_DATABASE_URL)")
            url = settings.database_url
        else:
            cluster = _embedded()
            home, pid = cluster.home(), cluster.running_pid()
            state = f"running (process {pid})" if pid else "stopped"
            typer.echo(f"embedded, {state}, {home.path if home else 'not made yet'}")
            if not pid:
                raise typer.Exit(3)
            url = cluster.url()
        from app.kit import migrations

        current, newest = migrations.revisions(url)
        typer.echo(f"revision {current or 'none'}, newest {newest}")


@db.command()
def url() -> None:
    """Print the database's URL."""
    with clear_errors():
        typer.echo(get_settings().database_url or _embedded().url())


@db.command()
def migrate() -> None:
    """Bring the database to the newest revision and make the coming months' partitions."""
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        from app.commands import seeding
        from app.kit import migrations

        assert settings.database_url  # noqa: S101 - database_of fills it in
        migrations.upgrade(settings.database_url)
        asyncio.run(seeding.seed(settings.database_url))
        say(f"Revision {migrations.revisions(settings.database_url)[0]}.")


@db.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database; further arguments go to psql."""
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        program = programs() / "psql" if not get_settings().database_url else Path("psql")
        done = subprocess.run([program, str(settings.database_url), *context.args], check=False)
    raise typer.Exit(done.returncode)


@db.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def temporary(
    context: typer.Context,
    variable: Annotated[
        str, typer.Option(help="Environment variable that gets the URL.")
    ] = TEST_URL_VARIABLE,
) -> None:
    """Run a command with a throw-away server of its own, e.g. `wangge db temporary -- pytest`."""
    StopRequest().listen()
    with clear_errors():
        _remove_forgotten()
        directory = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
        directory.chmod(0o711)  # so that the server's user gets through
        cluster = Cluster(directory, say=say, durable=False)
        try:
            with run_lock.hold(directory):
                environment = {**os.environ, variable: f"{cluster.start()}"}
                code = subprocess.run(context.args, check=False, env=environment).returncode
        finally:
            _remove(cluster)
    raise typer.Exit(code if code >= 0 else 128 - code)


def _remove(cluster: Cluster) -> None:
    cluster.destroy()
    for each in cluster.data_dir.iterdir():
        each.unlink()
    cluster.data_dir.rmdir()


def _remove_forgotten() -> None:
    """Removes what a killed run left: its lock is free, so nobody uses it."""
    for directory in Path(tempfile.gettempdir()).glob(f"{TEMPORARY_PREFIX}*"):
        if directory.stat().st_uid != os.geteuid() or not (directory / run_lock.LOCK_NAME).exists():
            continue
        try:
            with run_lock.hold(directory):
                Cluster(directory).destroy()
        except AlreadyRunningError:
            continue
        _remove(Cluster(directory))
