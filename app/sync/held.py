"""Items that wait: listed for those who answer for the area, and given up."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange import holding
from app.exchange.models import HeldItem, ItemReceipt
from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.crypto import Vault
from app.kit.problems import NotFound
from app.sync.retries import desk_of


async def list_held(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """One page of the visible ones, a person's before others, the longest waiting first; an inspector's own."""
    is_on_time = HeldItem.overdue_since.is_(None)
    statement: Select[Any] = (
        select(
            *[c for c in HeldItem.__table__.c if c.name != "sealed"],
            *holding.RECEIPT,
            Account.display_name,
            HeldItem.overdue_since.is_not(None).label("overdue"),
        )
        .join(ItemReceipt, holding.OF_RECEIPT)
        .join(Account, Account.id == ItemReceipt.account_id)
        .where(HeldItem.county_code.in_(await counties_of(session, actor)), visible_to(actor, HeldItem))
    )
    keys = (is_on_time, ItemReceipt.received_at, HeldItem.item_id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(list(rows), limit, lambda row: (not row.overdue, row.received_at, row.item_id))


async def discard(
    session: AsyncSession,
    actor: Actor,
    item_id: UUID,
    reason: str,
    *,
    vault: Vault,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Gives one up; its content stays in the quarantine. Raises NotFound, also for one that waits no longer."""
    seen = (HeldItem.county_code.in_(await counties_of(session, actor)), visible_to(actor, HeldItem))
    county_code = await session.scalar(select(HeldItem.county_code).where(HeldItem.item_id == item_id, *seen))
    rows = await holding.lock(session, county_code, [item_id]) if county_code else []
    if not rows:
        raise NotFound
    desk = await desk_of(session, rows[0].account_id, rows[0], vault=vault, zone=zone, now=now)
    await holding.give_up(session, desk, holding.item_of(rows[0], vault), reason, actor.event_actor)
