"""A push, once it is read: checked, attributed, taken, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.items import Desk, Item, Result, Take
from app.exchange.problems import ItemUnreadable
from app.exchange.receiving import receive
from app.identity import queries
from app.identity.actor import Actor
from app.identity.problems import DeviceRevoked
from app.identity.scope import area_path
from app.identity.verified import Claims
from app.kit.crypto import Vault
from app.patrol import quarantine
from app.patrol.quarantine import Origin, sealed_row
from app.rules import service as rules
from app.rules.catalogue.presence import SKEW_NOTED_S, UPLOADS_PER_MINUTE_MAX
from app.rules.editions import hold_stamps
from app.sync import feed
from app.sync.holders import by_holder
from app.sync.wire import Push, Unreadable, corrected


@dataclass(frozen=True, slots=True)
class Tools:
    """What a process has for every push."""

    takers: Mapping[str, Take]
    vault: Vault
    zone: ZoneInfo


@dataclass(slots=True)
class Pushed:
    """What became of a push. results: for each item by its place. quarantine_id: of a revoked handheld's push."""

    results: list[tuple[UUID | None, Result]] = field(default_factory=list)
    head: int = 0
    clock_offset_ms: int = 0
    per_minute: int = UPLOADS_PER_MINUTE_MAX.default
    quarantine_id: UUID | None = None


async def take_push(
    session: AsyncSession, claims: Claims, push: Push, body: bytes, tools: Tools, *, now: datetime
) -> Pushed:
    """Takes a push of a handheld; it holds once the transaction commits.

    A revoked handheld's push is quarantined whole. Raises LoginRevoked or AccountDisabled: the handheld keeps
    everything and sends it after the next login. Raises DBAPIError for deadlocks and outages.
    """
    try:
        actor = await queries.get_actor(session, claims)
    except DeviceRevoked:
        return Pushed(quarantine_id=await _keep_whole(session, claims, body, tools, now))
    await hold_stamps(session)  # rules, forms and areas as they stand now; a push changes none of them
    today = now.astimezone(tools.zone).date()
    found = await rules.resolve(session, await area_path(session, actor.area_id), today)
    offset = clock_offset(push, found[SKEW_NOTED_S], now)
    results = await take_items(session, actor, push, offset, tools, now=now, arrived_at=now)
    head = await feed.head(session, actor.county_code)
    return Pushed(results, head.seq, offset // timedelta(milliseconds=1), found[UPLOADS_PER_MINUTE_MAX])


async def take_items(
    session: AsyncSession,
    actor: Actor,
    push: Push,
    offset: timedelta,
    tools: Tools,
    *,
    now: datetime,
    arrived_at: datetime,
    released: bool = False,
) -> list[tuple[UUID | None, Result]]:
    """Takes what a push holds, each item for whoever held the actor's handheld; results in the items' order.

    arrived_at: nothing in it was recorded later. released: a person lets in what was quarantined.
    """
    places: dict[int, Result] = {}
    items = [corrected(item, offset, arrived_at) for item in push.items if isinstance(item, Item)]
    for holder, share in await by_holder(session, actor, items):
        desk = Desk(holder, tools.vault, tools.zone, now, offset)
        for item, result in await receive(session, desk, share, tools.takers, released=released):
            places[id(item)] = result
    told = iter(items)
    broken = await _keep_unreadable(session, actor, push, tools, now)
    return [
        (item.id, broken[n] if isinstance(item, Unreadable) else places[id(next(told))])
        for n, item in enumerate(push.items)
    ]


def clock_offset(push: Push, noted_s: int, arrived_at: datetime) -> timedelta:
    """What is added to the handheld's times: what it measured itself, else our clock minus its, if that is more
    than links and rounding explain.
    """
    if push.clock_offset_ms is not None:
        return timedelta(milliseconds=push.clock_offset_ms)
    measured = arrived_at - push.sent_at
    return measured if abs(measured) >= timedelta(seconds=noted_s) else timedelta(0)


async def _keep_whole(
    session: AsyncSession, claims: Claims, body: bytes, tools: Tools, now: datetime
) -> UUID:
    origin = Origin(claims.county_code, claims.area_id, claims.account_id, claims.device_id)
    row = sealed_row(origin, None, "revoked_device_items", "", body, now, vault=tools.vault)
    kept = await quarantine.keep(session, [row])
    return kept[row.device_id, row.digest]


async def _keep_unreadable(
    session: AsyncSession, actor: Actor, push: Push, tools: Tools, now: datetime
) -> dict[int, Result]:
    """Results by place of the items that are none; their bytes are kept."""
    origin = Origin(actor.county_code, actor.area_id, actor.account_id, actor.device_id)
    broken = {n: item for n, item in enumerate(push.items) if isinstance(item, Unreadable)}
    rows = {
        n: sealed_row(
            origin, i.id, "item_unreadable", f"{i.field}: {i.reason}", i.body, now, vault=tools.vault
        )
        for n, i in broken.items()
    }
    kept = await quarantine.keep(session, list(rows.values()))
    results: dict[int, Result] = {}
    for n, item in broken.items():
        told: dict[str, Any] = {"quarantine_id": str(kept[actor.device_id, rows[n].digest])}
        results[n] = Result("quarantined", told, ItemUnreadable(field=item.field, reason=item.reason, **told))
    return results
