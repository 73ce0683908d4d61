"""Showing personal data in plain: who may, what for, and that it was done."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.subjects import queries
from app.collection.subjects.merge_models import SubjectReveal
from app.collection.subjects.problems import FieldUnknown, RevealNotAllowed
from app.collection.subjects.rows import open_sealed
from app.identity.actor import Actor, Role
from app.identity.scope import area_path
from app.kit import events
from app.kit.crypto import Vault
from app.rules import service as rules
from app.rules.catalogue.subjects import REVEALED_TO, SENSITIVE_REVEALED_TO
from app.staffing.models import Appointment

_RANK = {Role.INSPECTOR: 0, Role.COMMUNITY: 1, Role.TOWNSHIP: 2, Role.COUNTY: 3, Role.CITY: 4}


async def reveal(
    session: AsyncSession,
    actor: Actor,
    vault: Vault,
    subject_id: UUID,
    *,
    fields: Sequence[str] | None,
    purpose: str,
    note: str,
    now: datetime,
    today: date,
) -> tuple[UUID, dict[str, Any]]:
    """The reveal's id and the plain values of `fields` (None: all that the actor may see).

    Raises SubjectNotFound, RevealNotAllowed, FieldUnknown for a field that is not personal or has no value.
    """
    row = await queries.get_subject(session, actor, subject_id)
    sensitive = set(row.sensitive)
    may_personal, may_sensitive = await allowed(session, actor, row, now=now, today=today)
    values, _ = open_sealed(vault, row.sealed, row.id)
    may_see = {n: v for n, v in values.items() if (may_sensitive if n in sensitive else may_personal)}
    asked = set(may_see) if fields is None else set(fields)
    hidden_from_actor = {n for n in asked if n in values and n not in may_see and n not in sensitive}
    if not (may_personal or may_sensitive) or hidden_from_actor:
        raise RevealNotAllowed
    # that somebody has a sensitive field is itself nothing to be told: it does not exist for who may not see it
    if unknown := sorted(asked - may_see.keys()):
        raise FieldUnknown(fields=unknown)
    reveal_id = uuid7()
    session.add(
        SubjectReveal(
            county_code=row.county_code,
            id=reveal_id,
            subject_id=row.id,
            account_id=actor.account_id,
            purpose=purpose,
            note=note,
            fields=sorted(asked),
            revealed_at=now,
        )
    )
    await events.record(
        session,
        actor.event_actor,
        "subject.revealed",
        ("subject", row.id),
        {"reveal_id": str(reveal_id), "fields": sorted(asked), "purpose": purpose},
        county_code=row.county_code,
        now=now,
        area_id=row.area_id,
    )
    return reveal_id, {name: may_see[name] for name in sorted(asked)}


async def allowed(
    session: AsyncSession, actor: Actor, row: Row[Any], *, now: datetime, today: date
) -> tuple[bool, bool]:
    """Whether the actor may see personal, and sensitive, fields of a subject in plain."""
    rank = _RANK.get(actor.role)
    if rank is None:
        return False, False
    if actor.role is Role.INSPECTOR and not await _serves(session, actor, row.grid_id, now):
        return False, False
    book = await rules.resolve(session, await area_path(session, row.area_id), today)
    return rank >= _RANK[Role(book[REVEALED_TO])], rank >= _RANK[Role(book[SENSITIVE_REVEALED_TO])]


async def _serves(session: AsyncSession, actor: Actor, grid_id: UUID | None, now: datetime) -> bool:
    if grid_id is None:
        return False
    serving = select(Appointment.id).where(
        Appointment.county_code == actor.county_code,
        Appointment.grid_id == grid_id,
        Appointment.inspector_id == actor.account_id,
        Appointment.cancelled_at.is_(None),
        Appointment.valid.contains(now),
    )
    return await session.scalar(serving.limit(1)) is not None
