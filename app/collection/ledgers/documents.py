"""Ledgers of what was sent by a form: registers, minutes, case files, and forms as source documents."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.models import CollectionItem, FormVersion
from app.collection.ledgers.conditions import Asked, below, field_of, holds_code
from app.collection.ledgers.declaration import Ledger
from app.collection.ledgers.entries import Entry
from app.collection.subjects.changing import MASKS
from app.collection.submissions.models import Submission
from app.identity.actor import Actor
from app.identity.scope import counties_of, visible_to
from app.kit.crypto import Vault

SEALED = "submission.sealed"
KEPT = ("applied", "conflict")
"""Held, stuck and discarded records are in nobody's ledger."""
COLUMNS = [
    Submission.county_code,
    Submission.id,
    Submission.area_id,
    Submission.grid_id,
    Submission.item_code,
    Submission.form_version,
    Submission.recorded_at,
    Submission.review_state,
    Submission.quality_score,
    Submission.fields,
    Submission.sealed,
]


async def rows(
    session: AsyncSession, actor: Actor, ledger: Ledger, item: str, asked: Asked
) -> Select[*tuple[Any, ...]]:
    """The records of an item that the actor sees: an inspector his own. Raises FilterUnknown."""
    statement: Select[*tuple[Any, ...]] = select(*COLUMNS).where(
        Submission.county_code.in_(await counties_of(session, actor)),
        visible_to(actor, Submission),
        Submission.item_code == item,
        Submission.state.in_(KEPT),
    )
    if asked.area_id is not None:
        statement = statement.where(Submission.area_id.in_(below(asked.area_id)))
    if asked.grid_id is not None:
        statement = statement.where(Submission.grid_id == asked.grid_id)
    if asked.quality_below is not None:
        statement = statement.where(Submission.quality_score < asked.quality_below)
    if asked.since is not None:
        statement = statement.where(Submission.recorded_at >= asked.since)
    if asked.until is not None:
        statement = statement.where(Submission.recorded_at < asked.until)
    for code, value in asked.values.items():
        statement = statement.where(holds_code(Submission.fields[field_of(ledger, code)], (value,)))
    return statement


async def entries(
    session: AsyncSession, found: Sequence[Any], vault: Vault, *, unmasked: bool
) -> list[Entry]:
    """Rows as entries; personal fields masked as their form says, sensitive ones left out."""
    kinds = await _personal_kinds(session, {(row.item_code, row.form_version) for row in found})
    return [_entry(row, kinds, vault, unmasked) for row in found]


async def _personal_kinds(
    session: AsyncSession, asked: set[tuple[str, int]]
) -> dict[tuple[str, int], dict[str, str]]:
    """How each personal field of those forms is masked; what is sensitive is not among them."""
    if not asked:
        return {}
    statement = (
        select(CollectionItem.code, FormVersion.version, FormVersion.schema)
        .join(FormVersion, FormVersion.item_id == CollectionItem.id)
        .where(CollectionItem.code.in_(sorted({item for item, _ in asked})))
    )
    found: dict[tuple[str, int], dict[str, str]] = {}
    for code, version, schema in await session.execute(statement):
        found[code, version] = {
            name: declared["x-personal"]
            for name, declared in schema["properties"].items()
            if "x-personal" in declared and not declared.get("x-sensitive")
        }
    return found


def _entry(row: Any, kinds: dict[tuple[str, int], dict[str, str]], vault: Vault, unmasked: bool) -> Entry:
    own = {
        "recorded_at": row.recorded_at,
        "review_state": row.review_state,
        "quality_score": row.quality_score,
        "item": row.item_code,
    }
    personal = _personal(row, kinds.get((row.item_code, row.form_version), {}), vault, unmasked)
    return Entry(
        row.county_code,
        row.id,
        "document",
        row.area_id,
        row.grid_id,
        own,
        {**row.fields, **personal},
    )


def _personal(row: Any, kinds: dict[str, str], vault: Vault, unmasked: bool) -> dict[str, Any]:
    if row.sealed is None:
        return {}
    values: dict[str, Any] = orjson.loads(vault.decrypt(row.sealed, SEALED, _row_id(row)))
    values = values.get("values", values)
    return {
        name: value if unmasked or not isinstance(value, str) else MASKS[kinds[name]](value)
        for name, value in values.items()
        if name in kinds
    }


def _row_id(row: Any) -> UUID:
    found: UUID = row.id
    return found
