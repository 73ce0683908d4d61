"""SQL of declarations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Grid
from app.collection.declarations.kinds import DeclarationKind, DeclarationState
from app.collection.declarations.models import Declaration, DeclarationPoint
from app.identity.actor import Actor, Role
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound
from app.staffing.models import Appointment

POINT = text("""
SELECT p.county_code, p.id, p.token, p.grid_id, p.area_id, g.name AS grid_name,
       (SELECT v.name FROM area_version v WHERE v.area_id = p.area_id AND v.valid @> cast(:today AS date)) AS area_name
  FROM declaration_point p
  JOIN grid g ON g.county_code = p.county_code AND g.id = p.grid_id
 WHERE p.token = :token AND p.revoked_at IS NULL AND (g.retired_on IS NULL OR g.retired_on > :today)
""")


@dataclass(frozen=True, slots=True)
class DeclarationFilter:
    """Which declarations are listed; None: all."""

    area_id: UUID | None = None
    grid_id: UUID | None = None
    kind: DeclarationKind | None = None
    state: DeclarationState | None = None
    subject_id: UUID | None = None


async def find_point(session: AsyncSession, token: str, today: date) -> Row[Any] | None:
    """The point in force behind a token, with the names of grid and community."""
    return (await session.execute(POINT, {"token": token, "today": today})).first()


async def point_of_grid(session: AsyncSession, county_code: str, grid_id: UUID) -> DeclarationPoint | None:
    """The grid's point in force, its row locked."""
    found: DeclarationPoint | None = await session.scalar(
        select(DeclarationPoint)
        .where(
            DeclarationPoint.county_code == county_code,
            DeclarationPoint.grid_id == grid_id,
            DeclarationPoint.revoked_at.is_(None),
        )
        .with_for_update()
    )
    return found


async def get_grid(
    session: AsyncSession, actor: Actor, grid_id: UUID, today: date
) -> Row[str, UUID, UUID, str, str]:
    """county_code, id, area_id, code, name of an open grid that the actor may see. Raises NotFound."""
    statement = select(Grid.county_code, Grid.id, Grid.area_id, Grid.code, Grid.name).where(
        Grid.county_code.in_(await counties_of(session, actor)),
        Grid.id == grid_id,
        visible_to(actor, Grid),
        Grid.retired_on.is_(None) | (Grid.retired_on > today),
    )
    found = (await session.execute(statement)).first()
    if found is None:
        raise NotFound
    return found


async def insert_declaration(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Whether it is new; False when the id is taken."""
    statement = (
        insert(Declaration)
        .values(values)
        .on_conflict_do_nothing(index_elements=["county_code", "id"])
        .returning(Declaration.id)
    )
    return await session.scalar(statement) is not None


STANDING = text("""
SELECT d.id, d.state, d.reason, d.created_at, d.settled_at, d.item_code, i.name_zh AS item_name, t.due_on
  FROM declaration d
  JOIN collection_item i ON i.code = d.item_code
  LEFT JOIN task t ON t.county_code = d.county_code AND t.kind = 'verification' AND t.origin_kind = 'declaration'
       AND t.origin_id = d.id AND t.closed_at IS NULL
 WHERE d.code_digest = :digest
""")


async def find_standing(session: AsyncSession, digest: bytes) -> Row[Any] | None:
    """Where the declaration with that query code stands."""
    return (await session.execute(STANDING, {"digest": digest})).first()


async def get_declaration(
    session: AsyncSession, actor: Actor, declaration_id: UUID, now: datetime
) -> Declaration:
    """The declaration. Raises NotFound outside the actor's scope."""
    statement = (await _visible(session, actor, now)).where(Declaration.id == declaration_id)
    found: Declaration | None = await session.scalar(statement)
    if found is None:
        raise NotFound
    return found


async def lock_declarations(
    session: AsyncSession, county_code: str, ids: Iterable[UUID]
) -> dict[UUID, Declaration]:
    """The declarations, locked in the order of their ids."""
    statement = (
        select(Declaration)
        .where(Declaration.county_code == county_code, Declaration.id.in_(set(ids)))
        .order_by(Declaration.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {each.id: each for each in await session.scalars(statement)}


async def list_declarations(
    session: AsyncSession,
    actor: Actor,
    wanted: DeclarationFilter,
    *,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Declaration], str | None]:
    """One page, the oldest first."""
    statement = await _visible(session, actor, now)
    if wanted.area_id is not None:
        below = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == wanted.area_id)
        statement = statement.where(Declaration.area_id.in_(below))
    for column in ("grid_id", "kind", "state", "subject_id"):
        value = getattr(wanted, column)
        if value is not None:
            statement = statement.where(getattr(Declaration, column) == value)
    keys = (Declaration.created_at, Declaration.id)
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.created_at, row.id))


async def _visible(session: AsyncSession, actor: Actor, now: datetime) -> Select[Any]:
    return select(Declaration).where(
        Declaration.county_code.in_(await counties_of(session, actor)), _seen_by(actor, now)
    )


def _seen_by(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """An inspector sees those of the grids that he serves."""
    if actor.role is not Role.INSPECTOR:
        return visible_to(actor, Declaration)
    return (
        select(Appointment.id)
        .where(
            Appointment.county_code == Declaration.county_code,
            Appointment.grid_id == Declaration.grid_id,
            Appointment.inspector_id == actor.account_id,
            Appointment.cancelled_at.is_(None),
            Appointment.valid.contains(now),
        )
        .exists()
    )


CHOICES = text("""
SELECT t.code AS table_code, v.code, v.name_zh FROM code_value v JOIN code_table t ON t.id = v.table_id
 WHERE v.table_id = ANY(:table_ids) ORDER BY v.table_id, v.position
""")


async def find_choices(
    session: AsyncSession, table_ids: Sequence[UUID]
) -> Mapping[str, list[tuple[str, str]]]:
    """(code, Chinese name) of each table's codes, in their order, by the table's code."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in await session.execute(CHOICES, {"table_ids": list(table_ids)}):
        found.setdefault(row.table_code, []).append((row.code, row.name_zh))
    return found


ITEMS = text("SELECT code, name_zh, name_en FROM collection_item WHERE code = ANY(:codes)")


async def find_items(session: AsyncSession, codes: Sequence[str]) -> Mapping[str, Row[Any]]:
    """code, name_zh, name_en of items."""
    return {row.code: row for row in await session.execute(ITEMS, {"codes": list(codes)})}
