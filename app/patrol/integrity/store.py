"""Keeping what was found: new signals are added, changed ones updated, vanished ones withdrawn, none deleted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.kit import events
from app.kit.events import SYSTEM
from app.patrol.day_reader import DayKey
from app.patrol.figures import DayFold
from app.patrol.fold import FOLD_VERSION
from app.patrol.integrity.clocks import ClockReading
from app.patrol.integrity.day_signals import find_day_signals
from app.patrol.integrity.limits import IntegrityLimits
from app.patrol.integrity.signals import DAY_KINDS, Signal
from app.rules import service as rules
from app.rules.catalogue.integrity import PREFIX


@dataclass(frozen=True, slots=True)
class FoldedTrack:
    """A finished day as folded."""

    key: DayKey
    area_id: UUID
    fold: DayFold


@dataclass(frozen=True, slots=True)
class Findings:
    """All signals of some kinds that one inspector's day shows now."""

    key: DayKey
    area_id: UUID
    signals: Sequence[Signal]


async def note_day_signals(session: AsyncSession, days: Sequence[FoldedTrack], *, now: datetime) -> None:
    """Finds and keeps what finished days tell by themselves. Reads their folds, touches no figure."""
    if not days:
        return
    clocks = await _read_clocks(session, [day.key for day in days])
    limits = await limits_of(session, [(day.area_id, day.key.service_day) for day in days])
    found = [
        Findings(
            day.key, day.area_id, find_day_signals(day.fold, clocks.get(day.key, ()), limits[day.area_id])
        )
        for day in days
    ]
    await keep(session, found, DAY_KINDS, now=now)


PATHS = text("""
SELECT area_id, array_agg(ancestor_id ORDER BY depth) AS path FROM area_closure
 WHERE area_id = ANY(:areas) GROUP BY area_id
""")


async def limits_of(session: AsyncSession, days: Sequence[tuple[UUID, date]]) -> dict[UUID, IntegrityLimits]:
    """The limits of each area, by the latest of the days: they only decide what a person is asked to look at."""
    if not days:
        return {}
    book = await rules.rule_book(session)
    on = max(day for _, day in days)
    areas = {area for area, _ in days}
    paths = {row.area_id: row.path for row in (await session.execute(PATHS, {"areas": list(areas)})).all()}
    return {area: book.resolve(paths.get(area, ()), on).fill(IntegrityLimits, PREFIX) for area in areas}


CLOCKS = text("""
SELECT b.county_code, b.inspector_id, b.day, cast(b.device_id AS text) AS device_id,
       min(b.clock_offset_ms) AS offset_min_ms, max(b.clock_offset_ms) AS offset_max_ms,
       max(b.server_skew_ms) AS ahead_max_ms
  FROM unnest(cast(:counties AS text[]), cast(:inspectors AS uuid[]), cast(:days AS date[]))
       AS k(county_code, inspector_id, day)
  JOIN fix_batch b USING (county_code, day, inspector_id)
 GROUP BY 1, 2, 3, 4
""")


async def _read_clocks(session: AsyncSession, keys: Sequence[DayKey]) -> dict[DayKey, list[ClockReading]]:
    columns = dict(zip(("counties", "inspectors", "days"), map(list, zip(*keys, strict=True)), strict=True))
    found: dict[DayKey, list[ClockReading]] = {}
    for row in (await session.execute(CLOCKS, columns)).all():
        found.setdefault(DayKey(*row[:3]), []).append(ClockReading(*row[3:]))
    return found


STANDING = text("""
SELECT s.county_code, s.inspector_id, s.service_day, s.kind, s.counterpart_key, s.id, s.severity, s.evidence,
       s.withdrawn_at
  FROM unnest(cast(:counties AS text[]), cast(:inspectors AS uuid[]), cast(:days AS date[]))
       AS k(county_code, inspector_id, service_day)
  JOIN integrity_signal s USING (county_code, inspector_id, service_day)
 WHERE s.kind = ANY(:kinds)
 ORDER BY 1, 2, 3, 4, 5
   FOR UPDATE OF s
""")
KEEP = text("""
INSERT INTO integrity_signal (county_code, id, inspector_id, area_id, service_day, kind, counterpart_key, severity,
                              evidence, fold_version, found_at, changed_at)
VALUES (:county_code, :id, :inspector_id, :area_id, :service_day, :kind, :counterpart_key, :severity,
        cast(:evidence AS jsonb), :fold_version, :now, :now)
ON CONFLICT (county_code, inspector_id, service_day, kind, counterpart_key) DO UPDATE SET
    severity = excluded.severity, evidence = excluded.evidence, fold_version = excluded.fold_version,
    changed_at = excluded.changed_at, withdrawn_at = NULL
RETURNING id
""")
WITHDRAW = text("""
UPDATE integrity_signal SET withdrawn_at = :now, changed_at = :now WHERE county_code = :county_code AND id = :id
""")


async def keep(
    session: AsyncSession, findings: Sequence[Findings], kinds: Collection[str], *, now: datetime
) -> int:
    """Makes the stored signals of `kinds` agree with `findings`; returns how many changed. Each change is an event."""
    if not findings:
        return 0
    keys = [f.key for f in findings]
    columns = dict(zip(("counties", "inspectors", "days"), map(list, zip(*keys, strict=True)), strict=True))
    rows = (await session.execute(STANDING, columns | {"kinds": list(kinds)})).all()
    standing: dict[tuple[Any, ...], Any] = {tuple(row[:5]): row for row in rows}
    changed = 0
    for finding in sorted(findings, key=lambda f: f.key):
        for signal in sorted(finding.signals, key=lambda s: (s.kind, s.counterpart_key)):
            before = standing.pop((*finding.key, signal.kind, signal.counterpart_key), None)
            if before is None or _differs(before, signal):
                await _put(session, finding, signal, before, now)
                changed += 1
    areas = {f.key: f.area_id for f in findings}
    for identity, row in standing.items():
        if row.withdrawn_at is None:
            await session.execute(WITHDRAW, {"now": now, "county_code": row.county_code, "id": row.id})
            key = DayKey(*identity[:3])
            await _tell(
                session, "integrity_signal.withdrawn", row.id, key, areas[key], {"kind": row.kind}, now
            )
            changed += 1
    return changed


def _differs(before: Any, signal: Signal) -> bool:
    return (
        before.withdrawn_at is not None
        or before.severity != signal.severity
        or before.evidence != orjson.loads(orjson.dumps(signal.evidence))
    )


async def _put(session: AsyncSession, finding: Findings, signal: Signal, before: Any, now: datetime) -> None:
    signal_id = await session.scalar(
        KEEP,
        {
            **finding.key._asdict(),
            "id": before.id if before else uuid7(),
            "area_id": finding.area_id,
            "kind": signal.kind,
            "counterpart_key": signal.counterpart_key,
            "severity": signal.severity,
            "evidence": orjson.dumps(signal.evidence).decode(),
            "fold_version": FOLD_VERSION,
            "now": now,
        },
    )
    is_new = before is None or before.withdrawn_at is not None
    type_ = "integrity_signal.found" if is_new else "integrity_signal.changed"
    data = {"kind": signal.kind, "severity": signal.severity}
    await _tell(session, type_, signal_id, finding.key, finding.area_id, data, now)


async def _tell(
    session: AsyncSession,
    type_: str,
    signal_id: UUID,
    key: DayKey,
    area_id: UUID,
    data: Mapping[str, str],
    now: datetime,
) -> None:
    """Neither places nor times: the event feed is no track."""
    named = {"inspector_id": str(key.inspector_id), "service_day": key.service_day.isoformat(), **data}
    await events.record(
        session,
        SYSTEM,
        type_,
        ("integrity_signal", signal_id),
        named,
        county_code=key.county_code,
        now=now,
        area_id=area_id,
    )
