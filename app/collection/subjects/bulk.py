"""Many rows of one table, or of a few, in one statement; on the driver's connection, for the hot path."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import orjson
from psycopg.rows import namedtuple_row
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from app.kit.db import driver_connection

Rows = Sequence[Mapping[str, Any]]
Model = type[DeclarativeBase]


async def insert_rows(session: AsyncSession, model: Model, rows: Rows, *, rest: str = "") -> Sequence[Any]:
    """Inserts rows, in the order of their primary keys, from one JSON parameter; every column is given.

    rest: what follows in the statement, `ON CONFLICT DO NOTHING RETURNING …`; its rows are returned.
    """
    return await insert_together(session, [(model, rows)], rest=rest)


async def insert_together(
    session: AsyncSession, sets: Sequence[tuple[Model, Rows]], *, rest: str = ""
) -> Sequence[Any]:
    """`insert_rows` of several tables at once, which may refer to each other; `rest` is said of the last.

    Sets without rows are left out; without rows of the last nothing is returned.
    """
    full = [(model, rows) for model, rows in sets if rows]
    if not full:
        return []
    rest = rest if sets[-1][1] else ""
    statement = _insert(tuple(model for model, _ in full), rest)
    cursor = await _run(session, statement, [_json(rows) for _, rows in full])
    return await cursor.fetchall() if "RETURNING" in rest else []


async def fetch(session: AsyncSession, statement: str, asked: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of a query in the driver's own words (`%(name)s`)."""
    return await (await _run(session, statement, asked)).fetchall()  # type: ignore[no-any-return]


async def update_rows(session: AsyncSession, model: Model, rows: Rows, columns: Sequence[str]) -> None:
    """Sets `columns` of rows that are named by their primary keys and locked already."""
    if rows:
        await _run(session, _update(model, tuple(columns)), [_json(rows)])


@cache
def _insert(models: tuple[Model, ...], rest: str) -> str:
    *others, last = (_insert_one(model) for model in models)
    named = ", ".join(f"t{n} AS ({statement})" for n, statement in enumerate(others))
    return f"{'WITH ' + named if named else ''} {last} {rest}".strip()


def _insert_one(model: Model) -> str:
    table = _table(model)
    columns = ", ".join(column.name for column in table.columns)
    keys = ", ".join(column.name for column in table.primary_key.columns)
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} "
        f"FROM json_populate_recordset(null::{table.name}, cast(%s AS json)) ORDER BY {keys}"
    )


@cache
def _update(model: Model, columns: tuple[str, ...]) -> str:
    table = _table(model)
    sets = ", ".join(f"{column} = n.{column}" for column in columns)
    keys = " AND ".join(f"o.{c.name} = n.{c.name}" for c in table.primary_key.columns)
    return (
        f"UPDATE {table.name} o SET {sets} "
        f"FROM json_populate_recordset(null::{table.name}, cast(%s AS json)) n WHERE {keys}"
    )


async def _run(session: AsyncSession, statement: str, asked: Sequence[str] | Mapping[str, Any]) -> Any:
    connection = await driver_connection(session)
    return await connection.cursor(row_factory=namedtuple_row).execute(statement.encode(), asked)


def _json(rows: Rows) -> str:
    return orjson.dumps(list(rows), default=str).decode()


def _table(model: Model) -> Table:
    return cast("Table", model.__table__)
