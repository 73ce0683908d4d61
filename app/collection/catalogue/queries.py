"""SQL of items, forms and code tables."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.models import CodeTable, CodeValue, CollectionItem, FormVersion


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
    found = {table: frozenset(codes) for table, codes in (await session.execute(statement)).tuples()}
    return {each: found.get(each, frozenset()) for each in ids}
