"""What can be declared at a point: its forms, their questions, the notice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.form_fields import FormField
from app.collection.catalogue.forms import Form
from app.collection.catalogue.usable import load_offer, load_tables
from app.collection.declarations import queries
from app.collection.declarations.declared import declared_fields
from app.collection.declarations.kinds import KIND_OF
from app.collection.declarations.page import Way
from app.collection.declarations.problems import DeclarationsClosed, ItemNotOffered, PointUnknown
from app.identity.scope import area_path
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.catalogue.declarations import OFFERED


@dataclass(frozen=True, slots=True)
class Point:
    """A point in force, and the rules of its community today. path: areas from there up to the root."""

    county_code: str
    token: str
    grid_id: UUID
    grid_name: str
    area_id: UUID
    area_name: str
    path: Sequence[UUID]
    rules: RuleSet
    today: date


async def open_point(session: AsyncSession, token: str, *, now: datetime, zone: ZoneInfo) -> Point:
    """The point behind a token. Raises PointUnknown, DeclarationsClosed."""
    today = now.astimezone(zone).date()
    row = await queries.find_point(session, token, today)
    if row is None:
        raise PointUnknown
    path = await area_path(session, row.area_id)
    applied = await rules.resolve(session, path, today)
    if not applied[OFFERED]:
        raise DeclarationsClosed
    names = (row.grid_name, row.area_id, row.area_name or "")
    return Point(row.county_code, row.token, row.grid_id, *names, path, applied, today)


async def list_ways(session: AsyncSession, point: Point, *, now: datetime) -> list[Way]:
    """The forms that can be declared by here: those of admitted items."""
    offer = await load_offer(session, point.county_code, KIND_OF)
    named = await queries.find_items(session, list(KIND_OF))
    ways = []
    for item_code in KIND_OF:
        newest = offer.newest(item_code, at=now)
        if newest is None:
            continue
        if isinstance(offer.form(item_code, newest.version, area_path=point.path, at=now), Form):
            ways.append(_way(named[item_code]))
    return ways


async def open_form(
    session: AsyncSession, point: Point, item_code: str, version: int | None = None, *, now: datetime
) -> tuple[Way, Form]:
    """An item's form, the newest unless a version is named. Raises ItemNotOffered, or why it can't be used."""
    if item_code not in KIND_OF:
        raise ItemNotOffered
    offer = await load_offer(session, point.county_code, [item_code])
    newest = offer.newest(item_code, at=now)
    if newest is None:
        raise ItemNotOffered
    form = offer.form(item_code, version or newest.version, area_path=point.path, at=now)
    if not isinstance(form, Form):
        raise form if version is not None else ItemNotOffered()
    return _way((await queries.find_items(session, [item_code]))[item_code]), form


async def choices_of(
    session: AsyncSession, point: Point, form: Form, *, now: datetime
) -> Mapping[str, Sequence[tuple[str, str]]]:
    """(code, Chinese name) that each asked field may take, by field."""
    used = {name: each.code_table for name, each in declared_fields(form.fields).items() if each.code_table}
    if not used:
        return {}
    tables = await load_tables(session, point.county_code)
    ids = [tables[code][-1].id for code in set(used.values()) if tables.get(code)]
    found = await queries.find_choices(session, ids)
    return {name: found.get(table, []) for name, table in used.items()}


def input_kind(declared: FormField) -> str:
    """How a page asks for the field."""
    if declared.code_table is not None:
        return "many" if declared.type == "array" else "one"
    if declared.date_rule is not None:
        return "date"
    if declared.type == "boolean":
        return "one"
    if declared.personal in ("phone", "id_number"):
        return declared.personal
    if declared.role == "name":
        return "name"
    return declared.type if declared.type in ("integer", "number") else "text"


def _way(row: Row[Any]) -> Way:
    return Way(row.code, row.name_zh, row.name_en)
