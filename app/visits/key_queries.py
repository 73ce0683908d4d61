"""SQL of designations."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects.models import Subject
from app.identity.actor import Actor, Role
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound
from app.visits import duty_queries
from app.visits.categories import LABELS, RESTRICTED, RESTRICTED_PERSONS, shown
from app.visits.models import KeySubject
from app.visits.queries import SUBJECT_NAME, Alias, is_survivor


async def list_keys(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: str | None,
    category: str | None,
    grid_id: UUID | None,
    on: date | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the visible designations by id. on: only those that hold on that day."""
    statement = _listed().where(await _seen_by(session, actor, now))
    if kind is not None:
        statement = statement.where(KeySubject.kind == kind)
    if category == RESTRICTED:
        statement = statement.where(KeySubject.category.in_(sorted(RESTRICTED_PERSONS)))
    elif category is not None:
        statement = statement.where(KeySubject.category == category)
    if grid_id is not None:
        statement = statement.where(Subject.grid_id == grid_id)
    if on is not None:
        statement = statement.where(KeySubject.valid.contains(on))
    rows = (await session.execute(pagination.after(statement, (KeySubject.id,), cursor, limit))).all()
    kept, following = pagination.page(rows, limit, lambda row: (row.id,))
    return [_told(row) for row in kept], following


async def get_key(session: AsyncSession, actor: Actor, key_id: UUID, now: datetime) -> dict[str, Any]:
    """Everything `key_schemas.KeySubjectRead` promises. Raises NotFound."""
    seen = await _seen_by(session, actor, now)
    row = (await session.execute(_listed().where(seen, KeySubject.id == key_id))).first()
    if row is None:
        raise NotFound
    return _told(row)


async def lock_key(
    session: AsyncSession, actor: Actor, key_id: UUID, now: datetime
) -> tuple[KeySubject, Subject]:
    """The designation for a change, its row locked, and its subject. Raises NotFound."""
    statement = (
        select(KeySubject, Subject)
        .join(Alias, _names(Alias))
        .join(Subject, is_survivor(Alias))
        .where(await _seen_by(session, actor, now), KeySubject.id == key_id)
        .with_for_update(of=KeySubject)
    )
    row = (await session.execute(statement)).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def _names(alias: type[Subject]) -> ColumnElement[bool]:
    return and_(alias.county_code == KeySubject.county_code, alias.id == KeySubject.subject_id)


def _listed() -> Select[Any]:
    return (
        select(
            *KeySubject.__table__.c,
            func.lower(KeySubject.valid, type_=Date).label("since"),
            func.upper(KeySubject.valid, type_=Date).label("until"),
            Subject.area_id,
            Subject.grid_id,
            SUBJECT_NAME.label("subject_name"),
        )
        .join(Alias, _names(Alias))
        .join(Subject, is_survivor(Alias))
    )


async def _seen_by(session: AsyncSession, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """An inspector sees those of the grids that he serves now; everybody else those of his area."""
    here = KeySubject.county_code.in_(await counties_of(session, actor))
    if actor.role is Role.INSPECTOR:
        own = await duty_queries.grids_of(session, actor.county_code, actor.account_id, now)
        return and_(here, Subject.grid_id.in_(own))
    return and_(here, visible_to(actor, Subject))


def _told(row: Any) -> dict[str, Any]:
    category = shown(row.category)
    return dict(row._mapping) | {"category": category, "category_label": LABELS[category]}
