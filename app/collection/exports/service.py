"""The verbs of exports: ask, decide, cancel, fetch."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.exports import queries, tasks
from app.collection.exports.models import ExportJob
from app.collection.exports.problems import (
    ExportClosed,
    ExportDecided,
    ExportGone,
    ExportNotReady,
    ExportTooLarge,
    OwnExportApproval,
    TooManyExports,
)
from app.collection.exports.schemas import ExportCreate, ExportDecision
from app.collection.exports.states import CANCELLABLE, ExportState
from app.collection.ledgers.declared import ledger_of
from app.collection.ledgers.queries import Reading, count_entries
from app.identity.actor import Actor
from app.identity.scope import area_path, require_area
from app.kit import events
from app.kit.crypto import Vault
from app.kit.jobs import defer
from app.kit.problems import NotFound
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.catalogue.ledgers import EXPORT_OPEN_MAX, EXPORT_ROWS_MAX


async def request_export(
    session: AsyncSession, actor: Actor, body: ExportCreate, *, vault: Vault, day: date, now: datetime
) -> ExportJob:
    """Asks for a file: masked ones are made at once, others wait for somebody else's approval.

    Raises UnknownLedger, NotFound, FilterUnknown, TooManyExports, ExportTooLarge: nothing was started then.
    """
    ledger = ledger_of(body.ledger)
    area_id = body.area_id or actor.area_id
    await require_area(session, actor, area_id)
    rule = await _rules(session, area_id, day)
    waiting = await queries.count_open(session, actor.account_id)
    if waiting >= rule[EXPORT_OPEN_MAX]:
        raise TooManyExports(open=waiting)
    reading = Reading(ledger, body.filters.asked(area_id), vault)
    rows = await count_entries(session, actor, reading, rule[EXPORT_ROWS_MAX])
    if rows > rule[EXPORT_ROWS_MAX]:
        raise ExportTooLarge(limit=rule[EXPORT_ROWS_MAX])
    export = ExportJob(
        county_code=actor.county_code,
        id=uuid7(),
        area_id=area_id,
        requested_by=actor.account_id,
        requester_area_id=actor.area_id,
        requested_at=now,
        ledger=ledger.code,
        filters=body.filters.model_dump(mode="json", exclude_defaults=True),
        format=body.format,
        language=body.language,
        is_masked=not body.unmasked,
        reason=body.reason,
        state=ExportState.AWAITING_APPROVAL if body.unmasked else ExportState.QUEUED,
        rows_total=rows,
        rows_done=0,
    )
    session.add(export)
    told = {"ledger": ledger.code, "format": body.format, "rows": rows, "is_masked": export.is_masked}
    await _record(session, actor, export, "export.requested", told | {"reason": body.reason}, now)
    if not body.unmasked:
        await _start(session, export)
    return export


async def decide_export(
    session: AsyncSession, actor: Actor, export_id: UUID, body: ExportDecision, *, now: datetime
) -> ExportJob:
    """Somebody else of the county decides on data in full. Raises NotFound, OwnExportApproval, ExportDecided."""
    export = await queries.get_export(session, actor, export_id, lock=True)
    if export.requested_by == actor.account_id:
        raise OwnExportApproval
    if export.state != ExportState.AWAITING_APPROVAL:
        raise ExportDecided(current_state=export.state)
    export.decided_by, export.decided_at, export.decision_reason = actor.account_id, now, body.reason
    approved = body.decision == "approved"
    export.state = ExportState.QUEUED if approved else ExportState.REFUSED
    type_ = "export.approved" if approved else "export.refused"
    await _record(session, actor, export, type_, {"reason": body.reason}, now)
    if approved:
        await _start(session, export)
    return export


async def cancel_export(session: AsyncSession, actor: Actor, export_id: UUID, *, now: datetime) -> ExportJob:
    """Who asked, or his superior, stops it; a job that runs notices within a page. Raises NotFound, ExportClosed."""
    export = await queries.get_export(session, actor, export_id, lock=True)
    if not await queries.may_fetch(session, actor, export):
        raise NotFound
    if export.state not in CANCELLABLE:
        raise ExportClosed(current_state=export.state)
    export.state, export.finished_at = ExportState.CANCELLED, now
    await _record(session, actor, export, "export.cancelled", {"rows_done": export.rows_done}, now)
    return export


async def fetch_export(session: AsyncSession, actor: Actor, export_id: UUID, *, now: datetime) -> ExportJob:
    """The export whose file is fetched now; leaves an event.

    Raises NotFound (not his own and not of somebody below), ExportNotReady, ExportGone.
    """
    export = await queries.get_export(session, actor, export_id, lock=True)
    if not await queries.may_fetch(session, actor, export):
        raise NotFound
    is_over = export.expires_at is not None and export.expires_at <= now
    if export.state == ExportState.EXPIRED or (export.state == ExportState.DONE and is_over):
        raise ExportGone(expires_at=export.expires_at.isoformat() if export.expires_at else None)
    if export.state != ExportState.DONE:
        raise ExportNotReady(current_state=export.state)
    told = {"rows": export.rows_done, "is_masked": export.is_masked}
    await _record(session, actor, export, "export.downloaded", told, now)
    return export


async def _rules(session: AsyncSession, area_id: UUID, day: date) -> RuleSet:
    return await rules.resolve(session, await area_path(session, area_id), day)


async def _start(session: AsyncSession, export: ExportJob) -> None:
    await session.flush()  # the job reads the row
    await defer(session, tasks.run, county_code=export.county_code, export_id=str(export.id))


async def _record(
    session: AsyncSession,
    actor: Actor,
    export: ExportJob,
    type_: str,
    data: dict[str, Any],
    now: datetime,
) -> None:
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("export", export.id),
        data,
        county_code=export.county_code,
        area_id=export.area_id,
        now=now,
    )
