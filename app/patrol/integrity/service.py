"""Signals as people see them: supervisors list and review them, inspectors see their own with their day."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import require_area
from app.kit import events
from app.patrol.day_reader import DayKey
from app.patrol.integrity import queries
from app.patrol.integrity.models import IntegritySignal
from app.patrol.integrity.problems import SignalWithdrawn
from app.patrol.integrity.wording import words_of
from app.patrol.problems import RangeTooWide

LISTED_MAX_DAYS = 92


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """What is asked for."""

    area_id: UUID | None
    day_from: date
    day_to: date
    kind: str | None
    reviewed: bool | None
    withdrawn: bool


async def list_signals(
    session: AsyncSession,
    actor: Actor,
    asked: SignalFilter,
    *,
    cursor: str | None,
    limit: int,
    now: datetime,
    zone: tzinfo,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of signals and the next cursor. Raises NotFound for a foreign area, RangeTooWide.

    The evidence shows whereabouts: looking at it leaves an event.
    """
    if not 0 <= (asked.day_to - asked.day_from).days < LISTED_MAX_DAYS:
        raise RangeTooWide(max_days=LISTED_MAX_DAYS, max_degrees=0)
    area_id = asked.area_id or actor.area_id
    await require_area(session, actor, area_id)
    rows, following = await queries.list_signals(
        session,
        actor,
        area_id=area_id,
        day_from=asked.day_from,
        day_to=asked.day_to,
        kind=asked.kind,
        reviewed=asked.reviewed,
        withdrawn=asked.withdrawn,
        cursor=cursor,
        limit=limit,
    )
    await events.record(
        session,
        actor.event_actor,
        "integrity_signals.listed",
        ("area", area_id),
        {
            "day_from": asked.day_from.isoformat(),
            "day_to": asked.day_to.isoformat(),
            "inspector_ids": sorted({str(row[0].inspector_id) for row in rows}),
        },
        county_code=actor.county_code,
        now=now,
        area_id=area_id,
    )
    return [document(row[0], zone) | {"display_name": row[1]} for row in rows], following


async def review_signal(
    session: AsyncSession,
    actor: Actor,
    signal_id: UUID,
    outcome: str,
    note: str,
    *,
    now: datetime,
    zone: tzinfo,
) -> dict[str, Any]:
    """Notes what a supervisor found out; a later review takes its place, the log keeps both.

    Raises SignalNotFound, SignalWithdrawn. Changes no figure and no status.
    """
    signal, display_name = await queries.get_signal(session, actor, signal_id)
    if signal.withdrawn_at is not None:
        raise SignalWithdrawn(withdrawn_at=signal.withdrawn_at.astimezone(zone).isoformat(timespec="minutes"))
    signal.reviewed_by, signal.reviewed_at = actor.account_id, now
    signal.outcome, signal.note = outcome, note
    await events.record(
        session,
        actor.event_actor,
        "integrity_signal.reviewed",
        ("integrity_signal", signal.id),
        {
            "inspector_id": str(signal.inspector_id),
            "service_day": signal.service_day.isoformat(),
            "kind": signal.kind,
            "outcome": outcome,
        },
        county_code=signal.county_code,
        now=now,
        area_id=signal.area_id,
    )
    return document(signal, zone) | {"display_name": display_name}


async def signals_of_day(
    session: AsyncSession, key: DayKey, zone: tzinfo, *, for_subject: bool
) -> list[dict[str, Any]]:
    """The standing signals of a day as documents; the subject himself is not told who the other person is."""
    return [document(s, zone, for_subject=for_subject) for s in await queries.list_of_day(session, key)]


def document(signal: IntegritySignal, zone: tzinfo, *, for_subject: bool = False) -> dict[str, Any]:
    """Everything `schemas.SignalRead` promises but the name."""
    counterpart_id, _, counterpart_day = signal.counterpart_key.partition("/")
    is_own = counterpart_id == str(signal.inspector_id)
    evidence = signal.evidence | ({"is_own": is_own} if counterpart_id else {})
    zh, en = words_of(signal.kind, evidence, zone)
    return {
        "id": signal.id,
        "inspector_id": signal.inspector_id,
        "area_id": signal.area_id,
        "service_day": signal.service_day,
        "kind": signal.kind,
        "severity": signal.severity,
        "zh": zh,
        "en": en,
        "evidence": evidence,
        "counterpart_id": counterpart_id or None if is_own or not for_subject else None,
        "counterpart_day": counterpart_day or None,
        "fold_version": signal.fold_version,
        "found_at": signal.found_at,
        "changed_at": signal.changed_at,
        "withdrawn_at": signal.withdrawn_at,
        "reviewed_by": signal.reviewed_by,
        "reviewed_at": signal.reviewed_at,
        "outcome": signal.outcome,
        "note": signal.note,
    }
