"""What the page tells beside the day: names of places, posts, grids, kind of day, ruling."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import shapely
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection
from app.patrol.day_reader import DayKey
from app.patrol.page.content import GridShape, Loan, Ruling

PLACES = text("""
SELECT v.name FROM area_closure c JOIN area_version v ON v.area_id = c.ancestor_id AND v.valid @> cast(:day AS date)
  JOIN area a ON a.id = c.ancestor_id
 WHERE c.area_id = :area_id AND a.level <> 'city' ORDER BY c.depth DESC
""")
POSTS = text("""
SELECT DISTINCT role FROM appointment
 WHERE county_code = :county_code AND inspector_id = :inspector_id AND cancelled_at IS NULL
   AND valid && tstzrange(:start, :end)
 ORDER BY role
""")
DAY_KINDS = text("SELECT code, zh FROM day_kind WHERE code = ANY(:codes)")
# The very versions that the figures were computed with: a grid that was redrawn since is shown as it was.
GRIDS = """
SELECT g.code, g.name, ST_AsBinary(coalesce(v.geometry, v.route))
  FROM unnest(%b::text[], %b::int[]) AS k(code, version)
  JOIN grid g ON g.county_code = %b AND g.code = k.code
  LEFT JOIN grid_version v ON v.county_code = g.county_code AND v.grid_id = g.id AND v.version = k.version
 ORDER BY g.code, k.version
"""
RULING = text("""
SELECT decision, decided_status, reason, decided_at FROM appeal
 WHERE county_code = :county_code AND inspector_id = :inspector_id AND service_day = :service_day AND is_current
""")
LOANS = text("""
SELECT d.serial_no, CASE WHEN lower(b.valid) > :start THEN lower(b.valid) END AS since,
       CASE WHEN upper(b.valid) < :end THEN upper(b.valid) END AS until
  FROM device_binding b
  JOIN device d ON d.county_code = b.county_code AND d.id = b.device_id
 WHERE b.county_code = :county_code AND b.inspector_id = :inspector_id AND b.returns_to IS NOT NULL
   AND b.valid && tstzrange(:start, :end)
 ORDER BY b.valid
""")
PRORATE = text("""
SELECT prorate FROM day_figures
 WHERE county_code = :county_code AND inspector_id = :inspector_id AND service_day = :service_day
""")


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it."""

    places: tuple[str, ...]
    posts: tuple[str, ...]
    grids: tuple[GridShape, ...]
    kinds: dict[str, str]
    ruling: Ruling | None
    prorate: float


async def read_beside(
    session: AsyncSession,
    key: DayKey,
    area_id: UUID,
    *,
    kinds: Sequence[str],
    grid_versions: Sequence[str],
    start: datetime,
    end: datetime,
) -> Beside:
    """grid_versions: "code@version" as in the figures; start, end: the bounds of the service day."""
    named = key._asdict()
    ruling = (await session.execute(RULING, named)).one_or_none()
    return Beside(
        places=await _places(session, area_id, key.service_day),
        posts=tuple(await session.scalars(POSTS, named | {"start": start, "end": end})),
        grids=await _grids(session, key.county_code, grid_versions),
        kinds={r.code: r.zh for r in (await session.execute(DAY_KINDS, {"codes": list(kinds)})).all()},
        ruling=Ruling(*ruling) if ruling else None,
        prorate=float(await session.scalar(PRORATE, named) or 0),
    )


async def read_loans(session: AsyncSession, key: DayKey, start: datetime, end: datetime) -> tuple[Loan, ...]:
    """Handhelds that were lent to the inspector between the two instants, by time."""
    rows = await session.execute(LOANS, key._asdict() | {"start": start, "end": end})
    return tuple(Loan(*row) for row in rows)


async def _places(session: AsyncSession, area_id: UUID, day: date) -> tuple[str, ...]:
    return tuple(await session.scalars(PLACES, {"area_id": area_id, "day": day}))


async def _grids(
    session: AsyncSession, county_code: str, grid_versions: Sequence[str]
) -> tuple[GridShape, ...]:
    if not grid_versions:
        return ()
    pairs = [each.split("@") for each in grid_versions]
    connection = await driver_connection(session)
    asked = [[code for code, _ in pairs], [int(version) for _, version in pairs], county_code]
    cursor = await connection.execute(GRIDS, asked, binary=True)
    rows = await cursor.fetchall()
    return tuple(
        GridShape(code, name, None if wkb is None else shapely.from_wkb(wkb)) for code, name, wkb in rows
    )
