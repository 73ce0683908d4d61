"""The verbs of imports: send a file, confirm its dry run, cancel."""

import asyncio
import hashlib
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.exports.sealed_files import SealedFiles
from app.collection.imports import queries, tasks
from app.collection.imports.models import ImportJob
from app.collection.imports.problems import (
    ImportClosed,
    ImportFileTooLarge,
    ImportNotConfirmable,
    ImportNotYours,
)
from app.collection.imports.running import bounds_of, importer_for
from app.collection.imports.states import CANCELLABLE, ImportKind, ImportState
from app.collection.imports.tables import read_table
from app.exchange.items import Desk
from app.identity.actor import Actor, Role
from app.identity.scope import require_area
from app.kit import events
from app.kit.crypto import Vault
from app.kit.jobs import defer
from app.rules.catalogue.ledgers import IMPORT_FILE_MAX_MIB, IMPORT_KEPT_H

BODY_MAX_BYTES = (IMPORT_FILE_MAX_MIB.maximum + 1) << 20
"""Longest request with a file: the largest that any area's rules may allow, and the form around it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it came. target: item, code table, or code system of divisions."""

    kind: ImportKind
    target: str
    area_id: UUID | None
    effective_on: date
    file_name: str
    content: bytes


async def send_file(
    session: AsyncSession,
    actor: Actor,
    sent: Sent,
    *,
    files: SealedFiles,
    vault: Vault,
    zone: ZoneInfo,
    now: datetime,
) -> ImportJob:
    """Reads the file, seals it into the store and has it checked row by row by the worker.

    Raises NotFound, ImportNotYours, ImportTargetUnknown, ImportFileTooLarge, and what is wrong with the file
    as a whole (`tables.read_table`, ImportHeadings).
    """
    area_id = sent.area_id or actor.area_id
    await require_area(session, actor, area_id)
    require_kind(actor, sent.kind)
    today = now.astimezone(zone).date()
    bounds, rule = await bounds_of(session, area_id, today)
    if len(sent.content) > rule[IMPORT_FILE_MAX_MIB] << 20:
        raise ImportFileTooLarge(limit_mib=rule[IMPORT_FILE_MAX_MIB])
    table = await to_thread.run_sync(read_table, sent.content, bounds)
    job = ImportJob(
        county_code=actor.county_code,
        id=uuid7(),
        area_id=area_id,
        requested_by=actor.account_id,
        created_at=now,
        kind=sent.kind,
        target=sent.target,
        effective_on=sent.effective_on,
        file_name=sent.file_name,
        size_bytes=len(sent.content),
        digest=hashlib.sha256(sent.content).digest(),
        state=ImportState.CHECKING,
        rows_total=len(table.lines),
        rows_done=0,
        count_new=0,
        count_changed=0,
        count_unchanged=0,
        count_refused=0,
        expires_at=now + timedelta(hours=rule[IMPORT_KEPT_H]),
    )
    importer = await importer_for(session, Desk(actor, vault, zone, now), job)
    importer.check_headings(table)
    await _keep(files, job, sent.content)
    session.add(job)
    told = {"kind": job.kind, "target": job.target, "rows": job.rows_total, "sha256": job.digest.hex()}
    await _record(session, actor, job, "import.sent", told, now)
    await _start(session, job)
    return job


async def confirm_import(session: AsyncSession, actor: Actor, import_id: UUID, *, now: datetime) -> ImportJob:
    """Has the good rows of a checked file imported. Raises NotFound, ImportNotYours, ImportNotConfirmable."""
    job = await queries.get_import(session, actor, import_id, lock=True)
    require_kind(actor, ImportKind(job.kind))
    if job.state != ImportState.CHECKED or job.file_key is None or job.expires_at <= now:
        raise ImportNotConfirmable(current_state=job.state)
    job.state, job.confirmed_by, job.confirmed_at = ImportState.QUEUED, actor.account_id, now
    job.rows_done = job.count_new = job.count_changed = job.count_unchanged = job.count_refused = 0
    await queries.forget_rows(session, job)
    await _record(session, actor, job, "import.confirmed", {"kind": job.kind, "target": job.target}, now)
    await _start(session, job)
    return job


async def cancel_import(session: AsyncSession, actor: Actor, import_id: UUID, *, now: datetime) -> ImportJob:
    """Gives a file up; what is imported already stays, and `rows_done` says how far it came.

    Raises NotFound, ImportNotYours, ImportClosed.
    """
    job = await queries.get_import(session, actor, import_id, lock=True)
    require_kind(actor, ImportKind(job.kind))
    if job.state not in CANCELLABLE:
        raise ImportClosed(current_state=job.state)
    job.state, job.finished_at = ImportState.CANCELLED, now
    told = {"kind": job.kind, "target": job.target, "rows": job.rows_done}
    await _record(session, actor, job, "import.cancelled", told, now)
    return job


def require_kind(actor: Actor, kind: ImportKind) -> None:
    """Divisions are the system administrators' business, collected data the supervisors'. Raises ImportNotYours."""
    if (kind is ImportKind.DIVISIONS) != (actor.role is Role.SYSTEM_ADMIN):
        raise ImportNotYours
    if kind is ImportKind.CODE_TABLE and actor.role not in (Role.COUNTY, Role.CITY):
        raise ImportNotYours


async def _keep(files: SealedFiles, job: ImportJob, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "import"
        await asyncio.to_thread(path.write_bytes, content)
        kept = await files.keep(files.new_key(job.county_code, job.id), job.id, path)
    job.file_key, job.stored_bytes = kept.key, kept.stored_bytes


async def _start(session: AsyncSession, job: ImportJob) -> None:
    await session.flush()  # the worker reads the row
    await defer(session, tasks.run, county_code=job.county_code, import_id=str(job.id))


async def _record(
    session: AsyncSession, actor: Actor, job: ImportJob, type_: str, data: dict[str, Any], now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("import", job.id),
        data,
        county_code=job.county_code,
        area_id=job.area_id,
        now=now,
    )
