"""The digest of a snapshot: what proves that a sealed figure is still the one that was sealed."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.patrol.periods.models import Period, PeriodFigures

CHUNK = 2000
FIGURES = PeriodFigures.__table__


def canonical(content: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces, a line of its own: equal content gives equal bytes."""
    return orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


async def snapshot_digest(
    session: AsyncSession,
    county_code: str,
    period_id: UUID,
    kind: str,
    first: date,
    last: date,
    document: Any,
) -> tuple[bytes, int]:
    """SHA-256 over what the period is, its document and every row of its snapshot by level and subject; rows."""
    head = {
        "county_code": county_code,
        "kind": kind,
        "first_day": first,
        "last_day": last,
        "document": document,
    }
    digest = hashlib.sha256(canonical(head))
    rows = await session.stream(
        select(FIGURES)
        .where(FIGURES.c.county_code == county_code, FIGURES.c.period_id == period_id)
        .order_by(FIGURES.c.level, FIGURES.c.subject_id)
        .execution_options(yield_per=CHUNK)
    )
    count = 0
    async for row in rows.mappings():
        digest.update(canonical(dict(row)))
        count += 1
    return digest.digest(), count


async def current_digest(session: AsyncSession, period: Period) -> bytes:
    """The digest of a period's snapshot as it is stored now."""
    found, _ = await snapshot_digest(
        session,
        period.county_code,
        period.id,
        period.kind,
        period.first_day,
        period.last_day,
        period.document,
    )
    return found
