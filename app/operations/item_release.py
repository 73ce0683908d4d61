"""Items out of the quarantine: taken in for whoever sent them, and their receipts say what became of them."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange import receipts
from app.exchange.items import Desk, Item, Result
from app.exchange.receiving import OFFSET, receive
from app.identity.actor import Actor
from app.identity.logins import actor_of
from app.identity.models import Account
from app.identity.scope import area_path
from app.operations.problems import NotReleasable
from app.patrol.models import Quarantined
from app.patrol.quarantine import body_of
from app.rules import service as rules
from app.rules.catalogue.presence import SKEW_NOTED_S
from app.sync import wire
from app.sync.pushing import Tools, clock_offset, take_items
from app.sync.wire import Push, Unreadable

RELEASABLE_ITEMS = ("revoked_device_items", "item_unreadable", "unknown_kind", "item_failed")
Answered = list[tuple[UUID | None, Result]]


async def release_items(session: AsyncSession, row: Quarantined, tools: Tools, *, now: datetime) -> Answered:
    """What became of each item of a quarantined row. Raises NotReleasable while it still cannot be taken."""
    sender = await _sender(session, row)
    body = body_of(row, tools.vault)
    if row.reason == "revoked_device_items":
        return await _push(session, sender, row, _read_push(body, row), tools, now)
    if row.reason == "item_unreadable":  # a later release of the service may read it
        item = wire.read_item(body)
        if isinstance(item, Unreadable):
            raise NotReleasable(reason=row.reason)
        answered = await _push(session, sender, row, Push(row.received_at, 0, 0, [item]), tools, now)
    else:
        item, offset = await _taken_before(session, row, body)
        desk = Desk(sender, tools.vault, tools.zone, now, offset)
        ((_, result),) = await receive(session, desk, [item], tools.takers, released=True)
        answered = [(item.id, result)]
    if any("quarantined" in (result.outcome, result.first_outcome) for _, result in answered):
        raise NotReleasable(reason=row.reason)
    return answered


async def _sender(session: AsyncSession, row: Quarantined) -> Actor:
    account = None if row.account_id is None else await session.get(Account, row.account_id)
    if account is None:
        raise NotReleasable(reason=row.reason)
    return actor_of(account, row.device_id)


async def _push(
    session: AsyncSession, sender: Actor, row: Quarantined, push: Push, tools: Tools, now: datetime
) -> Answered:
    today = row.received_at.astimezone(tools.zone).date()
    ruled = await rules.resolve(session, await area_path(session, sender.area_id), today)
    offset = clock_offset(push, ruled[SKEW_NOTED_S], row.received_at)
    return await take_items(
        session, sender, push, offset, tools, now=now, arrived_at=row.received_at, released=True
    )


def _read_push(body: bytes, row: Quarantined) -> Push:
    """Its media type was not kept: a document, else lines."""
    for content_type in ("application/json", wire.NDJSON[0]):
        try:
            return wire.read_push(body, content_type)
        except (wire.EnvelopeError, wire.TooManyItemsError):
            continue
    raise NotReleasable(reason=row.reason)


async def _taken_before(session: AsyncSession, row: Quarantined, body: bytes) -> tuple[Item, timedelta]:
    """The item that `receiving` set aside, with the offset of its sender's clock."""
    members: dict[str, Any] = json.loads(body.decode("utf-8", "surrogatepass"))
    offset = timedelta(milliseconds=members.pop(OFFSET, 0))
    id_, kind, at = UUID(members.pop("id")), members.pop("kind"), members.pop("recorded_at")
    known = (await receipts.find(session, row.county_code, [id_])).get(id_)
    digest = wire.digest_of(members) if known is None else known.digest
    return Item(id_, kind, datetime.fromisoformat(at), members, digest), offset
