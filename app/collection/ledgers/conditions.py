"""Conditions and filters of ledgers as SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatch
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from app.collection.ledgers.aliases import aliases
from app.collection.ledgers.declaration import (
    AnyOf,
    ByItem,
    CollectedBy,
    Condition,
    Field,
    FieldIn,
    HasLink,
    InState,
    Ledger,
    Tagged,
)
from app.collection.ledgers.problems import FilterUnknown
from app.collection.subjects.lifecycle import CLOSED
from app.collection.subjects.models import Subject, SubjectLink, SubjectVersion
from app.identity.scope import AreaClosure

Presence = Literal["present", "closed", "all"]
Holder = Any
"""`Subject`, or an alias of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of a ledger somebody wants.

    area_id   this area and everything below it; None: all that the actor sees
    presence  `present`: not left, died, demolished, …; `closed`: those; `all`
    values    column → code, for the ledger's filter columns
    since, until  when it was recorded, for ledgers of documents; `until` excluded
    """

    area_id: UUID | None = None
    grid_id: UUID | None = None
    tag: str | None = None
    presence: Presence = "present"
    quality_below: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None


def below(area_id: UUID) -> Any:
    """Ids of an area and all areas below it."""
    return select(AreaClosure.area_id).where(AreaClosure.ancestor_id == area_id)


def narrowed(ledger: Ledger, asked: Asked) -> list[ColumnElement[bool]]:
    """What a list of subjects is narrowed by. Raises FilterUnknown."""
    found: list[ColumnElement[bool]] = []
    if asked.area_id is not None:
        found.append(Subject.area_id.in_(below(asked.area_id)))
    if asked.grid_id is not None:
        found.append(Subject.grid_id == asked.grid_id)
    if asked.tag is not None:
        found.append(Subject.tags.contains([asked.tag]))
    if asked.presence != "all":
        closed = Subject.state.in_(sorted(CLOSED))
        found.append(closed if asked.presence == "closed" else ~closed)
    if asked.quality_below is not None:
        found.append(func.coalesce(Subject.quality_score, 0) < asked.quality_below)
    return [*found, *(_value(ledger, code, value) for code, value in asked.values.items())]


def _value(ledger: Ledger, code: str, value: str) -> ColumnElement[bool]:
    return holds_code(Subject.attributes[field_of(ledger, code)], (value,))


def field_of(ledger: Ledger, code: str) -> str:
    """The open field behind a filter column. Raises FilterUnknown."""
    column = ledger.column(code) if code in ledger.filters else None
    if column is None or not isinstance(column.source, Field):
        raise FilterUnknown(filter=code[:40], known=list(ledger.filters))
    return column.source.name


def holds_code(value: Any, codes: Sequence[str]) -> ColumnElement[bool]:
    """Whether a JSON value is one of `codes`, or a list with one of them."""
    listed = or_(*(value.contains([code]) for code in codes))
    return or_(value.astext.in_(codes), and_(func.jsonb_typeof(value) == "array", listed))


@singledispatch
def sql_of(condition: Condition, holder: Holder) -> ColumnElement[bool]:
    """A condition on `holder`, which is Subject or an alias of it."""
    raise TypeError(condition)


@sql_of.register
def _(condition: FieldIn, holder: Holder) -> ColumnElement[bool]:
    return holds_code(holder.attributes[condition.name], condition.values)


@sql_of.register
def _(condition: Tagged, holder: Holder) -> ColumnElement[bool]:
    return func.cardinality(holder.tags) > 0


@sql_of.register
def _(condition: ByItem, holder: Holder) -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", holder.item_code.in_(condition.items))


@sql_of.register
def _(condition: InState, holder: Holder) -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", holder.state.in_(condition.states))


@sql_of.register
def _(condition: CollectedBy, holder: Holder) -> ColumnElement[bool]:
    own = exists().where(
        SubjectVersion.county_code == holder.county_code,
        SubjectVersion.subject_id == holder.id,
        SubjectVersion.item_code == condition.item,
    )
    merged = aliases()
    its = (merged.c.county_code == SubjectVersion.county_code) & (merged.c.id == SubjectVersion.subject_id)
    absorbed = (
        select(merged.c.county_code, merged.c.root)
        .join(SubjectVersion, its)
        .where(SubjectVersion.item_code == condition.item)
    )
    return or_(own, tuple_(holder.county_code, holder.id).in_(absorbed))


@sql_of.register
def _(condition: HasLink, holder: Holder) -> ColumnElement[bool]:
    link = aliased(SubjectLink)
    own = exists().where(
        link.county_code == holder.county_code, link.from_id == holder.id, *_open(condition, link)
    )
    link, merged = aliased(SubjectLink), aliases()
    absorbed = (
        select(merged.c.county_code, merged.c.root)
        .join(link, (link.county_code == merged.c.county_code) & (link.from_id == merged.c.id))
        .where(*_open(condition, link))
    )
    return or_(own, tuple_(holder.county_code, holder.id).in_(absorbed))


def _open(condition: HasLink, link: Any) -> list[ColumnElement[bool]]:
    """What a link must fit: its kind, that it holds, and what it leads to."""
    found = [link.kind == condition.link, link.valid_to.is_(None)]
    if condition.to is None:
        return found
    other, root, merged = aliased(Subject), aliased(Subject), aliases()
    there = exists().where(
        other.county_code == link.county_code,
        other.id == link.to_id,
        other.merged_into.is_(None),
        sql_of(condition.to, other),
    )
    become = (
        select(merged.c.county_code, merged.c.id)
        .join(root, (root.county_code == merged.c.county_code) & (root.id == merged.c.root))
        .where(sql_of(condition.to, root))
    )
    return [*found, or_(there, tuple_(link.county_code, link.to_id).in_(become))]


@sql_of.register
def _(condition: AnyOf, holder: Holder) -> ColumnElement[bool]:
    return or_(*(sql_of(each, holder) for each in condition.conditions))
