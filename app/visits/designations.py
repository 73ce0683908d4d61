"""The verbs of designations: put on the list, change, end, reveal."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Actor
from app.kit import events
from app.kit.events import NewEvent
from app.kit.problems import NotFound, PreconditionFailed
from app.visits import categories, key_queries, queries
from app.visits.duty import Month
from app.visits.key_schemas import KeySubjectChange, KeySubjectCreate
from app.visits.models import KeySubject
from app.visits.parameters import load_rules
from app.visits.problems import KeySubjectEnded, KeySubjectKind, KeySubjectTerm, RestrictedTerm
from app.visits.queries import SubjectPlace

PLACES = frozenset({"place", "organization", "building", "dwelling"})
"""Kinds of subjects that may be key places."""


async def designate(session: AsyncSession, actor: Actor, body: KeySubjectCreate, *, now: datetime) -> UUID:
    """Puts a subject of the actor's area on the list; returns the designation's id.

    Raises NotFound, KeySubjectKind, KeySubjectTerm, RestrictedTerm; the constraint: KeySubjectListed.
    """
    place = (await queries.find_places(session, actor, [body.subject_id])).get(body.subject_id)
    if place is None or not place.in_area:
        raise NotFound
    kind = categories.kind_of(body.category)
    if place.kind != "person" if kind == "person" else place.kind not in PLACES:
        raise KeySubjectKind(category=body.category, kind=place.kind)
    await _require_term(session, place.area_id, body.category, body.since, body.until)
    key = KeySubject(
        county_code=actor.county_code,
        id=uuid7(),
        subject_id=place.id,
        kind=kind,
        category=body.category,
        legal_basis=body.legal_basis,
        owner_department=body.owner_department,
        valid=Range(body.since, body.until),
        visits_per_month=body.visits_per_month,
        designated_by=actor.account_id,
        designated_at=now,
        version=1,
    )
    session.add(key)
    await session.flush()  # the exclusion constraint answers before the event is written
    await _record(session, actor, "key_subject.designated", key, place, now)
    return key.id


async def change_key(
    session: AsyncSession,
    actor: Actor,
    key_id: UUID,
    body: KeySubjectChange,
    *,
    read_version: int,
    now: datetime,
) -> None:
    """Changes the fields that are given.

    Raises NotFound, PreconditionFailed, KeySubjectEnded, KeySubjectTerm, RestrictedTerm; the constraint:
    KeySubjectListed.
    """
    key, place = await _locked(session, actor, key_id, now)
    if key.version != read_version:
        raise PreconditionFailed
    given = body.model_dump(include=body.model_fields_set)
    if "until" in given:
        since, until = key.valid.lower, given.pop("until")
        assert since is not None  # noqa: S101 - ck_key_subject_valid
        await _require_term(session, place.area_id, key.category, since, until)
        key.valid = Range(since, until)
    for name, value in given.items():
        setattr(key, name, value)
    key.version += 1
    await session.flush()  # the exclusion constraint answers before the event is written
    await _record(session, actor, "key_subject.changed", key, place, now)


async def end_key(
    session: AsyncSession, actor: Actor, key_id: UUID, *, on: date, reason: str, now: datetime
) -> None:
    """Takes a subject off the list from a day on. Raises NotFound, KeySubjectEnded, KeySubjectTerm."""
    key, place = await _locked(session, actor, key_id, now)
    since, until = key.valid.lower, key.valid.upper
    assert since is not None  # noqa: S101 - ck_key_subject_valid
    if on <= since:
        raise KeySubjectTerm(since=since.isoformat())
    key.valid = Range(since, min(on, until) if until else on)
    key.ended_by, key.ended_at, key.end_reason = actor.account_id, now, reason
    key.version += 1
    await _record(session, actor, "key_subject.ended", key, place, now)


async def reveal_key(
    session: AsyncSession, actor: Actor, key_id: UUID, purpose: str, *, now: datetime
) -> dict[str, Any]:
    """Everything `key_schemas.KeySubjectReveal` promises; leaves an event. Raises NotFound."""
    key, subject = await key_queries.lock_key(session, actor, key_id, now)
    await events.record(
        session,
        actor.event_actor,
        "key_subject.revealed",
        ("key_subject", key.id),
        {"subject_id": str(key.subject_id), "purpose": purpose},
        county_code=key.county_code,
        now=now,
        area_id=subject.area_id,
    )
    return {
        "category": key.category,
        "category_label": categories.LABELS[key.category],
        "legal_basis": key.legal_basis,
        "owner_department": key.owner_department,
    }


async def _locked(
    session: AsyncSession, actor: Actor, key_id: UUID, now: datetime
) -> tuple[KeySubject, SubjectPlace]:
    key, subject = await key_queries.lock_key(session, actor, key_id, now)
    if key.ended_at is not None:
        raise KeySubjectEnded
    return key, SubjectPlace(subject.id, subject.kind, subject.area_id, subject.grid_id, None, True)


async def _require_term(
    session: AsyncSession, area_id: UUID, category: str, since: date, until: date | None
) -> None:
    if until is not None and until <= since:
        raise KeySubjectTerm(since=since.isoformat())
    if categories.is_restricted(category):
        months = (await load_rules(session, [area_id], since))[area_id].restricted_months_max
        if until is None or until > _months_after(since, months):
            raise RestrictedTerm(months=months)


def _months_after(day: date, months: int) -> date:
    """The same day so many months on, or the last one of a shorter month."""
    month = day.month - 1 + months
    first = date(day.year + month // 12, month % 12 + 1, 1)
    return first.replace(day=min(day.day, Month.of(first).days))


async def _record(
    session: AsyncSession, actor: Actor, type_: str, key: KeySubject, place: SubjectPlace, now: datetime
) -> None:
    """That the list changed, and that the duty of the subject stands differently; the category is not told."""
    grid = {"grid_id": str(place.grid_id) if place.grid_id else None}
    about = grid | {"subject_id": str(key.subject_id), "kind": key.kind}
    new = [
        NewEvent(type_, ("key_subject", key.id), about, place.area_id),
        NewEvent("visit_duty.changed", ("visit_duty", place.id), grid, place.area_id),
    ]
    await events.record_many(session, actor.event_actor, new, county_code=key.county_code, now=now)
