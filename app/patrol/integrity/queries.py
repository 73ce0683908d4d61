"""SQL of reading signals."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.patrol.day_reader import DayKey
from app.patrol.integrity.models import IntegritySignal
from app.patrol.integrity.problems import SignalNotFound


async def list_signals(
    session: AsyncSession,
    actor: Actor,
    *,
    area_id: UUID,
    day_from: date,
    day_to: date,
    kind: str | None,
    reviewed: bool | None,
    withdrawn: bool,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[IntegritySignal, str]], str | None]:
    """(signal, display_name) of an area's visible signals, by day and id, and the next cursor."""
    inside = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == area_id)
    statement = (
        select(IntegritySignal, Account.display_name)
        .join(Account, Account.id == IntegritySignal.inspector_id)
        .where(
            IntegritySignal.county_code.in_(await counties_of(session, actor)),
            IntegritySignal.service_day.between(day_from, day_to),
            IntegritySignal.area_id.in_(inside),
            visible_to(actor, IntegritySignal),
        )
    )
    if not withdrawn:
        statement = statement.where(IntegritySignal.withdrawn_at.is_(None))
    if kind is not None:
        statement = statement.where(IntegritySignal.kind == kind)
    if reviewed is not None:
        told = IntegritySignal.reviewed_at
        statement = statement.where(told.is_not(None) if reviewed else told.is_(None))
    keys = (IntegritySignal.service_day, IntegritySignal.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda r: (r[0].service_day, r[0].id))


async def get_signal(session: AsyncSession, actor: Actor, signal_id: UUID) -> Row[IntegritySignal, str]:
    """(signal, display_name), the signal locked. Raises SignalNotFound when not visible."""
    statement = (
        select(IntegritySignal, Account.display_name)
        .join(Account, Account.id == IntegritySignal.inspector_id)
        .where(
            IntegritySignal.county_code.in_(await counties_of(session, actor)),
            IntegritySignal.id == signal_id,
            visible_to(actor, IntegritySignal),
        )
        .with_for_update(of=IntegritySignal)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise SignalNotFound
    return row


async def list_of_day(session: AsyncSession, key: DayKey) -> Sequence[IntegritySignal]:
    """The standing signals of one day, by kind."""
    statement = (
        select(IntegritySignal)
        .where(
            IntegritySignal.county_code == key.county_code,
            IntegritySignal.inspector_id == key.inspector_id,
            IntegritySignal.service_day == key.service_day,
            IntegritySignal.withdrawn_at.is_(None),
        )
        .order_by(IntegritySignal.kind, IntegritySignal.counterpart_key)
    )
    return (await session.scalars(statement)).all()
