"""Judged days computed again with today's fold and the rules that the book now has for them: visible revisions.

What comes out the same in substance is left as it is, whatever its versions say.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database
from app.patrol.day_reader import DayKey, read_days
from app.patrol.fold_store import FOLD_LOCK, SHARDS, latest_judgements
from app.patrol.folder import FoldedDay, fold_record, store_days, substance
from app.patrol.periods.problems import CountyUnknown, InspectorUnknown
from app.patrol.policy import DayRules

CHUNK = 40
"""Days folded in one transaction, as the folder does."""


@dataclass(frozen=True, slots=True)
class RejudgeRequest:
    """Which judged days, and why."""

    county_code: str
    first: date
    last: date
    inspector_id: UUID | None
    reason: str
    dry_run: bool


@dataclass(slots=True)
class RejudgeOutcome:
    """What came of it: days looked at, days left alone because they are frozen, changed days by (from, to) status."""

    days: int = 0
    frozen: int = 0
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)


# An inspector's days stay in the county where he walked them, wherever he works now.
KNOWN = text("""
SELECT EXISTS (SELECT FROM area WHERE level = 'county' AND county_code = :county_code) AS is_county,
       cast(:inspector_id AS uuid) IS NULL
         OR EXISTS (SELECT FROM account WHERE id = :inspector_id AND role = 'inspector') AS is_inspector
""")
JUDGED = text("""
SELECT DISTINCT j.inspector_id, j.service_day, p.frozen_at IS NOT NULL AS is_frozen
  FROM day_judgement j
  LEFT JOIN patrol_day p ON p.county_code = j.county_code AND p.inspector_id = j.inspector_id
       AND p.service_day = j.service_day
 WHERE j.county_code = :county_code AND j.service_day BETWEEN :first AND :last
   AND j.inspector_id = coalesce(cast(:inspector_id AS uuid), j.inspector_id)
 ORDER BY 2, 1
""")
# The folder's own locks, in order: it never folds these days at the same time.
TAKE_SHARDS = text("""
SELECT pg_advisory_xact_lock(:lock, shard)
  FROM (SELECT DISTINCT abs(hashtext(i::text)) % :shards AS shard
          FROM unnest(cast(:inspectors AS uuid[])) i ORDER BY 1) s
""")


async def rejudge(
    database: Database,
    asked: RejudgeRequest,
    *,
    now: datetime,
    zone: ZoneInfo,
    tell: Callable[[RejudgeOutcome], None] = lambda _: None,
) -> RejudgeOutcome:
    """Does it, a chunk a transaction; `tell` is called after each. A dry run folds the same and writes nothing.

    Raises CountyUnknown, InspectorUnknown.
    """
    outcome = RejudgeOutcome()
    async with database.transaction() as session:
        await _require_known(session, asked)
        rows = (
            await session.execute(
                JUDGED,
                {
                    "county_code": asked.county_code,
                    "first": asked.first,
                    "last": asked.last,
                    "inspector_id": asked.inspector_id,
                },
            )
        ).all()
    outcome.frozen = sum(row.is_frozen for row in rows)
    keys = [DayKey(asked.county_code, r.inspector_id, r.service_day) for r in rows if not r.is_frozen]
    for start in range(0, len(keys), CHUNK):
        async with database.transaction() as session:
            await _rejudge_chunk(session, asked, keys[start : start + CHUNK], outcome, now, zone)
        tell(outcome)
    return outcome


async def _require_known(session: AsyncSession, asked: RejudgeRequest) -> None:
    known = (
        await session.execute(KNOWN, {"county_code": asked.county_code, "inspector_id": asked.inspector_id})
    ).one()
    if not known.is_county:
        raise CountyUnknown(county_code=asked.county_code)
    if not known.is_inspector:
        raise InspectorUnknown(inspector_id=str(asked.inspector_id))


async def _rejudge_chunk(
    session: AsyncSession,
    asked: RejudgeRequest,
    keys: Sequence[DayKey],
    outcome: RejudgeOutcome,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    if not asked.dry_run:
        locks = {"lock": FOLD_LOCK, "shards": SHARDS, "inspectors": [key.inspector_id for key in keys]}
        await session.execute(TAKE_SHARDS, locks)
    latest = await latest_judgements(session, keys)
    records = await read_days(session, keys, zone, lambda _, book_says: DayRules.of(book_says))
    changed: list[FoldedDay] = []
    for key, record in sorted(records.items()):
        _, figures = latest[key]
        day = fold_record(record, now=now, zone=zone)
        if day.is_over and substance(figures) != substance(day.figures):
            changed.append(day)
            outcome.changed[figures["status"], day.judgement.status] += 1
    outcome.days += len(records)
    if changed and not asked.dry_run:
        await store_days(session, changed, now=now, reason=asked.reason)
