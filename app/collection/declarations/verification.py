"""What an inspector found about a declaration: confirmed, it becomes a submission; corrected, both are kept."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.assignments.queries import submissions_named
from app.collection.assignments.results import Answer, Followed
from app.collection.assignments.workflow import TaskOutcome
from app.collection.declarations import queries
from app.collection.declarations.kinds import STATE_AFTER
from app.collection.declarations.models import Declaration
from app.collection.declarations.problems import ContentDeleted
from app.collection.declarations.service import opened
from app.collection.submissions.intake import take as take_submissions
from app.exchange.items import Desk, Item, Result
from app.exchange.receiving import receive
from app.kit import events
from app.kit.events import NewEvent

SUBJECT_NAMESPACE = UUID("0b0f6a4e-6b0b-5b0e-9d3a-7c5e2f1a8d40")


async def follow(session: AsyncSession, desk: Desk, answers: Sequence[Answer]) -> Mapping[UUID, Followed]:
    """Settles the declarations of verification tasks, by task id; a confirmed one is submitted as declared."""
    county_code = desk.actor.county_code
    declared = await queries.lock_declarations(session, county_code, [a.task.origin_id for a in answers])
    followed: dict[UUID, Followed] = {}
    to_submit: list[Answer] = []
    for answer in answers:
        if answer.outcome is TaskOutcome.CONFIRMED and answer.submission_id is None:
            if declared[answer.task.origin_id].purged_at is not None:
                followed[answer.task.id] = Followed(problem=ContentDeleted())
            else:
                to_submit.append(answer)
        else:
            followed[answer.task.id] = Followed(answer.submission_id)
    followed |= await _submit(session, desk, to_submit, declared)
    settled = [answer for answer in answers if followed[answer.task.id].problem is None]
    await _settle(session, desk, settled, declared, followed)
    return followed


async def _submit(
    session: AsyncSession, desk: Desk, answers: Sequence[Answer], declared: Mapping[UUID, Declaration]
) -> dict[UUID, Followed]:
    """One submission for each, as the inspector's own; refused where its form or content no longer stands."""
    if not answers:
        return {}
    items = {answer.task.id: _item(desk, answer, declared[answer.task.origin_id]) for answer in answers}
    received = await receive(session, desk, list(items.values()), {"submission": take_submissions})
    results = {item.id: result for item, result in received}
    return {task_id: _followed(item, results[item.id]) for task_id, item in items.items()}


def _followed(item: Item, result: Result) -> Followed:
    if result.outcome in ("rejected", "quarantined"):
        return Followed(problem=result.problem)
    return Followed(item.id, {"submission_id": str(item.id), **result.told})


def _item(desk: Desk, answer: Answer, declared: Declaration) -> Item:
    body: dict[str, Any] = {
        "item_code": declared.item_code,
        "form_version": declared.form_version,
        "subject_id": str(uuid5(SUBJECT_NAMESPACE, str(declared.id))),
        "base_version": None,
        "fields": opened(desk.vault, declared),
        "task_id": str(answer.task.id),
    }
    item_id = uuid7()
    content = orjson.dumps({"id": str(item_id), "kind": "submission", **body}, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(content).digest()
    return Item(item_id, "submission", answer.at, body, digest, grid_id=answer.task.grid_id)


async def _settle(
    session: AsyncSession,
    desk: Desk,
    answers: Sequence[Answer],
    declared: Mapping[UUID, Declaration],
    followed: Mapping[UUID, Followed],
) -> None:
    county_code = desk.actor.county_code
    ids = {a.task.id: followed[a.task.id].submission_id for a in answers}
    subjects = await submissions_named(session, [county_code], [each for each in ids.values() if each])
    recorded = []
    for answer in answers:
        row, submission_id = declared[answer.task.origin_id], ids[answer.task.id]
        row.state, row.settled_at = STATE_AFTER[answer.outcome], min(answer.at, desk.now)
        row.reason = answer.note if answer.outcome is TaskOutcome.REJECTED else None
        row.submission_id = submission_id
        sent = subjects.get(submission_id) if submission_id else None
        row.subject_id = sent.subject_id if sent else None
        row.version += 1
        recorded.append(_event(answer, row))
    await events.record_many(session, desk.actor.event_actor, recorded, county_code=county_code, now=desk.now)


def _event(answer: Answer, row: Declaration) -> NewEvent:
    facts = {
        "task_id": str(answer.task.id),
        "grid_id": str(row.grid_id),
        "submission_id": str(row.submission_id) if row.submission_id else None,
        "subject_id": str(row.subject_id) if row.subject_id else None,
    }
    return NewEvent(f"declaration.{row.state}", ("declaration", row.id), facts, row.area_id)
