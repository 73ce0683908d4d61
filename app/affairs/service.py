"""The verbs of affairs: propose, and every step of the workflow."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.affairs import queries, workflow
from app.affairs.models import Affair, AffairItem
from app.affairs.problems import (
    AffairAreaTooWide,
    AffairItemUnknown,
    AffairOver,
    AffairSecondPerson,
    AffairStepNotAllowed,
    AffairTooLong,
)
from app.affairs.refusals import refuse
from app.affairs.schemas import AffairCreate
from app.affairs.workflow import Action, Kind, State, Transition
from app.areas.models import Area
from app.identity.actor import Actor
from app.identity.scope import area_path, require_area
from app.kit import events
from app.kit.clock import day_start
from app.kit.db import Database
from app.kit.events import EventActor, NewEvent
from app.rules import service as rules
from app.rules.catalogue.collection import SECOND_PERSON, TEMPORARY_MAX_DAYS

Write = Callable[[Affair], None]


async def propose_affair(
    session: AsyncSession, actor: Actor, body: AffairCreate, *, zone: ZoneInfo, now: datetime
) -> UUID:
    """Writes a proposal and returns its id.

    Raises NotFound, AffairAreaTooWide, AffairTooLong, AffairOver, AffairItemUnknown; by constraint AffairCodeTaken.
    """
    await require_area(session, actor, body.area_id)
    area = await session.get_one(Area, body.area_id)
    today = now.astimezone(zone).date()
    await _require_fitting(session, body, area, today)
    items = await queries.find_items(session, area.county_code, body.item_codes)
    unknown = sorted(set(body.item_codes) - items.keys())
    if unknown:
        raise AffairItemUnknown(item_codes=unknown)
    affair = Affair(
        **body.model_dump(exclude={"item_codes"}),
        county_code=area.county_code,
        id=uuid7(),
        state="proposed",
        proposed_by=actor.account_id,
        proposer_role=actor.role,
        proposer_area_id=actor.area_id,
        proposed_at=now,
    )
    session.add(affair)
    await session.flush()  # the items' rows name it
    if items:
        key = {"county_code": affair.county_code, "affair_id": affair.id}
        await session.execute(insert(AffairItem), [key | {"item_id": each} for each in items.values()])
    await _record(session, actor.event_actor, affair, "proposed", {"item_codes": sorted(items)}, now)
    return affair.id


async def approve_affair(
    session: AsyncSession, actor: Actor, affair_id: UUID, *, database: Database, zone: ZoneInfo, now: datetime
) -> None:
    """Agrees to a proposal; it still waits for its filing. Raises as `_step` does."""

    def write(affair: Affair) -> None:
        affair.approved_by, affair.approved_at = actor.account_id, now

    await _step(session, actor, affair_id, Action.APPROVE, write, database=database, zone=zone, now=now)


async def file_affair(
    session: AsyncSession,
    actor: Actor,
    affair_id: UUID,
    filed_no: str,
    *,
    database: Database,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Files it: it is in force from its first day, or from today. Raises as `_step` does, and AffairOver."""

    def write(affair: Affair) -> None:
        today = now.astimezone(zone).date()
        if affair.ends_on is not None and affair.ends_on < today:
            raise AffairOver
        affair.filed_no, affair.filed_by, affair.filed_at = filed_no, actor.account_id, now
        affair.in_force_from = day_start(max(affair.starts_on, today), zone)
        if affair.ends_on is not None:
            affair.in_force_until = day_start(affair.ends_on + timedelta(days=1), zone)

    affair = await _step(session, actor, affair_id, Action.FILE, write, database=database, zone=zone, now=now)
    await _tell_items(session, actor.event_actor, affair, "item.admitted", now)


async def reject_affair(
    session: AsyncSession,
    actor: Actor,
    affair_id: UUID,
    reason: str,
    *,
    database: Database,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Refuses a proposal or its filing. Raises as `_step` does."""
    write = _closing(actor, reason, now)
    await _step(session, actor, affair_id, Action.REJECT, write, database=database, zone=zone, now=now)


async def withdraw_affair(
    session: AsyncSession, actor: Actor, affair_id: UUID, *, database: Database, zone: ZoneInfo, now: datetime
) -> None:
    """The body that proposed it takes it back. Raises as `_step` does."""
    write = _closing(actor, None, now)
    await _step(session, actor, affair_id, Action.WITHDRAW, write, database=database, zone=zone, now=now)


async def end_affair(
    session: AsyncSession,
    actor: Actor,
    affair_id: UUID,
    reason: str,
    *,
    database: Database,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Ends an admitted affair now; what was recorded before still counts. Raises as `_step` does."""

    def write(affair: Affair) -> None:
        _closing(actor, reason, now)(affair)
        # an affair filed ahead and ended before its first day was never in force
        affair.in_force_until = max(now, affair.in_force_from or now)

    affair = await _step(session, actor, affair_id, Action.END, write, database=database, zone=zone, now=now)
    await _tell_items(session, actor.event_actor, affair, "item.admission_ended", now)


async def end_what_is_over(session: AsyncSession, *, now: datetime) -> int:
    """Notes the end of affairs whose last day has passed; returns how many. Nothing else depends on it."""
    over = await queries.list_over(session, now)
    for affair in over:
        affair.state, affair.closed_at = "ended", affair.in_force_until
        await _record(session, events.SYSTEM, affair, "ended", {"by_itself": True}, now)
        await _tell_items(session, events.SYSTEM, affair, "item.admission_ended", now)
    return len(over)


async def get_affair(
    session: AsyncSession, actor: Actor, affair_id: UUID, *, now: datetime
) -> dict[str, Any]:
    """Everything `schemas.AffairRead` promises. Raises NotFound."""
    return shown(await queries.get_affair(session, actor, affair_id, now), actor)


def shown(row: Any, actor: Actor) -> dict[str, Any]:
    """A read row with what the actor can do with it."""
    return dict(row._mapping) | {
        "item_codes": sorted(row.item_codes),
        "allowed_actions": workflow.actions_of(row.kind, row.state, actor.role),
    }


async def _step(
    session: AsyncSession,
    actor: Actor,
    affair_id: UUID,
    action: Action,
    write: Write,
    *,
    database: Database,
    zone: ZoneInfo,
    now: datetime,
) -> Affair:
    """Takes one step of the workflow under the row's lock, and records it.

    Raises NotFound, AffairStepNotAllowed, AffairSecondPerson; AffairNotYours, which leaves an event although
    nothing else is stored.
    """
    affair, is_inside = await queries.get_locked(session, actor, affair_id)
    kind = cast("Kind", affair.kind)
    state = workflow.state_at(cast("State", affair.state), affair.in_force_until, now)
    transition = workflow.find(kind, state, action)
    is_theirs = transition is None or _is_theirs(actor, affair, action, transition)
    if not (is_inside and is_theirs and workflow.may_ever(actor.role, action)):
        await refuse(session, database, actor, affair, action, now=now)
    if transition is None:
        raise AffairStepNotAllowed(
            current_state=state, allowed_actions=workflow.actions_of(kind, state, actor.role)
        )
    await _require_second_person(session, actor, affair, action, now.astimezone(zone).date())
    write(affair)
    affair.state = transition.to
    await _record(session, actor.event_actor, affair, transition.event, {}, now)
    return affair


def _is_theirs(actor: Actor, affair: Affair, action: Action, transition: Transition) -> bool:
    if action in workflow.OWN and (actor.role, actor.area_id) != (
        affair.proposer_role,
        affair.proposer_area_id,
    ):
        return False
    return actor.role in transition.roles


async def _require_second_person(
    session: AsyncSession, actor: Actor, affair: Affair, action: Action, today: date
) -> None:
    if action not in workflow.DECIDING or actor.account_id != affair.proposed_by:
        return
    applied = await rules.resolve(session, await area_path(session, affair.area_id), today)
    if applied[SECOND_PERSON]:
        raise AffairSecondPerson


async def _require_fitting(session: AsyncSession, body: AffairCreate, area: Area, today: date) -> None:
    if body.ends_on is not None and body.ends_on < today:
        raise AffairOver
    if body.kind != "temporary" or body.ends_on is None:
        return
    if area.level not in ("township", "community"):
        raise AffairAreaTooWide
    applied = await rules.resolve(session, await area_path(session, area.id), today)
    if (body.ends_on - body.starts_on).days >= applied[TEMPORARY_MAX_DAYS]:
        raise AffairTooLong(max_days=applied[TEMPORARY_MAX_DAYS])


def _closing(actor: Actor, reason: str | None, now: datetime) -> Write:
    def write(affair: Affair) -> None:
        affair.closed_by, affair.closed_at, affair.close_reason = actor.account_id, now, reason

    return write


async def _record(
    session: AsyncSession,
    by: EventActor,
    affair: Affair,
    participle: str,
    more: dict[str, Any],
    now: datetime,
) -> None:
    await events.record(
        session,
        by,
        f"affair.{participle}",
        ("affair", affair.id),
        {"code": affair.code, "kind": affair.kind, "platform": affair.platform, **more},
        county_code=affair.county_code,
        area_id=affair.area_id,
        now=now,
    )


async def _tell_items(
    session: AsyncSession, by: EventActor, affair: Affair, type_: str, now: datetime
) -> None:
    """Handhelds follow items, not affairs: each item whose admission changed has an event of its own."""
    items = await queries.list_items_of(session, affair)
    await queries.touch_items(session, items)
    new = [NewEvent(type_, ("item", item), {"affair_id": str(affair.id)}, affair.area_id) for item in items]
    await events.record_many(session, by, new, county_code=affair.county_code, now=now)
