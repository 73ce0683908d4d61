"""The verbs of the catalogue: look at items, add one, publish forms, try values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.affairs.admissions import Admission, admissions_of
from app.affairs.queries import touch_items
from app.collection.catalogue import form_language, queries
from app.collection.catalogue.cycles import cycle_days
from app.collection.catalogue.editions import Standing, line_of
from app.collection.catalogue.models import CollectionItem, FormVersion
from app.collection.catalogue.problems import FormRefused, FormUnchanged, VersionTaken
from app.collection.catalogue.publishing import (
    accepted_until,
    find_version,
    next_version,
    record,
    version_facts,
)
from app.collection.catalogue.schemas import FormCreate, ItemCreate
from app.collection.catalogue.seeding import digest_of
from app.collection.catalogue.usable import load_offer, load_tables
from app.identity.actor import Actor
from app.kit.problems import NotFound
from app.rules import service as rules
from app.rules.book import RuleSet


async def show_items(
    session: AsyncSession,
    items: Sequence[CollectionItem],
    *,
    county_code: str,
    path: Sequence[UUID],
    today: date,
    now: datetime,
) -> list[dict[str, Any]]:
    """Everything `schemas.ItemDetailRead` promises, for each item. path: of the area that is asked about."""
    rows = await queries.list_editions(session, county_code, [item.code for item in items])
    admissions = await admissions_of(session, county_code, [item.id for item in items])
    applied = await rules.resolve(session, path, today)
    lines = {
        item.id: line_of(row for row in rows if row.item_id == item.id and row.id is not None)
        for item in items
    }
    return [_shown(item, lines[item.id], admissions.get(item.id, ()), path, applied, now) for item in items]


def _shown(
    item: CollectionItem,
    line: Sequence[Standing],
    admissions: Sequence[Admission],
    path: Sequence[UUID],
    applied: RuleSet,
    now: datetime,
) -> dict[str, Any]:
    here = [each for each in admissions if each.covers(path, now)]
    ends = [each.until for each in here if each.until is not None]
    return {
        "id": item.id,
        "code": item.code,
        "name_zh": item.name_zh,
        "name_en": item.name_en,
        "subject_kind": item.subject_kind,
        "is_own": item.county_code is not None,
        "cycle_days": cycle_days(item.code, item.cycle_days, applied) if item.subject_kind else None,
        "source": item.source,
        "newest_version": line[-1].version if line else None,
        "is_admitted": bool(here),
        "admitted_until": max(ends) if ends and len(ends) == len(here) else None,
        "versions": [version_facts(standing) for standing in line],
        "admissions": [each for each in admissions if each.area_id in path],
    }


async def add_item(session: AsyncSession, actor: Actor, body: ItemCreate, *, now: datetime) -> CollectionItem:
    """A county's own item, below a prefix of its own. By constraint ItemCodeTaken."""
    item = CollectionItem(
        **body.model_dump(exclude={"code"}),
        id=uuid7(),
        code=f"x{actor.county_code}_{body.code}",
        county_code=actor.county_code,
    )
    session.add(item)
    await record(session, actor, "item.added", ("item", item.id), {"item_code": item.code}, now)
    return item


async def get_form(session: AsyncSession, county_code: str, item_code: str, version: int) -> dict[str, Any]:
    """Everything `schemas.FormRead` promises. Raises NotFound."""
    item = await queries.get_item(session, county_code, item_code)
    standing = find_version(await _line(session, county_code, item), version)
    form = await queries.get_form(session, standing.id)
    return version_facts(standing) | {
        "id": form.id,
        "item_code": item.code,
        "is_own": form.county_code is not None,
        "removed": form.removed,
        "json_schema": form.schema,
    }


async def publish_form(
    session: AsyncSession, actor: Actor, item_code: str, body: FormCreate, *, today: date, now: datetime
) -> int:
    """Publishes a version for the actor's county and returns its number.

    Raises NotFound, VersionTaken, FormRefused with `errors`, FormUnchanged.
    """
    item = await queries.get_item(session, actor.county_code, item_code)
    await touch_items(session, [item.id])  # its lock puts two publishers one after the other
    line = await _line(session, actor.county_code, item)
    newest = line[-1] if line else None
    if body.based_on != (newest.version if newest is not None else None):
        raise VersionTaken(newest_version=newest.version if newest is not None else None)
    schema = {"$schema": form_language.DIALECT, **body.json_schema}
    before = await queries.get_form(session, newest.id) if newest is not None else None
    tables = await load_tables(session, actor.county_code)
    faults = _faults(schema, before.schema if before is not None else None, body.removed, tables)
    if faults:
        raise FormRefused(errors=[fault.told() for fault in faults])
    digest = digest_of(schema)
    if before is not None and before.digest == digest:
        raise FormUnchanged
    form = FormVersion(
        id=uuid7(),
        item_id=item.id,
        county_code=actor.county_code,
        version=next_version(newest, is_shipped=item.county_code is None),
        schema=schema,
        removed=body.removed,
        digest=digest,
        published_at=now,
        published_by=actor.account_id,
        previous_until=await accepted_until(session, actor, today, now) if newest is not None else None,
    )
    session.add(form)
    facts = {"item_code": item.code, "version": form.version}
    await record(session, actor, "item.form_published", ("item", item.id), facts, now)
    return form.version


def _faults(
    schema: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    removed: Sequence[str],
    tables: Mapping[str, Any],
) -> list[form_language.Fault]:
    if len(orjson.dumps(schema)) > form_language.MOST_BYTES:
        limit = form_language.MOST_BYTES
        return [form_language.Fault("", "too_large", f"表单超过 {limit} 字节", f"exceeds {limit} bytes")]
    faults = form_language.faults_of(schema, tables)
    if not faults and before is not None:
        faults = list(form_language.breaks(schema, before, removed))
    return faults


async def check_values(
    session: AsyncSession,
    county_code: str,
    item_code: str,
    version: int,
    fields: Mapping[str, Any],
    *,
    only_changes: bool,
    today: date,
    now: datetime,
) -> dict[str, Any]:
    """Everything `schemas.CheckRead` promises; nothing is stored. Raises NotFound."""
    form = (await load_offer(session, county_code, [item_code])).any_form(item_code, version, at=now)
    if form is None:
        raise NotFound
    values = form.normalized(fields)
    errors = form.errors(values, today=today, only_changes=only_changes)
    return {
        "errors": [asdict(each) for each in errors],
        "warnings": [] if errors else [asdict(each) for each in form.warnings(values)],
    }


async def _line(session: AsyncSession, county_code: str, item: CollectionItem) -> Sequence[Standing]:
    rows = await queries.list_editions(session, county_code, [item.code])
    return line_of(row for row in rows if row.id is not None)
