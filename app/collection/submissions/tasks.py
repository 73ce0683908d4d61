"""Jobs: held edits are tried again where what they wait for is there, and go to a person when time is up."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from procrastinate import JobContext
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.submissions import known, places
from app.collection.submissions.chains import Wait
from app.collection.submissions.news import submission_event
from app.collection.submissions.settling import Fate, settle
from app.collection.submissions.writing import write
from app.exchange.items import Desk
from app.identity.actor import system_actor
from app.identity.scope import area_paths
from app.kit import events
from app.kit.crypto import Vault
from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.rules import service as rules
from app.rules.catalogue.submissions import HELD_H

CHUNK = 200
COUNTIES = text("SELECT DISTINCT county_code FROM submission WHERE state = 'held' ORDER BY county_code")
# Two pushes at once do not see each other's rows: the one that brings what is missing may miss the one that waits.
RIPE = text("""
SELECT s.id FROM submission s
 WHERE s.county_code = :county_code AND s.state = 'held'
   AND (EXISTS (SELECT FROM subject x WHERE x.county_code = s.county_code AND x.id = s.waits_for)
     OR EXISTS (SELECT FROM submission x WHERE x.county_code = s.county_code AND x.id = s.waits_for
                   AND x.state IN ('applied', 'conflict', 'discarded'))
     OR EXISTS (SELECT FROM submission x WHERE x.county_code = s.county_code AND x.sent_subject_id = s.waits_for
                   AND x.state IN ('applied', 'conflict'))
     OR EXISTS (SELECT FROM item_receipt x WHERE x.county_code = s.county_code AND x.item_id = s.waits_for
                   AND x.outcome = 'rejected'))
 ORDER BY s.received_at, s.id LIMIT :limit
""")
WAIT_FOR = text("""
UPDATE submission s SET wait_kind = n.kind, waits_for = n.awaited, state = n.state, revision = revision + 1
  FROM unnest(cast(:ids AS uuid[]), cast(:kinds AS text[]), cast(:awaited AS uuid[]), cast(:states AS text[]))
       AS n(id, kind, awaited, state)
 WHERE s.county_code = :county_code AND s.id = n.id AND s.state = 'held'
RETURNING s.id, s.area_id, s.grid_id, s.inspector_id, s.outside_own_grid, s.state, s.wait_kind, s.waits_for
""")
OVERDUE_AREAS = text("""
SELECT DISTINCT area_id FROM submission WHERE county_code = :county_code AND state = 'held'
""")
STRAND = text("""
UPDATE submission SET state = 'stuck', revision = revision + 1
 WHERE county_code = :county_code AND state = 'held' AND area_id = :area_id AND received_at < :before
RETURNING id, area_id, grid_id, inspector_id, outside_own_grid
""")


@queue.periodic(cron="* * * * *")
@queue.task(
    name="submissions.sweep_held", queueing_lock="submissions.sweep_held", retry=RETRY, pass_context=True
)
async def sweep_all_held(context: JobContext, timestamp: int) -> None:
    """A transaction for each county and chunk. `timestamp`: Unix seconds of the tick."""
    now, settings, database = (
        datetime.fromtimestamp(timestamp, UTC),
        settings_of(context),
        database_of(context),
    )
    if settings.master_key is None:
        return
    vault = Vault.parse(settings.master_key.get_secret_value())
    async with database.transaction() as session:
        counties = list(await session.scalars(COUNTIES))
    for county_code in counties:
        async with database.transaction() as session:
            await sweep_held(session, county_code, vault=vault, zone=settings.zone, now=now)
        async with database.transaction() as session:
            await strand_overdue(session, county_code, zone=settings.zone, now=now)


async def sweep_held(
    session: AsyncSession, county_code: str, *, vault: Vault, zone: ZoneInfo, now: datetime
) -> int:
    """Tries held edits whose missing part is there, CHUNK at most; returns how many it tried."""
    ids = list(await session.scalars(RIPE, {"county_code": county_code, "limit": CHUNK}))
    rows = await known.waiting(session, county_code, ids) if ids else []
    if rows:
        desk = Desk(system_actor(county_code), vault, zone, now)
        settled = await settle(session, desk, [], (), rows)
        await write(session, desk, settled, {})
        await _refresh(session, county_code, rows, settled.fates, now)
    return len(rows)


async def _refresh(
    session: AsyncSession,
    county_code: str,
    rows: Sequence[Row[Any]],
    fates: Mapping[UUID, Fate],
    now: datetime,
) -> None:
    """Notes what those that were tried in vain wait for now, so that the next ones have their turn.

    Who waits for what is there, and can't be taken for a reason that nobody named, is a person's at once.
    """
    changes = []
    for row in rows:
        fate = fates.get(row.id)
        if isinstance(fate, Wait) and fate.kind != "rejected_item":
            is_new = (fate.kind, fate.id) != (row.wait_kind, row.waits_for)
            changes.append((row.id, fate.kind, fate.id, "held" if is_new else "stuck"))
        elif fate is None:  # its form is gone
            changes.append((row.id, row.wait_kind, row.waits_for, "stuck"))
    if not changes:
        return
    ids, kinds, awaited, states = map(list, zip(*changes, strict=True))
    asked = {"county_code": county_code, "ids": ids, "kinds": kinds, "awaited": awaited, "states": states}
    news = [
        submission_event(
            "submission.held" if r.state == "held" else "submission.stranded",
            dict(r._mapping),
            {"state": r.state, "wait_kind": r.wait_kind, "waits_for": str(r.waits_for)},
        )
        for r in await session.execute(WAIT_FOR, asked)
    ]
    await events.record_many(session, events.SYSTEM, news, county_code=county_code, now=now)


async def strand_overdue(session: AsyncSession, county_code: str, *, zone: ZoneInfo, now: datetime) -> int:
    """Hands over to a person what waited longer than the rule of its area allows; returns how many."""
    areas = list(await session.scalars(OVERDUE_AREAS, {"county_code": county_code}))
    paths = await area_paths(session, areas)
    book = await rules.rule_book(session)
    news = []
    for area_id in areas:
        held_h = book.resolve(paths.get(area_id, ()), places.day_of(now, zone))[HELD_H]
        before = now - timedelta(hours=held_h)
        asked = {"county_code": county_code, "area_id": area_id, "before": before}
        stranded = await session.execute(STRAND, asked)
        news += [
            submission_event("submission.stranded", dict(r._mapping), {"state": "stuck"}) for r in stranded
        ]
    await events.record_many(session, events.SYSTEM, news, county_code=county_code, now=now)
    return len(news)
