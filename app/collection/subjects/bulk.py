"""Many rows of one table in one statement."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

Rows = Sequence[Mapping[str, Any]]


async def insert_rows(
    session: AsyncSession, model: type[DeclarativeBase], rows: Rows, *, rest: str = ""
) -> Sequence[Any]:
    """Inserts rows, in the order of their primary keys, from one JSON parameter; every column is given.

    rest: what follows in the statement, `ON CONFLICT DO NOTHING RETURNING …`; its rows are returned.
    """
    if not rows:
        return []
    table = _table(model)
    columns = ", ".join(column.name for column in table.columns)
    keys = ", ".join(column.name for column in table.primary_key.columns)
    statement = text(
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} "
        f"FROM json_populate_recordset(null::{table.name}, cast(:rows AS json)) ORDER BY {keys} {rest}"
    )
    result = await session.execute(statement, {"rows": orjson.dumps(list(rows), default=str).decode()})
    return result.all() if "RETURNING" in rest else []


async def update_rows(
    session: AsyncSession, model: type[DeclarativeBase], rows: Rows, columns: Sequence[str]
) -> None:
    """Sets `columns` of rows that are named by their primary keys and locked already."""
    if not rows:
        return
    table = _table(model)
    names = table.name
    sets = ", ".join(f"{column} = n.{column}" for column in columns)
    keys = " AND ".join(f"o.{c.name} = n.{c.name}" for c in table.primary_key.columns)
    await session.execute(
        text(
            f"UPDATE {names} o SET {sets} "
            f"FROM json_populate_recordset(null::{names}, cast(:rows AS json)) n WHERE {keys}"
        ),
        {"rows": orjson.dumps(list(rows), default=str).decode()},
    )


def _table(model: type[DeclarativeBase]) -> Table:
    return cast("Table", model.__table__)
