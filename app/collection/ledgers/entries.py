"""Rows of a ledger as they were read: own properties, fields of the form, and what is linked to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from app.collection.subjects.models import SEALED
from app.kit.crypto import Vault


@dataclass(frozen=True, slots=True)
class Entry:
    """One row.

    own     properties that every row has, by name
    fields  of the form: open ones as they are, personal ones masked, or plain where that was asked for;
            sensitive ones are never here (requirements A.7)
    links   by kind of link: the subject that the latest open one leads to
    counts  by (link, kind): how many subjects link here
    """

    county_code: str
    id: UUID
    kind: str
    area_id: UUID
    grid_id: UUID | None
    own: Mapping[str, Any]
    fields: Mapping[str, Any]
    links: dict[str, "Entry"] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)


def subject_entry(row: Any, vault: Vault | None) -> Entry:
    """A row of `subject`. vault: opens personal fields; None leaves them masked."""
    personal = row.masked if vault is None else plain_fields(row, vault)
    own = {
        "name": row.name,
        "address": row.address,
        "state": row.state,
        "state_since": row.state_since,
        "tags": row.tags,
        "quality_score": row.quality_score,
        "fresh_at": row.fresh_at,
        "item": row.item_code,
    }
    return Entry(
        row.county_code, row.id, row.kind, row.area_id, row.grid_id, own, {**row.attributes, **personal}
    )


def plain_fields(row: Any, vault: Vault) -> dict[str, Any]:
    """The personal fields of a subject in full, without the sensitive ones."""
    if row.sealed is None:
        return {}
    values: dict[str, Any] = orjson.loads(vault.decrypt(row.sealed, SEALED, row.id))["values"]
    return {name: value for name, value in values.items() if name not in row.sensitive}


def jsonable(value: Any) -> Any:
    """A cell as JSON has it."""
    return value.isoformat() if isinstance(value, date | datetime) else value
