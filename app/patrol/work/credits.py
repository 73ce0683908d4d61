"""Crediting work to patrol days: an interval is an input like a fix, and has its days folded again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import to_ms
from app.rules import service as rules
from app.staffing.duty import duty_windows
from app.staffing.duty_rules import duty_rules
from app.staffing.inputs import DaySpan, load_duty

WorkKind = Literal["visit", "submission"]
LONGEST = timedelta(days=1)
"""No rule lets more of an interval count; the rest is not kept."""


@dataclass(frozen=True, slots=True)
class NewWork:
    """A proven visit or submission [started_at, ended_at), UTC, corrected by the clock offset of its sender.

    id: of the visit or submission; given again, it changes nothing.
    """

    county_code: str
    inspector_id: UUID
    id: UUID
    kind: WorkKind
    started_at: datetime
    ended_at: datetime


INSERT = text("""
INSERT INTO work_interval (county_code, inspector_id, service_day, id, kind, started_at, ended_at, credited_at)
SELECT c, i, d, w, k, s, e, :now
  FROM unnest(cast(:counties AS text[]), cast(:inspectors AS uuid[]), cast(:days AS date[]), cast(:ids AS uuid[]),
              cast(:kinds AS text[]), cast(:starts AS timestamptz[]), cast(:ends AS timestamptz[]))
       AS x(c, i, d, w, k, s, e)
 ORDER BY c, i, d, w
ON CONFLICT DO NOTHING
RETURNING county_code, inspector_id, id
""")
WITHDRAW = text("""
UPDATE work_interval w SET withdrawn_at = :now
  FROM unnest(cast(:counties AS text[]), cast(:inspectors AS uuid[]), cast(:days AS date[]), cast(:ids AS uuid[]))
       AS x(c, i, d, id)
 WHERE w.county_code = c AND w.inspector_id = i AND w.service_day = d AND w.id = x.id AND w.withdrawn_at IS NULL
RETURNING w.county_code, w.inspector_id, w.id
""")
PATHS = text("""
SELECT a.id, array_agg(c.ancestor_id ORDER BY c.depth) AS path
  FROM account a JOIN area_closure c ON c.area_id = a.area_id
 WHERE a.id = ANY(cast(:inspectors AS uuid[])) GROUP BY a.id
""")
# Rows in the order of their key, as every writer of patrol_day takes them. A day on duty without a row gets one;
# one without duty is touched only where it exists, for a shift may be entered at this very moment.
TOUCH = text("""
INSERT INTO patrol_day AS p (county_code, inspector_id, service_day, area_id, opened_at, input_version, pending)
SELECT c, i, d, a.area_id, :now, 1, true
  FROM unnest(cast(:counties AS text[]), cast(:inspectors AS uuid[]), cast(:days AS date[]),
              cast(:on_duty AS boolean[])) AS x(c, i, d, on_duty)
  JOIN account a ON a.id = i
 WHERE on_duty OR EXISTS (SELECT FROM patrol_day q
                           WHERE q.county_code = c AND q.inspector_id = i AND q.service_day = d)
 ORDER BY c, i, d
ON CONFLICT (county_code, inspector_id, service_day) DO UPDATE SET
    input_version = p.input_version + excluded.input_version, pending = true
""")


async def credit(session: AsyncSession, new: Sequence[NewWork], *, zone: ZoneInfo, now: datetime) -> None:
    """Credits intervals, each once, and has the patrol days they fall on folded again.

    What lies after `now` is cut off: nobody has worked there yet. An interval of no length counts for nothing.
    One that was withdrawn stays so.
    """
    kept = {(w.county_code, w.inspector_id, w.id): w for w in (_until(each, now) for each in new) if w}
    if kept:
        ids = (await session.execute(INSERT, _columns(list(kept.values()), zone) | {"now": now})).all()
        await _touch(session, [kept[tuple(row)] for row in ids], zone, now)


async def withdraw(session: AsyncSession, work: Sequence[NewWork], *, zone: ZoneInfo, now: datetime) -> None:
    """Takes credited intervals back, as they were credited; those that never were are left alone."""
    known = {(w.county_code, w.inspector_id, w.id): w for w in work}
    if known:
        asked = _columns(list(known.values()), zone) | {"now": now}
        asked = {name: asked[name] for name in ("counties", "inspectors", "days", "ids", "now")}
        ids = (await session.execute(WITHDRAW, asked)).all()
        await _touch(session, [known[tuple(row)] for row in ids], zone, now)


def _until(work: NewWork, now: datetime) -> NewWork | None:
    end = min(work.ended_at, now, work.started_at + LONGEST)
    if end <= work.started_at:
        return None
    return NewWork(work.county_code, work.inspector_id, work.id, work.kind, work.started_at, end)


def _day(work: NewWork, zone: ZoneInfo) -> date:
    return work.started_at.astimezone(zone).date()


def _columns(work: Sequence[NewWork], zone: ZoneInfo) -> dict[str, list[Any]]:
    return {
        "counties": [w.county_code for w in work],
        "inspectors": [w.inspector_id for w in work],
        "days": [_day(w, zone) for w in work],
        "ids": [w.id for w in work],
        "kinds": [w.kind for w in work],
        "starts": [w.started_at for w in work],
        "ends": [w.ended_at for w in work],
    }


async def _touch(session: AsyncSession, work: Sequence[NewWork], zone: ZoneInfo, now: datetime) -> None:
    """Raises the input version of the days whose duty the intervals overlap, and of the date they began on."""
    if not work:
        return
    days = {(w.county_code, w.inspector_id, _day(w, zone)): False for w in work}
    for key in await _days_on_duty(session, work, zone):
        days[key] = True
    ordered = sorted(days.items())
    await session.execute(
        TOUCH,
        {
            "counties": [key[0] for key, _ in ordered],
            "inspectors": [key[1] for key, _ in ordered],
            "days": [key[2] for key, _ in ordered],
            "on_duty": [on_duty for _, on_duty in ordered],
            "now": now,
        },
    )


async def _days_on_duty(
    session: AsyncSession, work: Sequence[NewWork], zone: ZoneInfo
) -> set[tuple[str, UUID, date]]:
    """The service days whose windows on duty the intervals overlap."""
    book = await rules.rule_book(session)
    inspectors = sorted({w.inspector_id for w in work})
    paths = {row.id: row.path for row in await session.execute(PATHS, {"inspectors": inspectors})}
    found: set[tuple[str, UUID, date]] = set()
    for county_code in sorted({w.county_code for w in work}):
        here = [w for w in work if w.county_code == county_code]
        spans = [DaySpan(w.inspector_id, _day(w, zone), w.ended_at.astimezone(zone).date()) for w in here]
        duty = await load_duty(session, county_code, spans, zone)
        for w in here:
            ruled = duty_rules(book.resolve(paths.get(w.inspector_id, ()), _day(w, zone)))
            inputs = duty[w.inspector_id]
            found |= {
                (county_code, w.inspector_id, window.service_day)
                for window in duty_windows(inputs.shifts, inputs.presses, ruled, zone)
                if window.start_ms < to_ms(w.ended_at) and window.end_ms > to_ms(w.started_at)
            }
    return found
