"""Asking for an absence, entering, deciding and taking it back."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import area_path
from app.kit import events
from app.kit.problems import Forbidden
from app.rules import service as rules
from app.rules.catalogue.staffing import ABSENCE_LONGEST_D, ABSENCE_REQUEST_BACK_D
from app.staffing import queries as staffing_queries
from app.staffing.absences import queries
from app.staffing.absences.problems import AbsenceDecided, AbsenceIdReused, AbsenceTooOld
from app.staffing.absences.schemas import AbsenceEntry, AbsenceRequest
from app.staffing.absences.states import AbsenceState, Who, allowed
from app.staffing.away import bounds_of, require_bounded, require_kind, touched_by
from app.staffing.inputs import mark_changed_spans
from app.staffing.roster_models import Absence
from app.staffing.unserved import UnservedGrid, list_unserved


async def request_absence(
    session: AsyncSession, actor: Actor, body: AbsenceRequest, *, zone: ZoneInfo, now: datetime
) -> Absence:
    """An inspector asks for himself; asking again with the same id changes nothing.

    Raises Forbidden, AwayTime, UnknownDayKind, AwayKind, AwayKindOfArea, AbsenceTooOld, AbsenceIdReused; the
    constraint: AbsenceOverlaps.
    """
    if actor.role is not Role.INSPECTOR:
        raise Forbidden
    inspector = await session.get_one(Account, actor.account_id)
    applied = await rules.resolve(
        session, await area_path(session, inspector.area_id), now.astimezone(zone).date()
    )
    back_days = applied[ABSENCE_REQUEST_BACK_D]
    is_new, absence = await _store(session, actor, inspector, body, AbsenceState.REQUESTED, zone, now)
    if is_new:
        if body.starts_at < now - timedelta(days=back_days):
            raise AbsenceTooOld(back_days=back_days)
        await _record(session, actor, absence, inspector.area_id, "absence.requested", now)
    return absence


async def enter_absence(
    session: AsyncSession, actor: Actor, body: AbsenceEntry, *, zone: ZoneInfo, now: datetime
) -> Absence:
    """A supervisor enters one, approved at once. Raises NotFound, NotAnInspector and as `request_absence`."""
    inspector = await staffing_queries.get_inspector(session, actor, body.inspector_id)
    is_new, absence = await _store(session, actor, inspector, body, AbsenceState.APPROVED, zone, now)
    if is_new:
        await _mark(session, absence, zone)
        await _record(session, actor, absence, inspector.area_id, "absence.approved", now)
    return absence


async def decide_absence(
    session: AsyncSession,
    actor: Actor,
    absence_id: UUID,
    decision: AbsenceState,
    reason: str | None,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Absence:
    """Approves, refuses or withdraws; deciding the same again changes nothing.

    Raises NotFound, AbsenceDecided; the constraint: AbsenceOverlaps.
    """
    absence, area_id = await queries.get_absence(session, actor, absence_id, lock=True)
    state = AbsenceState(absence.state)
    if state is decision:
        return absence
    who: Who = "inspector" if actor.role is Role.INSPECTOR else "supervisor"
    moves = allowed(state, who, has_begun=bounds_of(absence.during)[0] <= now)
    if decision not in moves:
        raise AbsenceDecided(current_state=state.value, allowed_actions=sorted(m.value for m in moves))
    absence.state, absence.decision_reason = decision, reason
    absence.decided_by, absence.decided_at = actor.account_id, now
    absence.version += 1
    await session.flush()  # before patrol days are locked
    if AbsenceState.APPROVED in (state, decision):
        await _mark(session, absence, zone)
    await _record(session, actor, absence, area_id, f"absence.{decision.value}", now)
    return absence


async def withdraw_absence(
    session: AsyncSession, actor: Actor, absence_id: UUID, *, zone: ZoneInfo, now: datetime
) -> Absence:
    """An inspector takes his own back. Raises Forbidden, NotFound, AbsenceDecided."""
    if actor.role is not Role.INSPECTOR:
        raise Forbidden
    withdrawn = AbsenceState.WITHDRAWN
    return await decide_absence(session, actor, absence_id, withdrawn, None, zone=zone, now=now)


async def list_left_unserved(session: AsyncSession, absence: Absence) -> list[UnservedGrid]:
    """What nobody serves while it is approved, as things stand now; nothing when it is not."""
    if absence.state != AbsenceState.APPROVED:
        return []
    who = [absence.inspector_id]
    return await list_unserved(session, absence.county_code, who, absence.during)


async def _store(
    session: AsyncSession,
    actor: Actor,
    inspector: Account,
    body: AbsenceRequest,
    state: AbsenceState,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[bool, Absence]:
    """Whether it is new, and the stored one."""
    day = now.astimezone(zone).date()
    bounds = (body.starts_at, body.ends_at)
    await require_bounded(session, inspector.area_id, *bounds, ABSENCE_LONGEST_D, day=day)
    await require_kind(session, body.kind, personal=True)
    decided = state is AbsenceState.APPROVED
    is_new = await queries.insert_absence(
        session,
        {
            "county_code": inspector.county_code,
            "id": body.id,
            "inspector_id": inspector.id,
            "during": Range(*bounds),
            "kind": body.kind,
            "reason": body.reason,
            "state": state,
            "requested_by": actor.account_id,
            "requested_at": now,
            "decided_by": actor.account_id if decided else None,
            "decided_at": now if decided else None,
            "version": 1,
        },
    )
    absence = await session.get_one(Absence, (inspector.county_code, body.id))
    sent = _digest(inspector.id, *bounds, body.kind, body.reason)
    stored = _digest(absence.inspector_id, *bounds_of(absence.during), absence.kind, absence.reason)
    if sent != stored:
        raise AbsenceIdReused(sent_digest=sent, stored_digest=stored)
    return is_new, absence


def _digest(inspector_id: UUID, begins: datetime, ends: datetime, kind: str, reason: str) -> str:
    """SHA-256 over what makes two requests the same one."""
    return hashlib.sha256(
        orjson.dumps([inspector_id, begins, ends, kind, reason], option=orjson.OPT_UTC_Z)
    ).hexdigest()


async def _mark(session: AsyncSession, absence: Absence, zone: ZoneInfo) -> None:
    days = [touched_by(absence.during, zone)]
    await mark_changed_spans(session, absence.county_code, absence.inspector_id, days)


async def _record(
    session: AsyncSession, actor: Actor, absence: Absence, area_id: UUID, type_: str, now: datetime
) -> None:
    begins, ends = bounds_of(absence.during)  # the reason stays out of the log: it may tell of an illness
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("absence", absence.id),
        {
            "inspector_id": str(absence.inspector_id),
            "kind": absence.kind,
            "starts_at": begins.isoformat(),
            "ends_at": ends.isoformat(),
        },
        county_code=absence.county_code,
        area_id=area_id,
        now=now,
    )
