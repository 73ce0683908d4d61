"""Tells the folder that grids changed: bumps the input version of every patrol day they count for.

`staffing` and `patrol` lie above this package, so their tables are named in SQL instead of imported. A day
that nobody has walked yet has no row and needs no bump: it will be folded with the new shape anyway.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Appointments are instants, days are dates in a zone that this package doesn't know: one day is added on
# either side. A day too many is folded to the same figures. Rows are locked in key order, as the ingest
# writer locks them, so the two cannot deadlock.
BUMP = text(
    """
    WITH days AS (
        SELECT p.county_code, p.inspector_id, p.service_day
          FROM patrol_day p
         WHERE p.county_code = :county_code
           AND p.service_day >= cast(:day_from AS date)
           AND (cast(:day_to AS date) IS NULL OR p.service_day < cast(:day_to AS date))
           AND EXISTS (
               SELECT FROM appointment a
                WHERE a.county_code = p.county_code AND a.inspector_id = p.inspector_id
                  AND a.grid_id = :grid_id
                  AND a.valid && tstzrange((p.service_day - 1)::timestamp AT TIME ZONE 'UTC',
                                           (p.service_day + 2)::timestamp AT TIME ZONE 'UTC'))
         ORDER BY p.county_code, p.inspector_id, p.service_day
           FOR UPDATE
    )
    UPDATE patrol_day p SET input_version = p.input_version + 1, pending = true
      FROM days d
     WHERE p.county_code = d.county_code AND p.inspector_id = d.inspector_id AND p.service_day = d.service_day
    """
)


async def mark_grid_changed(
    session: AsyncSession, county_code: str, grid_id: UUID, day_from: date, day_to: date | None
) -> int:
    """Marks the patrol days of the grid's inspectors from `day_from` to before `day_to` (None: open).

    Returns how many days will be folded again.
    """
    result = await session.execute(
        BUMP, {"county_code": county_code, "grid_id": grid_id, "day_from": day_from, "day_to": day_to}
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
