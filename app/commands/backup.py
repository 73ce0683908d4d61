"""`wangge backup`: database and files as of one instant, while the service goes on, in one file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg import IsolationLevel

from app.commands.stored_files import add_files
from app.kit import backup_file, key_copy
from app.kit.backup_file import BackupError, BackupWriter
from app.kit.cluster_server import client_program
from app.kit.console import clear_errors, say
from app.kit.database_program import DatabaseProgram, plain_url
from app.kit.embedded import database_of
from app.kit.version import VERSION
from app.operations.inventory import take_inventory
from app.operations.manifest import DUMP, FORMAT, LOCKED_KEY, MANIFEST, Manifest
from app.settings import Settings, get_settings

NAME = "wangge-{:%Y%m%dT%H%M%SZ}.backup"
PATTERN = "wangge-????????T??????Z.backup"
DIRECTORY = "backups"
KEY_SUFFIX = ".key"
DUMP_OPTIONS = (
    "--format=custom",
    "--no-password",
    "--no-owner",
    "--no-privileges",
    "--lock-wait-timeout=60s",
    "--exclude-table-data=*.spatial_ref_sys",  # PostGIS brings its own
)


def backup(
    to: Annotated[
        Path | None,
        typer.Option(
            help="File, or existing directory; by default the folder backups of the data directory."
        ),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Afterwards delete all but so many backups of that directory.")
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(help="Put the master key into the backup, locked with this file's first line."),
    ] = None,
) -> None:
    """Write a consistent backup of database, photos and files, running or not, and how to verify it."""
    with clear_errors(), database_of(get_settings(), say=say) as settings:
        made_at = datetime.now(UTC)
        target = _target(settings, to, made_at)
        passphrase = read_passphrase(passphrase_file)
        manifest = make_backup(settings, target, made_at=made_at, passphrase=passphrase)
        _keep_key(settings, target, has_passphrase=passphrase is not None)
        for old in _surplus(target.parent, keep):
            say(f"Deleting {old.name}")
            old.unlink()
            old.with_name(old.name + KEY_SUFFIX).unlink(missing_ok=True)
        rows = sum(manifest.inventory.rows.values())
        typer.echo(
            f"{target}: {target.stat().st_size:,} bytes, revision {manifest.revision}, "
            f"{len(manifest.inventory.rows)} tables, {rows:,} rows"
        )


def make_backup(settings: Settings, target: Path, *, made_at: datetime, passphrase: str | None) -> Manifest:
    """Writes the backup to `target`. Raises BackupError, ClusterError; then nothing is left there."""
    if settings.database_url is None or settings.master_key is None:
        raise BackupError("there is no database to back up")
    key = settings.master_key.get_secret_value()
    try:
        with backup_file.writing(target) as file, psycopg.connect(plain_url(settings.database_url)) as source:
            manifest = _write(source, file, settings.database_url, key, made_at)
            add_files(source, file, settings)
            if passphrase is not None:
                file.add(LOCKED_KEY, key_copy.locked_with(passphrase, key))
    except psycopg.OperationalError as error:
        raise BackupError(f"the database can't be read: {error}") from error
    except OSError as error:
        raise BackupError(f"can't write {target}: {error.strerror or error}") from error
    return manifest


def _write(
    source: psycopg.Connection[Any], file: BackupWriter, url: str, key: str, made_at: datetime
) -> Manifest:
    """Dump and manifest of one snapshot: what is written meanwhile is in neither."""
    source.isolation_level, source.read_only = IsolationLevel.REPEATABLE_READ, True
    snapshot = _value(source, "SELECT pg_export_snapshot()")
    if _value(source, "SELECT to_regclass('public.alembic_version')") is None:
        raise BackupError("the database is empty: there is nothing to back up")
    server_version = source.info.server_version
    say("Dumping the database …")
    program = client_program("pg_dump", server_version // 10_000)
    with DatabaseProgram([program, *DUMP_OPTIONS, f"--snapshot={snapshot}"], url) as dump:
        assert dump.stdout is not None  # noqa: S101 - it is a pipe
        file.add_stream(DUMP, dump.stdout)
    say("Counting and hashing rows …")
    manifest = Manifest(
        format=FORMAT,
        made_at=made_at,
        app_version=VERSION,
        revision=_value(source, "SELECT version_num FROM public.alembic_version"),
        server_version=server_version,
        counties=[
            r[0]
            for r in source.execute("SELECT county_code FROM public.area WHERE level = 'county' ORDER BY 1")
        ],
        key_fingerprints=key_copy.fingerprints(key),
        inventory=take_inventory(source),
    )
    file.add(MANIFEST, manifest.dump())
    return manifest


def read_passphrase(file: Path | None) -> str | None:
    """The first line of `file`. Raises BackupError when it can't be read or is too short."""
    if file is None:
        return None
    try:
        line = file.read_text().partition("\n")[0].strip()
    except OSError as error:
        raise BackupError(f"can't read the passphrase from {file}: {error.strerror}") from error
    if len(line) < key_copy.MIN_PASSPHRASE_CHARS:
        raise BackupError(
            f"the passphrase in {file} needs {key_copy.MIN_PASSPHRASE_CHARS} characters or more"
        )
    return line


def _target(settings: Settings, to: Path | None, made_at: datetime) -> Path:
    if to is None:
        to = settings.data_dir.absolute() / DIRECTORY
        to.mkdir(mode=0o700, exist_ok=True)
    to = to.absolute()
    if not to.is_dir() and not to.parent.is_dir():
        raise BackupError(f"{to.parent} is no directory")
    target = to / NAME.format(made_at) if to.is_dir() else to
    if target.exists():
        raise BackupError(f"{target} exists already; a backup never overwrites another file")
    return target


def _keep_key(settings: Settings, target: Path, *, has_passphrase: bool) -> None:
    """Beside the backup of an embedded database goes its key, unless the backup holds it locked."""
    if has_passphrase or settings.master_key is None:
        return
    if get_settings().master_key is not None:
        say("The master key is not in the backup: keep WANGGE_MASTER_KEY where the backups are not.")
        return
    key_file = target.with_name(target.name + KEY_SUFFIX)
    backup_file.write_private(key_file, settings.master_key.get_secret_value().encode() + b"\n")
    say(f"!! The master key is in {key_file} (readable by you alone).")
    say(
        "!! Keep it APART from the backup: both together open every encrypted column; without it they are lost."
    )
    say("!! With --passphrase-file it goes into the backup, locked.")


def _surplus(directory: Path, keep: int | None) -> list[Path]:
    return sorted(directory.glob(PATTERN), reverse=True)[keep:] if keep is not None else []


def _value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row and row[0]
