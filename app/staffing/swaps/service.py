"""Exchanging grids, and undoing that before it begins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import area_path
from app.kit import events
from app.rules import service as rules
from app.rules.catalogue.staffing import SWAP_LONGEST_D
from app.staffing.away import bounds_of
from app.staffing.gaps import Span
from app.staffing.inputs import mark_changed_spans
from app.staffing.models import Appointment
from app.staffing.queries import get_inspector
from app.staffing.roster_models import GridSwap
from app.staffing.swaps import queries
from app.staffing.swaps.exchange import Exchange, Term, exchange
from app.staffing.swaps.problems import (
    GridLeftEmpty,
    NothingToSwap,
    SwapBegun,
    SwapChanged,
    SwapIdReused,
    SwapOfOneself,
    SwapTime,
)
from app.staffing.swaps.schemas import SwapCreate
from app.staffing.unserved import UnservedGrid, list_away, list_unserved


async def swap_grids(
    session: AsyncSession, actor: Actor, body: SwapCreate, *, zone: ZoneInfo, now: datetime
) -> GridSwap:
    """Exchanges grids or has one inspector take over the other's; the same id again changes nothing.

    Raises NotFound, NotAnInspector, SwapOfOneself, SwapTime, SwapIdReused, NothingToSwap, GridLeftEmpty.
    """
    inspector = await get_inspector(session, actor, body.inspector_id)
    other = await get_inspector(session, actor, body.other_id)
    if inspector.id == other.id or inspector.county_code != other.county_code:
        raise SwapOfOneself
    stretch = Span(body.starts_at, body.ends_at)
    await _require_length(session, inspector, stretch, zone, now)
    swap, is_new = await _store(session, actor, inspector.county_code, body, now)
    if not is_new:
        return swap
    rows = await queries.lock_terms(session, swap.county_code, (inspector.id, other.id), stretch)
    holders = sorted({row.inspector_id for row in rows} | {other.id})
    away = await list_away(session, swap.county_code, holders, stretch)
    plan = exchange(body.mode, (inspector.id, other.id), stretch, [_term(row) for row in rows], away)
    if not plan.cuts:
        raise NothingToSwap
    grids = sorted({cut.term.grid_id for cut in plan.cuts})
    codes = await queries.get_grid_codes(session, actor, swap.county_code, grids)
    if plan.left_empty:
        raise _left_empty(plan, codes, zone)
    await _apply(session, swap, {row.id: row for row in rows}, plan, now)
    await _tell(session, actor, swap, "swap.made", grids, inspector.area_id, zone, now)
    return swap


async def undo_swap(
    session: AsyncSession, actor: Actor, swap_id: UUID, *, zone: ZoneInfo, now: datetime
) -> GridSwap:
    """Puts the appointments back as they were; undoing again changes nothing.

    Raises NotFound, SwapBegun, SwapChanged.
    """
    swap = await queries.get_swap(session, actor, swap_id)
    if swap.undone_at is not None:
        return swap
    starts_at, _ = bounds_of(swap.during)
    if starts_at <= now:
        raise SwapBegun(starts_at=starts_at.isoformat())
    grids = await _restore(session, swap, now)
    swap.undone_at, swap.undone_by = now, actor.account_id
    area_id = (await session.get_one(Account, swap.inspector_id)).area_id
    await _tell(session, actor, swap, "swap.undone", grids, area_id, zone, now)
    return swap


async def list_left_unserved(session: AsyncSession, swap: GridSwap) -> list[UnservedGrid]:
    """The grids of an undone swap that nobody serves meanwhile, as things stand: who has them back may be away."""
    keys = [UUID(each["id"]) for each in swap.replaced]
    went_back = select(Appointment.grid_id).where(
        Appointment.county_code == swap.county_code, Appointment.id.in_(keys)
    )
    grids = frozenset(await session.scalars(went_back))
    pair = (swap.inspector_id, swap.other_id)
    return await list_unserved(session, swap.county_code, pair, swap.during, grids=grids)


async def _require_length(
    session: AsyncSession, inspector: Account, stretch: Span, zone: ZoneInfo, now: datetime
) -> None:
    day = now.astimezone(zone).date()
    applied = await rules.resolve(session, await area_path(session, inspector.area_id), day)
    longest = applied[SWAP_LONGEST_D]
    if not timedelta(0) < stretch.end - stretch.start <= timedelta(days=longest):
        raise SwapTime(longest_days=longest)


async def _store(
    session: AsyncSession, actor: Actor, county_code: str, body: SwapCreate, now: datetime
) -> tuple[GridSwap, bool]:
    """The swap with this id, and whether it is new."""
    sent = {
        "mode": body.mode,
        "inspector_id": body.inspector_id,
        "other_id": body.other_id,
        "during": Range(body.starts_at, body.ends_at),
        "reason": body.reason,
    }
    values = sent | {
        "county_code": county_code,
        "id": body.id,
        "replaced": [],
        "made": [],
        "created_by": actor.account_id,
        "created_at": now,
    }
    keyed = ["county_code", "id"]
    statement = insert(GridSwap).values(values).on_conflict_do_nothing(index_elements=keyed)
    is_new = await session.scalar(statement.returning(GridSwap.id)) is not None
    swap = await session.get_one(GridSwap, (county_code, body.id), with_for_update=True)
    if any(getattr(swap, name) != value for name, value in sent.items()):
        raise SwapIdReused
    return swap, is_new


async def _apply(
    session: AsyncSession,
    swap: GridSwap,
    rows: dict[UUID, Appointment],
    plan: Exchange,
    now: datetime,
) -> None:
    replaced: list[dict[str, Any]] = []
    for cut in plan.cuts:
        row = rows[cut.term.id]
        replaced.append(swap_record(row))
        row.version += 1
        if cut.end is None:
            row.cancelled_at = now
        else:
            row.valid = Range(row.valid.lower, cut.end)
    await session.flush()  # the time is free before others are appointed
    made = [
        Appointment(
            county_code=swap.county_code,
            id=uuid7(),
            inspector_id=new.holder,
            grid_id=new.grid_id,
            role=new.role,
            valid=Range(new.start, new.end),
            document_no=rows[new.source].document_no,
            version=1,
        )
        for new in plan.made
    ]
    session.add_all(made)
    swap.replaced, swap.made = replaced, [row.id for row in made]
    await session.flush()  # a clash is refused before patrol days are locked


async def _restore(session: AsyncSession, swap: GridSwap, now: datetime) -> list[UUID]:
    """Takes back what `_apply` did; the grids concerned. Raises SwapChanged."""
    made = [
        await session.get_one(Appointment, (swap.county_code, each), with_for_update=True)
        for each in sorted(swap.made)
    ]
    cut = [
        (await session.get_one(Appointment, (swap.county_code, UUID(each["id"])), with_for_update=True), each)
        for each in sorted(swap.replaced, key=lambda each: each["id"])
    ]
    untouched = all(row.version == 1 and row.cancelled_at is None for row in made)
    if not untouched or any(row.version != before["version"] + 1 for row, before in cut):
        raise SwapChanged
    for row in made:
        row.cancelled_at, row.version = now, row.version + 1
    await session.flush()  # their time is free before the old terms get it back
    for row, before in cut:
        end = datetime.fromisoformat(before["valid_to"]) if before["valid_to"] else None
        row.valid = Range(datetime.fromisoformat(before["valid_from"]), end)
        row.cancelled_at, row.version = None, row.version + 1
    await session.flush()  # before patrol days are locked
    return sorted({row.grid_id for row, _ in cut})


def swap_record(row: Appointment) -> dict[str, Any]:
    """An appointment as it was before the swap, for `grid_swap.replaced`."""
    since, until = row.valid.lower, row.valid.upper
    return {
        "id": str(row.id),
        "version": row.version,
        "valid_from": since.isoformat() if since else None,
        "valid_to": until.isoformat() if until else None,
    }


def _term(row: Appointment) -> Term:
    since = row.valid.lower
    assert since is not None  # noqa: S101 - ck_appointment_valid
    return Term(row.id, row.inspector_id, row.grid_id, row.role, since, row.valid.upper)


def _left_empty(plan: Exchange, codes: dict[UUID, str], zone: ZoneInfo) -> GridLeftEmpty:
    gaps = [
        {
            "grid_id": str(grid_id),
            "grid_code": codes[grid_id],
            "starts_at": gap.start.isoformat(),
            "ends_at": gap.end.isoformat(),
        }
        for grid_id, gap in plan.left_empty
    ]
    said = "; ".join(
        f"{codes[grid_id]} {gap.start.astimezone(zone):%Y-%m-%d %H:%M} - {gap.end.astimezone(zone):%m-%d %H:%M}"
        for grid_id, gap in plan.left_empty
    )
    return GridLeftEmpty(said=said, gaps=gaps)


async def _tell(
    session: AsyncSession,
    actor: Actor,
    swap: GridSwap,
    type_: str,
    grids: Sequence[UUID],
    area_id: UUID,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    begins, ends = bounds_of(swap.during)
    # from the day before, because a night shift that began then may run into it
    days = (begins.astimezone(zone).date() - timedelta(days=1), ends.astimezone(zone).date())
    for inspector_id in sorted((swap.inspector_id, swap.other_id)):
        await mark_changed_spans(session, swap.county_code, inspector_id, [days])
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("swap", swap.id),
        {
            "mode": swap.mode,
            "inspector_id": str(swap.inspector_id),
            "other_id": str(swap.other_id),
            "starts_at": begins.isoformat(),
            "ends_at": ends.isoformat(),
            "grids": [str(each) for each in grids],
            "appointments_made": [str(each) for each in swap.made],
            "appointments_cut": [each["id"] for each in swap.replaced],
            "reason": swap.reason,
        },
        county_code=swap.county_code,
        area_id=area_id,
        now=now,
    )
