"""Loads what ships with the product: at every database set-up and upgrade, again without harm."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area
from app.collection.catalogue.models import CodeTable, CodeValue, CollectionItem, FormVersion
from app.collection.catalogue.shipped import ShippedForm, ShippedTable, read_forms, read_tables
from app.kit import events
from app.kit.events import NewEvent
from app.rules.catalogue.collection import FORM_ACCEPTED_DAYS

SERVICE = "000000"
"""The home code under which the service records what belongs to no county."""
NAMESPACE = UUID("0d2f8a51-6a0e-5c0b-9f6e-43415441434c")
SUBJECT = UUID(int=0)
LOCK = 0x464F524D


def item_id(item_code: str) -> UUID:
    """The id of an item that ships with the product: the same in every database."""
    return uuid5(NAMESPACE, f"item/{item_code}")


def form_id(item_code: str, version: int) -> UUID:
    """The id of a form that ships with the product."""
    return uuid5(NAMESPACE, f"form/{item_code}/{version}")


def table_id(code: str, version: int) -> UUID:
    """The id of a code table that ships with the product."""
    return uuid5(NAMESPACE, f"code_table/{code}/{version}")


def digest_of(content: Any) -> bytes:
    """SHA-256 of JSON, whatever the order of its members."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


async def seed_catalogue(session: AsyncSession, *, now: datetime) -> int:
    """Stores items, forms and code tables that this version brings and the database lacks; returns how many.

    A version that is stored is never changed: who changes a shipped form gives it the next number.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    until = now + timedelta(days=FORM_ACCEPTED_DAYS.default)
    new = [*await _seed_tables(session, read_tables(), now, until)]
    new += await _seed_forms(session, read_forms(), now, until)
    await _tell(session, new, now)
    return len(new)


async def _tell(session: AsyncSession, new: list[NewEvent], now: datetime) -> None:
    """The service notes what was loaded; every county hears it in its own feed, which its handhelds follow."""
    if not new:
        return
    forms = sum(event.subject[0] == "item" for event in new)
    loaded = {"forms": forms, "code_tables": len(new) - forms}
    await events.record(
        session,
        events.SYSTEM,
        "catalogue.seeded",
        ("catalogue", SUBJECT),
        loaded,
        county_code=SERVICE,
        now=now,
    )
    counties = await session.execute(select(Area.county_code, Area.id).where(Area.level == "county"))
    for county_code, area_id in counties.all():
        here = [replace(event, area_id=area_id) for event in new]
        await events.record_many(session, events.SYSTEM, here, county_code=county_code, now=now)


async def _seed_tables(
    session: AsyncSession, shipped: list[ShippedTable], now: datetime, until: datetime
) -> list[NewEvent]:
    known = await _newest(session, CodeTable.__table__, CodeTable.code)  # type: ignore[arg-type]
    new = [table for table in shipped if known.get(table.code, 0) < table.version]
    rows: list[dict[str, Any]] = [
        {
            "id": table_id(table.code, table.version),
            "code": table.code,
            "county_code": None,
            "version": table.version,
            "name_zh": table.name_zh,
            "name_en": table.name_en,
            "source": table.source,
            "digest": digest_of([[v.code, v.name_zh, v.name_en, v.parent] for v in table.values]),
            "published_at": now,
            "previous_until": until if table.code in known else None,
        }
        for table in new
    ]
    if not new:
        return []
    await session.execute(insert(CodeTable), rows)
    await session.execute(insert(CodeValue), list(_value_rows(new)))
    return [
        NewEvent(
            "code_table.published",
            ("code_table", row["id"]),
            {"code": row["code"], "version": row["version"]},
        )
        for row in rows
    ]


def _value_rows(tables: list[ShippedTable]) -> Iterator[dict[str, Any]]:
    for table in tables:
        for position, value in enumerate(table.values):
            yield {
                "table_id": table_id(table.code, table.version),
                "code": value.code,
                "position": position,
                "name_zh": value.name_zh,
                "name_en": value.name_en,
                "parent": value.parent,
            }


async def _seed_forms(
    session: AsyncSession, shipped: list[ShippedForm], now: datetime, until: datetime
) -> list[NewEvent]:
    if not shipped:
        return []
    items = upsert(CollectionItem).values(
        [
            {
                "id": item_id(form.code),
                "code": form.code,
                "county_code": None,
                "subject_kind": form.subject_kind,
                "name_zh": form.name_zh,
                "name_en": form.name_en,
                "source": form.source,
            }
            for form in shipped
        ]
    )
    await session.execute(items.on_conflict_do_nothing(index_elements=["id"]))
    known = await _newest(session, FormVersion.__table__, FormVersion.item_id)  # type: ignore[arg-type]
    new = [form for form in shipped if known.get(item_id(form.code), 0) < form.version]
    rows = [
        {
            "id": form_id(form.code, form.version),
            "item_id": item_id(form.code),
            "county_code": None,
            "version": form.version,
            "schema": form.schema,
            "digest": digest_of(form.schema),
            "published_at": now,
            "previous_until": until if item_id(form.code) in known else None,
        }
        for form in new
    ]
    if rows:
        await session.execute(insert(FormVersion), rows)
        changed = [row["item_id"] for row in rows if row["previous_until"] is not None]
        await session.execute(
            update(CollectionItem)
            .where(CollectionItem.id.in_(changed))
            .values(version=CollectionItem.version + 1)
        )
    return [
        NewEvent("item.form_published", ("item", item_id(form.code)), {"version": form.version})
        for form in new
    ]


async def _newest(session: AsyncSession, table: Table, key: Any) -> dict[Any, int]:
    statement = select(key, func.max(table.c.version)).where(table.c.county_code.is_(None)).group_by(key)
    return {row[0]: row[1] for row in await session.execute(statement)}
