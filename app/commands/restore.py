"""`wangge restore`: a backup put into an empty database, or in place of one, and proven equal before it counts."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated

import psycopg
import typer
from psycopg import sql
from sqlalchemy.engine import make_url

from app.audit.periods import verify_periods
from app.audit.verify import Verification, verify
from app.commands import restore_key, seeding
from app.commands.backup import read_passphrase
from app.commands.stored_files import place_files
from app.kit import jobs, migrations, run_lock
from app.kit.backup_file import BackupError, BackupFile
from app.kit.cluster import Cluster
from app.kit.cluster_server import client_program
from app.kit.console import clear_errors, say
from app.kit.database_program import DatabaseProgram, plain_url
from app.kit.db import Database
from app.kit.embedded import prepare_data_dir
from app.kit.processes import wait_until
from app.operations.inventory import list_tables, take_inventory
from app.operations.manifest import DUMP, MANIFEST, Manifest, read_manifest
from app.settings import Settings, get_settings

RESTORE_OPTIONS = (
    "--exit-on-error",
    "--single-transaction",
    "--no-password",
    "--no-owner",
    "--no-privileges",
    "--no-comments",  # those of extensions belong to whoever installed them
)
COMPANY_LEAVES_S = 3.0
NEEDS_EXTENSIONS = (
    "the database's role may not create the extension PostGIS. Once, as a superuser of that server: "
    "psql template1 -c 'CREATE EXTENSION postgis' -c 'CREATE EXTENSION btree_gist'"
)
OTHERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """The event log verified, sealed periods read and those that differ, and jobs handed back."""

    verification: Verification
    periods: int
    periods_changed: int
    rescued: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was found after restoring."""

    manifest: Manifest
    proof: Proof
    revision: str | None
    replaced: str | None


def restore(
    file: Annotated[Path, typer.Argument(help="A backup made by `wangge backup`.")],
    data_dir: Annotated[
        Path | None, typer.Option(help="Data directory to restore into; by default that of the settings.")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put it in place of what is there, which is kept under another name."),
    ] = False,
    key_file: Annotated[
        Path | None, typer.Option(help="The master key; by default FILE.key if it is there.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="Opens the master key in the backup with this file's first line.")
    ] = None,
) -> None:
    """Restore a backup, compare every table with its manifest, verify the event log; nothing is left half done."""
    with clear_errors(), ExitStack() as stack:
        settings = get_settings()
        if data_dir is not None:
            settings = settings.model_copy(update={"data_dir": data_dir})
        backup, manifest = check_backup(file)
        passphrase = read_passphrase(passphrase_file)
        source = restore_key.KeySource(backup, key_file, passphrase)
        key = restore_key.find(source, manifest.key_fingerprints, settings)
        url = _open_target(settings, stack)
        if not settings.database_url:
            restore_key.refuse_another(settings.data_dir.absolute(), key, replace=replace)
        report = restore_into(
            url, backup, manifest, replace=replace, before_it_counts=lambda: place_files(backup, settings)
        )
        if not settings.database_url:
            restore_key.keep(settings.data_dir.absolute(), key)
        for line in report_lines(report):
            typer.echo(line)


def check_backup(file: Path) -> tuple[BackupFile, Manifest]:
    """The backup, read once as a whole. Raises BackupError when it is damaged or of a newer schema."""
    if not file.is_file():
        raise BackupError(f"there is no file {file}")
    backup = BackupFile(file)
    say("Checking the file …")
    backup.check()
    manifest = read_manifest(backup.read(MANIFEST))
    if not migrations.is_known(manifest.revision):
        raise BackupError(
            f"the backup has schema revision {manifest.revision}, made by version {manifest.app_version}; this "
            f"version knows revisions up to {migrations.newest()}. Restore it with that version or a newer one."
        )
    return backup, manifest


def restore_into(
    url: str,
    backup: BackupFile,
    manifest: Manifest,
    *,
    replace: bool,
    before_it_counts: Callable[[], object] = lambda: None,
) -> Report:
    """Restores aside and moves into place once everything is proven; a failure leaves the target as it was.

    before_it_counts: what must be there before the database that names it. Raises BackupError.
    """
    target = make_url(url).database or ""
    try:
        with psycopg.connect(plain_url(url)) as connection:
            is_empty = not list_tables(connection)
        if not is_empty and not replace:
            raise BackupError(
                f"the database {target} is not empty. Restore into another data directory (--data-dir), or put "
                "the backup in its place with --replace: what is there is kept under another name."
            )
        with psycopg.connect(_beside(url, "postgres"), autocommit=True) as admin:
            _refuse_company(admin, target)
            aside = f"{target}_restore_{token_hex(4)}"
            # a role that may not make extensions finds them in template1, where its administrator put them
            template = "template0" if admin.info.parameter_status("is_superuser") == "on" else "template1"
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(aside), sql.Identifier(template)
                )
            )
            try:
                report = _fill(_beside(url, aside), backup, manifest)
                before_it_counts()
                _refuse_company(admin, target)
                kept = _move_into_place(admin, aside, target, keep=not is_empty)
            except BaseException:
                admin.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(aside))
                )
                raise
    except psycopg.OperationalError as error:
        raise BackupError(f"the database can't be used: {error}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupError(
            f"the database's role may not make databases (it needs CREATEDB): {error}"
        ) from error
    return Report(manifest, *report, kept)


def report_lines(report: Report) -> list[str]:
    """What a person wants to read after a restore."""
    manifest, proof, verification = report.manifest, report.proof, report.proof.verification
    tables, rows = len(manifest.inventory.rows), sum(manifest.inventory.rows.values())
    lines = [
        f"Backup of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, version {manifest.app_version}, "
        f"counties {', '.join(manifest.counties) or 'none'}",
        f"File: SHA-256 as written. Rows and figures: equal in all {tables} tables ({rows:,} rows)",
        f"Event log: {verification.sealed:,} sealed events read, {verification.unsealed} not sealed yet, "
        f"{len(verification.findings)} findings; {proof.periods} sealed periods, {proof.periods_changed} findings; "
        f"{verification.frozen} frozen days, {len(verification.frozen_findings)} findings",
        f"Schema: revision {manifest.revision}"
        + (f", migrated to {report.revision}" if report.revision != manifest.revision else ""),
        f"Jobs handed back to the queue: {proof.rescued}",
    ]
    if report.replaced:
        lines.append(f"What was there before is the database {report.replaced}; drop it when you are sure")
    return lines


def _open_target(settings: Settings, stack: ExitStack) -> str:
    """URL of the database to restore into, which nobody may be using. Raises AlreadyRunningError."""
    if settings.database_url:
        return settings.database_url
    data_dir = prepare_data_dir(settings)
    stack.enter_context(run_lock.hold(data_dir))
    cluster = Cluster(data_dir, say=say)
    if cluster.running_pid() is None:
        stack.callback(cluster.stop)
    return cluster.start()


def _fill(url: str, backup: BackupFile, manifest: Manifest) -> tuple[Proof, str | None]:
    say("Restoring …")
    with psycopg.connect(plain_url(url)) as connection:
        program = client_program("pg_restore", connection.info.server_version // 10_000)
    try:
        with DatabaseProgram([program, *RESTORE_OPTIONS], url, feeding=True) as process:
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            backup.copy(DUMP, process.stdin.write)
    except BackupError as error:
        if "permission denied to create extension" in str(error):
            raise BackupError(NEEDS_EXTENSIONS) from error
        raise
    say("Comparing rows and figures …")
    with psycopg.connect(plain_url(url)) as connection:
        differences = take_inventory(connection).differences(manifest.inventory)
    if differences:
        raise BackupError(f"what was restored is not what was backed up: {', '.join(differences)}")
    migrations.upgrade(url)
    say("Verifying the event log …")
    proof = asyncio.run(_put_in_order(url))
    if proof.periods_changed or not proof.verification.is_sound:
        say("!! The log was not sound when the backup was made: `wangge audit verify` says where.")
    return proof, migrations.revisions(url)[0]


async def _put_in_order(url: str) -> Proof:
    """What a running service needs: months to write into, and no job that waits for a worker of the past."""
    await seeding.seed(url)
    async with jobs.open_queue(url) as queue:
        rescued = await jobs.rescue_stalled(queue, silent_s=0)
    database = Database.connect(url, pool_size=1)
    try:
        async with database.transaction() as session:
            periods, changed = await verify_periods(session)
            return Proof(await verify(session), periods, len(changed), rescued)
    finally:
        await database.close()


def _refuse_company(admin: "psycopg.Connection[tuple[int]]", target: str) -> None:
    def others() -> int:
        row = admin.execute(OTHERS, [target]).fetchone()
        return row[0] if row else 0

    # one that was closed just now is listed for a moment
    if not wait_until(lambda: others() == 0, COMPANY_LEAVES_S):
        raise BackupError(f"{others()} connections use the database {target}: stop the service first")


def _move_into_place(
    admin: "psycopg.Connection[tuple[int]]", aside: str, target: str, *, keep: bool
) -> str | None:
    """Renames; returns the name under which the former database is kept."""
    former = f"{target}_before_{datetime.now(UTC):%Y%m%d_%H%M%S}"
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    admin.execute(rename.format(sql.Identifier(target), sql.Identifier(former)))
    try:
        admin.execute(rename.format(sql.Identifier(aside), sql.Identifier(target)))
    except psycopg.Error:
        admin.execute(rename.format(sql.Identifier(former), sql.Identifier(target)))
        raise
    if keep:
        return former
    admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(former)))
    return None


def _beside(url: str, database: str) -> str:
    return make_url(plain_url(url)).set(database=database).render_as_string(hide_password=False)
