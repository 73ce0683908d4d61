"""All inputs of patrol days, for many days in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.grid_queries import GridVersionRow, load_grid_versions
from app.kit.db import driver_connection
from app.patrol import own_grids, packing
from app.patrol.day_inputs import DayInputs, GapReport, Interval, WorkInterval
from app.patrol.fixes import Fixes, Int64s
from app.patrol.judging import DayKind
from app.patrol.packing import PackedBatch
from app.patrol.policy import DayRules
from app.patrol.work.bounds import bounded
from app.patrol.work.reader import read_work
from app.rules import service as rules
from app.rules.book import RuleBook, RuleSet
from app.rules.catalogue.judging import FIXES_PER_DAY_MAX
from app.staffing.duty import DutyWindow, duty_windows
from app.staffing.expectation import DayKindRule, day_expectation
from app.staffing.inputs import (
    DaySpan,
    DutyInputs,
    GridAppointment,
    load_appointments,
    load_day_kinds,
    load_duty,
)


class DayKey(NamedTuple):
    """One inspector's service day."""

    county_code: str
    inspector_id: UUID
    service_day: date


@dataclass(frozen=True, slots=True)
class DayRecord:
    """A day as read: its version first, then everything the fold may know."""

    key: DayKey
    area_id: UUID
    display_name: str
    input_version: int
    is_pending: bool
    rules: DayRules
    is_pinned: bool
    kind: DayKind
    windows: Sequence[DutyWindow]
    inputs: DayInputs
    grid_versions: Sequence[str]
    fixes_left_out: int


HEADS = text("""
SELECT k.county_code, k.inspector_id, k.service_day, coalesce(p.area_id, a.area_id) AS area_id, a.display_name,
       coalesce(p.input_version, 0) AS input_version, coalesce(p.pending, false) AS pending,
       (SELECT array_agg(ancestor_id ORDER BY depth) FROM area_closure c
         WHERE c.area_id = coalesce(p.area_id, a.area_id)) AS path,
       j.rule_version, s.rules
  FROM unnest(cast(:counties AS text[]), cast(:inspectors AS uuid[]), cast(:days AS date[]))
       AS k(county_code, inspector_id, service_day)
  JOIN account a ON a.id = k.inspector_id
  LEFT JOIN patrol_day p ON p.county_code = k.county_code AND p.inspector_id = k.inspector_id
       AND p.service_day = k.service_day
  LEFT JOIN LATERAL (
      SELECT rule_version FROM day_judgement d WHERE d.county_code = k.county_code
         AND d.inspector_id = k.inspector_id AND d.service_day = k.service_day
       ORDER BY revision DESC LIMIT 1) j ON true
  LEFT JOIN rule_snapshot s ON s.version = j.rule_version
 WHERE p.frozen_at IS NULL
""")
# A faulty handheld may send millions of fixes or heartbeats a day: what is read is bounded before it reaches this
# process. Which batches are left out depends on their ids alone, not on when they came. Packed heartbeats begin with
# their number, at most 2,000.
BATCHES = """
SELECT county_code, inspector_id, day, total, device_id, clock_offset_ms, track, attributes, beats, reports
  FROM (SELECT b.*, sum(b.fix_count) OVER day_ AS total,
               sum(b.fix_count + coalesce(get_byte(b.beats, 0) + 256 * get_byte(b.beats, 1), 0))
                 OVER (day_ ORDER BY b.batch_id) AS up_to
          FROM unnest(%b::text[], %b::uuid[], %b::date[]) AS k(county_code, inspector_id, day)
          JOIN fix_batch b USING (county_code, day, inspector_id)
        WINDOW day_ AS (PARTITION BY b.county_code, b.inspector_id, b.day)) AS b
 WHERE up_to <= %b
"""


RuleChoice = Callable[[DayRules | None, RuleSet], DayRules]
"""From the rules that a day was judged by (None: not yet) and those of the book, the ones to fold it by."""


def rules_of_day(judged_by: DayRules | None, book_says: RuleSet) -> DayRules:
    """A judged day keeps the rules that it was judged by."""
    return DayRules.of(book_says) if judged_by is None else judged_by


async def read_days(
    session: AsyncSession, keys: Sequence[DayKey], zone: ZoneInfo, choose: RuleChoice = rules_of_day
) -> dict[DayKey, DayRecord]:
    """The days of `keys` whose inspectors exist, walked or not; frozen ones are left out.

    choose: which rules they get; by default a judged day's own, else the book's.

    The fixes of a frozen day may be gone, and a fold of what is left would say that nobody walked.
    The versions are read first: what is folded is then at least as new as its version says.
    """
    if not keys:
        return {}
    columns = [list(column) for column in zip(*keys, strict=True)]
    named = dict(zip(("counties", "inspectors", "days"), columns, strict=True))
    heads = {DayKey(*row[:3]): row for row in (await session.execute(HEADS, named)).all()}
    book = await rules.rule_book(session)
    kinds = await load_day_kinds(session)
    most = book.resolve((), max(key.service_day for key in keys))[FIXES_PER_DAY_MAX]
    batches = await _read_batches(session, columns, most)
    work = await read_work(session, *columns)
    found: dict[DayKey, DayRecord] = {}
    for county_code, county_keys in _by_county(heads).items():
        spans = [DaySpan(k.inspector_id, k.service_day, k.service_day) for k in county_keys]
        duty = await load_duty(session, county_code, spans, zone)
        appointments = await load_appointments(session, county_code, spans, zone)
        grids = await _read_grids(session, county_code, county_keys, appointments)
        for key in county_keys:
            found[key] = _record(
                key,
                heads[key],
                book,
                kinds,
                duty[key.inspector_id],
                appointments[key.inspector_id],
                grids,
                batches.get(key, _Stored.empty()),
                work.get(key, ()),
                zone,
                choose,
            )
    return found


@dataclass(slots=True)
class _Stored:
    """What the batches of a day hold together; `left_out` fixes more than the rule allows were not read."""

    fixes: Fixes
    left_out: int
    beats_ms: Int64s
    reports: tuple[GapReport, ...]

    @classmethod
    def empty(cls) -> "_Stored":
        return cls(Fixes.concatenate([]), 0, np.empty(0, np.int64), ())


async def _read_batches(
    session: AsyncSession, columns: Sequence[list[Any]], most: int
) -> dict[DayKey, _Stored]:
    connection = await driver_connection(session)
    cursor = await connection.execute(BATCHES, [*columns, most], binary=True)
    rows: dict[DayKey, list[Any]] = defaultdict(list)
    for row in await cursor.fetchall():
        rows[DayKey(*row[:3])].append(row[3:])
    return {key: _stored(int(batches[0][0]), [row[1:] for row in batches]) for key, batches in rows.items()}


def _stored(total: int, rows: Sequence[Any]) -> _Stored:
    devices = {device_id: index for index, device_id in enumerate(sorted({row[0] for row in rows}))}
    fixes = packing.unpack(
        [
            PackedBatch(devices[device_id], offset_ms, track, attributes)
            for device_id, offset_ms, track, attributes, _, _ in rows
            if track is not None
        ]
    )
    beats = [packing.unpack_instants(row[4]) for row in rows if row[4] is not None]
    reports = {GapReport(at_ms, cause) for row in rows for at_ms, cause in row[5] or ()}
    return _Stored(
        fixes,
        total - len(fixes),
        np.unique(np.concatenate(beats)) if beats else np.empty(0, np.int64),
        tuple(sorted(reports)),
    )


def _by_county(keys: Iterable[DayKey]) -> dict[str, list[DayKey]]:
    found: dict[str, list[DayKey]] = defaultdict(list)
    for key in keys:
        found[key.county_code].append(key)
    return found


async def _read_grids(
    session: AsyncSession,
    county_code: str,
    keys: Sequence[DayKey],
    appointments: Mapping[UUID, Sequence[GridAppointment]],
) -> dict[UUID, list[GridVersionRow]]:
    grid_ids = {a.grid_id for each in appointments.values() for a in each}
    days = [key.service_day for key in keys]
    found: dict[UUID, list[GridVersionRow]] = defaultdict(list)
    for row in await load_grid_versions(session, county_code, grid_ids, min(days), max(days)):
        found[row.grid_id].append(row)
    return found


def _record(
    key: DayKey,
    head: Any,
    book: RuleBook,
    kinds: Mapping[str, DayKindRule],
    duty: DutyInputs,
    appointments: Sequence[GridAppointment],
    grids: Mapping[UUID, Sequence[GridVersionRow]],
    stored: _Stored,
    work: Sequence[WorkInterval],
    zone: ZoneInfo,
    choose: RuleChoice,
) -> DayRecord:
    judged_by = DayRules.pinned(head.rule_version, head.rules) if head.rules is not None else None
    day_rules = choose(judged_by, book.resolve(head.path or (), key.service_day))
    windows = [
        w
        for w in duty_windows(duty.shifts, duty.presses, day_rules.duty, zone)
        if w.service_day == key.service_day
    ]
    own = own_grids.own_versions(key.service_day, appointments, grids)
    shifts = [s for s in duty.shifts if s.service_day == key.service_day]
    expectation = day_expectation(shifts, kinds)
    return DayRecord(
        key=key,
        area_id=head.area_id,
        display_name=head.display_name,
        input_version=head.input_version,
        is_pending=head.pending,
        rules=day_rules,
        is_pinned=head.rules is not None,
        kind=DayKind(
            "+".join(sorted({s.kind for s in shifts})) or "none", expectation.prorate, expectation.state
        ),
        windows=windows,
        inputs=_inputs(stored, work, windows, own, day_rules),
        fixes_left_out=stored.left_out,
        grid_versions=sorted({f"{v.code}@{v.version or 0}" for _, v in own}),
    )


def _inputs(
    stored: _Stored,
    work: Sequence[WorkInterval],
    windows: Sequence[DutyWindow],
    own: Sequence[tuple[GridAppointment, GridVersionRow]],
    day_rules: DayRules,
) -> DayInputs:
    return DayInputs(
        fixes=stored.fixes,
        duty=tuple(Interval(w.start_ms, w.end_ms) for w in windows),
        rules=day_rules.fold,
        beats_ms=stored.beats_ms,
        work=tuple(sorted(bounded(each, day_rules.fold) for each in work)),
        grids=tuple(own_grids.own_grid(a, v, day_rules.fold.grid_buffer_m) for a, v in own),
        gap_reports=stored.reports,
        profiles=tuple(own_grids.profile(a, v) for a, v in own),
    )
