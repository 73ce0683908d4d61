"""What a ledger is: which rows, which columns. Declared as data; one builder and one renderer serve them all.

Pure. A column says where its value comes from; a condition says which subjects belong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Own:
    """A property that every row has, whatever its form: `area`, `grid`, `state`, `state_since`, `address`, `name`,
    `tags`, `quality_score`, `fresh_at`, `recorded_at`, `review_state`.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form. table: its codes are shown by their labels."""

    name: str
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """A value of the subject that an open link leads to (the latest, where several do)."""

    link: str
    value: Field | Own


@dataclass(frozen=True, slots=True)
class Linking:
    """How many subjects of `kind` have an open link to this one."""

    link: str
    kind: str


Source = Own | Field | Linked | Linking


@dataclass(frozen=True, slots=True)
class Column:
    """A column: code for machines, headings for people. unit: m², people, …"""

    code: str
    zh: str
    en: str
    source: Source
    unit: str = ""
    width: int = 14


@dataclass(frozen=True, slots=True)
class FieldIn:
    """Subjects with one of `values` in an open field; a list field counts when it holds one of them."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Subjects with any tag at all."""


@dataclass(frozen=True, slots=True)
class ByItem:
    """Subjects whose record is of one of these items."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CollectedBy:
    """Subjects about which a record of this item was ever accepted, whatever was entered later."""

    item: str


@dataclass(frozen=True, slots=True)
class HasLink:
    """Subjects with an open link of this kind; `to` narrows what it leads to."""

    link: str
    to: "Condition | None" = None


@dataclass(frozen=True, slots=True)
class InState:
    """Subjects in one of these states."""

    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Subjects that fit one of several conditions."""

    conditions: tuple["Condition", ...]


Condition = FieldIn | Tagged | ByItem | CollectedBy | HasLink | InState | AnyOf


@dataclass(frozen=True, slots=True)
class Subjects:
    """Rows are subjects of a kind that fit all conditions."""

    kind: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Documents:
    """Rows are what was sent by a form that is about no subject, or the forms themselves as source documents."""

    item: str


Library = Literal["population", "organizations", "houses", "places", "documents"]
LIBRARIES: Mapping[Library, tuple[str, str]] = {
    "population": ("全员人口库", "Population"),
    "organizations": ("法人机构库", "Organizations"),
    "houses": ("房屋与城市部件库", "Houses and city components"),
    "places": ("场所库", "Places"),
    "documents": ("基础台账资料", "Source documents"),
}
"""Groups of ledgers; the first three are the base libraries of S1-10."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger.

    filters  columns that a list may be narrowed by, each to one code
    """

    code: str
    zh: str
    en: str
    library: Library
    rows: Subjects | Documents
    columns: tuple[Column, ...]
    filters: tuple[str, ...] = ()
    source: str = ""

    def tables(self) -> frozenset[str]:
        """The code tables whose labels its columns show."""
        fields = (c.source.value if isinstance(c.source, Linked) else c.source for c in self.columns)
        found = {field.table for field in fields if isinstance(field, Field) and field.table}
        if any(c.source == Own("tags") for c in self.columns):
            found.add("service_tag")
        return frozenset(found)

    def column(self, code: str) -> Column | None:
        """The column of that code, None where it has none."""
        return next((column for column in self.columns if column.code == code), None)
