"""Planning: shifts and appointments. Every change has the days it touches folded again."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Actor
from app.identity.models import Account
from app.kit import events
from app.staffing import queries
from app.staffing.duty import MAX_SHIFT
from app.staffing.inputs import mark_changed, mark_changed_spans
from app.staffing.models import Appointment, Shift
from app.staffing.problems import AppointmentOrder, ShiftLength, UnknownDayKind
from app.staffing.schemas import AppointmentCreate, AppointmentTerm, ShiftCreate, ShiftPlan
from app.staffing.touched_days import touched_days


async def plan_shift(
    session: AsyncSession, actor: Actor, body: ShiftCreate, *, zone: ZoneInfo, now: datetime
) -> Shift:
    """Plans a shift.

    Raises NotFound, NotAnInspector, ShiftLength, UnknownDayKind, ShiftOverlaps (constraint).
    """
    inspector = await queries.get_inspector(session, actor, body.inspector_id)
    shift = Shift(county_code=inspector.county_code, id=uuid7(), inspector_id=inspector.id, version=1)
    await _apply_plan(session, shift, body, zone)
    session.add(shift)
    await _shift_event(session, actor, "shift.planned", shift, None, now)
    return shift


async def replan_shift(
    session: AsyncSession,
    actor: Actor,
    shift_id: UUID,
    version: int,
    body: ShiftPlan,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Shift:
    """Moves or re-labels a shift, also a past one. Raises PreconditionFailed and as `plan_shift`."""
    shift = await queries.get_planned(session, actor, Shift, shift_id, version)
    before = _shift_facts(shift)
    await _apply_plan(session, shift, body, zone)
    shift.version += 1
    await _shift_event(session, actor, "shift.changed", shift, before, now)
    return shift


async def cancel_shift(
    session: AsyncSession, actor: Actor, shift_id: UUID, version: int, *, now: datetime
) -> None:
    """Takes a shift off the plan; the row stays. Raises NotFound, PreconditionFailed."""
    shift = await queries.get_planned(session, actor, Shift, shift_id, version)
    before = _shift_facts(shift)
    shift.cancelled_at, shift.version = now, shift.version + 1
    await _shift_event(session, actor, "shift.cancelled", shift, before, now)


async def appoint(
    session: AsyncSession, actor: Actor, body: AppointmentCreate, *, zone: ZoneInfo, now: datetime
) -> Appointment:
    """Appoints an inspector to a grid of his county.

    Raises NotFound, NotAnInspector, AppointmentOrder, AlreadyAppointed (constraint).
    """
    inspector = await queries.get_inspector(session, actor, body.inspector_id)
    grid = await queries.get_grid(session, actor, inspector.county_code, body.grid_id)
    appointment = Appointment(
        county_code=inspector.county_code, id=uuid7(), inspector_id=inspector.id, grid_id=grid.id, version=1
    )
    _apply_term(appointment, body)
    session.add(appointment)
    await _appointment_event(session, actor, "appointment.made", appointment, None, zone, now)
    return appointment


async def change_appointment(
    session: AsyncSession,
    actor: Actor,
    appointment_id: UUID,
    version: int,
    body: AppointmentTerm,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Appointment:
    """Changes post or time of an appointment; ending it is giving it an end.

    Raises NotFound, PreconditionFailed, AppointmentOrder, AlreadyAppointed (constraint).
    """
    appointment = await queries.get_planned(session, actor, Appointment, appointment_id, version)
    before = appointment.valid, _appointment_facts(appointment)
    _apply_term(appointment, body)
    appointment.version += 1
    await _appointment_event(session, actor, "appointment.changed", appointment, before, zone, now)
    return appointment


async def cancel_appointment(
    session: AsyncSession, actor: Actor, appointment_id: UUID, version: int, *, zone: ZoneInfo, now: datetime
) -> None:
    """Withdraws an appointment made by mistake; the row stays. Raises NotFound, PreconditionFailed."""
    appointment = await queries.get_planned(session, actor, Appointment, appointment_id, version)
    appointment.cancelled_at, appointment.version = now, appointment.version + 1
    await _appointment_event(session, actor, "appointment.cancelled", appointment, None, zone, now)


async def _apply_plan(session: AsyncSession, shift: Shift, plan: ShiftPlan, zone: ZoneInfo) -> None:
    if not timedelta(0) < plan.ends_at - plan.starts_at <= MAX_SHIFT:
        raise ShiftLength
    if not await queries.has_day_kind(session, plan.kind):
        raise UnknownDayKind
    shift.starts_at, shift.ends_at, shift.kind = plan.starts_at, plan.ends_at, plan.kind
    shift.service_day = plan.starts_at.astimezone(zone).date()


def _apply_term(appointment: Appointment, term: AppointmentTerm) -> None:
    if term.valid_to is not None and term.valid_to <= term.valid_from:
        raise AppointmentOrder
    appointment.role, appointment.document_no = term.role, term.document_no
    appointment.valid = Range(term.valid_from, term.valid_to)


def _shift_facts(shift: Shift) -> dict[str, Any]:
    return {
        "service_day": shift.service_day.isoformat(),
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "kind": shift.kind,
    }


async def _shift_event(
    session: AsyncSession,
    actor: Actor,
    type_: str,
    shift: Shift,
    before: dict[str, Any] | None,
    now: datetime,
) -> None:
    days = {shift.service_day} | ({date.fromisoformat(before["service_day"])} if before else set())
    await session.flush()  # so that an overlap is refused before patrol days are locked
    # Presses around a shift may open or close windows of the neighbouring days.
    around = {day + timedelta(days=n) for day in days for n in (-1, 0, 1)}
    await mark_changed(session, shift.county_code, shift.inspector_id, around)
    facts = _shift_facts(shift) if shift.cancelled_at is None else None
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("shift", shift.id),
        {
            "inspector_id": str(shift.inspector_id),
            "days": sorted(day.isoformat() for day in days),
            "shift": facts,
            "before": before,
        },
        county_code=shift.county_code,
        area_id=await _area_of(session, shift.inspector_id),
        now=now,
    )


def _appointment_facts(appointment: Appointment) -> dict[str, Any]:
    since, until = appointment.valid.lower, appointment.valid.upper
    return {
        "grid_id": str(appointment.grid_id),
        "role": appointment.role,
        "valid_from": since.isoformat() if since else None,
        "valid_to": until.isoformat() if until else None,
        "document_no": appointment.document_no,
    }


async def _appointment_event(
    session: AsyncSession,
    actor: Actor,
    type_: str,
    appointment: Appointment,
    before: tuple[Range[datetime], dict[str, Any]] | None,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    days = touched_days(before[0] if before else None, appointment.valid, zone)
    await session.flush()  # so that a clash is refused before patrol days are locked
    await mark_changed_spans(session, appointment.county_code, appointment.inspector_id, days)
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("appointment", appointment.id),
        {
            "inspector_id": str(appointment.inspector_id),
            "days": [[first.isoformat(), last.isoformat() if last else None] for first, last in days],
            "appointment": _appointment_facts(appointment),
            "before": before[1] if before else None,
        },
        county_code=appointment.county_code,
        area_id=await _area_of(session, appointment.inspector_id),
        now=now,
    )


async def _area_of(session: AsyncSession, inspector_id: UUID) -> UUID | None:
    account = await session.get(Account, inspector_id)
    return account.area_id if account else None
