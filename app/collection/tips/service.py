"""The verbs of tips: register, assign at the weekly meeting, enter."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments import queries as tasks
from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.schemas import TaskAssignment
from app.collection.assignments.service import assign_task
from app.collection.assignments.workflow import TaskKind
from app.collection.submissions.intake import take as take_submissions
from app.collection.tips import queries
from app.collection.tips.models import Tip
from app.collection.tips.problems import (
    TipEntryUnknown,
    TipForm,
    TipInspectorElsewhere,
    TipNotFound,
    TipStep,
    TipWithoutGrid,
)
from app.collection.tips.schemas import MeetingCreate, TipAssignment, TipCreate
from app.collection.tips.workflow import ASSIGNABLE, SOURCES, TipState
from app.exchange.items import Desk, Item
from app.exchange.receiving import receive
from app.identity.actor import Actor
from app.identity.scope import counties_of
from app.kit import events
from app.kit.problems import Problem


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of one assignment."""

    tip_id: UUID
    outcome: Literal["assigned", "unchanged", "refused"]
    task_id: UUID | None = None
    problem: Problem | None = None


async def register_tip(session: AsyncSession, desk: Desk, body: TipCreate) -> tuple[Tip, bool]:
    """The tip and whether it is new; its form is kept as a submission of the same id.

    Raises TipForm, NotFound (grid), ContentDiffers, and what the form refuses.
    """
    actor = desk.actor
    if body.item_code not in SOURCES:
        raise TipForm(allowed_items=sorted(SOURCES))
    area_id = actor.area_id
    if body.grid_id is not None:
        area_id = await tasks.grid_area(session, actor, body.grid_id)
    ((_, result),) = await receive(session, desk, [_document(body)], {"submission": take_submissions})
    if result.problem is not None:
        raise result.problem
    statement = (
        insert(Tip)
        .values(
            county_code=actor.county_code,
            id=body.id,
            area_id=area_id,
            grid_id=body.grid_id,
            item_code=body.item_code,
            state=TipState.WAITING,
            registered_by=actor.account_id,
            registered_at=desk.now,
            version=1,
        )
        .on_conflict_do_nothing(index_elements=["county_code", "id"])
        .returning(Tip.id)
    )
    is_new = await session.scalar(statement) is not None
    tip = await session.get_one(Tip, (actor.county_code, body.id))
    if is_new:
        await _record(session, actor, tip, "registered", {"item_code": tip.item_code}, desk.now)
    return tip, is_new


def _document(body: TipCreate) -> Item:
    content = body.model_dump(mode="json")
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    told = {name: content[name] for name in ("item_code", "form_version", "fields")}
    return Item(body.id, "submission", body.recorded_at, told, digest)


async def assign_tips(
    session: AsyncSession, actor: Actor, body: MeetingCreate, *, now: datetime, zone: ZoneInfo
) -> list[Assigned]:
    """Carries out what the meeting decided; what is refused costs its neighbours nothing.

    Raises TipNotFound when none of the tips is there.
    """
    tips = await queries.lock_visible(session, actor, [each.tip_id for each in body.assignments])
    if not tips:
        raise TipNotFound
    results = []
    for each in body.assignments:
        try:
            results.append(await _assign(session, actor, tips, each, body, now=now, zone=zone))
        except Problem as problem:
            results.append(Assigned(each.tip_id, "refused", problem=problem))
    return results


async def _assign(
    session: AsyncSession,
    actor: Actor,
    tips: Mapping[UUID, Tip],
    each: TipAssignment,
    body: MeetingCreate,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> Assigned:
    """Checks everything before it writes: a refusal leaves nothing behind."""
    tip = tips.get(each.tip_id)
    if tip is None:
        raise TipNotFound
    if tip.state not in ASSIGNABLE:
        raise TipStep(current_state=tip.state)
    grid_id = tip.grid_id or each.grid_id
    if grid_id is None:
        raise TipWithoutGrid
    area_id = await tasks.grid_area(session, actor, grid_id)
    if not await tasks.serves(session, tip.county_code, grid_id, each.inspector_id, now):
        raise TipInspectorElsewhere
    if tip.state == TipState.ASSIGNED and tip.inspector_id == each.inspector_id:
        return Assigned(tip.id, "unchanged", tip.task_id)
    if tip.task_id is None:
        new = NewTask(
            TaskKind.TIP,
            area_id,
            grid_id,
            "tip",
            tip.id,
            item_code=tip.item_code,
            inspector_id=each.inspector_id,
            note=each.note,
        )
        (tip.task_id,) = await open_tasks(session, actor, [new], now=now, zone=zone)
    else:
        await assign_task(
            session, actor, tip.task_id, TaskAssignment(inspector_id=each.inspector_id), now=now
        )
    tip.area_id, tip.grid_id = area_id, grid_id
    tip.state, tip.inspector_id, tip.meeting_on = TipState.ASSIGNED, each.inspector_id, body.meeting_on
    tip.version += 1
    facts = {"task_id": str(tip.task_id), "inspector_id": str(each.inspector_id)}
    await _record(session, actor, tip, "assigned", facts, now)
    return Assigned(tip.id, "assigned", tip.task_id)


async def enter_tip(
    session: AsyncSession, actor: Actor, tip_id: UUID, submission_id: UUID, *, now: datetime
) -> Tip:
    """The clerk entered what was verified; naming the same submission again changes nothing.

    Raises TipNotFound, TipStep, TipEntryUnknown.
    """
    tip = (await queries.lock_visible(session, actor, [tip_id])).get(tip_id)
    if tip is None:
        raise TipNotFound
    if tip.state == TipState.ENTERED and tip.entered_submission_id == submission_id:
        return tip
    if tip.state != TipState.VERIFIED:
        raise TipStep(current_state=tip.state)
    sent = (await tasks.submissions_named(session, await counties_of(session, actor), [submission_id])).get(
        submission_id
    )
    if sent is None or sent.id == tip.id or sent.state == "discarded":
        raise TipEntryUnknown
    tip.state, tip.entered_submission_id = TipState.ENTERED, submission_id
    tip.entered_by, tip.entered_at = actor.account_id, now
    tip.version += 1
    await _record(session, actor, tip, "entered", {"submission_id": str(submission_id)}, now)
    return tip


async def _record(
    session: AsyncSession, actor: Actor, tip: Tip, what: str, facts: Mapping[str, str], now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        f"tip.{what}",
        ("tip", tip.id),
        {**facts, "grid_id": str(tip.grid_id) if tip.grid_id else None},
        county_code=tip.county_code,
        area_id=tip.area_id,
        now=now,
    )
