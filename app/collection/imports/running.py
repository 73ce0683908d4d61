"""Takes a file through its dry run and its import: a chunk of rows a transaction, with how far it is.

A chunk's rows and the note that they are done commit together: an attempt that dies costs nothing and repeats
nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.exports.sealed_files import Kept, SealedFiles
from app.collection.imports import queries
from app.collection.imports.bounds import Bounds
from app.collection.imports.code_tables import CodeTableImporter
from app.collection.imports.divisions import DivisionImporter
from app.collection.imports.models import ImportJob
from app.collection.imports.problems import ImportTargetUnknown
from app.collection.imports.rows import Importer, RowResult
from app.collection.imports.states import ImportKind, ImportState
from app.collection.imports.subjects import importer_of
from app.collection.imports.tables import Line, Table, read_table
from app.exchange.items import Desk
from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import area_path, require_area
from app.kit import events
from app.kit.crypto import Vault
from app.kit.db import Database
from app.kit.problems import NotFound
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.catalogue.ledgers import IMPORT_COLUMNS_MAX, IMPORT_ROWS_MAX, IMPORT_UNPACKED_MAX_MIB

log = structlog.get_logger("wangge.imports")
CODE_SYSTEM = re.compile(r"[A-Z][A-Za-z0-9-]{1,30}")
UNDER_WAY = {ImportState.CHECKING: False, ImportState.QUEUED: True, ImportState.RUNNING: True}
"""States in which the worker has something to do, and whether it writes."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What importing needs. clock: the present instant."""

    database: Database
    vault: Vault
    files: SealedFiles
    zone: ZoneInfo
    clock: Callable[[], datetime]


async def run_import(shop: Workshop, county_code: str, import_id: UUID) -> None:
    """The dry run of a file, or the import that was confirmed; nothing when there is nothing to do."""
    begun = await _begin(shop, county_code, import_id)
    if begun is None:
        return
    table = await _table(shop, begun)
    while await _take_chunk(shop, county_code, import_id, table):
        pass


async def fail_import(shop: Workshop, county_code: str, import_id: UUID, failure: str) -> None:
    """Gives up; the code says why. What was imported stays imported."""
    async with shop.database.transaction() as session:
        job = await queries.find_job(session, county_code, import_id, lock=True)
        if job is not None and job.state in UNDER_WAY:
            await _close(session, job, ImportState.FAILED, shop.clock(), failure=failure)


async def forget_files(shop: Workshop, *, limit: int = 500) -> int:
    """Deletes files that nobody needs any more; returns how many. What became of their rows stays."""
    now = shop.clock()
    async with shop.database.transaction() as session:
        due = await queries.list_to_forget(session, now, limit)
    for row in due:
        await shop.files.store.delete(row.file_key)
        async with shop.database.transaction() as session:
            job = await queries.find_job(session, row.county_code, row.id, lock=True)
            if job is not None and job.file_key == row.file_key:
                job.file_key = job.stored_bytes = None
                if job.state not in queries.OVER:
                    await _close(session, job, ImportState.EXPIRED, now)
    return len(due)


async def bounds_of(session: AsyncSession, area_id: UUID, day: Any) -> tuple[Bounds, RuleSet]:
    """How much a file may hold in an area, by its rules."""
    rule = await rules.resolve(session, await area_path(session, area_id), day)
    return Bounds(rule[IMPORT_ROWS_MAX], rule[IMPORT_COLUMNS_MAX], rule[IMPORT_UNPACKED_MAX_MIB] << 20), rule


async def importer_for(session: AsyncSession, desk: Desk, job: ImportJob) -> Importer:
    """What takes the rows of a job. Raises ImportTargetUnknown."""
    if job.kind == ImportKind.DIVISIONS:
        if not CODE_SYSTEM.fullmatch(job.target):
            raise ImportTargetUnknown(target=job.target)
        return DivisionImporter(job.target, job.effective_on, desk.now.astimezone(desk.zone).date())
    if job.kind == ImportKind.CODE_TABLE:
        return CodeTableImporter(job.target, f"导入 {job.file_name}"[:200])
    return await importer_of(session, desk, job.target, digest=job.digest, import_id=job.id)


async def _begin(shop: Workshop, county_code: str, import_id: UUID) -> ImportJob | None:
    async with shop.database.transaction() as session:
        job = await queries.find_job(session, county_code, import_id, lock=True)
        if job is None or job.state not in UNDER_WAY or job.file_key is None:
            return None
        if await _actor(session, job) is None:
            await _close(session, job, ImportState.FAILED, shop.clock(), failure="requester_gone")
            return None
        if job.state == ImportState.QUEUED:
            job.state = ImportState.RUNNING
        return job


async def _table(shop: Workshop, job: ImportJob) -> Table:
    content = await shop.files.read(job.id, Kept(job.file_key or "", job.stored_bytes or 0))
    async with shop.database.transaction() as session:
        day = shop.clock().astimezone(shop.zone).date()
        bounds, _ = await bounds_of(session, job.area_id, day)
    return await to_thread.run_sync(read_table, content, bounds)


async def _take_chunk(shop: Workshop, county_code: str, import_id: UUID, table: Table) -> bool:
    """One chunk of rows in one transaction; False when there is none left, or it was cancelled."""
    now = shop.clock()
    async with shop.database.transaction() as session:
        job = await queries.find_job(session, county_code, import_id, lock=True)
        if job is None or job.state not in UNDER_WAY:
            return False
        actor = await _actor(session, job)
        if actor is None:
            await _close(session, job, ImportState.FAILED, now, failure="requester_gone")
            return False
        desk = Desk(actor, shop.vault, shop.zone, now)
        importer = await importer_for(session, desk, job)
        end = len(table.lines) if importer.chunk_rows is None else job.rows_done + importer.chunk_rows
        lines: Sequence[Line] = table.lines[job.rows_done : end]
        applies = UNDER_WAY[ImportState(job.state)]
        results = await importer.take(session, desk, lines, apply=applies) if lines else []
        await queries.keep_rows(session, job, results)
        _count(job, results)
        job.rows_done += len(lines)
        if job.rows_done < len(table.lines):
            return True
        await _close(session, job, ImportState.DONE if applies else ImportState.CHECKED, now)
    return False


def _count(job: ImportJob, results: Sequence[RowResult]) -> None:
    for result in results:
        name = f"count_{result.outcome}"
        setattr(job, name, getattr(job, name) + 1)


async def _actor(session: AsyncSession, job: ImportJob) -> Actor | None:
    """Who wants it, as he stands now, at work in the area of the import."""
    account = await session.get(Account, job.confirmed_by or job.requested_by)
    if account is None or not account.enabled or account.approved_at is None:
        return None
    own = Actor(
        account.id, account.county_code, Role(account.role), account.area_id, None, account.display_name
    )
    try:
        await require_area(session, own, job.area_id)
    except NotFound:
        return None
    if job.kind != ImportKind.SUBJECTS:
        return own
    return Actor(own.account_id, job.county_code, own.role, job.area_id, None, own.display_name)


async def _close(
    session: AsyncSession,
    job: ImportJob,
    state: ImportState,
    now: datetime,
    *,
    failure: str | None = None,
) -> None:
    job.state, job.failure = state, failure
    if state == ImportState.CHECKED:
        job.checked_at = now
    else:
        job.finished_at = now
    counts = {name: getattr(job, f"count_{name}") for name in ("new", "changed", "unchanged", "refused")}
    type_ = "import.finished" if state == ImportState.DONE else f"import.{state.value}"
    await events.record(
        session,
        events.SYSTEM,
        type_,
        ("import", job.id),
        {"kind": job.kind, "target": job.target, "rows": job.rows_done, **counts, "failure": failure},
        county_code=job.county_code,
        area_id=job.area_id,
        now=now,
    )
