"""Planning many shifts at once: one statement, an outcome for each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import area_path, visible_to
from app.kit import events
from app.kit.problems import NotFound, Problem
from app.rules import service as rules
from app.rules.calendar import load_calendar
from app.rules.catalogue.staffing import PLAN_ITEMS_MAX
from app.staffing import queries
from app.staffing.inputs import mark_changed
from app.staffing.planning.pattern import Pattern, PatternShift, lay_out
from app.staffing.planning.problems import PlanEmpty, PlanTooLarge
from app.staffing.problems import NotAnInspector, ShiftOverlaps, UnknownDayKind

Outcome = Literal["planned", "duplicate", "rejected"]


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of one shift; `problem` is the code of why not."""

    inspector_id: UUID
    shift: PatternShift
    outcome: Outcome
    shift_id: UUID | None
    problem: str | None


# Without a target ON CONFLICT also passes over overlaps (the exclusion constraint): one bad shift never costs
# its neighbours.
INSERT = text("""
INSERT INTO shift (county_code, id, inspector_id, service_day, starts_at, ends_at, kind, version)
SELECT x.*, 1
  FROM unnest(cast(:counties AS text[]), cast(:ids AS uuid[]), cast(:inspectors AS uuid[]), cast(:days AS date[]),
              cast(:starts AS timestamptz[]), cast(:ends AS timestamptz[]), cast(:kinds AS text[])) AS x
ON CONFLICT DO NOTHING
RETURNING id
""")
SAME = text("""
SELECT s.inspector_id, s.starts_at, s.id
  FROM unnest(cast(:counties AS text[]), cast(:inspectors AS uuid[]), cast(:starts AS timestamptz[]),
              cast(:ends AS timestamptz[]), cast(:kinds AS text[])) AS x(county, inspector, starts, ends, kind)
  JOIN shift s ON s.county_code = x.county AND s.inspector_id = x.inspector AND s.starts_at = x.starts
       AND s.ends_at = x.ends AND s.kind = x.kind AND s.cancelled_at IS NULL
""")


async def plan_roster(
    session: AsyncSession,
    actor: Actor,
    inspector_ids: Sequence[UUID],
    pattern: Pattern,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> list[Planned]:
    """Plans the pattern for each inspector by the working calendar of his area; asking again changes nothing.

    Raises NotFound when none of the inspectors is the actor's, UnknownDayKind, PlanTooLarge, PlanEmpty; all
    else is the outcome of an item.
    """
    for kind in {s.kind for s in pattern.sessions}:
        if not await queries.has_day_kind(session, kind):
            raise UnknownDayKind
    asked = list(dict.fromkeys(inspector_ids))
    await _require_bounded(session, actor, len(asked) * pattern.days * len(pattern.sessions), zone, now)
    accounts = await _visible_accounts(session, actor, asked)
    if not accounts:
        raise NotFound
    works = await _working_days(session, {a.area_id for a in accounts.values()} | {actor.area_id})
    laid = {
        each: lay_out(pattern, works[accounts[each].area_id if each in accounts else actor.area_id], zone)
        for each in asked
    }
    if not any(laid.values()):
        raise PlanEmpty
    refused = {each: problem for each in asked if (problem := _refusal(accounts.get(each)))}
    wanted = [(accounts[each], shift) for each in asked if each not in refused for shift in laid[each]]
    outcomes = await _store(session, wanted)
    await _tell(session, actor, accounts, outcomes, now)
    return [
        outcomes[each, shift]
        if each not in refused
        else Planned(each, shift, "rejected", None, refused[each].code)
        for each in asked
        for shift in laid[each]
    ]


async def _require_bounded(
    session: AsyncSession, actor: Actor, asked: int, zone: ZoneInfo, now: datetime
) -> None:
    applied = await rules.resolve(
        session, await area_path(session, actor.area_id), now.astimezone(zone).date()
    )
    if asked > applied[PLAN_ITEMS_MAX]:
        raise PlanTooLarge(most=applied[PLAN_ITEMS_MAX], asked=asked)


async def _visible_accounts(session: AsyncSession, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Account]:
    rows = await session.scalars(select(Account).where(Account.id.in_(ids), visible_to(actor, Account)))
    return {row.id: row for row in rows}


async def _working_days(session: AsyncSession, areas: Iterable[UUID]) -> dict[UUID, Callable[[date], bool]]:
    found: dict[UUID, Callable[[date], bool]] = {}
    for area_id in areas:
        calendar = await load_calendar(session, await area_path(session, area_id))
        found[area_id] = lambda day, calendar=calendar: calendar.day(day).works  # type: ignore[misc]
    return found


def _refusal(account: Account | None) -> type[Problem] | None:
    if account is None:
        return NotFound
    return None if account.role == Role.INSPECTOR else NotAnInspector


async def _store(
    session: AsyncSession, wanted: Sequence[tuple[Account, PatternShift]]
) -> dict[tuple[UUID, PatternShift], Planned]:
    """Stores what fits, sorted by key against deadlocks; the outcome of each."""
    rows = sorted(((a.county_code, a.id, shift, uuid7()) for a, shift in wanted), key=lambda r: r[:3])
    columns: dict[str, list[Any]] = {
        "counties": [r[0] for r in rows],
        "inspectors": [r[1] for r in rows],
        "ids": [r[3] for r in rows],
        "days": [r[2].service_day for r in rows],
        "starts": [r[2].starts_at for r in rows],
        "ends": [r[2].ends_at for r in rows],
        "kinds": [r[2].kind for r in rows],
    }
    new = set((await session.execute(INSERT, columns)).scalars())
    same = {(r.inspector_id, r.starts_at): r.id for r in await session.execute(SAME, columns)}
    found: dict[tuple[UUID, PatternShift], Planned] = {}
    for _, inspector_id, shift, shift_id in rows:
        known = same.get((inspector_id, shift.starts_at))
        if shift_id in new:
            outcome = Planned(inspector_id, shift, "planned", shift_id, None)
        elif known is not None:
            outcome = Planned(inspector_id, shift, "duplicate", known, None)
        else:
            outcome = Planned(inspector_id, shift, "rejected", None, ShiftOverlaps.code)
        found.setdefault((inspector_id, shift), outcome)
    return found


async def _tell(
    session: AsyncSession,
    actor: Actor,
    accounts: Mapping[UUID, Account],
    outcomes: Mapping[tuple[UUID, PatternShift], Planned],
    now: datetime,
) -> None:
    """One event for each inspector with new shifts; the days they touch are folded again."""
    new: dict[UUID, list[Planned]] = {}
    for outcome in outcomes.values():
        if outcome.outcome == "planned":
            new.setdefault(outcome.inspector_id, []).append(outcome)
    for inspector_id in sorted(new):
        account = accounts[inspector_id]
        days = {each.shift.service_day for each in new[inspector_id]}
        around = {day + timedelta(days=n) for day in days for n in (-1, 0, 1)}
        await mark_changed(session, account.county_code, inspector_id, around)
        await events.record(
            session,
            actor.event_actor,
            "roster.planned",
            ("inspector", inspector_id),
            {
                "days": sorted(day.isoformat() for day in days),
                "shifts": [str(each.shift_id) for each in new[inspector_id]],
            },
            county_code=account.county_code,
            area_id=account.area_id,
            now=now,
        )
