"""The purge: freeze, then remove, a small transaction at a time. It may die anywhere and be run again.

Every chunk looks afresh, under the county's lock, at what is contested or held; nothing is remembered in between.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import events
from app.kit.db import Database
from app.kit.events import SYSTEM
from app.kit.partitions import MONTHS_BACK, shifted
from app.patrol.day_reader import DayKey
from app.patrol.retention import event_months, fixes, freezing, leftovers
from app.patrol.retention.locks import purge_alone
from app.patrol.retention.terms import Terms, load_terms

log = structlog.get_logger("wangge.retention")
T = TypeVar("T")
LOCK_NOT_AVAILABLE = "55P03"
FREEZE_CHUNK = 20
"""Days frozen in one transaction: about a third of a second."""
PURGE_CHUNK = 100
"""Days whose fixes go in one transaction: some ten thousand rows."""
ROWS_CHUNK = 5000


@dataclass(slots=True)
class Counts:
    """What was removed of a county, or would be."""

    days_frozen: int = 0
    days_not_frozen: int = 0
    days_purged: int = 0
    batches: int = 0
    fixes: int = 0
    receipts: int = 0
    quarantined: int = 0
    events: int = 0

    def __bool__(self) -> bool:
        return any(asdict(self).values())


@dataclass(slots=True)
class Purged:
    """The outcome: counts by county, and the months of tables that went as a whole."""

    counties: dict[str, Counts] = field(default_factory=dict)
    months: list[str] = field(default_factory=list)


async def purge(database: Database, *, now: datetime, zone: ZoneInfo) -> Purged:
    """Freezes and removes whatever is past its retention."""
    async with database.transaction() as session:
        terms = await load_terms(session, now=now, zone=zone)
    done = Purged({t.county_code: Counts() for t in terms})
    for each in terms:
        await _freeze(database, each, done.counties[each.county_code], now, zone)
    await _drop_fixes(database, terms, done, shifted(now.astimezone(zone).date(), -MONTHS_BACK))
    for each in terms:
        await _remove(database, each, done.counties[each.county_code], now, zone)
    await _drop_events(database, terms, done, now)
    for each in terms:
        await _report(database, each, done, now)
    return done


async def foresee(database: Database, *, now: datetime, zone: ZoneInfo) -> Purged:
    """What `purge` would do now, without doing it; batches and fixes are not counted."""
    done = Purged()
    async with database.transaction() as session:
        terms = await load_terms(session, now=now, zone=zone)
        for each in terms:
            to_freeze = await freezing.count_freezable(session, each)
            done.counties[each.county_code] = Counts(
                days_frozen=to_freeze,
                days_purged=to_freeze + await fixes.count_purgeable(session, each, freezing.BEGINNING),
                receipts=await leftovers.count_receipts(session, each.county_code, each.receipts_before),
                quarantined=await leftovers.count_quarantined(
                    session, each.county_code, each.quarantine_before, zone.key
                ),
            )
        done.months = [f"event {month:%Y-%m}" for month in await event_months.old_months(session, terms)]
    return done


async def _freeze(database: Database, terms: Terms, counts: Counts, now: datetime, zone: ZoneInfo) -> None:
    after = freezing.BEGINNING
    while True:
        keys: list[DayKey] = []
        try:
            async with database.transaction() as session:
                await purge_alone(session, terms.county_code)
                keys = await freezing.list_freezable(session, terms, after, FREEZE_CHUNK)
                if not keys:
                    return
                counts.days_frozen += await freezing.freeze_days(
                    session, keys, tolerance_m=terms.frozen_tolerance_m, now=now, zone=zone
                )
        except DBAPIError:
            raise
        except Exception:
            log.exception("chunk not frozen", days=len(keys))
            await _freeze_singly(database, terms, keys, counts, now, zone)
        after = (keys[-1].service_day, keys[-1].inspector_id)


async def _freeze_singly(
    database: Database, terms: Terms, keys: Sequence[DayKey], counts: Counts, now: datetime, zone: ZoneInfo
) -> None:
    """A day that cannot be folded (damaged bytes, say) keeps its fixes and holds up no other."""
    for key in keys:
        try:
            async with database.transaction() as session:
                await purge_alone(session, terms.county_code)
                before = (key.service_day, UUID(int=key.inspector_id.int - 1))
                if await freezing.list_freezable(session, terms, before, 1) == [key]:
                    counts.days_frozen += await freezing.freeze_days(
                        session, [key], tolerance_m=terms.frozen_tolerance_m, now=now, zone=zone
                    )
        except DBAPIError:
            raise
        except Exception:
            counts.days_not_frozen += 1
            log.exception(
                "day not frozen", inspector_id=str(key.inspector_id), service_day=str(key.service_day)
            )


async def _drop_fixes(database: Database, terms: Sequence[Terms], done: Purged, before: date) -> None:
    async with database.transaction() as session:
        months = await fixes.old_months(session, terms, before=before)
    for month in months:

        async def drop(month: date = month) -> bool:
            async with database.transaction() as session:
                return await fixes.drop_month_of_fixes(session, terms, month)

        if await _unless_busy(drop):
            done.months.append(f"fix_batch {month:%Y-%m}")


async def _remove(database: Database, terms: Terms, counts: Counts, now: datetime, zone: ZoneInfo) -> None:
    after = freezing.BEGINNING
    while True:
        async with database.transaction() as session:
            await purge_alone(session, terms.county_code)
            gone = await fixes.purge_chunk(session, terms, after, limit=PURGE_CHUNK, now=now)
        if gone is None:
            break
        after = gone.last
        counts.days_purged += gone.days
        counts.batches += gone.batches
        counts.fixes += gone.fixes
    counts.receipts += await _repeat(
        database,
        lambda session: leftovers.delete_receipts(
            session, terms.county_code, terms.receipts_before, ROWS_CHUNK
        ),
    )
    counts.quarantined += await _repeat(
        database,
        lambda session: _delete_quarantined(session, terms, zone),
    )


async def _delete_quarantined(session: AsyncSession, terms: Terms, zone: ZoneInfo) -> int:
    await purge_alone(session, terms.county_code)
    return await leftovers.delete_quarantined(
        session, terms.county_code, terms.quarantine_before, ROWS_CHUNK, zone.key
    )


async def _repeat(database: Database, delete: Callable[[AsyncSession], Awaitable[int]]) -> int:
    """Deletes chunk by chunk, each in its own transaction, until a chunk is not full."""
    total = 0
    while True:
        async with database.transaction() as session:
            deleted = await delete(session)
        total += deleted
        if deleted < ROWS_CHUNK:
            return total


async def _drop_events(database: Database, terms: Sequence[Terms], done: Purged, now: datetime) -> None:
    county_areas = {t.county_code: t.county_area for t in terms}
    async with database.transaction() as session:
        months = await event_months.old_months(session, terms)
    for month in months:

        async def drop(month: date = month) -> dict[str, int] | None:
            async with database.transaction() as session:
                return await event_months.drop_month_of_events(session, month, county_areas, now=now)

        gone = await _unless_busy(drop)
        if gone is None:
            continue
        done.months.append(f"event {month:%Y-%m}")
        for county_code, count in gone.items():
            done.counties[county_code].events += count


async def _unless_busy(work: Callable[[], Awaitable[T]]) -> T | None:
    """What `work` returns; None when the table was in use for too long: the next night tries again."""
    try:
        return await work()
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        log.warning("month in use, kept for now")
        return None


async def _report(database: Database, terms: Terms, done: Purged, now: datetime) -> None:
    counts = done.counties[terms.county_code]
    if not counts:
        return
    log.info("purged", county_code=terms.county_code, months=done.months, **asdict(counts))
    async with database.transaction() as session:
        await events.record(
            session,
            SYSTEM,
            "retention.purged",
            ("area", terms.county_area),
            asdict(counts) | {"months": done.months},
            county_code=terms.county_code,
            now=now,
            area_id=terms.county_area,
        )
