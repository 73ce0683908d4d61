"""The digest of a snapshot: what proves that a sealed figure is still the one that was sealed."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.patrol.periods.models import Period

CHUNK = 5000
# A row as PostgreSQL's jsonb prints it: keys in one order, numbers as they are stored.
ROWS = text("""
SELECT level, subject_id, to_jsonb(f)::text AS content FROM period_figures f
 WHERE county_code = :county_code AND period_id = :period_id AND (level, subject_id) > (:level, :subject_id)
 ORDER BY level, subject_id LIMIT :chunk
""")


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
    count, after = 0, ("", UUID(int=0))
    while True:
        named = {
            "county_code": county_code,
            "period_id": period_id,
            "level": after[0],
            "subject_id": after[1],
        }
        rows = (await session.execute(ROWS, named | {"chunk": CHUNK})).all()
        for row in rows:
            digest.update(row.content.encode() + b"\n")
        count += len(rows)
        if len(rows) < CHUNK:
            return digest.digest(), count
        after = rows[-1].level, rows[-1].subject_id


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
