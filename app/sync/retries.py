"""Held items are tried again: at once when what they wait for is there, else now and then."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange import holding
from app.exchange.items import Desk, Take
from app.identity.logins import actor_of
from app.identity.models import Account
from app.identity.scope import area_path
from app.kit.crypto import Vault
from app.kit.db import Database
from app.rules import service as rules
from app.rules.catalogue.submissions import HELD_H

CHUNK = 200
COUNTIES = text("SELECT DISTINCT county_code FROM held_item ORDER BY county_code")
WAITING_AREAS = text("""
SELECT DISTINCT county_code, area_id FROM held_item WHERE overdue_since IS NULL ORDER BY county_code, area_id
""")
# What was tried at this very tick is left for the next one. Two pushes at once do not see each other's rows: so
# the tables are asked, not the push that brought what was missing.
DUE = text("""
SELECT h.item_id FROM held_item h
 WHERE h.county_code = :county_code AND h.tried_at < :now
   AND (h.next_try_at <= :now
     OR EXISTS (SELECT FROM subject x WHERE x.county_code = h.county_code AND x.id = h.waits_for)
     OR EXISTS (SELECT FROM submission x WHERE x.county_code = h.county_code
                   AND (x.id = h.waits_for OR x.sent_subject_id = h.waits_for)
                   AND x.state NOT IN ('held', 'stuck')))
 ORDER BY h.next_try_at, h.item_id LIMIT :limit
""")


async def retry_all(
    database: Database, takers: Mapping[str, Take], *, vault: Vault, zone: ZoneInfo, now: datetime
) -> int:
    """Tries what is due, a chunk a transaction; returns how many items wait no longer."""
    settled = 0
    async with database.transaction() as session:
        counties = list(await session.scalars(COUNTIES))
    for county_code in counties:
        while True:
            async with database.transaction() as session:
                asked = {"county_code": county_code, "now": now, "limit": CHUNK}
                ids = list(await session.scalars(DUE, asked))
                settled += await retry_some(
                    session, county_code, ids, takers, vault=vault, zone=zone, now=now
                )
            if len(ids) < CHUNK:
                break
    return settled


async def retry_some(
    session: AsyncSession,
    county_code: str,
    item_ids: Sequence[UUID],
    takers: Mapping[str, Take],
    *,
    vault: Vault,
    zone: ZoneInfo,
    now: datetime,
) -> int:
    """Tries these held items once more; returns how many wait no longer."""
    rows = sorted(await holding.lock(session, county_code, item_ids), key=_desk_key)
    settled = 0
    for (account_id, *_), group in groupby(rows, key=_desk_key):
        share = list(group)
        desk = await desk_of(session, account_id, share[0], vault=vault, zone=zone, now=now)
        items = [holding.item_of(row, vault) for row in share]
        settled += len(await holding.take_again(session, desk, items, takers))
    return settled


async def hand_over_overdue(database: Database, *, zone: ZoneInfo, now: datetime) -> int:
    """Makes a person's what waits longer than the rule of its sender's area allows; returns how many items."""
    overdue = 0
    async with database.transaction() as session:
        waiting = (await session.execute(WAITING_AREAS)).all()
    for county_code, area_id in waiting:
        async with database.transaction() as session:
            rule_set = await rules.resolve(
                session, await area_path(session, area_id), now.astimezone(zone).date()
            )
            before = now - timedelta(hours=rule_set[HELD_H])
            overdue += await holding.hand_over(session, county_code, area_id, before, now)
    return overdue


async def desk_of(
    session: AsyncSession, account_id: UUID, row: Row[Any], *, vault: Vault, zone: ZoneInfo, now: datetime
) -> Desk:
    """The desk of whoever sent a held item, with the clock of his handheld then. row: as `holding.lock` reads it."""
    account = (await session.scalars(select(Account).where(Account.id == account_id))).one()
    offset = timedelta(milliseconds=row.clock_offset_ms)
    return Desk(actor_of(account, row.device_id), vault, zone, now, offset)


def _desk_key(row: Row[Any]) -> tuple[UUID, UUID, int]:
    return row.account_id, row.device_id or UUID(int=0), row.clock_offset_ms
