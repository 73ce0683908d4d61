"""SQL of subjects."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects.models import Subject, SubjectState, SubjectVersion
from app.collection.subjects.problems import SubjectNotFound
from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit import pagination

_TABLE = Subject.__table__
BRIEF = (
    Subject.county_code,
    Subject.id,
    Subject.kind,
    Subject.item_code,
    Subject.area_id,
    Subject.grid_id,
    Subject.shown_name,
    Subject.shown_address,
    Subject.tags,
    Subject.state,
    Subject.state_since,
    Subject.geom,
    Subject.quality_score,
    Subject.fresh_at,
    Subject.merged_into,
)
"""What lists show of a subject."""


async def seen(session: AsyncSession, actor: Actor) -> ColumnElement[bool]:
    """The subjects that an actor may see."""
    counties = await counties_of(session, actor)
    return and_(Subject.county_code.in_(counties), visible_to(actor, Subject))


async def get_subject(session: AsyncSession, actor: Actor, subject_id: UUID) -> Row[Any]:
    """The row of a subject. Raises SubjectNotFound, also outside the actor's scope."""
    statement = select(_TABLE).where(Subject.id == subject_id, await seen(session, actor))
    row = (await session.execute(statement)).first()
    if row is None:
        raise SubjectNotFound
    return row


async def lock_visible(session: AsyncSession, actor: Actor, ids: Iterable[UUID]) -> list[Row[Any]]:
    """The rows of several subjects, locked in the order of their ids. Raises SubjectNotFound unless all are seen."""
    asked = set(ids)
    statement = (
        select(_TABLE)
        .where(Subject.id.in_(asked), await seen(session, actor))
        .order_by(Subject.county_code, Subject.id)
        .with_for_update(key_share=True)
    )
    rows = list((await session.execute(statement)).all())
    if len(rows) != len(asked):
        raise SubjectNotFound
    return rows


async def brief(session: AsyncSession, actor: Actor, ids: Iterable[UUID]) -> dict[UUID, Row[Any]]:
    """What lists show of those of `ids` that the actor may see."""
    asked = sorted(set(ids))
    if not asked:
        return {}
    rows = await session.execute(select(*BRIEF).where(Subject.id.in_(asked), await seen(session, actor)))
    return {row.id: row for row in rows}


async def list_states(session: AsyncSession, county_code: str, subject_id: UUID) -> Sequence[Row[Any]]:
    """Every state of a subject, voided ones too, in their order."""
    states = SubjectState.__table__
    statement = (
        select(states)
        .where(SubjectState.county_code == county_code, SubjectState.subject_id == subject_id)
        .order_by(SubjectState.since, SubjectState.recorded_at, SubjectState.id)
    )
    return (await session.execute(statement)).all()


async def list_versions(
    session: AsyncSession, county_code: str, ids: Sequence[UUID], *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """Versions of a subject and of those that were merged into it, masked, in their order."""
    shown = [c for c in SubjectVersion.__table__.c if c.name not in ("sealed", "county_code")]
    statement = (
        select(*shown, Account.display_name.label("author_name"))
        .outerjoin(Account, Account.id == SubjectVersion.author_id)
        .where(SubjectVersion.county_code == county_code, SubjectVersion.subject_id.in_(ids))
    )
    keys = (SubjectVersion.received_at, SubjectVersion.subject_id, SubjectVersion.version)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda r: (r.received_at, r.subject_id, r.version))


ALIASES = text("""
WITH RECURSIVE merged AS (
    SELECT id FROM subject WHERE county_code = :county AND id = :id
    UNION ALL
    SELECT s.id FROM merged m JOIN subject s ON s.county_code = :county AND s.merged_into = m.id)
SELECT id FROM merged
""")


async def group_of(session: AsyncSession, county_code: str, subject_id: UUID) -> list[UUID]:
    """A subject and all that were merged into it, at whatever remove."""
    return list(await session.scalars(ALIASES, {"county": county_code, "id": subject_id}))


NEIGHBOURS = text("""
WITH RECURSIVE mine AS (
    SELECT id, id AS root FROM unnest(cast(:ids AS uuid[])) AS a(id)
    UNION ALL
    SELECT s.id, m.root FROM mine m JOIN subject s ON s.county_code = :county AND s.merged_into = m.id),
touching AS (
    SELECT l.id, l.kind, 'out' AS direction, m.root AS subject_id, l.from_id AS own_id, l.to_id AS other_id,
           l.field, l.valid_from, l.valid_to
      FROM mine m JOIN subject_link l ON l.county_code = :county AND l.from_id = m.id
    UNION ALL
    SELECT l.id, l.kind, 'in', m.root, l.to_id, l.from_id, l.field, l.valid_from, l.valid_to
      FROM mine m JOIN subject_link l ON l.county_code = :county AND l.to_id = m.id),
chosen AS (
    SELECT * FROM touching
     WHERE (cast(:kinds AS text[]) IS NULL OR kind = ANY (:kinds))
       AND (cast(:direction AS text) IS NULL OR direction = :direction)
       AND (cast(:at AS date) IS NULL OR valid_from <= :at AND (valid_to IS NULL OR valid_to > :at))
       AND (cast(:after AS uuid) IS NULL OR id > :after)
     ORDER BY id LIMIT :most),
up AS (
    SELECT c.other_id, s.id, s.merged_into
      FROM (SELECT DISTINCT other_id FROM chosen) c
      JOIN subject s ON s.county_code = :county AND s.id = c.other_id
    UNION ALL
    SELECT u.other_id, s.id, s.merged_into
      FROM up u JOIN subject s ON s.county_code = :county AND s.id = u.merged_into)
SELECT c.*, u.id AS root_id FROM chosen c JOIN up u ON u.other_id = c.other_id AND u.merged_into IS NULL
 ORDER BY c.id, c.direction
""")


async def list_neighbours(
    session: AsyncSession,
    county_code: str,
    ids: Sequence[UUID],
    *,
    kinds: Sequence[str] | None,
    direction: str | None,
    at: date | None,
    after: UUID | None,
    most: int,
) -> Sequence[Row[Any]]:
    """Links of subjects and of those merged into them, up to `most` by link id above `after`.

    Each row: `subject_id` (of `ids`), `own_id` (the end that carries the link), `other_id`, `root_id` (where the
    other end was merged to, else itself). Links whose other end is not known yet are left out. at: only links
    that hold on that day; None: all there ever were.
    """
    asked = {
        "county": county_code,
        "ids": list(ids),
        "kinds": list(kinds) if kinds else None,
        "direction": direction,
        "at": at,
        "after": after,
        "most": most,
    }
    return (await session.execute(NEIGHBOURS, asked)).all()


def tokens_within(column: Any, searches: Sequence[Sequence[int]]) -> ColumnElement[bool]:
    """Rows whose tokens hold all of one of the searches."""
    return or_(*(column.contains(list(tokens)) for tokens in searches))


def in_box(box: tuple[float, float, float, float]) -> ColumnElement[bool]:
    """Subjects whose position lies in west, south, east, north (degrees)."""
    return Subject.geom.op("&&", is_comparison=True)(func.ST_MakeEnvelope(*box, 4490))


def candidates() -> Select[Any]:
    """Subjects as a search looks at them: with the sealed column, to check what the tokens propose."""
    return select(*BRIEF, Subject.name, Subject.address, Subject.sealed)
