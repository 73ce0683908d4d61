"""SQL of visits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shapely import Point
from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.collection.subjects.models import Subject
from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound
from app.uploads.attachments import missing_of, shared_of
from app.uploads.models import Upload
from app.visits.duty import Month
from app.visits.models import Visit

Alias = aliased(Subject)
"""The subject as it was named; what it was merged into stands in `Subject`."""
Correction = aliased(Visit)
SUBJECT_NAME = Subject.shown_name
"""The name as everybody in scope sees it."""


@dataclass(frozen=True, slots=True)
class SubjectPlace:
    """Where a subject lies. `point`: degrees, CGCS2000. `in_area`: inside the actor's area."""

    id: UUID
    kind: str
    area_id: UUID
    grid_id: UUID | None
    point: Point | None
    in_area: bool


def is_survivor(alias: type[Subject]) -> ColumnElement[bool]:
    """Joins a subject as it was named to the one that it was merged into, at whatever remove; itself if it was not."""
    survivor = func.surviving_subject(alias.county_code, alias.id)
    return and_(
        Subject.county_code == alias.county_code,
        Subject.id == case((alias.merged_into.is_(None), alias.id), else_=survivor),
    )


async def find_places(
    session: AsyncSession, actor: Actor, subject_ids: Collection[UUID]
) -> dict[UUID, SubjectPlace]:
    """The subjects of the actor's county that exist, by the id they were asked by."""
    inside = exists().where(AreaClosure.area_id == Subject.area_id, AreaClosure.ancestor_id == actor.area_id)
    rows = await session.execute(
        select(
            Alias.id.label("asked"),
            Subject.id,
            Subject.kind,
            Subject.area_id,
            Subject.grid_id,
            Subject.geom,
            inside.label("in_area"),
        )
        .join(Subject, is_survivor(Alias))
        .where(Alias.county_code == actor.county_code, Alias.id.in_(list(subject_ids)))
    )
    return {row.asked: SubjectPlace(*row[1:]) for row in rows}


async def find_corrected(
    session: AsyncSession, county_code: str, visit_ids: Collection[UUID]
) -> dict[UUID, tuple[UUID, UUID]]:
    """(inspector, subject) of the visits that exist."""
    rows = await session.execute(
        select(Visit.id, Visit.inspector_id, Visit.subject_id).where(
            Visit.county_code == county_code, Visit.id.in_(list(visit_ids))
        )
    )
    return {row.id: (row.inspector_id, row.subject_id) for row in rows}


async def arrived(
    session: AsyncSession, county_code: str, account_id: UUID, upload_ids: Collection[UUID]
) -> set[UUID]:
    """Which of these uploads are pictures of that account, and here."""
    if not upload_ids:
        return set()
    return set(
        await session.scalars(
            select(Upload.id).where(
                Upload.county_code == county_code,
                Upload.id.in_(list(upload_ids)),
                *is_proof(account_id),
            )
        )
    )


def is_proof(account_id: UUID | Any) -> tuple[ColumnElement[bool], ...]:
    """An upload that may prove a visit: a picture, arrived whole, of the visitor's own."""
    return (
        Upload.account_id == account_id,
        Upload.state == "complete",
        Upload.content_type.startswith("image/"),
    )


def is_counted(visit: type[Visit] = Visit) -> ColumnElement[bool]:
    """Whether a visit counts for the duty: proven, not voided, and somebody was met."""
    return and_(visit.proven_by != "none", visit.voided_at.is_(None), visit.condition != "not_met")


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """An inspector's visits stay his own wherever he helped out; everybody else sees those of his area."""
    if actor.role is Role.INSPECTOR:
        return Visit.inspector_id == actor.account_id
    return visible_to(actor, Visit)


def _listed() -> Select[Any]:
    corrected_by = (
        select(Correction.id)
        .where(
            Correction.county_code == Visit.county_code,
            Correction.corrects_id == Visit.id,
            Correction.inspector_id == Visit.inspector_id,
            Correction.subject_id == Visit.subject_id,
            Correction.voided_at.is_(None),
        )
        .order_by(Correction.recorded_at.desc(), Correction.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            *[c for c in Visit.__table__.c if c.name not in ("geom", "sealed")],
            Account.display_name,
            SUBJECT_NAME.label("subject_name"),
            Visit.sealed.is_not(None).label("has_texts"),
            is_counted().label("is_counted"),
            corrected_by.label("corrected_by"),
        )
        .join(Account, Account.id == Visit.inspector_id)
        .join(Alias, and_(Alias.county_code == Visit.county_code, Alias.id == Visit.subject_id))
        .join(Subject, is_survivor(Alias))
    )


async def list_visits(
    session: AsyncSession,
    actor: Actor,
    *,
    month: Month | None,
    subject_id: UUID | None,
    inspector_id: UUID | None,
    counted: bool | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the visible visits by day; an inspector's own."""
    seen = (Visit.county_code.in_(await counties_of(session, actor)), _seen_by(actor))
    statement = _listed().where(*seen)
    if month is not None:
        statement = statement.where(Visit.service_day >= month.first, Visit.service_day < month.end)
    if subject_id is not None:
        statement = statement.where(Subject.id == subject_id)
    if inspector_id is not None:
        statement = statement.where(Visit.inspector_id == inspector_id)
    if counted is not None:
        statement = statement.where(is_counted() == counted)
    keys = (Visit.service_day, Visit.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    kept, following = pagination.page(rows, limit, lambda row: (row.service_day, row.id))
    return await _with_photos(session, kept), following


async def get_visit(session: AsyncSession, actor: Actor, visit_id: UUID) -> dict[str, Any]:
    """Everything `schemas.VisitRead` promises. Raises NotFound outside the actor's scope."""
    seen = (Visit.county_code.in_(await counties_of(session, actor)), _seen_by(actor))
    row = (await session.execute(_listed().where(*seen, Visit.id == visit_id))).first()
    if row is None:
        raise NotFound
    return (await _with_photos(session, [row]))[0]


async def lock_visit(session: AsyncSession, actor: Actor, visit_id: UUID) -> Visit:
    """The visit for a change or a reveal, its row locked. Raises NotFound outside the actor's scope."""
    found: Visit | None = await session.scalar(
        select(Visit)
        .where(
            Visit.county_code.in_(await counties_of(session, actor)),
            Visit.id == visit_id,
            _seen_by(actor),
        )
        .with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def list_provable(session: AsyncSession, limit: int) -> Sequence[Visit]:
    """Unproven visits whose photo or signature has arrived since, locked; those that others hold are left."""
    proof = exists().where(
        Upload.county_code == Visit.county_code,
        or_(Upload.id == func.any(Visit.upload_ids), Upload.id == Visit.signature_upload_id),
        *is_proof(Visit.inspector_id),
    )
    statement = (
        select(Visit)
        .where(Visit.proven_by == "none", Visit.awaits_upload, Visit.voided_at.is_(None), proof)
        .order_by(Visit.county_code, Visit.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def _with_photos(session: AsyncSession, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    missing: dict[UUID, list[UUID]] = {}
    shared: dict[UUID, list[UUID]] = {}
    for county_code in {row.county_code for row in rows}:
        ids = [row.id for row in rows if row.county_code == county_code]
        missing |= await missing_of(session, county_code, "visit", ids)
        shared |= await shared_of(session, county_code, "visit", ids)
    return [
        dict(row._mapping)
        | {"missing_uploads": missing.get(row.id, []), "shared_uploads": shared.get(row.id, [])}
        for row in rows
    ]
