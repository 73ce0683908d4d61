"""Items that wait for something that has not arrived: kept sealed, tried again, never dropped.

A taker that misses what an item names calls `hold` and answers `held`. `sync` tries such items again as soon as what
they wait for is there, and now and then in any case; a person may give one up.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange import receiving
from app.exchange.items import Desk, Item, Result, Take
from app.exchange.models import HeldItem, ItemReceipt
from app.exchange.problems import HeldGivenUp
from app.identity.actor import Role
from app.kit import events
from app.kit.crypto import Vault
from app.kit.events import EventActor, NewEvent
from app.kit.reencryption import SealedColumn

SEALED = "held_item.sealed"
SEALED_COLUMNS = (SealedColumn(SEALED, HeldItem.sealed, HeldItem.item_id),)
FIRST_TRY = timedelta(minutes=1)
RECEIPT = (
    ItemReceipt.kind,
    ItemReceipt.digest,
    ItemReceipt.account_id,
    ItemReceipt.device_id,
    ItemReceipt.recorded_at,
    ItemReceipt.received_at,
)
OF_RECEIPT = (ItemReceipt.county_code == HeldItem.county_code) & (ItemReceipt.item_id == HeldItem.item_id)
# Each vain try doubles the time to the next one, an hour at most: the reason may be one that no row tells of,
# such as an appointment that is entered late.
HOLD = text("""
INSERT INTO held_item AS h (county_code, item_id, area_id, inspector_id, waits_for, clock_offset_ms, sealed, tries,
                            tried_at, next_try_at)
SELECT :county_code, x.item_id, :area_id, :inspector_id, x.waits_for, :clock_offset_ms, x.sealed, 1, :now, :next_try_at
  FROM unnest(cast(:ids AS uuid[]), cast(:waits AS uuid[]), cast(:sealed AS text[])) AS x(item_id, waits_for, sealed)
 ORDER BY x.item_id
ON CONFLICT (county_code, item_id) DO UPDATE SET
    waits_for = excluded.waits_for, tries = h.tries + 1, tried_at = excluded.tried_at,
    next_try_at = excluded.tried_at + least(interval '1 minute' * power(2, least(h.tries, 10)), interval '1 hour')
RETURNING item_id, tries
""")

# Items that somebody tries at this moment are left for the next tick.
OVERDUE = text("""
UPDATE held_item h SET overdue_since = :now
  FROM (SELECT w.item_id, r.kind, r.account_id
          FROM held_item w JOIN item_receipt r ON r.county_code = w.county_code AND r.item_id = w.item_id
         WHERE w.county_code = :county_code AND w.area_id = :area_id AND w.overdue_since IS NULL
           AND r.received_at < :before
         ORDER BY w.item_id FOR UPDATE OF w SKIP LOCKED) AS late
 WHERE h.county_code = :county_code AND h.item_id = late.item_id
RETURNING h.item_id, late.kind, late.account_id
""")


async def hold(
    session: AsyncSession, desk: Desk, waiting: Sequence[tuple[Item, UUID | None]]
) -> list[Result]:
    """Keeps items until they can be taken; each with the id of what is missing, None where that can't be named.

    Returns what their sender is told, in their order.
    """
    if not waiting:
        return []
    actor = desk.actor
    kept = await session.execute(
        HOLD,
        {
            "county_code": actor.county_code,
            "area_id": actor.area_id,
            "inspector_id": actor.account_id if actor.role is Role.INSPECTOR else None,
            "clock_offset_ms": desk.clock_offset // timedelta(milliseconds=1),
            "now": desk.now,
            "next_try_at": desk.now + FIRST_TRY,
            "ids": [item.id for item, _ in waiting],
            "waits": [waits_for for _, waits_for in waiting],
            "sealed": [_sealed(item, desk.vault) for item, _ in waiting],
        },
    )
    new = {row.item_id for row in kept if row.tries == 1}
    await _tell(session, desk, "item.held", [item for item, _ in waiting if item.id in new])
    return [Result("held", {"waits_for": str(waits_for)} if waits_for else {}) for _, waits_for in waiting]


async def take_again(
    session: AsyncSession, desk: Desk, items: Sequence[Item], takers: Mapping[str, Take]
) -> dict[UUID, Result]:
    """Hands held items to their takers once more; returns those that wait no longer, by id."""
    results = await receiving.take_all(session, desk, items, takers)
    settled = {item_id: result for item_id, result in results.items() if result.outcome != "held"}
    await _settle(session, desk, [item for item in items if item.id in settled], settled, "item.settled")
    return settled


async def hand_over(
    session: AsyncSession, county_code: str, area_id: UUID, before: datetime, now: datetime
) -> int:
    """Marks what senders of an area sent before that instant and still waits as a person's; returns how many."""
    asked = {"county_code": county_code, "area_id": area_id, "before": before, "now": now}
    new = [
        NewEvent(
            "item.overdue",
            ("item", row.item_id),
            {"kind": row.kind, "inspector_id": str(row.account_id)},
            area_id,
        )
        for row in await session.execute(OVERDUE, asked)
    ]
    await events.record_many(session, events.SYSTEM, new, county_code=county_code, now=now)
    return len(new)


async def give_up(session: AsyncSession, desk: Desk, item: Item, reason: str, by: EventActor) -> None:
    """Puts a held item aside for good; its content is kept in the quarantine. desk: of its sender."""
    results = await receiving.set_aside(session, desk, [item], "given_up", HeldGivenUp(reason=reason))
    await _settle(session, desk, [item], results, "item.given_up", by)


async def lock(session: AsyncSession, county_code: str, item_ids: Sequence[UUID]) -> list[Row[Any]]:
    """Held items by id with what their receipts say, locked; those that others hold are left out."""
    statement: Select[Any] = (
        select(*HeldItem.__table__.c, *RECEIPT)
        .join(ItemReceipt, OF_RECEIPT)
        .where(HeldItem.county_code == county_code, HeldItem.item_id.in_(item_ids))
        .order_by(HeldItem.item_id)
        .with_for_update(of=HeldItem, skip_locked=True)
    )
    return list(await session.execute(statement))


def item_of(row: Row[Any], vault: Vault) -> Item:
    """The item as it came. row: as `lock` reads it."""
    body = json.loads(vault.decrypt(row.sealed, SEALED, row.item_id))
    return Item(row.item_id, row.kind, row.recorded_at, body, row.digest, row.received_at)


def _sealed(item: Item, vault: Vault) -> str:
    return vault.encrypt(json.dumps(dict(item.body), default=str), SEALED, item.id)


async def _settle(
    session: AsyncSession,
    desk: Desk,
    items: Sequence[Item],
    results: Mapping[UUID, Result],
    type_: str,
    by: EventActor | None = None,
) -> None:
    ids = [item.id for item in items]
    await receiving.resettle(session, desk.actor.county_code, results)
    await session.execute(
        delete(HeldItem).where(HeldItem.county_code == desk.actor.county_code, HeldItem.item_id.in_(ids))
    )
    await _tell(session, desk, type_, items, results, by)


async def _tell(
    session: AsyncSession,
    desk: Desk,
    type_: str,
    items: Sequence[Item],
    results: Mapping[UUID, Result] | None = None,
    by: EventActor | None = None,
) -> None:
    actor = desk.actor
    new = [
        NewEvent(
            type_,
            ("item", item.id),
            {"kind": item.kind, "inspector_id": str(actor.account_id)}
            | ({} if results is None else {"outcome": results[item.id].outcome}),
            actor.area_id,
        )
        for item in items
    ]
    if new:
        await events.record_many(
            session, by or actor.event_actor, new, county_code=actor.county_code, now=desk.now
        )
