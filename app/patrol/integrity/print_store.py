"""SQL of the comparison: which days are due, prints of tracks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.patrol.fixes import Int64s


@dataclass(frozen=True, slots=True)
class ComparedDay:
    """An inspector's day, and the version of its inputs."""

    inspector_id: UUID
    area_id: UUID
    input_version: int


@dataclass(frozen=True, slots=True, eq=False)
class PrintRow:
    """The print of one track."""

    service_day: date
    inspector_id: UUID
    prints: Int64s


# Frozen days have lost their fixes: comparing them would withdraw what was found while they had them.
DUE = text("""
SELECT DISTINCT p.county_code, p.service_day
  FROM patrol_day p
  LEFT JOIN track_print t USING (county_code, service_day, inspector_id)
 WHERE p.service_day BETWEEN :first AND :last AND p.frozen_at IS NULL
   AND t.input_version IS DISTINCT FROM p.input_version
 ORDER BY p.service_day, p.county_code
""")
DAYS = text("""
SELECT inspector_id, area_id, input_version FROM patrol_day
 WHERE county_code = :county_code AND service_day = :day AND frozen_at IS NULL ORDER BY inspector_id
""")
PRINTS = text("""
SELECT service_day, inspector_id, prints FROM track_print
 WHERE county_code = :county_code AND service_day BETWEEN :since AND :until AND service_day <> :without
   AND cardinality(prints) > 0
 ORDER BY service_day, inspector_id
""")
KEEP_PRINTS = text("""
INSERT INTO track_print (county_code, service_day, inspector_id, input_version, prints)
VALUES (:county_code, :day, :inspector_id, :input_version, :prints)
ON CONFLICT (county_code, service_day, inspector_id) DO UPDATE SET
    input_version = excluded.input_version, prints = excluded.prints
""")
FORGET = text("""
UPDATE track_print SET input_version = -1
 WHERE county_code = :county_code AND service_day = :day AND inspector_id = :inspector_id
""")
PURGE = text("DELETE FROM track_print WHERE service_day < :before")


async def list_due(session: AsyncSession, *, first: date, last: date) -> list[tuple[str, date]]:
    """Counties and days with tracks that changed since they were compared, the oldest day first."""
    rows = (await session.execute(DUE, {"first": first, "last": last})).all()
    return [(row.county_code, row.service_day) for row in rows]


async def list_days(session: AsyncSession, county_code: str, day: date) -> list[ComparedDay]:
    """All inspectors' days of a county on one day."""
    rows = (await session.execute(DAYS, {"county_code": county_code, "day": day})).all()
    return [ComparedDay(*row) for row in rows]


async def list_prints(
    session: AsyncSession, county_code: str, since: date, until: date, *, without: date
) -> list[PrintRow]:
    """Prints of a county's tracks between two days, one day left out."""
    asked = {"county_code": county_code, "since": since, "until": until, "without": without}
    rows = (await session.execute(PRINTS, asked)).all()
    return [PrintRow(row[0], row[1], np.array(row[2], np.int64)) for row in rows]


async def keep_prints(
    session: AsyncSession, county_code: str, day: date, prints: Sequence[tuple[ComparedDay, Int64s]]
) -> None:
    """Stores prints, and up to which inputs the days were compared."""
    rows = [
        {
            "county_code": county_code,
            "day": day,
            "inspector_id": of.inspector_id,
            "input_version": of.input_version,
            "prints": numbers.tolist(),
        }
        for of, numbers in prints
    ]
    if rows:
        await session.execute(KEEP_PRINTS, rows)


async def forget(session: AsyncSession, county_code: str, rows: Collection[PrintRow]) -> None:
    """Has days compared again: an earlier one that they might repeat came late."""
    for row in sorted(rows, key=lambda r: (r.service_day, r.inspector_id)):
        named = {"county_code": county_code, "day": row.service_day, "inspector_id": row.inspector_id}
        await session.execute(FORGET, named)


async def purge_prints(session: AsyncSession, *, before: date) -> None:
    """Forgets prints that nothing is compared with any more."""
    await session.execute(PURGE, {"before": before})
