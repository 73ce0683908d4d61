"""The verbs of submissions: post, look at, review, discard, rebase."""

import calendar
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.usable import load_offer
from app.collection.subjects.changing import mask
from app.collection.submissions import grading, known, places, queries, sealing, workflow
from app.collection.submissions.application import Outcome
from app.collection.submissions.arrivals import held_candidates
from app.collection.submissions.intake import KIND, take
from app.collection.submissions.models import Submission
from app.collection.submissions.news import submission_event
from app.collection.submissions.problems import NotHeld, OwnSubmission, RebaseRefused, ReviewStep
from app.collection.submissions.schemas import RebaseCreate, ReviewCreate, SubmissionCreate
from app.collection.submissions.settling import settle
from app.collection.submissions.workflow import Step
from app.collection.submissions.writing import write
from app.exchange.items import Desk, Item, Result
from app.exchange.receiving import receive
from app.identity.actor import Actor
from app.identity.scope import area_path, require_area
from app.kit import events
from app.kit.clock import day_start
from app.kit.crypto import Vault
from app.kit.problems import Problem
from app.rules import service as rules
from app.rules.catalogue.submissions import PROMPT_H
from app.uploads.attachments import missing_of


async def post(session: AsyncSession, desk: Desk, body: SubmissionCreate) -> Result:
    """Takes one record through the same door as a handheld's push; a refusal is the result's problem."""
    content = body.model_dump(mode="json", exclude_unset=True)
    digest = sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    told = {name: value for name, value in content.items() if name not in ("id", "recorded_at")}
    item = Item(body.id, KIND, body.recorded_at, told, digest)
    ((_, result),) = await receive(session, desk, [item], {KIND: take})
    return result


async def get_submission(
    session: AsyncSession, actor: Actor, submission_id: UUID, *, vault: Vault
) -> dict[str, Any]:
    """Everything `schemas.SubmissionDetailRead` promises. Raises NotFound."""
    row = await queries.get_submission(session, actor, submission_id)
    missing = await missing_of(session, row.county_code, KIND, [row.id])
    return dict(row._mapping) | {
        "fields": await _masked(session, row, vault),
        "missing_uploads": missing.get(row.id, []),
        "open_conflicts": await queries.open_conflicts(session, row.county_code, row.id),
        "allowed_actions": workflow.allowed(row.review_state) if actor.role in workflow.REVIEWERS else [],
    }


async def _masked(session: AsyncSession, row: Any, vault: Vault) -> dict[str, Any]:
    """What was sent, as everybody in scope may see it."""
    offer = await load_offer(session, row.county_code, {row.item_code})
    form = offer.any_form(row.item_code, row.form_version, at=row.received_at)
    values = sealing.opened(vault, row.fields, row.sealed, row.id)
    shown = {}
    for name, value in values.items():
        declared = form.fields.get(name) if form is not None else None
        if name in row.fields or value is None:
            shown[name] = value
        elif declared is not None and declared.personal is not None and not declared.sensitive:
            shown[name] = mask(declared.personal, value)
    return shown


async def quality_of(
    session: AsyncSession, actor: Actor, submission_id: UUID, *, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """Everything `schemas.QualityRead` promises: freshness counts from the subject's last confirmation."""
    row = await queries.get_submission(session, actor, submission_id)
    ruled = await rules.resolve(session, await area_path(session, row.area_id), places.day_of(now, zone))
    fresh_at = await queries.fresh_at(session, row.county_code, row.subject_id) or row.recorded_at
    parts, score = grading.read_now(row.quality, grading.weights_of(ruled), fresh_at, now)
    total = sum(part.weight for part in parts) or 1
    return {
        "id": row.id,
        "score": score if row.quality else None,
        "score_when_received": row.quality_score,
        "fresh_at": fresh_at,
        "entry_lag_s": row.entry_lag_s,
        "is_prompt": row.entry_lag_s <= ruled[PROMPT_H] * 3600,
        "parts": [
            {
                "name": part.name,
                "share": round(part.share, 3),
                "weight": part.weight,
                "points": round(100 * part.share * part.weight / total, 1),
                "detail": list(part.detail),
            }
            for part in parts
        ],
    }


async def area_quality(
    session: AsyncSession, actor: Actor, area_id: UUID, month: date, *, zone: ZoneInfo
) -> dict[str, Any]:
    """Everything `schemas.CollectionQualityRead` promises. month: its first day. Raises NotFound."""
    await require_area(session, actor, area_id)
    ruled = await rules.resolve(session, await area_path(session, area_id), month)
    prompt_h = ruled[PROMPT_H]
    _, days = calendar.monthrange(month.year, month.month)
    following = date.fromordinal(month.toordinal() + days)
    figures = await queries.month_figures(
        session, area_id, day_start(month, zone), day_start(following, zone), prompt_h * 3600
    )
    count = figures["submissions"]
    return figures | {
        "area_id": area_id,
        "month": month.strftime("%Y-%m"),
        "first_day": month,
        "prompt_h": prompt_h,
        "prompt_rate": round(figures["prompt"] / count, 4) if count else None,
    }


async def review(
    session: AsyncSession, actor: Actor, submission_id: UUID, body: ReviewCreate, *, now: datetime
) -> None:
    """Approves or returns; what was returned reaches the sender's handheld. Raises NotFound, ReviewStep,
    OwnSubmission.
    """
    row = await queries.lock_submission(session, actor, submission_id)
    if row.author_id == actor.account_id:
        raise OwnSubmission
    step = workflow.find(row.review_state, Step(body.decision))
    if step is None or actor.role not in step.roles:
        raise ReviewStep(current_state=row.review_state, allowed_actions=workflow.allowed(row.review_state))
    row.review_state, row.review_reason = step.to, body.reason
    row.reviewed_by, row.reviewed_at = actor.account_id, now
    row.revision += 1
    facts = {"urgent": True} if step.to == "returned" else {}
    await _record(session, actor, f"submission.{step.to}", row, facts, now)


async def discard(
    session: AsyncSession, actor: Actor, submission_id: UUID, reason: str, *, now: datetime
) -> None:
    """Gives a held edit up; what waits for it goes to a person, too. Raises NotFound, NotHeld."""
    row = await queries.lock_submission(session, actor, submission_id)
    if row.state not in queries.WAITING:
        raise NotHeld(current_state=row.state)
    row.state, row.settled_reason = "discarded", reason
    row.settled_by, row.settled_at = actor.account_id, now
    row.waits_for = row.wait_kind = None
    row.revision += 1
    await session.execute(STRAND, {"county_code": row.county_code, "id": row.id})
    await _record(session, actor, "submission.discarded", row, {}, now)


STRAND = text("""
UPDATE submission SET state = 'stuck', wait_kind = 'rejected_item', revision = revision + 1
 WHERE county_code = :county_code AND waits_for = :id AND state = 'held'
""")
SETTLED = text("""
UPDATE submission SET settled_by = :by, settled_at = :now, settled_reason = :reason
 WHERE county_code = :county_code AND id = :id
""")


async def rebase(session: AsyncSession, desk: Desk, submission_id: UUID, body: RebaseCreate) -> None:
    """Applies a held edit to the subject as it stands; what waited for it follows.

    Raises NotFound, NotHeld, RebaseRefused.
    """
    row = await queries.lock_submission(session, desk.actor, submission_id)
    if row.state not in queries.WAITING:
        raise NotHeld(current_state=row.state)
    rows = await known.waiting(session, row.county_code, [submission_id])
    (candidate,) = await held_candidates(session, desk, rows)
    candidate = replace(candidate, after=None, is_rebased=True)
    named, meant = candidate.sent_subject_id, body.subject_id
    redirects = {named: meant} if named and meant and named != meant else {}
    settled = await settle(session, desk, [candidate], (), redirects=redirects)
    fate = settled.fates[submission_id]
    if not isinstance(fate, Outcome):
        raise RebaseRefused(reason=fate.code if isinstance(fate, Problem) else "subject_not_found")
    await write(session, desk, settled, {})
    await session.execute(
        SETTLED,
        {
            "county_code": row.county_code,
            "id": submission_id,
            "by": desk.actor.account_id,
            "now": desk.now,
            "reason": body.reason,
        },
    )
    session.expire(row)


async def _record(
    session: AsyncSession, actor: Actor, type_: str, row: Submission, facts: dict[str, Any], now: datetime
) -> None:
    about = {
        "id": row.id,
        "area_id": row.area_id,
        "grid_id": row.grid_id,
        "inspector_id": row.inspector_id,
        "outside_own_grid": row.outside_own_grid,
    }
    await events.record_many(
        session,
        actor.event_actor,
        [submission_event(type_, about, {"review_state": row.review_state, "state": row.state} | facts)],
        county_code=row.county_code,
        now=now,
    )
