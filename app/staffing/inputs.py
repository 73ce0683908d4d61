"""What ingest and folder read of staffing, for many inspectors at once, and how they learn of changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.range import DateRange
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import day_start, to_ms
from app.kit.db import driver_connection
from app.staffing.duty import LOOK_AROUND, PlannedShift, Press
from app.staffing.expectation import DayKindRule
from app.staffing.models import DayKind
from app.staffing.touched_days import Days

PressResult = Literal["stored", "duplicate", "conflict"]


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Service days of one inspector, both ends included."""

    inspector_id: UUID
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DutyInputs:
    """Everything that decides an inspector's windows on duty in the days asked for (and some around them)."""

    shifts: list[PlannedShift] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)


@dataclass(frozen=True, slots=True, order=True)
class GridAppointment:
    """A grid is the inspector's own during [start_ms, end_ms); `end_ms` None while it lasts."""

    start_ms: int
    end_ms: int | None
    grid_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class NewPress:
    """A press as ingest hands it over; `pressed_at` is corrected by the batch's clock offset."""

    id: UUID
    inspector_id: UUID
    device_id: UUID
    kind: Literal["on", "off"]
    pressed_at: datetime
    received_at: datetime


# Ingest asks this for every group of uploads, so the driver is asked directly and the database counts the
# milliseconds. An inspector may be asked for twice with different days, hence DISTINCT. The lower bound on
# starts_at keeps the b-tree usable: no shift is longer than 24 hours.
#
# It answers what the view `effective_shift` does. `effective_parts` is asked only for shifts that an absence or
# exemption overlaps; all others hold as planned, at the price of a plain read. The uncorrelated EXISTS spare
# them even the look at their areas.
SHIFTS = """
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%(inspectors)b::uuid[], %(since)b::timestamptz[], %(until)b::timestamptz[])
           AS asked(inspector_id, since, until)
), planned AS MATERIALIZED (
    SELECT DISTINCT s.inspector_id, s.id, s.starts_at, s.ends_at, s.service_day, s.kind
      FROM asked
      JOIN shift s ON s.county_code = %(county_code)b AND s.inspector_id = asked.inspector_id
           AND s.starts_at >= asked.since - interval '24 hours' AND s.starts_at < asked.until
           AND s.ends_at > asked.since AND s.cancelled_at IS NULL
), away AS MATERIALIZED (
    SELECT b.inspector_id, b.during
      FROM asked
      JOIN absence b ON b.county_code = %(county_code)b AND b.inspector_id = asked.inspector_id
           AND b.state = 'approved'
           AND b.during && tstzrange(asked.since - interval '24 hours', asked.until + interval '24 hours')
), exempted AS MATERIALIZED (
    SELECT e.area_id, e.during
      FROM exemption e
     WHERE e.cancelled_at IS NULL
       AND e.during && (SELECT tstzrange(min(since) - interval '24 hours', max(until) + interval '24 hours')
                          FROM asked)
), touched AS MATERIALIZED (
    SELECT p.id
      FROM planned p JOIN away b ON b.inspector_id = p.inspector_id
     WHERE EXISTS (SELECT FROM away) AND b.during && tstzrange(p.starts_at, p.ends_at)
    UNION
    SELECT p.id
      FROM planned p
      JOIN account a ON a.id = p.inspector_id
      JOIN area_closure c ON c.area_id = a.area_id
      JOIN exempted e ON e.area_id = c.ancestor_id
     WHERE EXISTS (SELECT FROM exempted) AND e.during && tstzrange(p.starts_at, p.ends_at)
)
SELECT h.inspector_id, (extract(epoch FROM h.starts_at) * 1000)::bigint,
       (extract(epoch FROM h.ends_at) * 1000)::bigint, h.service_day, h.kind, k.on_duty, h.id
  FROM (SELECT * FROM planned WHERE id NOT IN (SELECT id FROM touched)
        UNION ALL
        SELECT p.inspector_id, p.id, e.starts_at, e.ends_at, p.service_day, e.kind
          FROM touched t
          JOIN planned p ON p.id = t.id
          JOIN account a ON a.id = p.inspector_id
         CROSS JOIN LATERAL effective_parts(%(county_code)b, p.inspector_id, a.area_id, p.starts_at, p.ends_at,
                                            p.kind) e
         WHERE EXISTS (SELECT FROM touched)) h
  JOIN day_kind k ON k.code = h.kind
"""
PRESSES = """
SELECT DISTINCT p.inspector_id, (extract(epoch FROM p.pressed_at) * 1000)::bigint, p.kind
  FROM unnest(%(inspectors)b::uuid[], %(since)b::timestamptz[], %(until)b::timestamptz[])
       AS asked(inspector_id, since, until)
  JOIN duty_press p ON p.county_code = %(county_code)b AND p.inspector_id = asked.inspector_id
       AND p.pressed_at >= asked.since AND p.pressed_at < asked.until
"""
APPOINTMENTS = text("""
SELECT DISTINCT a.inspector_id, lower(a.valid) AS since, upper(a.valid) AS until, a.grid_id, a.role
  FROM unnest(cast(:inspectors AS uuid[]), cast(:since AS timestamptz[]), cast(:until AS timestamptz[]))
       AS asked(inspector_id, since, until)
  JOIN appointment a ON a.county_code = :county_code AND a.inspector_id = asked.inspector_id
       AND a.valid && tstzrange(asked.since, asked.until) AND a.cancelled_at IS NULL
""")
STORE_PRESSES = text("""
INSERT INTO duty_press (county_code, id, inspector_id, device_id, kind, pressed_at, received_at)
SELECT :county_code, * FROM unnest(
       cast(:ids AS uuid[]), cast(:inspectors AS uuid[]), cast(:devices AS uuid[]),
       cast(:kinds AS text[]), cast(:pressed AS timestamptz[]), cast(:received AS timestamptz[]))
ON CONFLICT (county_code, id) DO NOTHING
RETURNING id
""")
STORED_PRESSES = text("""
SELECT id, inspector_id, device_id, kind, pressed_at FROM duty_press
 WHERE county_code = :county_code AND id = ANY(cast(:ids AS uuid[]))
""")
# The rows are locked in the order of their key, as every writer of patrol_day does: no deadlocks.
MARK_CHANGED = text("""
UPDATE patrol_day d SET input_version = d.input_version + 1, pending = true
  FROM (SELECT service_day FROM patrol_day
         WHERE county_code = :county_code AND inspector_id = :inspector_id
           AND service_day <@ ANY(cast(:spans AS daterange[]))
         ORDER BY service_day FOR UPDATE) AS changed
 WHERE d.county_code = :county_code AND d.inspector_id = :inspector_id AND d.service_day = changed.service_day
RETURNING d.service_day
""")
MARK_AREA_CHANGED = text("""
UPDATE patrol_day d SET input_version = d.input_version + 1, pending = true
  FROM (SELECT p.county_code, p.inspector_id, p.service_day
          FROM area_closure c
          JOIN account a ON a.area_id = c.area_id
          JOIN patrol_day p ON p.county_code = a.county_code AND p.inspector_id = a.id
         WHERE c.ancestor_id = :area_id AND p.service_day BETWEEN :first AND :last
         ORDER BY p.county_code, p.inspector_id, p.service_day FOR UPDATE OF p) AS changed
 WHERE d.county_code = changed.county_code AND d.inspector_id = changed.inspector_id
   AND d.service_day = changed.service_day
""")


async def load_duty(
    session: AsyncSession, county_code: str, spans: Sequence[DaySpan], zone: ZoneInfo
) -> dict[UUID, DutyInputs]:
    """Shifts and presses that decide the windows of all `spans`; every inspector asked for has an entry."""
    asked = _asked(county_code, spans, zone, LOOK_AROUND)
    found: dict[UUID, DutyInputs] = {span.inspector_id: DutyInputs() for span in spans}
    connection = await driver_connection(session)
    for inspector_id, *shift in await (await connection.execute(SHIFTS, asked, binary=True)).fetchall():
        found[inspector_id].shifts.append(PlannedShift(*shift))
    for inspector_id, *press in await (await connection.execute(PRESSES, asked, binary=True)).fetchall():
        found[inspector_id].presses.append(Press(*press))
    return found


async def load_appointments(
    session: AsyncSession, county_code: str, spans: Sequence[DaySpan], zone: ZoneInfo
) -> dict[UUID, list[GridAppointment]]:
    """Own grids of all `spans` and a day around: night shifts and voluntary duty run over midnight."""
    found: dict[UUID, list[GridAppointment]] = {span.inspector_id: [] for span in spans}
    for row in await session.execute(APPOINTMENTS, _asked(county_code, spans, zone, timedelta(days=1))):
        until = to_ms(row.until) if row.until else None
        found[row.inspector_id].append(GridAppointment(to_ms(row.since), until, row.grid_id, row.role))
    for appointments in found.values():
        appointments.sort(key=lambda a: (a.start_ms, a.grid_id, a.role))
    return found


async def load_day_kinds(session: AsyncSession) -> dict[str, DayKindRule]:
    """What each kind of day means."""
    return {
        row.code: DayKindRule(row.prorate, row.on_duty, row.expects_presence, row.excuses)
        for row in await session.scalars(select(DayKind))
    }


async def store_presses(
    session: AsyncSession, county_code: str, presses: Sequence[NewPress]
) -> dict[UUID, PressResult]:
    """Stores presses, each once; the result by id. Same id, other content: `conflict`, nothing changes.

    Of two presses that are handed over with one id the first counts, and the result is about it.

    The caller bumps the days they touch, as for every other input (`patrol_day.input_version`).
    """
    if not presses:
        return {}
    first = {press.id: press for press in reversed(presses)}  # of two with one id the first counts
    rows = sorted(first.values(), key=lambda press: press.id)
    columns = {
        "county_code": county_code,
        "ids": [p.id for p in rows],
        "inspectors": [p.inspector_id for p in rows],
        "devices": [p.device_id for p in rows],
        "kinds": [p.kind for p in rows],
        "pressed": [p.pressed_at for p in rows],
        "received": [p.received_at for p in rows],
    }
    new = set((await session.execute(STORE_PRESSES, columns)).scalars())
    known = {row.id: row for row in await session.execute(STORED_PRESSES, columns)}
    return {p.id: "stored" if p.id in new else _compared(p, known[p.id]) for p in rows}


async def mark_changed(
    session: AsyncSession, county_code: str, inspector_id: UUID, days: Iterable[date]
) -> list[date]:
    """Has the patrol days that exist among `days` folded again; returns them.

    The table belongs to patrol, which lies above staffing; it is written here by plain SQL, because every
    input bumps `patrol_day.input_version` in its own transaction: a fold that ran before the commit is then
    known to be out of date. A day without a row has nothing to fold.
    """
    return await mark_changed_spans(session, county_code, inspector_id, [(day, day) for day in days])


async def mark_changed_spans(
    session: AsyncSession, county_code: str, inspector_id: UUID, spans: Iterable[Days]
) -> list[date]:
    """The same for stretches of days (first, last), both included; last None: without end."""
    ranges = [DateRange(first, last, bounds="[]" if last else "[)") for first, last in spans]
    if not ranges:
        return []
    bounds = {"county_code": county_code, "inspector_id": inspector_id, "spans": ranges}
    return sorted((await session.execute(MARK_CHANGED, bounds)).scalars())


async def mark_area_changed(session: AsyncSession, area_id: UUID, first: date, last: date) -> int:
    """The same for everybody in or below an area, `first` and `last` included; returns how many days."""
    result = await session.execute(MARK_AREA_CHANGED, {"area_id": area_id, "first": first, "last": last})
    return int(result.rowcount)  # type: ignore[attr-defined]


def _asked(
    county_code: str, spans: Sequence[DaySpan], zone: ZoneInfo, around: timedelta
) -> Mapping[str, Any]:
    return {
        "county_code": county_code,
        "inspectors": [span.inspector_id for span in spans],
        "since": [day_start(span.first, zone) - around for span in spans],
        "until": [day_start(span.last + timedelta(days=1), zone) + around for span in spans],
    }


def _compared(press: NewPress, stored: Any) -> PressResult:
    same = (stored.inspector_id, stored.device_id, stored.kind, stored.pressed_at) == (
        press.inspector_id,
        press.device_id,
        press.kind,
        press.pressed_at,
    )
    return "duplicate" if same else "conflict"
