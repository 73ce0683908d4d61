"""Second collections (二次采集, S3-26): a line cadre names subjects and an admitted item; each becomes a task."""

import hashlib
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.admissions import Attempt, record_attempts
from app.collection.assignments import queries
from app.collection.assignments.due import Terms
from app.collection.assignments.models import CollectionRequest
from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.problems import RequestDiffers, RequestDuePast, SubjectsUnknown
from app.collection.assignments.schemas import CollectionRequestCreate
from app.collection.assignments.workflow import TaskKind
from app.collection.catalogue.forms import Form
from app.collection.catalogue.problems import ItemNotAdmitted
from app.collection.catalogue.usable import load_offer
from app.identity.actor import Actor
from app.identity.scope import area_path, counties_of
from app.kit import events


async def request_collection(
    session: AsyncSession, actor: Actor, body: CollectionRequestCreate, *, now: datetime, zone: ZoneInfo
) -> CollectionRequest | ItemNotAdmitted:
    """The request, with a task for each subject; the same id with the same content is one request.

    ItemNotAdmitted is returned, not raised: the attempt is logged in this transaction, which must commit
    (S0-31). Raises RequestDiffers, RequestDuePast, SubjectsUnknown.
    """
    digest = _digest(actor, body)
    about = await _admitted_subjects(session, actor, body, now=now)
    if about is None:
        return ItemNotAdmitted(item_code=body.item_code)
    due_on = (
        body.due_on or (await Terms(session, now, zone).of(actor.area_id, TaskKind.SECONDARY_COLLECTION))[0]
    )
    is_new = await _insert(session, actor, body, due_on, digest, now)
    stored = await session.get_one(CollectionRequest, (actor.county_code, body.id))
    if not is_new:
        if stored.digest != digest:
            raise RequestDiffers(stored_digest=stored.digest.hex(), sent_digest=digest.hex())
        return stored
    if due_on < now.astimezone(zone).date():
        raise RequestDuePast
    unknown = set(body.subject_ids) - {row.id for row in about}
    if unknown:
        raise SubjectsUnknown(count=len(unknown), subject_ids=sorted(map(str, unknown)))
    new = [
        NewTask(
            TaskKind.SECONDARY_COLLECTION,
            row.area_id,
            row.grid_id,
            "collection_request",
            stored.id,
            subject_id=row.id,
            item_code=body.item_code,
            due_on=due_on,
            note=body.reason,
        )
        for row in about
    ]
    await _record(session, actor, stored, len(new), now)
    await open_tasks(session, actor, new, now=now, zone=zone)
    return stored


async def get_request(
    session: AsyncSession, actor: Actor, request_id: UUID
) -> tuple[CollectionRequest, int, int]:
    """A request with its number of tasks and how many are left."""
    statement = queries.requests_with_progress(await counties_of(session, actor)).where(
        CollectionRequest.id == request_id
    )
    row = (await session.execute(statement)).one()
    return row[0], row.tasks, row.tasks_left


async def _admitted_subjects(
    session: AsyncSession, actor: Actor, body: CollectionRequestCreate, *, now: datetime
) -> list[Row[Any]] | None:
    """The named subjects of the actor's area; None where the item is not admitted, and then the attempt is logged.

    The item must be admitted where each of them lies: an affair of one township opens nothing elsewhere.
    """
    offer = await load_offer(session, actor.county_code, [body.item_code])
    newest = offer.newest(body.item_code, at=now)
    kind = newest.subject_kind if newest is not None else None
    about = await queries.subjects_of_kind(session, actor, body.subject_ids, kind)
    version = newest.version if newest is not None else 0
    refused = []
    for area_id in sorted({row.area_id for row in about}) or [actor.area_id]:
        path = await area_path(session, area_id)
        if not isinstance(offer.form(body.item_code, version, area_path=path, at=now), Form):
            refused.append(area_id)
    attempts = [
        Attempt(("collection_request", body.id), body.item_code, version, area_id, ItemNotAdmitted.code)
        for area_id in refused
    ]
    if attempts:
        await record_attempts(session, actor, attempts, now=now)
        return None
    return about


async def _insert(
    session: AsyncSession,
    actor: Actor,
    body: CollectionRequestCreate,
    due_on: date,
    digest: bytes,
    now: datetime,
) -> bool:
    statement = (
        insert(CollectionRequest)
        .values(
            county_code=actor.county_code,
            id=body.id,
            digest=digest,
            area_id=actor.area_id,
            item_code=body.item_code,
            reason=body.reason,
            due_on=due_on,
            requested_by=actor.account_id,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["county_code", "id"])
        .returning(CollectionRequest.id)
    )
    return await session.scalar(statement) is not None


def _digest(actor: Actor, body: CollectionRequestCreate) -> bytes:
    """SHA-256 of what was asked and by whom; the order of the subjects means nothing."""
    content = body.model_dump(mode="json") | {
        "subject_ids": sorted({str(each) for each in body.subject_ids}),
        "requested_by": str(actor.account_id),
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


async def _record(
    session: AsyncSession, actor: Actor, stored: CollectionRequest, tasks: int, now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        "collection_request.made",
        ("collection_request", stored.id),
        {"item_code": stored.item_code, "tasks": tasks, "due_on": stored.due_on.isoformat()},
        county_code=stored.county_code,
        area_id=stored.area_id,
        now=now,
    )
