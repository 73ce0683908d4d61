"""The three questions that somebody who knows his area answers at once (一口清, S2-28)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Uuid,
    bindparam,
    column,
    exists,
    false,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.ledgers.conditions import below
from app.collection.ledgers.entries import Entry, subject_entry
from app.collection.ledgers.links import SUBJECT_COLUMNS
from app.collection.ledgers.problems import TooManyFound
from app.collection.subjects import indexing
from app.collection.subjects.lifecycle import CLOSED
from app.collection.subjects.models import Subject
from app.collection.subjects.rows import open_sealed
from app.identity.actor import Actor, Role
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.crypto import Vault

Topic = Literal["residents", "vulnerable", "backbone"]
MOST_CANDIDATES = 2000
"""Names that share their pairs of characters are opened and compared; more than these is no name."""

# `visits` lies above this package, so its table is named here.
KEY_SUBJECT = table(
    "key_subject",
    column("county_code"),
    column("subject_id", Uuid()),
    column("valid", DATERANGE()),
)
OWN_GRIDS = text("""
SELECT grid_id FROM appointment
 WHERE county_code = :county_code AND inspector_id = :inspector_id AND cancelled_at IS NULL
   AND valid @> cast(:now AS timestamptz)
""").columns(column("grid_id", Uuid()))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. tags: those that the topic stands for, by the rules of the area."""

    topic: Topic
    name: str | None
    area_id: UUID
    grid_id: UUID | None
    tags: Sequence[str]
    day: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A person found, and whether he is on the list of key persons."""

    entry: Entry
    is_priority: bool


async def answer(
    session: AsyncSession, actor: Actor, asked: Question, vault: Vault, cursor: str | None, limit: int
) -> tuple[list[Answer], str | None]:
    """People by id, present ones only. Raises BadCursor, TooManyFound."""
    priority = _priority(actor, asked) if asked.topic == "vulnerable" else false()
    statement = select(*SUBJECT_COLUMNS, priority.label("is_priority")).where(
        Subject.county_code.in_(await counties_of(session, actor)),
        visible_to(actor, Subject),
        Subject.area_id.in_(below(asked.area_id)),
        Subject.kind == "person",
        Subject.merged_into.is_(None),
        ~Subject.state.in_(sorted(CLOSED)),
    )
    if asked.grid_id is not None:
        statement = statement.where(Subject.grid_id == asked.grid_id)
    if asked.topic != "residents":
        statement = statement.where(or_(Subject.tags.overlap(list(asked.tags)), priority))
    if asked.name is not None:
        searches = indexing.keyed_searches(vault, indexing.NAME_PURPOSE, asked.name)
        tokens = [tokens for tokens in searches if tokens] or [[0]]
        statement = statement.where(or_(*(Subject.name_tokens.contains(each) for each in tokens)))
    keys = (Subject.county_code, Subject.id)
    most = limit if asked.name is None else MOST_CANDIDATES
    found = (await session.execute(pagination.after(statement, keys, cursor, most))).all()
    if asked.name is not None:
        if len(found) > MOST_CANDIDATES:
            raise TooManyFound(limit=MOST_CANDIDATES)
        wanted = indexing.folded(asked.name)
        found = [row for row in found if wanted in _name(row, vault)]
    rows, following = pagination.page(found, limit, lambda row: [row.county_code, row.id])
    return [Answer(subject_entry(row, None), bool(row.is_priority)) for row in rows], following


def _priority(actor: Actor, asked: Question) -> ColumnElement[bool]:
    """On the list of key persons that day; an inspector is told of those in his own grids only."""
    listed = exists().where(
        KEY_SUBJECT.c.county_code == Subject.county_code,
        KEY_SUBJECT.c.subject_id == Subject.id,
        KEY_SUBJECT.c.valid.op("@>")(bindparam("key_day", asked.day, Date(), unique=True)),
    )
    if actor.role is not Role.INSPECTOR:
        return listed
    own = OWN_GRIDS.bindparams(
        county_code=actor.county_code, inspector_id=actor.account_id, now=asked.now
    ).subquery()
    return listed & func.coalesce(Subject.grid_id.in_(select(own.c.grid_id)), false())


def _name(row: Any, vault: Vault) -> str:
    _, indexed = open_sealed(vault, row.sealed, row.id)
    return indexing.folded(indexed.name or row.name or "")
