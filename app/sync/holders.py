"""Whose an item is: of whoever held the handheld when it was recorded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.items import Item
from app.identity.actor import Actor
from app.identity.logins import actor_of
from app.identity.models import Account
from app.kit.db import driver_connection

OTHERS = """
SELECT inspector_id, lower(valid), upper(valid) FROM device_binding
 WHERE county_code = %s AND device_id = %s AND inspector_id <> %s
"""


async def by_holder(
    session: AsyncSession, sender: Actor, items: Sequence[Item]
) -> list[tuple[Actor, list[Item]]]:
    """The items by holder, the sender's own last: what was left behind came first.

    After a handover the handheld still delivers what its former holder recorded: that stays his. What was
    recorded while nobody held it is its sender's, who has it in his hands.
    """
    connection = await driver_connection(session)
    asked = sender.county_code, sender.device_id, sender.account_id
    bindings = await (await connection.execute(OTHERS, asked, binary=True)).fetchall()
    if not bindings:
        return [(sender, list(items))]

    def holder(at: datetime) -> UUID:
        for inspector_id, since, until in bindings:
            if since <= at and (until is None or at < until):
                return UUID(str(inspector_id))
        return sender.account_id

    shares: dict[UUID, list[Item]] = {}
    for item in items:
        shares.setdefault(holder(item.recorded_at), []).append(item)
    mine = shares.pop(sender.account_id, [])
    others = await session.scalars(select(Account).where(Account.id.in_(shares)).order_by(Account.id))
    divided = [(actor_of(account, sender.device_id), shares[account.id]) for account in others]
    return [*divided, (sender, mine)] if mine else divided
