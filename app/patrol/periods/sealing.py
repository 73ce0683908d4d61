"""Periods through their life: noted, over, sealed. What a sealed one says never changes again.

Open appeals don't hold a seal up: a decision that comes later is a later revision, listed beside the figures.
Days that are not judged yet do, for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.kit import events
from app.patrol.fold_store import note_absent
from app.patrol.periods.calendar import Kind, is_over, stretches
from app.patrol.periods.digests import snapshot_digest
from app.patrol.periods.figures import Span, area_rules, bounds
from app.patrol.periods.models import Period
from app.patrol.periods.problems import PeriodNotOver, PeriodNotSettled, PeriodSealed
from app.patrol.periods.rollup import COLUMNS, Level, county_sql

LEVELS: dict[Kind, tuple[Level, ...]] = {
    "day": ("county",),
    "week": ("county", "grid", "inspector"),
    "month": ("county", "grid", "inspector"),
}
"""What a snapshot holds; `county` stands for all area levels. A person's or a grid's day is its judgement."""
AREAS = text("SELECT id FROM area WHERE county_code = :county_code AND level <> 'city' ORDER BY id")
GRIDS = text("""
SELECT id FROM grid WHERE county_code = :county_code AND opened_on <= :last
   AND (retired_on IS NULL OR retired_on > :first) ORDER BY id
""")
# Tens of thousands of groups are counted in memory, not sorted on disk; for this transaction only.
MUCH_MEMORY = text("SET LOCAL work_mem = '64MB'")
WAITING = text("""
SELECT count(*) FROM (
    SELECT inspector_id, service_day FROM patrol_day
     WHERE pending AND county_code = :county_code AND service_day BETWEEN :first AND :last
    UNION
    SELECT inspector_id, service_day FROM day_figures
     WHERE status = 'provisional' AND county_code = :county_code AND service_day BETWEEN :first AND :last
) waiting
""")
# A rule that is being decided waits for the seal, or the seal for it: see `rules.service.set_value`.
HOLD_RULES = text("SELECT stamp FROM rule_book WHERE book = 'rules' FOR SHARE")
# Days are judged with instants of their own, a little ahead of the nightly job's: what the snapshot holds was judged
# before the seal, whatever the clocks say.
LAST_JUDGED = text("""
SELECT max(judged_at) FROM day_judgement
 WHERE county_code = :county_code AND service_day BETWEEN :first AND :last
""")
DECISIONS = text("""
SELECT inspector_id, service_day, decided_status FROM day_decision
 WHERE county_code = :county_code AND service_day BETWEEN :first AND :last ORDER BY service_day, inspector_id
""")


@dataclass(frozen=True, slots=True)
class Seal:
    """Who seals, and why before the time; both None for the nightly job."""

    actor: Actor
    reason: str | None


async def note_periods(session: AsyncSession, county_code: str, first: date, last: date) -> None:
    """Makes the periods that hold a day from `first` to `last`, those that are not there yet."""
    rows = [
        {
            "county_code": county_code,
            "id": stretch.id_in(county_code),
            "kind": stretch.kind,
            "first_day": stretch.first_day,
            "last_day": stretch.last_day,
            "status": "open",
        }
        for stretch in stretches(first, last)
    ]
    if rows:
        await session.execute(insert(Period).values(rows).on_conflict_do_nothing())


async def begin_closing(session: AsyncSession, county_code: str, today: date) -> int:
    """Periods that are over begin to close: appeals and late uploads still count. Returns how many."""
    begun = await session.scalars(
        update(Period)
        .where(Period.county_code == county_code, Period.status == "open", Period.last_day < today)
        .values(status="closing")
        .returning(Period.id)
    )
    return len(begun.all())


async def waiting_days(session: AsyncSession, period: Period) -> int:
    """Days of a period that are not judged yet, or whose inputs changed since."""
    asked = {"county_code": period.county_code, "first": period.first_day, "last": period.last_day}
    return int(await session.scalar(WAITING, asked) or 0)


async def seal(
    session: AsyncSession,
    by: Seal,
    county_code: str,
    period_id: UUID,
    *,
    now: datetime,
    zone: ZoneInfo,
    with_waiting: bool = False,
) -> Period:
    """Writes the snapshot of a period that is over, its digest and the event that names it.

    with_waiting: also while days still wait to be judged; their number is part of the document.
    Raises PeriodSealed, PeriodNotOver, PeriodNotSettled.
    """
    today = now.astimezone(zone).date()
    period = await session.scalar(
        select(Period).where(Period.county_code == county_code, Period.id == period_id).with_for_update()
    )
    assert period is not None  # noqa: S101 - the caller has read it, and periods are never deleted
    if period.sealed_at is not None:
        raise PeriodSealed(sealed_at=period.sealed_at.isoformat())
    if not is_over(period.last_day, today):
        raise PeriodNotOver(last_day=period.last_day.isoformat())
    await session.execute(HOLD_RULES)
    await note_absent(session, first=period.first_day, last=period.last_day, now=now, county_code=county_code)
    waiting = await waiting_days(session, period)
    if waiting and not with_waiting:
        raise PeriodNotSettled(waiting_days=waiting)
    # read before the figures: what is judged in between is listed as later, never silently taken as known
    sealed_at = max(now, await _last_judged(session, period) or now)
    await _write_snapshot(session, period, zone, with_planned=waiting > 0)
    await _close(session, period, by, waiting, sealed_at)
    return period


async def _last_judged(session: AsyncSession, period: Period) -> datetime | None:
    asked = {"county_code": period.county_code, "first": period.first_day, "last": period.last_day}
    found: datetime | None = await session.scalar(LAST_JUDGED, asked)
    return found


async def _write_snapshot(
    session: AsyncSession, period: Period, zone: ZoneInfo, *, with_planned: bool
) -> None:
    span = Span(period.county_code, period.first_day, period.last_day, period.last_day, period.id)
    kind: Kind = period.kind  # type: ignore[assignment]  # the database checks it
    select_, asked = await county_figures(session, span, LEVELS[kind], zone, with_planned=with_planned)
    await session.execute(text(f"INSERT INTO period_figures ({', '.join(COLUMNS)}) {select_}"), asked)


async def county_figures(
    session: AsyncSession, span: Span, levels: Sequence[Level], zone: ZoneInfo, *, with_planned: bool
) -> tuple[str, dict[str, Any]]:
    """The statement that computes all of a county's figures, and its parameters.

    Areas and grids are named, with or without days; of inspectors those that have days.
    """
    await session.execute(MUCH_MEMORY)
    county = {"county_code": span.county_code, "first": span.first, "last": span.last}
    asked = bounds(span, zone) | await area_rules(session, span.county_code, span.last_rules)
    asked["areas"] = list(await session.scalars(AREAS, county))
    if "grid" in levels:
        asked["grids"] = list(await session.scalars(GRIDS, county))
    return county_sql(levels, with_planned=with_planned), asked


async def _close(session: AsyncSession, period: Period, by: Seal, waiting: int, sealed_at: datetime) -> None:
    asked = {"county_code": period.county_code, "first": period.first_day, "last": period.last_day}
    decisions = (await session.execute(DECISIONS, asked)).all()
    document: dict[str, Any] = {
        "waiting_days": waiting,
        "decisions": [[str(d.inspector_id), d.service_day.isoformat(), d.decided_status] for d in decisions],
    }
    digest, rows = await snapshot_digest(
        session,
        period.county_code,
        period.id,
        period.kind,
        period.first_day,
        period.last_day,
        document,
    )
    period.status, period.sealed_at, period.digest, period.document = "sealed", sealed_at, digest, document
    period.sealed_by = None if by.actor.is_system else by.actor.account_id
    period.seal_reason = by.reason
    await events.record(
        session,
        by.actor.event_actor,
        "period.sealed",
        ("period", period.id),
        {
            "kind": period.kind,
            "first_day": period.first_day.isoformat(),
            "last_day": period.last_day.isoformat(),
            "rows": rows,
            "waiting_days": waiting,
            "digest": digest.hex(),
            "reason": by.reason,
        },
        county_code=period.county_code,
        now=sealed_at,
    )


def yesterday(now: datetime, zone: ZoneInfo) -> date:
    """The last day that is over."""
    return now.astimezone(zone).date() - timedelta(days=1)
