"""Whether frozen explanations still are what was frozen: their bytes, their digests, and what the log says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.patrol.retention.frozen_days import is_intact

CHUNK = 500
# `logged` is null once the event was purged itself. A day marked as frozen without its document has lost it.
FROZEN = text("""
SELECT d.county_code, d.inspector_id, d.service_day, f.document, f.digest,
       (SELECT e.data ->> 'digest' FROM event e
         WHERE e.county_code = d.county_code AND e.subject_type = 'inspector' AND e.subject_id = d.inspector_id
           AND e.type = 'patrol_day.frozen' AND e.data ->> 'service_day' = cast(d.service_day AS text)
         ORDER BY e.ord DESC LIMIT 1) AS logged
  FROM patrol_day d
  LEFT JOIN frozen_explanation f ON f.county_code = d.county_code AND f.inspector_id = d.inspector_id
       AND f.service_day = d.service_day
 WHERE d.frozen_at IS NOT NULL
   AND (d.county_code, d.inspector_id, d.service_day) > (:county_code, :inspector_id, :service_day)
 ORDER BY d.county_code, d.inspector_id, d.service_day
 LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class FrozenFinding:
    """A frozen day whose document is `missing`, was `changed`, or is `unlike_log`."""

    county_code: str
    inspector_id: UUID
    service_day: date
    what: str


async def verify_frozen(session: AsyncSession) -> tuple[int, list[FrozenFinding]]:
    """How many frozen days were read, and what is wrong with which."""
    read, findings = 0, []
    async for row in _frozen(session):
        read += 1
        what = _wrong_with(row)
        if what is not None:
            findings.append(FrozenFinding(row.county_code, row.inspector_id, row.service_day, what))
    return read, findings


def _wrong_with(row: Row[Any]) -> str | None:
    if row.document is None:
        return "missing"
    if not is_intact(row.document, row.digest):
        return "changed"
    if row.logged is not None and row.logged != row.digest.hex():
        return "unlike_log"
    return None


async def _frozen(session: AsyncSession) -> AsyncIterator[Row[Any]]:
    after: tuple[str, UUID, date] = ("", UUID(int=0), date.min)
    names = ("county_code", "inspector_id", "service_day")
    while True:
        asked: dict[str, Any] = {**dict(zip(names, after, strict=True)), "limit": CHUNK}
        rows = (await session.execute(FROZEN, asked)).all()
        if not rows:
            return
        for row in rows:
            yield row
        after = rows[-1].county_code, rows[-1].inspector_id, rows[-1].service_day
