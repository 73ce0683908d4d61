"""Visits that come in: read, placed, proven as far as can be, stored. Set-based; one bad visit costs no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.items import Desk, Item, Result
from app.exchange.receiving import receive
from app.identity.actor import Role
from app.kit.errors import MAX_ERRORS, field_error
from app.kit.problems import Forbidden, Invalid, Problem
from app.uploads.attachments import Claim, attach_many, missing_of
from app.visits import queries, service
from app.visits.ground import Ground, load_ground
from app.visits.models import Visit
from app.visits.parameters import VisitRules, load_rules
from app.visits.problems import VisitCorrectsAnother, VisitInFuture, VisitSubjectUnknown
from app.visits.proof import doubt_about
from app.visits.queries import SubjectPlace
from app.visits.schemas import VisitBody, VisitCreate


@dataclass(frozen=True, slots=True)
class Told:
    """A visit as it was sent, its times corrected by the clock offset of the sender; `day`: its service day."""

    item: Item
    body: VisitBody
    started_at: datetime
    ended_at: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says about all visits of a set."""

    places: Mapping[UUID, SubjectPlace]
    rules: Mapping[UUID, VisitRules]
    ground: Ground
    corrected: Mapping[UUID, tuple[UUID, UUID]]
    arrived: set[UUID]


async def take(session: AsyncSession, items: Sequence[Item], desk: Desk) -> list[Result]:
    """Takes items of the kind `visit`; only inspectors visit. One result for each, in their order."""
    if desk.actor.role is not Role.INSPECTOR:
        return [Result("rejected", {}, Forbidden()) for _ in items]
    told = [_read(item, desk) for item in items]
    known = await _look_up(session, [each for each in told if isinstance(each, Told)], desk)
    found = [_judged(each, known, desk) if isinstance(each, Told) else each for each in told]
    visits = [each for each in found if isinstance(each, Visit)]
    await _store(session, visits, desk)
    missing = await missing_of(session, desk.actor.county_code, "visit", [visit.id for visit in visits])
    return [
        _result(each, missing) if isinstance(each, Visit) else Result("rejected", {}, each) for each in found
    ]


async def post(session: AsyncSession, desk: Desk, body: VisitCreate) -> bool:
    """Takes one visit through the same door; whether it is new. Raises what it was rejected for."""
    content = body.model_dump(mode="json", exclude_unset=True)
    digest = sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    told = {name: value for name, value in content.items() if name not in ("id", "recorded_at")}
    item = Item(body.id, "visit", body.recorded_at, told, digest)
    ((_, result),) = await receive(session, desk, [item], {"visit": take})
    if result.problem is not None:
        raise result.problem
    return result.outcome != "duplicate"


def _read(item: Item, desk: Desk) -> Told | Problem:
    try:
        body = VisitBody.model_validate(dict(item.body))
    except ValidationError as error:
        return Invalid(errors=[field_error(e) for e in error.errors()[:MAX_ERRORS]])
    started_at = body.started_at + desk.clock_offset
    day = started_at.astimezone(desk.zone).date()
    return Told(item, body, started_at, body.ended_at + desk.clock_offset, day)


async def _look_up(session: AsyncSession, told: Sequence[Told], desk: Desk) -> Known:
    places = await queries.find_places(session, desk.actor, {t.body.subject_id for t in told})
    today = desk.now.astimezone(desk.zone).date()
    uploads = {upload_id for t in told for upload_id in _uploads(t.body)}
    corrected = {t.body.corrects_id for t in told if t.body.corrects_id is not None}
    county_code, inspector_id = desk.actor.county_code, desk.actor.account_id
    return Known(
        places=places,
        rules=await load_rules(session, {place.area_id for place in places.values()}, today),
        ground=await load_ground(session, desk.actor, places.values(), [t.day for t in told], desk.zone),
        corrected=await queries.find_corrected(session, county_code, corrected),
        arrived=await queries.arrived(session, county_code, inspector_id, uploads),
    )


def _judged(told: Told, known: Known, desk: Desk) -> Visit | Problem:
    """The visit with what proves it, or why it is not taken."""
    place = known.places.get(told.body.subject_id)
    is_own = place is not None and known.ground.is_own(place, told.started_at)
    if place is None or not (place.in_area or is_own):
        return VisitSubjectUnknown()
    rules = known.rules[place.area_id]
    if told.started_at > desk.now + timedelta(seconds=rules.future_tolerance_s):
        return VisitInFuture(started_at=told.started_at.astimezone(desk.zone).isoformat())
    before = known.corrected.get(told.body.corrects_id) if told.body.corrects_id else None
    if before not in (None, (desk.actor.account_id, told.body.subject_id)):
        return VisitCorrectsAnother()
    visit = Visit(**_claimed(told, place, desk), is_own_grid=is_own)
    position = told.body.position
    seen = None
    if position is not None:
        visit.geom, visit.accuracy_m = position.cgcs2000(), position.accuracy_m
        seen = known.ground.seen(place, visit.geom, visit.accuracy_m, told.day, rules.grid_buffer_m)
        visit.distance_m = seen.distance_m
    doubt = doubt_about(seen, rules.proof)
    visit.is_near = doubt is None
    is_late = desk.now - told.ended_at > timedelta(days=rules.too_late_days)
    visit.unproven_why = "too_late" if is_late else doubt
    service.settle_proof(visit, known.arrived, desk.now)
    return visit


def _claimed(told: Told, place: SubjectPlace, desk: Desk) -> dict[str, Any]:
    """What was sent, as it is stored."""
    body = told.body
    return {
        "county_code": desk.actor.county_code,
        "id": told.item.id,
        "subject_id": body.subject_id,
        "inspector_id": desk.actor.account_id,
        "device_id": desk.actor.device_id,
        "area_id": place.area_id,
        "grid_id": place.grid_id,
        "started_at": told.started_at,
        "ended_at": told.ended_at,
        "service_day": told.day,
        "recorded_at": told.item.recorded_at,
        "received_at": desk.now,
        "upload_ids": sorted(set(body.upload_ids)),
        "signature_upload_id": body.signature_upload_id,
        "condition": body.findings.condition,
        "sealed": service.sealed_texts(desk.vault, told.item.id, body.findings),
        "next_visit_on": body.next_visit_on,
        "corrects_id": body.corrects_id,
        "version": 1,
    }


def _uploads(body: VisitBody) -> list[UUID]:
    return [*body.upload_ids, *([body.signature_upload_id] if body.signature_upload_id else [])]


async def _store(session: AsyncSession, visits: Sequence[Visit], desk: Desk) -> None:
    """Writes the visits, names their uploads, and has the patrol day credited."""
    session.add_all(visits)
    await session.flush()  # before patrol days are locked
    claims = [
        Claim(
            visit.id,
            [*visit.upload_ids, *filter(None, [visit.signature_upload_id])],
            visit.ended_at,
            visit.geom.x if visit.geom else None,
            visit.geom.y if visit.geom else None,
            inspector_id=visit.inspector_id,
            device_id=visit.device_id,
        )
        for visit in visits
    ]
    await attach_many(session, desk.actor.county_code, "visit", [c for c in claims if c.upload_ids])
    await service.record_visits(session, desk.actor, visits, now=desk.now, zone=desk.zone)


def _result(visit: Visit, missing: Mapping[UUID, list[UUID]]) -> Result:
    return Result(
        "stored",
        {
            "subject_id": str(visit.subject_id),
            "service_day": visit.service_day.isoformat(),
            "proven_by": visit.proven_by,
            "unproven_why": visit.unproven_why,
            "distance_m": visit.distance_m,
            "is_own_grid": visit.is_own_grid,
            "missing_uploads": [str(upload_id) for upload_id in missing.get(visit.id, [])],
        },
    )
