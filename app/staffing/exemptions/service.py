"""Exempting an area, and cancelling that."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.areas.models import Area
from app.identity.actor import Actor
from app.identity.scope import AreaClosure, require_area, visible_to
from app.kit import events, pagination
from app.kit.problems import NotFound
from app.rules.catalogue.staffing import EXEMPTION_LONGEST_D
from app.staffing.away import bounds_of, require_bounded, require_kind, touched_by
from app.staffing.exemptions.problems import ExemptionCancelled
from app.staffing.exemptions.schemas import ExemptionCreate
from app.staffing.inputs import mark_area_changed
from app.staffing.roster_models import Exemption


async def exempt_area(
    session: AsyncSession, actor: Actor, body: ExemptionCreate, *, zone: ZoneInfo, now: datetime
) -> Exemption:
    """Exempts an area with everything below it.

    Raises NotFound, AwayTime, UnknownDayKind, AwayKind, AwayKindPersonal; the constraint: ExemptionOverlaps.
    """
    await require_area(session, actor, body.area_id)
    day = now.astimezone(zone).date()
    bounds = (body.starts_at, body.ends_at)
    await require_bounded(session, body.area_id, *bounds, EXEMPTION_LONGEST_D, day=day)
    await require_kind(session, body.kind, personal=False)
    exemption = Exemption(
        county_code=(await session.get_one(Area, body.area_id)).county_code,
        id=uuid7(),
        area_id=body.area_id,
        during=Range(*bounds),
        kind=body.kind,
        reason=body.reason,
        document_no=body.document_no,
        created_by=actor.account_id,
        created_at=now,
    )
    session.add(exemption)
    await _tell(session, actor, exemption, "exemption.made", body.reason, zone, now)
    return exemption


async def cancel_exemption(
    session: AsyncSession, actor: Actor, exemption_id: UUID, reason: str, *, zone: ZoneInfo, now: datetime
) -> Exemption:
    """It never held: the plan is what it was. Cancelling again for the same reason changes nothing.

    Raises NotFound, ExemptionCancelled.
    """
    statement = select(Exemption).where(Exemption.id == exemption_id, visible_to(actor, Exemption))
    exemption: Exemption | None = await session.scalar(statement.with_for_update())
    if exemption is None:
        raise NotFound
    if exemption.cancelled_at is not None:
        if exemption.cancel_reason == reason:
            return exemption
        raise ExemptionCancelled
    exemption.cancelled_at, exemption.cancelled_by, exemption.cancel_reason = now, actor.account_id, reason
    await _tell(session, actor, exemption, "exemption.cancelled", reason, zone, now)
    return exemption


async def list_exemptions(
    session: AsyncSession,
    actor: Actor,
    *,
    area_id: UUID | None,
    at: datetime | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Exemption], str | None]:
    """One page by begin: those of the actor's area and below, and those above, which hold for him as well.

    area_id: only those that hold in this area. Raises NotFound outside the actor's area.
    """
    above = select(AreaClosure.ancestor_id).where(AreaClosure.area_id == (area_id or actor.area_id))
    if area_id is None:
        statement = select(Exemption).where(visible_to(actor, Exemption) | Exemption.area_id.in_(above))
    else:
        await require_area(session, actor, area_id)
        statement = select(Exemption).where(Exemption.area_id.in_(above), Exemption.cancelled_at.is_(None))
    if at is not None:
        statement = statement.where(Exemption.during.contains(at), Exemption.cancelled_at.is_(None))
    keys: list[Any] = [func.lower(Exemption.during, type_=DateTime(timezone=True)), Exemption.id]
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.during.lower, row.id])


async def _tell(
    session: AsyncSession,
    actor: Actor,
    exemption: Exemption,
    type_: str,
    reason: str,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    begins, ends = bounds_of(exemption.during)
    await session.flush()  # an overlap is refused before patrol days are locked
    days = await mark_area_changed(session, exemption.area_id, *touched_by(exemption.during, zone))
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("exemption", exemption.id),
        {
            "area_id": str(exemption.area_id),
            "kind": exemption.kind,
            "starts_at": begins.isoformat(),
            "ends_at": ends.isoformat(),
            "reason": reason,
            "document_no": exemption.document_no,
            "days_folded_again": days,
        },
        county_code=exemption.county_code,
        area_id=exemption.area_id,
        now=now,
    )
