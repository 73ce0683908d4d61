"""The verbs of appeals: file, withdraw, decide, look at."""

import hashlib
from datetime import datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import area_path
from app.kit import events
from app.patrol.appeals import deadlines, queries, workflow
from app.patrol.appeals.models import Appeal
from app.patrol.appeals.problems import (
    AppealClosed,
    AppealDecidedAbove,
    AppealDiffers,
    AppealOpen,
    AppealTooLate,
    DayNotJudged,
    JudgementContestedBefore,
)
from app.patrol.appeals.queries import JudgedDay
from app.patrol.appeals.schemas import AppealCreate, DecisionCreate
from app.patrol.appeals.standing import appeal_rules
from app.patrol.problems import DayNotFound
from app.patrol.retention.locks import keep_purge_out
from app.rules import service as rules
from app.rules.calendar import load_calendar
from app.rules.catalogue.appeals import DECIDED_BY


async def file_appeal(
    session: AsyncSession, actor: Actor, body: AppealCreate, *, now: datetime, zone: ZoneInfo
) -> tuple[Appeal, bool]:
    """The appeal, and whether it was filed just now; the same id with the same content is filed once.

    The filing counts at `now`. One that was written in time without signal counts within the rule's grace.
    Raises DayNotFound, DayNotJudged, AppealTooLate, AppealDiffers, AppealOpen, JudgementContestedBefore.
    """
    if body.inspector_id not in (None, actor.account_id):
        raise DayNotFound
    await keep_purge_out(session, actor.county_code)
    # the day's lock makes two sendings at once one after the other
    if await queries.lock_day(session, actor.county_code, actor.account_id, body.service_day) is None:
        raise DayNotFound
    digest = _digest(actor, body)
    known = await queries.find_appeal(session, actor.county_code, body.appeal_id)
    if known is not None:
        if known.digest != digest:
            raise AppealDiffers(stored_digest=known.digest.hex(), sent_digest=digest.hex())
        return known, False
    judged = await queries.find_judgement(
        session, actor.county_code, actor.account_id, body.service_day, body.revision
    )
    if judged is None:
        raise DayNotJudged
    appeal = await _new_appeal(session, actor, body, judged, digest, now, zone)
    await _require_contestable(session, appeal)
    session.add(appeal)
    await _record(session, actor, "appeal.filed", appeal, _filed_facts(appeal), now)
    return appeal, True


async def withdraw_appeal(session: AsyncSession, actor: Actor, appeal_id: UUID, *, now: datetime) -> None:
    """The inspector takes his appeal back. Raises NotFound, AppealClosed."""
    appeal = await queries.get_locked(session, actor, appeal_id)
    _require_open(appeal)
    appeal.state, appeal.withdrawn_at = "withdrawn", now
    await _record(session, actor, "appeal.withdrawn", appeal, {}, now)


async def decide_appeal(
    session: AsyncSession, actor: Actor, appeal_id: UUID, body: DecisionCreate, *, now: datetime
) -> None:
    """Decides; the decision becomes the current one of its day, whatever revision it was about.

    Raises NotFound, AppealDecidedAbove, AppealClosed.
    """
    appeal = await queries.get_locked(session, actor, appeal_id)
    applied = await rules.resolve(session, await area_path(session, appeal.area_id), appeal.service_day)
    lowest = cast("workflow.Level", applied[DECIDED_BY])
    if not workflow.may_decide(actor.role, lowest) or actor.account_id == appeal.inspector_id:
        raise AppealDecidedAbove(lowest_level=lowest, lowest_level_label=workflow.LEVEL_LABELS[lowest])
    _require_open(appeal)
    await queries.take_over(session, appeal)
    appeal.state, appeal.decision, appeal.decided_status = "decided", body.decision, body.decided_status
    appeal.reason, appeal.decided_by, appeal.decided_at = body.reason, actor.account_id, now
    appeal.is_current = True
    facts = {
        "decision": body.decision,
        "decided_status": body.decided_status,
        "is_overdue": deadlines.is_overdue("filed", appeal.decide_by, now),
    }
    await _record(session, actor, "appeal.decided", appeal, facts, now)


async def get_appeal(
    session: AsyncSession, actor: Actor, appeal_id: UUID, *, now: datetime
) -> dict[str, Any]:
    """Everything `schemas.AppealDetailRead` promises. Another's leaves an event. Raises NotFound."""
    row = await queries.get_appeal(session, actor, appeal_id, now)
    if actor.account_id != row.inspector_id:
        await events.record(
            session,
            actor.event_actor,
            "track.viewed",
            ("inspector", row.inspector_id),
            {"service_day": row.service_day.isoformat(), "what": "appeal", "role": actor.role},
            county_code=row.county_code,
            now=now,
            area_id=row.area_id,
        )
    stands = await queries.get_standing(session, row.county_code, row.inspector_id, row.service_day)
    return dict(row._mapping) | {
        "contested": {
            "judged_at": row.judged_at,
            "figures": row.figures,
            "latest_revision": stands.revision,
            "latest_status": stands.judged_status,
            "standing_status": stands.status,
        }
    }


def _digest(actor: Actor, body: AppealCreate) -> bytes:
    """SHA-256 of what was sent, the sender included; a repetition has the same."""
    content = body.model_dump(mode="json") | {"inspector_id": str(actor.account_id)}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


async def _new_appeal(
    session: AsyncSession,
    actor: Actor,
    body: AppealCreate,
    judged: JudgedDay,
    digest: bytes,
    now: datetime,
    zone: ZoneInfo,
) -> Appeal:
    applied = await rules.resolve(session, judged.area_path, judged.judged_at.astimezone(zone).date())
    terms, calendar = appeal_rules(applied), await load_calendar(session, judged.area_path)
    file_by = deadlines.file_by(judged.judged_at, terms, calendar, zone)
    if not deadlines.is_in_time(now, body.written_at, file_by, terms.written_grace):
        raise AppealTooLate(file_by=file_by.astimezone(zone).isoformat())
    return Appeal(
        county_code=actor.county_code,
        id=body.appeal_id,
        digest=digest,
        inspector_id=actor.account_id,
        service_day=body.service_day,
        revision=judged.revision,
        area_id=judged.area_id,
        statement=body.statement,
        asked_status=body.asked_status,
        evidence=[str(each) for each in body.evidence],
        written_at=body.written_at,
        filed_at=now,
        file_by=file_by,
        decide_by=deadlines.decide_by(now, terms, calendar, zone),
        state="filed",
        is_current=False,
    )


async def _require_contestable(session: AsyncSession, appeal: Appeal) -> None:
    """Raises AppealOpen, JudgementContestedBefore. The database's constraints say the same, later."""
    for other in await queries.list_of_day(session, appeal):
        if other.state == "filed":
            raise AppealOpen
        if other.state == "decided" and other.revision == appeal.revision:
            raise JudgementContestedBefore


def _require_open(appeal: Appeal) -> None:
    if appeal.state not in workflow.OPEN:
        raise AppealClosed(current_state=appeal.state)


def _filed_facts(appeal: Appeal) -> dict[str, Any]:
    return {
        "asked_status": appeal.asked_status,
        "by_grace": appeal.filed_at > appeal.file_by,
        "file_by": appeal.file_by.isoformat(),
        "decide_by": appeal.decide_by.isoformat(),
    }


async def _record(
    session: AsyncSession, actor: Actor, type_: str, appeal: Appeal, facts: dict[str, Any], now: datetime
) -> None:
    about = {
        "inspector_id": str(appeal.inspector_id),
        "service_day": appeal.service_day.isoformat(),
        "revision": appeal.revision,
    }
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("appeal", appeal.id),
        about | facts,
        county_code=appeal.county_code,
        now=now,
        area_id=appeal.area_id,
    )
