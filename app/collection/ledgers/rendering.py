"""Entries as cells, for the screen and for files. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from app.collection.ledgers.declaration import Column, Field, Ledger, Linked, Linking, Own, Source
from app.collection.ledgers.entries import Entry
from app.collection.ledgers.labels import REVIEWS, STATES, Labels

Cell = str | int | float | bool | date | datetime | None
SEPARATOR = {"zh": "、", "en": ", "}


@dataclass(frozen=True, slots=True)
class Renderer:
    """Makes cells of a ledger in one language. names: of areas and grids, by id."""

    ledger: Ledger
    labels: Labels
    names: Mapping[UUID, str]
    language: str

    def cells(self, entry: Entry) -> list[Cell]:
        """A cell for every column."""
        return [self._cell(entry, column.source) for column in self.ledger.columns]

    def codes(self, entry: Entry) -> dict[str, object]:
        """What stands behind the labels, by column: for machines, which don't read words."""
        found: dict[str, object] = {}
        for column in self.ledger.columns:
            if isinstance(column.source, Linking):
                continue
            held, source = _target(entry, column.source)
            if held is None:
                continue
            if isinstance(source, Field) and source.table and held.fields.get(source.name) is not None:
                found[column.code] = held.fields[source.name]
            elif isinstance(source, Own) and source.name in ("state", "tags", "review_state"):
                found[column.code] = held.own.get(source.name)
        return found

    def _cell(self, entry: Entry, source: Source) -> Cell:
        if isinstance(source, Linking):
            return entry.counts.get((source.link, source.kind), 0)
        held, inner = _target(entry, source)
        if held is None:
            return None
        if isinstance(inner, Field):
            return self._field(held.fields.get(inner.name), inner.table)
        return self._own(held, inner.name)

    def _own(self, entry: Entry, name: str) -> Cell:
        if name == "area":
            return self.names.get(entry.area_id)
        if name == "grid":
            return None if entry.grid_id is None else self.names.get(entry.grid_id)
        value: Any = entry.own.get(name)
        if name in ("state", "review_state"):
            return self._word(STATES.get(value) or REVIEWS.get(value), value)
        if name == "tags":
            return self._field(value or None, "service_tag")
        return cast("Cell", value)

    def _field(self, value: object, table: str | None) -> Cell:
        if isinstance(value, list):
            return SEPARATOR[self.language].join(str(self._field(each, table)) for each in value)
        if value is None or table is None:
            return value if isinstance(value, str | int | float | bool | None) else str(value)
        return self._word(self.labels.get(table, {}).get(str(value)), str(value))

    def _word(self, label: tuple[str, str] | None, fallback: str | None) -> str | None:
        return fallback if label is None else label[self.language == "en"]


def _target(entry: Entry, source: Own | Field | Linked) -> tuple[Entry | None, Field | Own]:
    """The entry that a source reads, and what it reads there."""
    if isinstance(source, Linked):
        return entry.links.get(source.link), source.value
    return entry, source


def headings(columns: Sequence[Column], language: str) -> list[str]:
    """What stands above the columns; a unit in brackets."""
    found = []
    for column in columns:
        label = column.en if language == "en" else column.zh
        found.append(f"{label} ({column.unit})" if column.unit else label)
    return found
