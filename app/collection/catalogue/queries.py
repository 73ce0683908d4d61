"""SQL of items, forms and code tables."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.models import CodeTable, CodeValue, CollectionItem, FormVersion
from app.kit import pagination
from app.kit.problems import NotFound


def _of_county(model: type[Any], county_code: str) -> ColumnElement[bool]:
    """The product's rows and the county's own."""
    return or_(model.county_code.is_(None), model.county_code == county_code)


async def list_editions(
    session: AsyncSession, county_code: str, item_codes: Collection[str]
) -> Sequence[Any]:
    """(item_id, item_code, subject_kind, and the columns of an edition, null where an item has no form yet)."""
    statement = (
        select(
            CollectionItem.id.label("item_id"),
            CollectionItem.code.label("item_code"),
            CollectionItem.subject_kind,
            FormVersion.id,
            FormVersion.county_code,
            FormVersion.version,
            FormVersion.published_at,
            FormVersion.previous_until,
        )
        .outerjoin(
            FormVersion, (FormVersion.item_id == CollectionItem.id) & _of_county(FormVersion, county_code)
        )
        .where(CollectionItem.code.in_(sorted(item_codes)), _of_county(CollectionItem, county_code))
    )
    return (await session.execute(statement)).all()


async def find_schemas(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Schemas by form version."""
    rows = await session.execute(select(FormVersion.id, FormVersion.schema).where(FormVersion.id.in_(ids)))
    return {row.id: row.schema for row in rows}


async def list_table_editions(session: AsyncSession, county_code: str) -> Sequence[Any]:
    """Every version of every code table that the county has."""
    statement = select(
        CodeTable.id,
        CodeTable.code,
        CodeTable.county_code,
        CodeTable.version,
        CodeTable.published_at,
        CodeTable.previous_until,
    ).where(_of_county(CodeTable, county_code))
    return (await session.execute(statement)).all()


async def find_codes(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """Codes by table version."""
    statement = (
        select(CodeValue.table_id, func.array_agg(CodeValue.code))
        .where(CodeValue.table_id.in_(ids))
        .group_by(CodeValue.table_id)
    )
    found = {table: frozenset(codes) for table, codes in (await session.execute(statement)).all()}
    return {each: found.get(each, frozenset()) for each in ids}


async def list_items(
    session: AsyncSession,
    county_code: str,
    *,
    subject_kind: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[CollectionItem], str | None]:
    """One page of the items that the county knows, by code."""
    statement = select(CollectionItem).where(_of_county(CollectionItem, county_code))
    if subject_kind is not None:
        statement = statement.where(CollectionItem.subject_kind == subject_kind)
    rows = await session.scalars(pagination.after(statement, (CollectionItem.code,), cursor, limit))
    return pagination.page(rows.all(), limit, lambda item: (item.code,))


async def get_item(session: AsyncSession, county_code: str, item_code: str) -> CollectionItem:
    """The item. Raises NotFound for one that the county doesn't know."""
    found: CollectionItem | None = await session.scalar(
        select(CollectionItem).where(
            CollectionItem.code == item_code, _of_county(CollectionItem, county_code)
        )
    )
    if found is None:
        raise NotFound
    return found


async def get_form(session: AsyncSession, form_id: UUID) -> FormVersion:
    """The form version of that id, which the caller has found in the county's line."""
    return await session.get_one(FormVersion, form_id)


async def get_table(session: AsyncSession, table_id: UUID) -> CodeTable:
    """The table version of that id, which the caller has found in the county's line."""
    return await session.get_one(CodeTable, table_id)


async def list_tables(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, CodeTable]:
    """Table versions by id."""
    found = await session.scalars(select(CodeTable).where(CodeTable.id.in_(ids)))
    return {table.id: table for table in found}


async def list_values(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[CodeValue]]:
    """Codes of table versions, in order."""
    statement = select(CodeValue).where(CodeValue.table_id.in_(ids))
    found: dict[UUID, list[CodeValue]] = {each: [] for each in ids}
    for value in await session.scalars(statement.order_by(CodeValue.table_id, CodeValue.position)):
        found[value.table_id].append(value)
    return found
