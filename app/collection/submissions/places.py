"""In which grid a record belongs: by its position on the day it was recorded, else by what else is known (S0-26)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import bulk
from app.collection.submissions.envelope import Read
from app.exchange.items import Desk
from app.identity.actor import Role

# A point on a common border lies in both grids: the sender's own comes first, then the base grid, then the code.
GRIDS_AT = """
SELECT asked.n, g.id, g.code, g.area_id
  FROM unnest(cast(%(n)s AS int[]), cast(%(lon)s AS float8[]), cast(%(lat)s AS float8[]), cast(%(days)s AS date[]))
       AS asked(n, lon, lat, day)
  JOIN grid_version v ON v.county_code = %(county_code)s AND v.valid @> asked.day
       AND ST_Covers(v.geometry, ST_SetSRID(ST_MakePoint(asked.lon, asked.lat), 4490))
  JOIN grid g ON g.county_code = v.county_code AND g.id = v.grid_id AND g.opened_on <= asked.day
       AND (g.retired_on IS NULL OR g.retired_on > asked.day)
 ORDER BY asked.n, g.id = ANY(cast(%(own)s AS uuid[])) DESC, g.grid_class = 'M', g.code
"""
OWN_GRIDS = """
SELECT a.grid_id, lower(a.valid) AS since, upper(a.valid) AS until, g.area_id, g.code, g.in_grid_rule
  FROM appointment a JOIN grid g ON g.county_code = a.county_code AND g.id = a.grid_id
 WHERE a.county_code = %(county_code)s AND a.inspector_id = %(inspector_id)s AND a.cancelled_at IS NULL
   AND a.valid && tstzrange(%(since)s, %(until)s, '[]')
 ORDER BY g.code
"""
GRIDS = text(
    "SELECT id, code, area_id, retired_on FROM grid WHERE county_code = :county_code AND id = ANY(cast(:ids AS uuid[]))"
)
CODES = text("SELECT id, code FROM grid WHERE county_code = :county_code AND id = ANY(cast(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True)
class GridHere:
    """A grid and the community that it lies in. has_polygon: whether a point can lie in it (boats have none)."""

    id: UUID
    code: str
    area_id: UUID
    has_polygon: bool = True


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Grid of the position, or that the service knows (None: neither), and the sender's own grids then.

    is_placed: whether a position was sent.
    """

    at: GridHere | None
    own: Mapping[UUID, GridHere]
    is_placed: bool

    @property
    def grid(self) -> GridHere | None:
        """The grid of the position; without one the sender's own, where he has a single one or one without polygon.

        None for a position that lies in no grid, and for a sender without a single own grid.
        """
        if self.at is not None:
            return self.at
        free = [grid for grid in self.own.values() if not grid.has_polygon] if self.is_placed else []
        candidates = free or ([] if self.is_placed else list(self.own.values()))
        return candidates[0] if len(candidates) == 1 else None

    @property
    def is_outside(self) -> bool:
        """Whether it was recorded outside the sender's own grids, as far as a position tells."""
        return self.is_placed and (self.grid is None or self.grid.id not in self.own)


async def whereabouts(session: AsyncSession, desk: Desk, reads: Sequence[Read]) -> list[Whereabouts]:
    """Of each record, with three statements for any number; grids are those of the day it was recorded."""
    spans = await _appointments(session, desk, [r.item.recorded_at for r in reads])
    own_ids = sorted({grid.id for grid, _, _ in spans})
    at = await _grids_known(session, desk, reads) | await _grids_at(session, desk, reads, own_ids)
    found = []
    for n, read in enumerate(reads):
        moment = read.item.recorded_at
        own = {g.id: g for g, since, until in spans if since <= moment and (until is None or moment < until)}
        found.append(Whereabouts(at.get(n), own, read.point is not None))
    return found


async def grid_codes(session: AsyncSession, county_code: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The code of each grid."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await session.execute(CODES, {"county_code": county_code, "ids": wanted})
    return {row.id: row.code for row in rows}


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The local date of an instant."""
    return moment.astimezone(zone).date()


async def _appointments(
    session: AsyncSession, desk: Desk, moments: Sequence[datetime]
) -> list[tuple[GridHere, datetime, datetime | None]]:
    if desk.actor.role is not Role.INSPECTOR or not moments:
        return []
    rows = await bulk.fetch(
        session,
        OWN_GRIDS,
        {
            "county_code": desk.actor.county_code,
            "inspector_id": desk.actor.account_id,
            "since": min(moments),
            "until": max(moments),
        },
    )
    return [
        (GridHere(row.grid_id, row.code, row.area_id, row.in_grid_rule == "polygon"), row.since, row.until)
        for row in rows
    ]


async def _grids_known(session: AsyncSession, desk: Desk, reads: Sequence[Read]) -> dict[int, GridHere]:
    """Of what the service made itself: a verified declaration lies in the grid that it was declared in."""
    known = {n: read.item.grid_id for n, read in enumerate(reads) if read.item.grid_id is not None}
    if not known:
        return {}
    bound = {"county_code": desk.actor.county_code, "ids": sorted(set(known.values()))}
    grids = {row.id: row for row in await session.execute(GRIDS, bound)}
    found = {}
    for n, grid_id in known.items():
        grid, day = grids[grid_id], day_of(reads[n].item.recorded_at, desk.zone)
        if grid.retired_on is None or grid.retired_on > day:
            found[n] = GridHere(grid.id, grid.code, grid.area_id)
    return found


async def _grids_at(
    session: AsyncSession, desk: Desk, reads: Sequence[Read], own: Sequence[UUID]
) -> dict[int, GridHere]:
    placed = [(n, r.point, r.item.recorded_at) for n, r in enumerate(reads) if r.point is not None]
    if not placed:
        return {}
    rows = await bulk.fetch(
        session,
        GRIDS_AT,
        {
            "county_code": desk.actor.county_code,
            "n": [n for n, _, _ in placed],
            "lon": [point.x for _, point, _ in placed],
            "lat": [point.y for _, point, _ in placed],
            "days": [day_of(moment, desk.zone) for _, _, moment in placed],
            "own": list(own),
        },
    )
    found: dict[int, GridHere] = {}
    for row in rows:
        found.setdefault(row.n, GridHere(row.id, row.code, row.area_id))
    return found
