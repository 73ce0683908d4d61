"""Search: indexes propose, the opened row decides. Names and numbers come in the body, never in the address line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import indexing, queries
from app.collection.subjects.models import Subject, SubjectKey
from app.collection.subjects.problems import SearchTooShort, SearchUnbounded
from app.collection.subjects.rows import open_sealed
from app.identity.actor import Actor
from app.identity.scope import AreaClosure
from app.kit import pagination
from app.kit.crypto import Vault
from app.patrol.box import Box, require_upright

_LEAST_CHARACTERS = 2
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked; every condition narrows. `key`: (kind, value as written on paper)."""

    name: str | None = None
    address: str | None = None
    key: tuple[str, str] | None = None
    area_id: UUID | None = None
    grid_id: UUID | None = None
    kind: str | None = None
    item_code: str | None = None
    tags: Sequence[str] = ()
    state: str | None = None
    box: Box | None = None
    with_merged: bool = False


async def search(
    session: AsyncSession, actor: Actor, vault: Vault, asked: Search, *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """Subjects in the actor's scope, by id. Raises SearchTooShort, SearchUnbounded, BoxReversed, BadCursor.

    What tokens propose is opened and compared with the text that is looked for, a chunk at a time: a page is
    full although few of the proposed fit.
    """
    conditions = await _conditions(session, actor, vault, asked)
    after = None if cursor is None else pagination.id_of(cursor)
    checks = asked.name is not None or asked.address is not None
    found: list[Row[Any]] = []
    while len(found) <= limit:
        most = max(limit + 1 - len(found), _CHUNK if checks else 0)
        statement = queries.candidates().where(*conditions).order_by(Subject.id).limit(most)
        if after is not None:
            statement = statement.where(Subject.id > after)
        chunk = (await session.execute(statement)).all()
        found += [row for row in chunk if not checks or _fits(row, vault, asked)]
        if len(chunk) < most:
            break
        after = chunk[-1].id
    return pagination.page(found[: limit + 1], limit, lambda row: (row.id,))


async def _conditions(
    session: AsyncSession, actor: Actor, vault: Vault, asked: Search
) -> list[ColumnElement[bool]]:
    conditions = [*_indexed(vault, asked), *_plain(asked)]
    if not conditions:
        raise SearchUnbounded
    if not asked.with_merged:
        conditions.append(Subject.merged_into.is_(None))
    return [await queries.seen(session, actor), *conditions]


def _indexed(vault: Vault, asked: Search) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.name is not None:
        conditions.append(
            _tokens(vault, indexing.NAME_PURPOSE, Subject.name_tokens, _long_enough(asked.name))
        )
    if asked.address is not None:
        text = _long_enough(asked.address)
        conditions.append(_tokens(vault, indexing.ADDRESS_PURPOSE, Subject.address_tokens, text))
    if asked.key is not None:
        conditions.append(_holds_key(vault, *asked.key))
    return conditions


def _plain(asked: Search) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    equal = {
        Subject.grid_id: asked.grid_id,
        Subject.kind: asked.kind,
        Subject.item_code: asked.item_code,
        Subject.state: asked.state,
    }
    conditions += [column == value for column, value in equal.items() if value is not None]
    if asked.area_id is not None:
        below = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == asked.area_id)
        conditions.append(Subject.area_id.in_(below))
    if asked.tags:
        conditions.append(Subject.tags.contains(list(asked.tags)))
    if asked.box is not None:
        require_upright(asked.box)
        conditions.append(queries.in_box(asked.box))
    return conditions


def _tokens(vault: Vault, purpose: str, column: Any, text: str) -> ColumnElement[bool]:
    searches = [*indexing.keyed_searches(vault, purpose, text), indexing.open_tokens(text)]
    return queries.tokens_within(column, searches)


def _holds_key(vault: Vault, kind: str, value: str) -> ColumnElement[bool]:
    is_phone = kind == indexing.PHONE
    normal = indexing.normalised_phone(value) if is_phone else indexing.normalised_key(kind, value)
    digests = indexing.key_digests(vault, kind, normal)
    return and_(
        select(SubjectKey.subject_id)
        .where(
            SubjectKey.county_code == Subject.county_code,
            SubjectKey.subject_id == Subject.id,
            SubjectKey.key_kind == kind,
            SubjectKey.digest.in_(digests),
        )
        .exists()
    )


def _long_enough(text: str) -> str:
    if len(indexing.folded(text)) < _LEAST_CHARACTERS:
        raise SearchTooShort
    return text


def _fits(row: Row[Any], vault: Vault, asked: Search) -> bool:
    _, indexed = open_sealed(vault, row.sealed, row.id)
    return _contains(asked.name, indexed.name or row.name) and _contains(
        asked.address, indexed.address or row.address
    )


def _contains(part: str | None, whole: str | None) -> bool:
    return part is None or (whole is not None and indexing.folded(part) in indexing.folded(whole))
