"""Makes the file of an export: a page a transaction, row after row into a file, then sealed into the store.

Nothing is kept from an attempt that died: the next one begins anew and replaces what was there.
"""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import AreaVersion
from app.collection.exports import queries
from app.collection.exports.models import ExportJob
from app.collection.exports.sealed_files import Kept, SealedFiles
from app.collection.exports.states import RUNNABLE, ExportState
from app.collection.exports.watermark import Watermark
from app.collection.exports.writers import Heading, Layout, Writer, open_writer
from app.collection.ledgers.declared import ledger_of
from app.collection.ledgers.labels import Labels, load_labels
from app.collection.ledgers.links import add_places
from app.collection.ledgers.queries import Reading, list_entries
from app.collection.ledgers.rendering import Renderer, headings
from app.collection.ledgers.schemas import FiltersIn
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.models import Account
from app.identity.scope import area_path, require_area
from app.kit import events
from app.kit.crypto import Vault
from app.kit.db import Database
from app.kit.problems import NotFound
from app.rules import service as rules
from app.rules.catalogue.ledgers import EXPORT_KEPT_H, EXPORT_ROWS_MAX

log = structlog.get_logger("wangge.exports")
PAGE_ROWS = 1000
READ_BYTES = 1 << 20
LEFT_FOR_S = 86_400


@dataclass(frozen=True, slots=True)
class Press:
    """What making files needs. clock: the present instant; work: a folder for files that are being made."""

    database: Database
    vault: Vault
    files: SealedFiles
    zone: ZoneInfo
    work: Path
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Order:
    """An export that has begun: for whom, what, and how the file looks.

    file_key  of this attempt; another attempt would have another
    """

    county_code: str
    id: UUID
    file_key: str
    actor: Actor
    reading: Reading
    layout: Layout
    labels: Labels
    format: str
    kept: timedelta
    rows_max: int


@dataclass(frozen=True, slots=True)
class Written:
    """A whole file."""

    rows: int
    size_bytes: int
    digest: bytes


async def run_export(press: Press, county_code: str, export_id: UUID) -> None:
    """Makes the file, unless it is made, cancelled or not approved. Safe to repeat."""
    order = await _begin(press, county_code, export_id)
    if order is None:
        return
    await asyncio.to_thread(press.work.mkdir, 0o700, True, True)
    with tempfile.TemporaryDirectory(dir=press.work, prefix=f"{export_id}-") as folder:
        path = Path(folder) / f"export.{order.format}"
        written = await _write(press, order, path)
        if written is None:
            return
        kept = await press.files.keep(order.file_key, export_id, path)
    if not await _finish(press, order, written, kept):
        await press.files.store.delete(order.file_key)  # cancelled, or another attempt has taken over


async def _finish(press: Press, order: Order, written: Written, kept: Kept) -> bool:
    """Whether this attempt's file is the export's."""
    now = press.clock()
    async with press.database.transaction() as session:
        export = await queries.find_job(session, order.county_code, order.id, lock=True)
        if export is None or (export.state, export.file_key) != (ExportState.RUNNING, order.file_key):
            return False
        export.state, export.finished_at, export.rows_done = ExportState.DONE, now, written.rows
        export.stored_bytes, export.size_bytes = kept.stored_bytes, written.size_bytes
        export.digest, export.expires_at = written.digest, now + order.kept
        told = {"rows": written.rows, "is_masked": export.is_masked, "sha256": written.digest.hex()}
        await _record(session, export, "export.finished", told, now)
    return True


async def fail_export(press: Press, county_code: str, export_id: UUID, failure: str) -> None:
    """Gives up; the code says why."""
    async with press.database.transaction() as session:
        export = await queries.find_job(session, county_code, export_id, lock=True)
        if export is None or export.state not in RUNNABLE:
            return
        now = press.clock()
        export.state, export.failure, export.finished_at = ExportState.FAILED, failure, now
        await _record(session, export, "export.failed", {"failure": failure}, now)


async def expire_exports(press: Press, *, limit: int = 500) -> int:
    """Deletes files that are past their time; returns how many. The rows stay: who took out what is kept."""
    now = press.clock()
    async with press.database.transaction() as session:
        due = await queries.list_expired(session, now, limit)
    for row in due:
        await press.files.store.delete(row.file_key)
        async with press.database.transaction() as session:
            export = await queries.find_job(session, row.county_code, row.id, lock=True)
            if export is None or export.file_key != row.file_key:
                continue
            export.file_key = export.stored_bytes = None
            if export.state == ExportState.DONE:
                export.state = ExportState.EXPIRED
                await _record(session, export, "export.expired", {}, now)
    return len(due)


def forget_leftovers(work: Path, now: datetime) -> int:
    """Removes what attempts that died left in the work folder a day ago; returns how many folders."""
    old = [f for f in work.glob("*-*") if f.is_dir() and f.stat().st_mtime < now.timestamp() - LEFT_FOR_S]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


async def _begin(press: Press, county_code: str, export_id: UUID) -> Order | None:
    """Marks the export as running; None when there is nothing to do."""
    async with press.database.transaction() as session:
        export = await queries.find_job(session, county_code, export_id, lock=True)
        if export is None or export.state not in RUNNABLE:
            return None
        now = press.clock()
        actor = await _actor(session, export)
        if actor is None:
            export.state, export.failure, export.finished_at = ExportState.FAILED, "requester_gone", now
            await _record(session, export, "export.failed", {"failure": export.failure}, now)
            return None
        left_behind = export.file_key
        export.file_key = press.files.new_key(county_code, export_id)
        order = await _order(press, session, export, actor)
        export.state, export.rows_done = ExportState.RUNNING, 0
        export.started_at = export.started_at or now
    if left_behind is not None:  # of an attempt that died
        await press.files.store.delete(left_behind)
    return order


async def _actor(session: AsyncSession, export: ExportJob) -> Actor | None:
    """Who asked, as he stands now: what he may no longer see is no longer exported for him."""
    account = await session.get(Account, export.requested_by)
    if account is None or not account.enabled or account.approved_at is None:
        return None
    if account.role not in SUPERVISORS:
        return None
    actor = Actor(
        account.id, account.county_code, Role(account.role), account.area_id, None, account.display_name
    )
    try:
        await require_area(session, actor, export.area_id)
    except NotFound:
        return None
    return actor


async def _order(press: Press, session: AsyncSession, export: ExportJob, actor: Actor) -> Order:
    ledger = ledger_of(export.ledger)
    today = press.clock().astimezone(press.zone).date()
    filters = FiltersIn.model_validate(export.filters)
    rule = await rules.resolve(session, await area_path(session, export.area_id), today)
    approver = await session.get(Account, export.decided_by) if export.decided_by else None
    area_name = await session.scalar(
        AreaVersion.__table__.select()
        .with_only_columns(AreaVersion.name)
        .where(AreaVersion.area_id == export.area_id, AreaVersion.valid.contains(today))
    )
    title = ledger.en if export.language == "en" else ledger.zh
    mark = Watermark(
        job_id=export.id,
        account_id=actor.account_id,
        name=actor.display_name,
        area_name=area_name or "",
        ledger=title,
        reason=export.reason,
        at=export.requested_at,
        is_masked=export.is_masked,
        approved_by=None if approver is None else f"{approver.display_name} ({approver.id})",
    )
    labels = headings(ledger.columns, export.language)
    columns = [Heading(c.code, label, c.width) for c, label in zip(ledger.columns, labels, strict=True)]
    return Order(
        county_code=export.county_code,
        id=export.id,
        file_key=export.file_key or "",
        actor=actor,
        reading=Reading(ledger, filters.asked(export.area_id), press.vault, not export.is_masked),
        layout=Layout(title, columns, mark, press.zone, export.language),
        labels=await load_labels(session, export.county_code, ledger.tables()),
        format=export.format,
        kept=timedelta(hours=rule[EXPORT_KEPT_H]),
        rows_max=rule[EXPORT_ROWS_MAX],
    )


async def _write(press: Press, order: Order, path: Path) -> Written | None:
    """The whole file at `path`; None when it was cancelled or has grown beyond the limit."""
    writer = await asyncio.to_thread(open_writer, order.format, path, order.layout)
    rows = await _write_rows(press, order, writer)
    await asyncio.to_thread(writer.close)
    if rows is None:
        return None
    size, digest = await asyncio.to_thread(_measure, path)
    return Written(rows, size, digest)


async def _write_rows(press: Press, order: Order, writer: Writer) -> int | None:
    rows, cursor = 0, None
    day = press.clock().astimezone(press.zone).date()
    while True:
        async with press.database.transaction() as session:
            entries, cursor = await list_entries(session, order.actor, order.reading, cursor, PAGE_ROWS)
            names = await add_places(session, entries, day)
            rows += len(entries)
            goes_on = await queries.advance(session, order.county_code, order.id, rows)
        if not goes_on:
            return None
        if rows > order.rows_max:
            await fail_export(press, order.county_code, order.id, "too_large")
            return None
        renderer = Renderer(order.reading.ledger, order.labels, names, order.layout.language)
        await asyncio.to_thread(writer.write, [renderer.cells(entry) for entry in entries])
        if cursor is None:
            return rows


def _measure(path: Path) -> tuple[int, bytes]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
            size += len(piece)
    return size, digest.digest()


async def _record(
    session: AsyncSession, export: ExportJob, type_: str, data: dict[str, Any], now: datetime
) -> None:
    await events.record(
        session,
        events.SYSTEM,
        type_,
        ("export", export.id),
        data,
        county_code=export.county_code,
        area_id=export.area_id,
        now=now,
    )
