"""Ledgers, gaps and look-ups as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.collection.ledgers.declaration import Ledger
from app.collection.ledgers.entries import jsonable
from app.collection.ledgers.look_ups import Answer
from app.collection.ledgers.schemas import (
    AreaCompletenessRead,
    AreaCountRead,
    ColumnRead,
    CompletenessRead,
    LedgerPageRead,
    LedgerRead,
    LedgerRowRead,
    LedgerTotalsRead,
    LookUpRead,
    LookUpRowRead,
)
from app.collection.ledgers.service import LedgerPage, LookedUp

COUNTS = (
    "buildings",
    "buildings_without_dwellings",
    "households_declared",
    "dwellings",
    "dwellings_missing",
    "dwellings_without_people",
    "dwellings_without_building",
    "people",
    "people_without_dwelling",
)


def ledger_read(ledger: Ledger) -> LedgerRead:
    """A ledger's declaration."""
    return LedgerRead(
        code=ledger.code,
        name_zh=ledger.zh,
        name_en=ledger.en,
        library=ledger.library,
        source=ledger.source,
        columns=[ColumnRead(code=c.code, label_zh=c.zh, label_en=c.en, unit=c.unit) for c in ledger.columns],
        filters=list(ledger.filters),
    )


def ledger_page(page: LedgerPage) -> LedgerPageRead:
    """One page of a ledger."""
    codes = [column.code for column in page.ledger.columns]
    return LedgerPageRead(
        ledger=page.ledger.code,
        items=[
            LedgerRowRead(
                id=entry.id,
                area_id=entry.area_id,
                grid_id=entry.grid_id,
                cells=dict(zip(codes, map(jsonable, page.renderer.cells(entry)), strict=True)),
                codes=page.renderer.codes(entry),
            )
            for entry in page.entries
        ],
        next=page.following,
    )


def ledger_totals(
    code: str, area_id: UUID, rows: int, areas: Sequence[Row[Any]], at: datetime
) -> LedgerTotalsRead:
    """How a ledger spreads over areas."""
    counted = [AreaCountRead(area_id=a.area_id, name=a.name, rows=a.rows) for a in areas]
    return LedgerTotalsRead(ledger=code, area_id=area_id, rows=rows, areas=counted, at=at)


def completeness_read(area_id: UUID, rows: Sequence[Row[Any]]) -> CompletenessRead:
    """Areas below, and all of them together with what lies in the area itself."""
    areas = [AreaCompletenessRead.model_validate(row) for row in rows if not row.is_own]
    name = next((row.name for row in rows if row.is_own), None)
    sums = {count: sum(getattr(row, count) for row in rows) for count in COUNTS}
    total = AreaCompletenessRead(area_id=area_id, name=name, **sums)
    return CompletenessRead(area_id=area_id, total=total, areas=areas)


def look_up_read(topic: str, found: LookedUp, language: str) -> LookUpRead:
    """The answer to a look-up."""
    return LookUpRead(
        topic=topic,
        items=[_person(each, found, language) for each in found.answers],
        next=found.following,
    )


def _person(found: Answer, all_found: LookedUp, language: str) -> LookUpRowRead:
    entry = found.entry
    home, building = entry.links.get("lives_in"), all_found.buildings.get(entry.id)
    words = all_found.labels["service_tag"]
    tags = list(entry.own["tags"])
    return LookUpRowRead(
        id=entry.id,
        name=entry.fields.get("name"),
        address=home.own["address"] if home else entry.fields.get("residence_address"),
        building=building.own["name"] if building else None,
        phone=entry.fields.get("phone"),
        tags=tags,
        labels=[words[tag][language == "en"] if tag in words else tag for tag in tags],
        is_priority=found.is_priority,
        area_id=entry.area_id,
        grid_id=entry.grid_id,
        grid_code=all_found.names.get(entry.grid_id) if entry.grid_id else None,
    )
