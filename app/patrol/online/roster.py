"""Who was expected, on leave and heard, for many inspectors at once, as the rates want it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import day_start, to_ms
from app.kit.db import driver_connection
from app.patrol.online import rates
from app.patrol.online.rates import LOOK_BACK_MIN, MINUTES, Bools, Counts, Ints, Spans
from app.rules import service as rules
from app.rules.book import RuleBook
from app.rules.catalogue.judging import HEARD_WITHIN_MIN

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes [first, last) of a calendar day, counted from its local midnight."""

    day: date
    first: int
    last: int
    zone: ZoneInfo

    @classmethod
    def up_to(cls, day: date, now: datetime, zone: ZoneInfo) -> "Stretch":
        """The minutes of `day` that are over at `now`."""
        passed = (to_ms(now) - to_ms(day_start(day, zone))) // MINUTE_MS
        return cls(day, 0, max(0, min(passed, MINUTES)), zone)

    @classmethod
    def at(cls, now: datetime, zone: ZoneInfo) -> "Stretch":
        """The minute that `now` lies in."""
        local = now.astimezone(zone)
        minute = local.hour * 60 + local.minute
        return cls(local.date(), minute, minute + 1, zone)

    @property
    def length(self) -> int:
        """How many minutes."""
        return self.last - self.first

    @property
    def is_whole_day(self) -> bool:
        """Whether no minute of the day is missing."""
        return self.length == MINUTES

    def instant(self, minute: int) -> datetime:
        """When a minute of the day begins."""
        return day_start(self.day, self.zone) + timedelta(minutes=minute)


@dataclass(frozen=True, slots=True)
class Roster:
    """n full-time inspectors of some areas in a stretch of m minutes, sorted by leaf.

    leaves         the areas they belong to; `above[i]` are the areas asked for that leaf i lies in, itself included
    leaf           int64[n], number of the leaf
    expected       bool[n, m]: a shift that expects presence; on_leave: one of a kind that excuses
    heard          bool[n, LOOK_BACK_MIN + m], server time
    within_min     int64[n]: how long a signal keeps on line, by the rules of the leaf
    """

    areas: Sequence[UUID]
    above: Sequence[Sequence[int]]
    leaf: Ints
    expected: Bools
    on_leave: Bools
    heard: Bools
    within_min: Ints

    def counts(self) -> Counts:
        """Online and expected of each of `areas`, minute by minute."""
        online = rates.online_minutes(self.heard, self.within_min)
        return rates.count(online, self.expected, self.on_leave, self.leaf, self.above, len(self.areas))


# Substitutes, absences and exemptions have had their say in effective_shift. Several appointments of one inspector
# overlap, so the stretches are joined. No shift is longer than a day, so the days around are enough to look at.
#
# Materialized, because 20,000 look-ups in the index of the exclusion constraint cost more than one read.
EXPECTED = text("""
WITH full_time AS MATERIALIZED (
    SELECT county_code, inspector_id, valid FROM appointment
     WHERE county_code = ANY(:counties) AND role = 'full_time' AND cancelled_at IS NULL
       AND valid && tstzrange(cast(:since AS timestamptz) - interval '24 hours',
                              cast(:until AS timestamptz) + interval '24 hours')
)
SELECT e.inspector_id, e.expects_presence, e.leaf,
       (extract(epoch FROM lower(part) - :since) / 60)::float8 AS start,
       (extract(epoch FROM upper(part) - :since) / 60)::float8 AS until
  FROM (SELECT s.inspector_id, k.expects_presence, coalesce(p.area_id, a.area_id) AS leaf,
               range_agg(tstzrange(s.starts_at, s.ends_at) * t.valid * tstzrange(:since, :until)) AS parts
          FROM effective_shift s
          JOIN day_kind k ON k.code = s.kind AND (k.expects_presence OR k.excuses)
          JOIN full_time t ON t.county_code = s.county_code AND t.inspector_id = s.inspector_id
               AND t.valid && tstzrange(s.starts_at, s.ends_at)
          JOIN account a ON a.id = s.inspector_id
          LEFT JOIN patrol_day p ON p.county_code = s.county_code AND p.inspector_id = s.inspector_id
               AND p.service_day = :day
         WHERE s.county_code = ANY(:counties) AND s.service_day BETWEEN cast(:day AS date) - 1 AND :day
           AND s.starts_at < :until AND s.ends_at > :since
         GROUP BY 1, 2, 3) e
 CROSS JOIN LATERAL unnest(e.parts) AS part
 WHERE EXISTS (SELECT FROM area_closure c WHERE c.area_id = e.leaf AND c.ancestor_id = ANY(:areas))
 ORDER BY e.leaf, e.inspector_id
""")
PATHS = text("""
SELECT area_id, array_agg(ancestor_id ORDER BY depth) FROM area_closure
 WHERE area_id = ANY(:leaves) GROUP BY area_id
""")
BELOW = text("SELECT area_id FROM area_closure WHERE ancestor_id = :area_id")
HEARD = """
SELECT p.inspector_id, substring(p.heard FROM %b::int FOR %b::int)
  FROM patrol_day p
 WHERE p.county_code = ANY(%b::text[]) AND p.service_day = %b AND p.inspector_id = ANY(%b::uuid[])
   AND p.heard IS NOT NULL
"""


async def load_roster(
    session: AsyncSession, counties: Sequence[str], areas: Sequence[UUID], stretch: Stretch, book: RuleBook
) -> Roster:
    """Everybody of `areas`, which lie in `counties`, who was expected or on leave in the stretch.

    Areas that collect no tracks (policy `off`) are left out: their handhelds are told to be silent.
    """
    asked: dict[str, Any] = {
        "counties": list(counties),
        "areas": list(areas),
        "day": stretch.day,
        "since": stretch.instant(stretch.first),
        "until": stretch.instant(stretch.last),
    }
    found = (await session.execute(EXPECTED, asked)).all()
    paths = await load_paths(session, {row.leaf for row in found})
    applied = {leaf: book.resolve(path, stretch.day) for leaf, path in paths.items()}
    found = [row for row in found if rules.patrol_policy(applied[row.leaf]) != "off"]
    inspectors = list(dict.fromkeys(row.inspector_id for row in found))
    leaf_of = {row.inspector_id: row.leaf for row in found}
    leaves = list(dict.fromkeys(leaf_of.values()))
    within = [applied[leaf][HEARD_WITHIN_MIN] for leaf in leaves]
    number = {area: index for index, area in enumerate(areas)}
    leaf_number = {leaf: index for index, leaf in enumerate(leaves)}
    leaf = np.array([leaf_number[leaf_of[i]] for i in inspectors], np.int64)
    row_of = {inspector: row for row, inspector in enumerate(inspectors)}
    return Roster(
        areas=areas,
        above=[[number[a] for a in paths[each] if a in number] for each in leaves],
        leaf=leaf,
        expected=_mask((r for r in found if r.expects_presence), row_of, stretch.length),
        on_leave=_mask((r for r in found if not r.expects_presence), row_of, stretch.length),
        heard=await _load_heard(session, counties, row_of, stretch),
        within_min=np.array(within, np.int64)[leaf] if len(leaf) else leaf,
    )


async def areas_without_tracks(session: AsyncSession, area_id: UUID, day: date, book: RuleBook) -> list[UUID]:
    """Areas in `area_id` whose policy is `off` on `day`."""
    paths = await load_paths(session, list(await session.scalars(BELOW, {"area_id": area_id})))
    return [area for area, path in paths.items() if rules.patrol_policy(book.resolve(path, day)) == "off"]


async def load_paths(session: AsyncSession, areas: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The path of each area up to the root, as the rule book wants it."""
    return {row[0]: row[1] for row in (await session.execute(PATHS, {"leaves": list(areas)})).all()}


def _mask(rows: Iterable[Any], row_of: Mapping[UUID, int], minutes: int) -> Bools:
    """A minute counts when it begins inside: [08:00:30, 09:00) has 08:01 to 08:59."""
    told = [(row_of[r.inspector_id], r.start, r.until) for r in rows]
    row, start, end = np.array(told, np.float64).reshape(-1, 3).T
    bounds = (np.ceil(np.round(bound, 6)).astype(np.int64) for bound in (start, end))
    return Spans(row.astype(np.int64), *bounds).mask(len(row_of), minutes)


async def _load_heard(
    session: AsyncSession, counties: Sequence[str], row_of: Mapping[UUID, int], stretch: Stretch
) -> Bools:
    heard = np.zeros((len(row_of), LOOK_BACK_MIN + stretch.length), bool)
    first = stretch.first - LOOK_BACK_MIN
    today = (stretch.day, max(first, 0), stretch.last)
    before = (stretch.day - timedelta(days=1), MINUTES + min(first, 0), MINUTES)
    connection = await driver_connection(session)
    for (day, low, high), column in ((today, max(-first, 0)), (before, 0)):
        if low >= high or not row_of:
            continue
        asked = [low + 1, high - low, list(counties), day, list(row_of)]
        cursor = await connection.execute(HEARD, asked, binary=True)
        found = await cursor.fetchall()
        if found:
            rows = [row_of[inspector] for inspector, _ in found]
            heard[rows, column : column + high - low] = _bits([bits for _, bits in found], high - low)
    return heard


def _bits(packed: Sequence[bytes], length: int) -> Bools:
    """bool[k, length] of PostgreSQL's binary `bit(length)`: four bytes of length, then the bits, first one first."""
    raw = np.frombuffer(b"".join(packed), np.uint8).reshape(len(packed), -1)[:, 4:]
    return np.unpackbits(raw, axis=1, count=length).view(bool)
