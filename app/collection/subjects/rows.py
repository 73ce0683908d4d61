"""Subjects between their rows and what they stand for: sealing, opening, tokens. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from shapely import Point
from sqlalchemy import Row

from app.collection.subjects import indexing
from app.collection.subjects.changing import Applied, Place, Stored
from app.collection.subjects.indexing import Indexed
from app.collection.subjects.lifecycle import Timeline
from app.collection.subjects.models import SEALED, VERSION_SEALED, Subject
from app.kit import masking
from app.kit.crypto import Vault
from app.kit.geo import to_ewkb_hex

COLUMNS = tuple(column.name for column in Subject.__table__.columns)
MUTABLE = tuple(
    name for name in COLUMNS if name not in ("county_code", "id", "kind", "created_at", "merged_into")
)


def open_sealed(vault: Vault, sealed: str | None, row_id: UUID) -> tuple[dict[str, Any], Indexed]:
    """Personal and sensitive values, and what is indexed of them. Raises SealError."""
    if sealed is None:
        return {}, Indexed()
    content = orjson.loads(vault.decrypt(sealed, SEALED, row_id))
    return content["values"], Indexed.load(content["index"])


def stored_of(row: Row[Any], vault: Vault, states: Timeline) -> Stored:
    """A row of `subject`, opened. Raises SealError."""
    hidden, indexed = open_sealed(vault, row.sealed, row.id)
    geom = row.geom
    return Stored(
        id=row.id,
        kind=row.kind,
        place=Place(row.area_id, row.grid_id, None if geom is None else (geom.x, geom.y)),
        item_code=row.item_code,
        version=row.version,
        revision=row.revision,
        values={**row.attributes, **hidden},
        hidden=frozenset(hidden),
        masked=row.masked,
        sensitive=frozenset(row.sensitive),
        tags=tuple(row.tags),
        name=row.name,
        address=row.address,
        indexed=indexed,
        states=states,
        quality_score=row.quality_score,
        fresh_at=row.fresh_at,
        created_at=row.created_at,
        merged_into=row.merged_into,
    )


def seal(vault: Vault, stored: Stored) -> str | None:
    """The sealed column of a subject; None when it holds nothing personal and no key."""
    hidden = {name: stored.values[name] for name in stored.hidden if name in stored.values}
    if not hidden and stored.indexed.is_empty():
        return None
    content = orjson.dumps({"values": hidden, "index": stored.indexed.dump()}).decode()
    return vault.encrypt(content, SEALED, stored.id)


def subject_row(vault: Vault, county_code: str, stored: Stored, now: datetime) -> dict[str, Any]:
    """The row of a subject as it stands, JSON."""
    position, indexed = stored.place.position, stored.indexed
    return {
        "county_code": county_code,
        "id": stored.id,
        "kind": stored.kind,
        "area_id": stored.place.area_id,
        "grid_id": stored.place.grid_id,
        "item_code": stored.item_code,
        "version": stored.version,
        "revision": stored.revision,
        "state": stored.state,
        "state_since": stored.state_since,
        "attributes": {n: v for n, v in stored.values.items() if n not in stored.hidden},
        "sealed": seal(vault, stored),
        "masked": stored.masked,
        "sensitive": sorted(stored.sensitive),
        "name": stored.name,
        "name_tokens": name_tokens(vault, stored.name, indexed),
        "shown_name": masking.mask_name(indexed.name) if indexed.name else stored.name,
        "address": stored.address,
        "shown_address": masking.mask_address(indexed.address) if indexed.address else stored.address,
        "address_tokens": address_tokens(vault, stored.address, indexed),
        "tags": list(stored.tags),
        "geom": None if position is None else to_ewkb_hex(Point(position)),
        "quality_score": stored.quality_score,
        "fresh_at": stored.fresh_at,
        "created_at": stored.created_at,
        "updated_at": now,
        "merged_into": stored.merged_into,
    }


def name_tokens(vault: Vault, name: str | None, indexed: Indexed) -> list[int]:
    """Tokens of the open name, or keyed ones of the personal name."""
    if indexed.name is not None:
        return indexing.keyed_tokens(vault, indexing.NAME_PURPOSE, indexed.name)
    return indexing.open_tokens(name) if name is not None else []


def address_tokens(vault: Vault, address: str | None, indexed: Indexed) -> list[int]:
    """Likewise for the address."""
    if indexed.address is not None:
        return indexing.keyed_tokens(vault, indexing.ADDRESS_PURPOSE, indexed.address)
    return indexing.open_tokens(address) if address is not None else []


def version_row(
    vault: Vault, county_code: str, applied: Applied, version_id: UUID, now: datetime
) -> dict[str, Any]:
    """The row of `subject_version`: the changed fields with their new values, null where one was removed."""
    change, after = applied.change, applied.after
    known_before = applied.before.hidden if applied.before else frozenset()
    covered = {n for n in applied.changed if n in after.hidden or n in known_before}
    hidden = {name: after.values.get(name) for name in covered}
    text = orjson.dumps(hidden).decode()
    return {
        "county_code": county_code,
        "subject_id": after.id,
        "version": after.version,
        "id": version_id,
        "submission_id": change.submission_id,
        "author_id": change.author_id,
        "recorded_at": change.recorded_at,
        "received_at": now,
        "item_code": change.item_code,
        "changed": sorted(applied.changed),
        "attributes": {n: after.values.get(n) for n in applied.changed if n not in covered},
        "masked": {n: after.masked.get(n) for n in covered if n not in after.sensitive},
        "sealed": vault.encrypt(text, VERSION_SEALED, version_id) if hidden else None,
    }


def key_rows(
    vault: Vault, county_code: str, subject_id: UUID, keys: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Rows of `subject_key`."""
    return [
        {
            "county_code": county_code,
            "key_kind": kind,
            "digest": indexing.key_digest(vault, kind, value),
            "subject_id": subject_id,
            "is_natural": kind not in indexing.MARKS,
        }
        for kind, value in keys
    ]


def link_targets(value: Any) -> list[UUID]:
    """The subject ids that a link field names; what is no id is left out: the form has refused it already."""
    found = []
    for each in value if isinstance(value, list) else [value]:
        try:
            found.append(each if isinstance(each, UUID) else UUID(str(each)))
        except ValueError:
            continue
    return found


def changed_links(applied: Applied) -> Mapping[str, tuple[str, set[UUID]]]:
    """Of each link field that changed: the kind of link and whom it names now, itself left out."""
    found = {}
    for name in applied.changed:
        known = applied.change.fields.get(name)
        if known is not None and known.link is not None:
            value = applied.after.values.get(name)
            targets = set() if value is None else set(link_targets(value))
            found[name] = (known.link, targets - {applied.after.id})
    return found
