"""What hangs on the rows of a page: linked subjects, how many link here, names of areas and grids."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import AreaVersion, Grid
from app.collection.ledgers.aliases import Key, aliases, members
from app.collection.ledgers.declaration import Ledger, Linked, Linking
from app.collection.ledgers.entries import Entry, subject_entry
from app.collection.subjects.models import Subject, SubjectLink
from app.identity.actor import Actor
from app.identity.scope import visible_to
from app.kit.crypto import Vault

SUBJECT_COLUMNS = [
    Subject.county_code,
    Subject.id,
    Subject.kind,
    Subject.area_id,
    Subject.grid_id,
    Subject.item_code,
    Subject.state,
    Subject.state_since,
    Subject.attributes,
    Subject.masked,
    Subject.sealed,
    Subject.sensitive,
    Subject.name,
    Subject.address,
    Subject.tags,
    Subject.quality_score,
    Subject.fresh_at,
]
"""What an entry is made of: never the whole row."""


async def add_links(
    session: AsyncSession, actor: Actor, ledger: Ledger, entries: Sequence[Entry], vault: Vault | None
) -> None:
    """Fills `links` and `counts` as far as the ledger's columns ask for them: two statements for a page.

    What a link leads to is shown only where the actor may see it: people work in other counties.
    """
    kinds = {c.source.link for c in ledger.columns if isinstance(c.source, Linked)}
    counted = {(c.source.link, c.source.kind) for c in ledger.columns if isinstance(c.source, Linking)}
    if kinds:
        await follow(session, actor, entries, sorted(kinds), vault)
    if entries and counted:
        await _count(session, {(entry.county_code, entry.id): entry for entry in entries}, counted)


async def follow(
    session: AsyncSession,
    actor: Actor,
    entries: Sequence[Entry],
    kinds: Sequence[str],
    vault: Vault | None,
) -> None:
    """Fills `links` with what the open links of these kinds lead to, the latest of each; one statement.

    vault: opens personal fields; None leaves them masked.
    """
    if not entries:
        return
    by_key: dict[Key, list[Entry]] = {}
    for entry in entries:  # two people of one dwelling: the dwelling stands twice
        by_key.setdefault((entry.county_code, entry.id), []).append(entry)
    roots = await members(session, by_key)
    merged = aliases()
    statement = (
        select(SubjectLink.from_id, SubjectLink.kind.label("link"), *SUBJECT_COLUMNS)
        .outerjoin(
            merged,
            (merged.c.county_code == SubjectLink.county_code) & (merged.c.id == SubjectLink.to_id),
        )
        .join(
            Subject,
            (Subject.county_code == SubjectLink.county_code)
            & (Subject.id == func.coalesce(merged.c.root, SubjectLink.to_id)),
        )
        .where(
            tuple_(SubjectLink.county_code, SubjectLink.from_id).in_(list(roots)),
            SubjectLink.kind.in_(kinds),
            SubjectLink.valid_to.is_(None),
            visible_to(actor, Subject),
        )
        .order_by(SubjectLink.valid_from, SubjectLink.id)
    )
    for row in await session.execute(statement):  # the latest comes last and stays
        for entry in by_key[roots[row.county_code, row.from_id]]:
            entry.links[row.link] = subject_entry(row, vault)


async def _count(
    session: AsyncSession, by_key: dict[Key, Entry], counted: Collection[tuple[str, str]]
) -> None:
    roots = await members(session, by_key)
    merged = aliases()
    linking = func.coalesce(merged.c.root, SubjectLink.from_id)
    statement = (
        select(
            SubjectLink.county_code,
            SubjectLink.to_id,
            SubjectLink.kind.label("link"),
            Subject.kind,
            Subject.id,
        )
        .outerjoin(
            merged,
            (merged.c.county_code == SubjectLink.county_code) & (merged.c.id == SubjectLink.from_id),
        )
        .join(Subject, (Subject.county_code == SubjectLink.county_code) & (Subject.id == linking))
        .where(
            tuple_(SubjectLink.county_code, SubjectLink.to_id).in_(list(roots)),
            SubjectLink.valid_to.is_(None),
            tuple_(SubjectLink.kind, Subject.kind).in_(sorted(counted)),
        )
    )
    found: dict[tuple[Key, tuple[str, str]], set[UUID]] = {}
    for row in await session.execute(statement):
        root = roots[row.county_code, row.to_id]
        found.setdefault((root, (row.link, row.kind)), set()).add(row.id)
    for (root, what), linked in found.items():
        by_key[root].counts[what] = len(linked)


async def add_places(session: AsyncSession, entries: Sequence[Entry], day: date) -> dict[UUID, str]:
    """Names of the entries' areas on `day` and codes of their grids, by id."""
    areas = {entry.area_id for entry in entries}
    grids = {entry.grid_id for entry in entries if entry.grid_id is not None}
    names: dict[UUID, str] = {}
    if areas:
        named: Any = select(AreaVersion.area_id, AreaVersion.name).where(
            AreaVersion.area_id.in_(areas), AreaVersion.valid.contains(day)
        )
        names |= {row.area_id: row.name for row in await session.execute(named)}
    if grids:
        coded: Any = select(Grid.id, Grid.code).where(
            Grid.county_code.in_({entry.county_code for entry in entries}), Grid.id.in_(grids)
        )
        names |= {row.id: row.code for row in await session.execute(coded)}
    return names
