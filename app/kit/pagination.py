"""Keyset pagination: `?limit=&cursor=`, `next` in the body."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, Uuid, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.kit.problems import Problem

T = TypeVar("T")
R = TypeVar("R")
Key = ColumnElement[Any] | InstrumentedAttribute[Any]

Limit = Annotated[int, Query(ge=1, le=500, description="Most rows in one answer · 每页最多行数")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before · 上一页的 next")]


class BadCursor(Problem):
    code, status = "bad_cursor", 422
    zh, en = "分页游标无效,请从第一页重新开始", "The cursor is not valid; start again from the first page"


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: Annotated[str | None, Field(description="Cursor of the next page, or null · 下一页游标")]


def after(
    statement: Select[*tuple[Any, ...]], keys: Sequence[Key], cursor: str | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """`statement` ordered by `keys` (unique together), starting after `cursor`, one row more than `limit`."""
    if cursor is not None:
        values = values_of(cursor, len(keys))
        statement = statement.where(tuple_(*keys) > tuple_(*_typed(keys, values)))
    return statement.order_by(*keys).limit(limit + 1)


def page(rows: Sequence[R], limit: int, key: Callable[[R], Sequence[Any]]) -> tuple[list[R], str | None]:
    """The rows of the page and the cursor of the next, from one row more than `limit`."""
    kept = list(rows[:limit])
    return kept, _encode(key(kept[-1])) if len(rows) > limit else None


def values_of(cursor: str, count: int) -> list[Any]:
    """What a cursor holds, for lists that are ordered in memory. Raises BadCursor unless it is `count` values."""
    values = _decode(cursor)
    if len(values) != count:
        raise BadCursor
    return values


def id_of(cursor: str) -> UUID:
    """The id that the cursor of a list ordered by id holds. Raises BadCursor."""
    [value] = values_of(cursor, 1)
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise BadCursor from error


def page_of(
    rows: Sequence[R], key: Callable[[R], list[Any]], cursor: str | None, limit: int
) -> tuple[list[R], str | None]:
    """One page of rows that are in memory, ordered by `key`: JSON values that compare, unique together."""
    start = None if cursor is None else _decode(cursor)
    try:
        following = sorted((r for r in rows if start is None or key(r) > start), key=key)
    except TypeError as error:  # a cursor of another list
        raise BadCursor from error
    return page(following[: limit + 1], limit, key)


def _typed(keys: Sequence[Key], values: list[Any]) -> list[ColumnElement[Any]]:
    from sqlalchemy import cast

    return [cast(_fitting(value, column), column.type) for column, value in zip(keys, values, strict=True)]


def _fitting(value: Any, column: Key) -> Any:
    """The value as its column wants it: an id that is none never reaches the driver. Raises BadCursor."""
    if not isinstance(column.type, Uuid):
        return value
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise BadCursor from error


def _encode(values: Sequence[Any]) -> str:
    return urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode().rstrip("=")


def _decode(cursor: str) -> list[Any]:
    try:
        values = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadCursor from error
    if not isinstance(values, list):
        raise BadCursor
    return values
