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

from app.exchange.holding import hold
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
    """A visit as it was sent, its times corrected by the clock offset of the sender; `day`: its service day.

    received_at: when it came first.
    """

    item: Item
    body: VisitBody
    started_at: datetime
    ended_at: datetime
    day: date
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A visit to a subject that has not arrived; waits_for None: that lies where the visitor may not go, by now."""

    told: Told
    waits_for: UUID | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says about all visits of a set."""

    places: Mapping[UUID, SubjectPlace]
    rules: Mapping[UUID, VisitRules]
    ground: Ground
    corrected: Mapping[UUID, tuple[UUID, UUID]]
    arrived: set[UUID]


async def take(session: AsyncSession, items: Sequence[Item], desk: Desk) -> list[Result]:
    """Takes items of the kind `visit`; only inspectors visit. One result for each, in their order.

    held  to a subject that has not arrived, or that lies in nobody's reach: taken as soon as that changes
    """
    if desk.actor.role is not Role.INSPECTOR:
        return [Result("rejected", {}, Forbidden()) for _ in items]
    told = [_read(item, desk) for item in items]
    known = await _look_up(session, [each for each in told if isinstance(each, Told)], desk)
    found = [_judged(each, known, desk) if isinstance(each, Told) else each for each in told]
    visits = [each for each in found if isinstance(each, Visit)]
    session.add_all(visits)
    await session.flush()  # before patrol days are locked
    await _attach(session, [t for t, f in zip(told, found, strict=True) if not isinstance(f, Problem)], desk)
    waiting = [each for each in found if isinstance(each, Waiting)]
    missing = await missing_of(session, desk.actor.county_code, "visit", [item.id for item in items])
    await service.record_visits(session, desk.actor, visits, now=desk.now, zone=desk.zone)
    results = {visit.id: service.result_of(visit, missing.get(visit.id, [])) for visit in visits}
    results |= await _hold(session, waiting, missing, desk)
    return [
        Result("rejected", {}, each) if isinstance(each, Problem) else results[item.id]
        for item, each in zip(items, found, strict=True)
    ]


async def post(session: AsyncSession, desk: Desk, body: VisitCreate) -> bool:
    """Takes one visit through the same door; whether it is new.

    Raises what it was rejected for, and VisitSubjectUnknown instead of waiting: who posts is there to hear it.
    """
    content = body.model_dump(mode="json", exclude_unset=True)
    digest = sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    told = {name: value for name, value in content.items() if name not in ("id", "recorded_at")}
    item = Item(body.id, "visit", body.recorded_at, told, digest)
    ((_, result),) = await receive(session, desk, [item], {"visit": take})
    if result.problem is not None:
        raise result.problem
    if "held" in (result.outcome, result.first_outcome):
        raise VisitSubjectUnknown
    return result.outcome != "duplicate"


def _read(item: Item, desk: Desk) -> Told | Problem:
    try:
        body = VisitBody.model_validate(dict(item.body))
    except ValidationError as error:
        return Invalid(errors=[field_error(e) for e in error.errors()[:MAX_ERRORS]])
    started_at = body.started_at + desk.clock_offset
    day = started_at.astimezone(desk.zone).date()
    received_at = item.received_at or desk.now
    return Told(item, body, started_at, body.ended_at + desk.clock_offset, day, received_at)


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


def _judged(told: Told, known: Known, desk: Desk) -> Visit | Waiting | Problem:
    """The visit with what proves it, or what it waits for, or why it is not taken."""
    place = known.places.get(told.body.subject_id)
    is_own = place is not None and known.ground.is_own(place, told.started_at)
    if place is None:
        return Waiting(told, told.body.subject_id)
    if not (place.in_area or is_own):
        return Waiting(told, None)
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
    is_late = told.received_at - told.ended_at > timedelta(days=rules.too_late_days)
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
        "received_at": told.received_at,
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


async def _attach(session: AsyncSession, told: Sequence[Told | Problem], desk: Desk) -> None:
    """Names the uploads of visits, also of those that wait: photos that nobody names are purged."""
    claims = []
    for each in told:
        if isinstance(each, Told) and (upload_ids := _uploads(each.body)):
            point = each.body.position.cgcs2000() if each.body.position else None
            lon, lat = (point.x, point.y) if point else (None, None)
            sender, device_id = desk.actor.account_id, desk.actor.device_id
            claims.append(Claim(each.item.id, upload_ids, each.ended_at, lon, lat, sender, device_id))
    await attach_many(session, desk.actor.county_code, "visit", claims)


async def _hold(
    session: AsyncSession, waiting: Sequence[Waiting], missing: Mapping[UUID, list[UUID]], desk: Desk
) -> dict[UUID, Result]:
    """What is told of visits that wait, by id."""
    items = [each.told.item for each in waiting]
    held = await hold(session, desk, [(each.told.item, each.waits_for) for each in waiting])
    found = {}
    for item, result in zip(items, held, strict=True):
        photos = {"missing_uploads": [str(upload_id) for upload_id in missing.get(item.id, [])]}
        found[item.id] = Result("held", {**result.told, **photos})
    return found
