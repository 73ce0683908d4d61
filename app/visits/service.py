"""The verbs of visits: record, prove, void, reveal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.items import Result
from app.exchange.receiving import resettle
from app.identity.actor import Actor
from app.kit import events
from app.kit.crypto import Vault
from app.kit.events import NewEvent
from app.patrol.work.credits import NewWork, credit, withdraw
from app.uploads.attachments import missing_of
from app.visits import proof, queries
from app.visits.models import Visit
from app.visits.problems import VisitVoided
from app.visits.proof import Doubt
from app.visits.schemas import Findings

SEALED = "visit.sealed"
PROVE_CHUNK = 500


def sealed_texts(vault: Vault, visit_id: UUID, findings: Findings) -> str | None:
    """Needs and help as they are stored; None where nothing was written."""
    texts = findings.model_dump(include={"needs", "help_given"}, exclude_none=True)
    return vault.encrypt(orjson.dumps(texts).decode(), SEALED, visit_id) if texts else None


def work_of(visit: Visit) -> NewWork:
    """The stretch that a proven visit is credited to its patrol day."""
    return NewWork(visit.county_code, visit.inspector_id, visit.id, "visit", visit.started_at, visit.ended_at)


async def void_visit(
    session: AsyncSession, actor: Actor, visit_id: UUID, reason: str, *, now: datetime, zone: ZoneInfo
) -> None:
    """A supervisor declares that it doesn't count; it is kept, and its time is taken from the patrol day.

    Raises NotFound, VisitVoided.
    """
    visit = await queries.lock_visit(session, actor, visit_id)
    if visit.voided_at is not None:
        raise VisitVoided
    visit.voided_at, visit.voided_by, visit.void_reason = now, actor.account_id, reason
    visit.version += 1
    await session.flush()  # before patrol days are locked
    await withdraw(session, [work_of(visit)], zone=zone, now=now)
    await _record(session, actor.event_actor, "visit.voided", [visit], now)


async def reveal_findings(
    session: AsyncSession, actor: Actor, visit_id: UUID, purpose: str, *, vault: Vault, now: datetime
) -> dict[str, str | None]:
    """Everything `schemas.FindingsRead` promises; leaves an event. Raises NotFound."""
    visit = await queries.lock_visit(session, actor, visit_id)
    texts = orjson.loads(vault.decrypt(visit.sealed, SEALED, visit.id)) if visit.sealed else {}
    await _record(session, actor.event_actor, "visit.revealed", [visit], now, {"purpose": purpose})
    return {
        "condition": visit.condition,
        "needs": texts.get("needs"),
        "help_given": texts.get("help_given"),
    }


async def prove_late(session: AsyncSession, *, now: datetime, zone: ZoneInfo) -> int:
    """Proves visits whose photo or signature came after them; returns how many, PROVE_CHUNK at most.

    The tables are asked, not the event of the upload: whatever was missed before is found now. The sender's
    receipt says so from then on, and his duties are pulled anew.
    """
    visits = await queries.list_provable(session, PROVE_CHUNK)
    for visit in visits:
        named = [*visit.upload_ids, *filter(None, [visit.signature_upload_id])]
        here = await queries.arrived(session, visit.county_code, visit.inspector_id, named)
        settle_proof(visit, here, now)
        visit.version += 1
    await session.flush()  # before patrol days are locked
    await credit(session, [work_of(v) for v in visits if v.proven_by != "none"], zone=zone, now=now)
    for county_code in sorted({v.county_code for v in visits}):
        mine = [v for v in visits if v.county_code == county_code]
        missing = await missing_of(session, county_code, "visit", [v.id for v in mine])
        told = {v.id: result_of(v, missing.get(v.id, [])) for v in mine}
        await resettle(session, county_code, told)
        await _record(session, events.SYSTEM, "visit.proven", mine, now)
    return len(visits)


def settle_proof(visit: Visit, here: set[UUID], now: datetime) -> None:
    """Notes what proves the visit now. here: its pictures that have arrived."""
    doubt: Doubt | None = visit.unproven_why  # type: ignore[assignment]  # one of proof.DOUBT_LABELS
    visit.proven_by = proof.proven_by(
        doubt,
        photo=not here.isdisjoint(visit.upload_ids),
        signature=visit.signature_upload_id in here,
    )
    visit.proven_at = None if visit.proven_by == "none" else now
    visit.awaits_upload = (
        visit.proven_by == "none"
        and doubt != "too_late"
        and bool(visit.upload_ids or visit.signature_upload_id)
    )


def result_of(visit: Visit, missing: Sequence[UUID]) -> Result:
    """What its sender is told. missing: its pictures that have not arrived."""
    return Result(
        "stored",
        {
            "subject_id": str(visit.subject_id),
            "service_day": visit.service_day.isoformat(),
            "proven_by": visit.proven_by,
            "unproven_why": visit.unproven_why,
            "awaits_upload": visit.awaits_upload,
            "distance_m": visit.distance_m,
            "is_own_grid": visit.is_own_grid,
            "missing_uploads": [str(upload_id) for upload_id in missing],
        },
    )


async def record_visits(
    session: AsyncSession, actor: Actor, visits: Sequence[Visit], *, now: datetime, zone: ZoneInfo
) -> None:
    """Credits the proven ones and records what happened; the rows are written already."""
    await credit(session, [work_of(v) for v in visits if v.proven_by != "none"], zone=zone, now=now)
    await _record(session, actor.event_actor, "visit.recorded", visits, now)


async def _record(
    session: AsyncSession,
    actor: events.EventActor,
    type_: str,
    visits: Sequence[Visit],
    now: datetime,
    facts: Mapping[str, str] | None = None,
) -> None:
    """Two events a visit: what happened to it, and that the duty of its subject stands differently."""
    new: list[NewEvent] = []
    for visit in visits:
        grid = {"grid_id": str(visit.grid_id) if visit.grid_id else None}
        about = grid | {
            "inspector_id": str(visit.inspector_id),
            "subject_id": str(visit.subject_id),
            "service_day": visit.service_day.isoformat(),
            "proven_by": visit.proven_by,
        }
        new.append(NewEvent(type_, ("visit", visit.id), about | dict(facts or {}), visit.area_id))
        if facts is None:
            new.append(NewEvent("visit_duty.changed", ("visit_duty", visit.subject_id), grid, visit.area_id))
    if new:
        await events.record_many(session, actor, new, county_code=visits[0].county_code, now=now)
