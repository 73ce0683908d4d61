"""What a subject is found by: its name, address, keys and tags, taken from its values by what its form says. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from app.collection.subjects import indexing
from app.collection.subjects.indexing import Indexed

COMPARED_BY_NAME = frozenset({"organization", "place"})
"""Kinds whose equal open names are a sign of a duplicate."""


class Field(Protocol):
    """What of a form's field matters here (`x-personal`, `x-key`, `x-role`, `x-link`, `x-sensitive`)."""

    @property
    def personal(self) -> str | None: ...
    @property
    def key(self) -> str | None: ...
    @property
    def role(self) -> str | None: ...
    @property
    def link(self) -> str | None: ...
    @property
    def sensitive(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class FoundBy:
    """Open name and address, None where personal or unknown, and what the keyed indexes are made from."""

    name: str | None
    address: str | None
    indexed: Indexed


def found_by(before: FoundBy, kind: str, fields: Mapping[str, Field], values: Mapping[str, Any]) -> FoundBy:
    """Name, address, date of birth and keys, as far as this form has fields for them; the others stay.

    kind: of the subject. fields: of the form. values: of the subject after the change.
    """
    keys, found = dict(before.indexed.keys), before
    for field_name, known in fields.items():
        value = values.get(field_name)
        if known.role in ("name", "address", "birth_date"):
            found = _in_role(found, kind, known, None if value is None else str(value))
        if known.key is not None or "phone" in (known.personal, known.role):
            keys.pop(field_name, None)
            if (key := _key(known, value)) is not None:
                keys[field_name] = key
    return replace(found, indexed=replace(found.indexed, keys=keys))


def tags_of(
    before: Collection[str], fields: Mapping[str, Field], old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[str, ...]:
    """Tags of fields of other forms stay; those of this form's fields are what these say now.

    old, new: values of the subject before and after the change.
    """
    tags = set(before)
    mine = [n for n, f in fields.items() if f.role == "tags" and not f.sensitive and not f.personal]
    for name in mine:
        tags -= set(indexing.as_texts(old.get(name)))
    for name in mine:
        tags |= set(indexing.as_texts(new.get(name)))
    return tuple(sorted(tags))


def _in_role(found: FoundBy, kind: str, known: Field, text: str | None) -> FoundBy:
    if known.role == "birth_date":
        return replace(found, indexed=replace(found.indexed, birth=text))
    if known.sensitive:
        return found
    is_open = known.personal is None
    shown, kept = (text, None) if is_open else (None, text)
    if known.role == "address":
        return replace(found, address=shown, indexed=replace(found.indexed, address=kept))
    compared = shown if kind in COMPARED_BY_NAME else None
    return replace(found, name=shown, indexed=replace(found.indexed, name=kept, open_name=compared))


def _key(known: Field, value: Any) -> tuple[str, str] | None:
    if value is None or known.sensitive or isinstance(value, list | dict):
        return None
    if known.key is not None and known.key != indexing.PHONE:
        text = indexing.normalised_key(known.key, value)
        return (known.key, text) if text else None
    digits = indexing.normalised_phone(value)
    return (indexing.PHONE, digits) if digits else None
