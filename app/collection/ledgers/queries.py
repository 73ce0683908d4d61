"""The one builder of ledgers: rows a page at a time, how many there are, and how they spread over areas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import AreaVersion
from app.collection.ledgers import documents
from app.collection.ledgers.conditions import Asked, narrowed, sql_of
from app.collection.ledgers.declaration import Documents, Ledger
from app.collection.ledgers.entries import Entry, subject_entry
from app.collection.ledgers.links import SUBJECT_COLUMNS, add_links, follow
from app.collection.subjects.models import Subject
from app.collection.submissions.models import Submission
from app.identity.actor import Actor
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.kit.crypto import Vault

Matching = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What every question to a ledger names. vault: opens what is sealed; unmasked: and shows it in full."""

    ledger: Ledger
    asked: Asked
    vault: Vault
    unmasked: bool = False


async def list_entries(
    session: AsyncSession, actor: Actor, reading: Reading, cursor: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    """One page, by county and id, with what hangs on its rows. Raises FilterUnknown, BadCursor."""
    ledger = reading.ledger
    keys: Sequence[Any]
    statement: Matching
    if isinstance(ledger.rows, Documents):
        keys = (Submission.county_code, Submission.id)
        statement = await documents.rows(session, actor, ledger, ledger.rows.item, reading.asked)
    else:
        keys = (Subject.county_code, Subject.id)
        statement = (await _subjects(session, actor, reading)).with_only_columns(*SUBJECT_COLUMNS)
    found = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    rows, following = pagination.page(found, limit, lambda row: [row.county_code, row.id])
    if isinstance(ledger.rows, Documents):
        entries = await documents.entries(session, rows, reading.vault, unmasked=reading.unmasked)
    else:
        vault = reading.vault if reading.unmasked else None
        entries = [subject_entry(row, vault) for row in rows]
        await add_links(session, actor, ledger, entries, vault)
    return entries, following


async def count_entries(session: AsyncSession, actor: Actor, reading: Reading, most: int) -> int:
    """How many rows there are, counted no further than `most` + 1."""
    statement = await _matching(session, actor, reading)
    some = statement.limit(most + 1).subquery()
    return int(await session.scalar(select(func.count()).select_from(some)) or 0)


async def count_by_area(
    session: AsyncSession, actor: Actor, reading: Reading, under: UUID, day: date
) -> Sequence[Row[Any]]:
    """(area_id, name, rows) of each area directly below `under`, or of `under` itself where none is below."""
    rows = (await _matching(session, actor, reading)).subquery()
    child = AreaClosure.__table__.alias("child")
    place = AreaClosure.__table__.alias("place")
    level = select(func.count()).where(child.c.ancestor_id == under, child.c.depth == 1).scalar_subquery()
    statement = (
        select(child.c.area_id, AreaVersion.name, func.count(rows.c.id).label("rows"))
        .select_from(child)
        .join(place, place.c.ancestor_id == child.c.area_id)
        .outerjoin(rows, rows.c.area_id == place.c.area_id)
        .outerjoin(AreaVersion, (AreaVersion.area_id == child.c.area_id) & AreaVersion.valid.contains(day))
        .where(child.c.ancestor_id == under, child.c.depth == func.least(level, 1))
        .group_by(child.c.area_id, AreaVersion.name)
        .order_by(AreaVersion.name, child.c.area_id)
    )
    return (await session.execute(statement)).all()


async def _matching(session: AsyncSession, actor: Actor, reading: Reading) -> Matching:
    rows = reading.ledger.rows
    if isinstance(rows, Documents):
        statement = await documents.rows(session, actor, reading.ledger, rows.item, reading.asked)
        return statement.with_only_columns(Submission.id, Submission.area_id)
    return (await _subjects(session, actor, reading)).with_only_columns(Subject.id, Subject.area_id)


async def _subjects(session: AsyncSession, actor: Actor, reading: Reading) -> Matching:
    rows = reading.ledger.rows
    assert not isinstance(rows, Documents)  # noqa: S101 - its callers have looked
    return select(Subject).where(
        Subject.county_code.in_(await counties_of(session, actor)),
        visible_to(actor, Subject),
        Subject.kind == rows.kind,
        Subject.merged_into.is_(None),
        *(sql_of(condition, Subject) for condition in rows.conditions),
        *narrowed(reading.ledger, reading.asked),
    )


async def homes_of(session: AsyncSession, actor: Actor, people: Sequence[Entry]) -> dict[UUID, Entry]:
    """The building of the dwelling that each of `people` lives in, and fills the dwelling into their links."""
    await follow(session, actor, people, ("lives_in",), None)
    dwellings = [person.links["lives_in"] for person in people if "lives_in" in person.links]
    await follow(session, actor, dwellings, ("part_of",), None)
    return {
        person.id: person.links["lives_in"].links["part_of"]
        for person in people
        if "lives_in" in person.links and "part_of" in person.links["lives_in"].links
    }
