"""SQL of the folder: figures, judgements, what is due. Set-based; rows sorted by key, against deadlocks."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection
from app.patrol.day_reader import DayKey

FOLD_LOCK = 0x464F4C44
SHARDS = 8


COLUMNS = (
    *(
        "online_s",
        "patrol_s",
        "distance_m",
        "distance_low_m",
        "distance_high_m",
        "in_grid_distance_m",
        "fixes",
    ),
    "online_share",
)
"""Numbers of the document that are columns, too."""


@dataclass(frozen=True, slots=True)
class FiguresRow:
    """A row of `day_figures`, or of `day_judgement` without its revision.

    presence, prorate: what the roster expected, as `judging.DayKind` has it.
    """

    county_code: str
    inspector_id: UUID
    service_day: date
    area_id: UUID
    status: str
    input_version: int
    fold_version: int
    rule_version: str
    grid_versions: list[str]
    figures: dict[str, Any]
    at: datetime
    presence: str
    prorate: float

    @property
    def key(self) -> DayKey:
        """Key of its day."""
        return DayKey(self.county_code, self.inspector_id, self.service_day)


# The day's row is locked first; a fold of older inputs than the stored one is thrown away.
MARK_FOLDED = """
UPDATE patrol_day p
   SET folded_version = v, folded_at = at, pending = p.input_version > v
  FROM (SELECT * FROM unnest(%b::text[], %b::uuid[], %b::date[], %b::bigint[], %b::timestamptz[])
            AS x(c, i, d, v, at) ORDER BY c, i, d) x
 WHERE p.county_code = c AND p.inspector_id = i AND p.service_day = d AND p.folded_version <= v
   AND p.frozen_at IS NULL
RETURNING p.county_code, p.inspector_id, p.service_day
"""
STORE_FIGURES = """
INSERT INTO day_figures (county_code, inspector_id, service_day, area_id, status, input_version, fold_version,
                         rule_version, grid_versions, figures, computed_at, presence, prorate,
                         online_s, patrol_s, distance_m, distance_low_m, distance_high_m, in_grid_distance_m,
                         fixes, online_share)
SELECT c, i, d, a, s, v, f, r, g::jsonb, j::jsonb, at, presence, prorate,
       online_s, patrol_s, distance_m, low_m, high_m, in_grid_m, fixes, share
  FROM unnest(%b::text[], %b::uuid[], %b::date[], %b::uuid[], %b::text[], %b::bigint[], %b::int[], %b::text[],
              %b::text[], %b::text[], %b::timestamptz[], %b::text[], %b::float8[], %b::int[], %b::int[],
              %b::float8[], %b::float8[], %b::float8[], %b::float8[], %b::int[], %b::float8[])
       AS x(c, i, d, a, s, v, f, r, g, j, at, presence, prorate, online_s, patrol_s, distance_m, low_m, high_m,
            in_grid_m, fixes, share)
ON CONFLICT (county_code, inspector_id, service_day) DO UPDATE SET
    status = excluded.status, input_version = excluded.input_version, fold_version = excluded.fold_version,
    rule_version = excluded.rule_version, grid_versions = excluded.grid_versions, figures = excluded.figures,
    computed_at = excluded.computed_at, presence = excluded.presence, prorate = excluded.prorate,
    online_s = excluded.online_s, patrol_s = excluded.patrol_s, distance_m = excluded.distance_m,
    distance_low_m = excluded.distance_low_m, distance_high_m = excluded.distance_high_m,
    in_grid_distance_m = excluded.in_grid_distance_m, fixes = excluded.fixes,
    online_share = excluded.online_share
"""
INSERT_JUDGEMENTS = """
INSERT INTO day_judgement (county_code, inspector_id, service_day, area_id, status, input_version, fold_version,
                           rule_version, grid_versions, figures, judged_at, revision)
SELECT c, i, d, a, s, v, f, r, g::jsonb, j::jsonb, at, n
  FROM unnest(%b::text[], %b::uuid[], %b::date[], %b::uuid[], %b::text[], %b::bigint[], %b::int[], %b::text[],
              %b::text[], %b::text[], %b::timestamptz[], %b::int[]) AS x(c, i, d, a, s, v, f, r, g, j, at, n)
"""


async def store_figures(session: AsyncSession, rows: Sequence[FiguresRow]) -> set[DayKey]:
    """Stores figures of days that have a row and were not folded from newer inputs meanwhile; returns those."""
    if not rows:
        return set()
    rows = sorted(rows, key=lambda r: r.key)
    connection = await driver_connection(session)
    marked = await connection.execute(
        MARK_FOLDED,
        _columns(
            [(r.county_code, r.inspector_id, r.service_day, r.input_version, r.at) for r in rows],
        ),
    )
    current = {DayKey(*row) for row in await marked.fetchall()}
    kept = [(*_values(r), *_numbers(r)) for r in rows if r.key in current]
    if kept:
        await connection.execute(STORE_FIGURES, _columns(kept))
    return current


async def insert_judgements(session: AsyncSession, rows: Sequence[tuple[FiguresRow, int]]) -> None:
    """Adds judgements with their revisions."""
    if rows:
        connection = await driver_connection(session)
        await connection.execute(
            INSERT_JUDGEMENTS, _columns([(*_values(r), revision) for r, revision in rows])
        )


def _values(row: FiguresRow) -> tuple[Any, ...]:
    return (
        row.county_code,
        row.inspector_id,
        row.service_day,
        row.area_id,
        row.status,
        row.input_version,
        row.fold_version,
        row.rule_version,
        orjson.dumps(row.grid_versions).decode(),
        orjson.dumps(row.figures).decode(),
        row.at,
    )


def _numbers(row: FiguresRow) -> tuple[Any, ...]:
    """The columns that periods sum up."""
    return row.presence, row.prorate, *(row.figures[name] for name in COLUMNS)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


LATEST_JUDGEMENTS = text("""
SELECT DISTINCT ON (j.county_code, j.inspector_id, j.service_day)
       j.county_code, j.inspector_id, j.service_day, j.revision, j.figures
  FROM unnest(cast(:counties AS text[]), cast(:inspectors AS uuid[]), cast(:days AS date[]))
       AS k(county_code, inspector_id, service_day)
  JOIN day_judgement j USING (county_code, inspector_id, service_day)
 ORDER BY j.county_code, j.inspector_id, j.service_day, j.revision DESC
""")


async def latest_judgements(
    session: AsyncSession, keys: Sequence[DayKey]
) -> dict[DayKey, tuple[int, dict[str, Any]]]:
    """(revision, figures) of the latest judgement of each day that has one."""
    if not keys:
        return {}
    named = dict(zip(("counties", "inspectors", "days"), _columns(keys), strict=True))
    return {
        DayKey(*row[:3]): (row[3], row[4]) for row in (await session.execute(LATEST_JUDGEMENTS, named)).all()
    }


KEEP_RULES = text("""
INSERT INTO rule_snapshot (version, rules, taken_at)
VALUES (:version, cast(:rules AS jsonb), :now) ON CONFLICT DO NOTHING
""")


async def keep_rules(session: AsyncSession, rules: Mapping[str, dict[str, Any]], now: datetime) -> None:
    """Keeps the rules that days were judged by, once for each version."""
    for version, snapshot in sorted(rules.items()):
        await session.execute(
            KEEP_RULES, {"version": version, "rules": orjson.dumps(snapshot).decode(), "now": now}
        )


DUE = text("""
(SELECT county_code, inspector_id, service_day FROM patrol_day
  WHERE pending AND frozen_at IS NULL
    AND (coalesce(folded_at, opened_at) <= :folded_before OR coalesce(folded_at, opened_at) > :folded_after)
    AND abs(hashtext(inspector_id::text)) % :shards = :shard
  ORDER BY county_code, service_day LIMIT :limit)
UNION
(SELECT county_code, inspector_id, service_day FROM day_figures
  WHERE status = 'provisional' AND service_day < :today AND abs(hashtext(inspector_id::text)) % :shards = :shard
  ORDER BY county_code, service_day LIMIT :limit)
LIMIT :limit
""")
TAKE_SHARD = text("SELECT pg_try_advisory_xact_lock(:lock, :shard)")


async def list_due(
    session: AsyncSession, *, folded_before: datetime, folded_after: datetime, today: date, limit: int
) -> list[DayKey]:
    """Changed days that were last folded, or opened, before `folded_before`, and days that ended without being judged.

    Days that were folded after `folded_after`, which lies ahead, are due too: since then our clock jumped back.
    Inspectors are dealt out to SHARDS by their id, and a shard has one folder at a time, until its
    transaction ends: several workers fold side by side and never the same day.
    """
    asked = {
        "folded_before": folded_before,
        "folded_after": folded_after,
        "today": today,
        "limit": limit,
        "shards": SHARDS,
    }
    for shard in random.sample(range(SHARDS), SHARDS):
        if await session.scalar(TAKE_SHARD, {"lock": FOLD_LOCK, "shard": shard}):
            found = (await session.execute(DUE, asked | {"shard": shard})).all()
            if found:
                return [DayKey(*row) for row in found]
    return []


PUT_OFF = text("""
UPDATE patrol_day SET folded_at = :now
 WHERE county_code = :county_code AND inspector_id = :inspector_id AND service_day = :service_day
""")


async def put_off(session: AsyncSession, key: DayKey, now: datetime) -> None:
    """Has a day that cannot be folded wait as if it had just been folded; it stays pending."""
    await session.execute(PUT_OFF, key._asdict() | {"now": now})


NOTE_ABSENT = text("""
INSERT INTO patrol_day (county_code, inspector_id, service_day, area_id, opened_at, input_version, pending)
SELECT DISTINCT s.county_code, s.inspector_id, s.service_day, a.area_id, cast(:now AS timestamptz), 1, true
  FROM effective_shift s
  JOIN day_kind k ON k.code = s.kind AND (k.expects_presence OR k.excuses)
  JOIN account a ON a.id = s.inspector_id
 WHERE s.service_day BETWEEN :first AND :last
   AND s.county_code = coalesce(cast(:county_code AS text), s.county_code)
   AND NOT EXISTS (SELECT FROM patrol_day p WHERE p.county_code = s.county_code
                   AND p.inspector_id = s.inspector_id AND p.service_day = s.service_day)
 ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
RETURNING service_day
""")


async def note_absent(
    session: AsyncSession, *, first: date, last: date, now: datetime, county_code: str | None = None
) -> int:
    """Makes a pending day of every planned one from `first` to `last` that has none; returns how many.

    county_code: only there; every county when None.

    Who never spoke has no day otherwise, would be listed nowhere, and better the averages.
    """
    asked = {"first": first, "last": last, "now": now, "county_code": county_code}
    return len((await session.execute(NOTE_ABSENT, asked)).all())
