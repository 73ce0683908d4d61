"""Building → household → person: what is declared, what is recorded, who lives there (S2-24).

A dwelling counts as in use unless it is vacant, being decorated, about to be demolished or gone.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects.lifecycle import CLOSED
from app.kit import pagination

# Subjects that are there, each with what its latest open link leads to: a dwelling's building, a person's home.
# Links of and to what was merged count for what it became.
_BASE = """
WITH RECURSIVE place AS MATERIALIZED (
    SELECT area_id FROM area_closure WHERE ancestor_id = :area_id),
up AS (
    SELECT county_code, id, merged_into AS root FROM subject
     WHERE county_code = ANY(:counties) AND merged_into IS NOT NULL
    UNION ALL
    SELECT u.county_code, u.id, s.merged_into FROM up u
      JOIN subject s ON s.county_code = u.county_code AND s.id = u.root
     WHERE s.merged_into IS NOT NULL),
merged AS MATERIALIZED (
    SELECT DISTINCT ON (u.county_code, u.id) u.* FROM up u
      JOIN subject s ON s.county_code = u.county_code AND s.id = u.root AND s.merged_into IS NULL),
absorbed AS MATERIALIZED (
    SELECT DISTINCT ON (m.county_code, m.root) m.county_code, m.root, l.to_id, l.valid_from, l.id
      FROM merged m JOIN subject loser ON loser.county_code = m.county_code AND loser.id = m.id
      JOIN subject_link l ON l.county_code = m.county_code AND l.from_id = m.id AND l.valid_to IS NULL
       AND l.kind = CASE loser.kind WHEN 'dwelling' THEN 'part_of' WHEN 'person' THEN 'lives_in' END
     ORDER BY m.county_code, m.root, l.valid_from DESC, l.id DESC),
present AS MATERIALIZED (
    SELECT s.county_code, s.id, s.kind, s.area_id, s.grid_id, s.name, s.address, s.state,
           coalesce(r.root, linked.to_id) AS to_id,
           s.attributes ->> 'household_count' AS declared,
           s.kind = 'dwelling' AND s.state <> 'vacant'
           AND coalesce(s.attributes ->> 'house_use', '') <> 'vacant'
           AND coalesce(s.attributes ->> 'occupancy_state', 'occupied') = 'occupied' AS in_use
      FROM subject s JOIN place USING (area_id)
      LEFT JOIN LATERAL (
           SELECT l.to_id, l.valid_from, l.id FROM subject_link l
            WHERE l.county_code = s.county_code AND l.from_id = s.id AND l.valid_to IS NULL
              AND l.kind = CASE s.kind WHEN 'dwelling' THEN 'part_of' WHEN 'person' THEN 'lives_in' END
            ORDER BY l.valid_from DESC, l.id DESC LIMIT 1) t ON true
      LEFT JOIN absorbed a ON a.county_code = s.county_code AND a.root = s.id
     CROSS JOIN LATERAL (
           SELECT CASE WHEN (a.valid_from, a.id) > (t.valid_from, t.id) OR t.id IS NULL
                       THEN a.to_id ELSE t.to_id END AS to_id) linked
      LEFT JOIN merged r ON r.county_code = s.county_code AND r.id = linked.to_id
     WHERE s.county_code = ANY(:counties) AND s.kind IN ('building', 'dwelling', 'person')
       AND s.merged_into IS NULL AND s.state <> ALL(:closed)),
lived_in AS (
    SELECT county_code, to_id, count(*) AS people FROM present
     WHERE kind = 'person' AND to_id IS NOT NULL GROUP BY 1, 2),
dwelling AS (
    SELECT d.*, d.to_id AS building_id, coalesce(h.people, 0) AS people,
           d.in_use AND h.people IS NULL AS is_without_people
      FROM present d LEFT JOIN lived_in h ON h.county_code = d.county_code AND h.to_id = d.id
     WHERE d.kind = 'dwelling'),
per_building AS (
    SELECT county_code, building_id, count(*) AS dwellings,
           count(*) FILTER (WHERE is_without_people) AS without_people
      FROM dwelling WHERE building_id IS NOT NULL GROUP BY 1, 2),
building AS (
    SELECT b.*, b.declared::int AS households_declared, coalesce(n.dwellings, 0) AS dwellings,
           greatest(coalesce(b.declared::int, 0) - coalesce(n.dwellings, 0), 0) AS dwellings_missing,
           coalesce(n.without_people, 0) AS dwellings_without_people
      FROM present b
      LEFT JOIN per_building n ON n.county_code = b.county_code AND n.building_id = b.id
     WHERE b.kind = 'building')
"""
BY_AREA = text(f"""{_BASE}
, counted AS (
    SELECT area_id, 1 AS buildings, (dwellings = 0)::int AS empty_buildings,
           coalesce(households_declared, 0) AS declared, 0 AS dwellings, dwellings_missing AS missing,
           0 AS without_people, 0 AS without_building, 0 AS people, 0 AS homeless FROM building
    UNION ALL
    SELECT area_id, 0, 0, 0, 1, 0, is_without_people::int, (building_id IS NULL)::int, 0, 0 FROM dwelling
    UNION ALL
    SELECT area_id, 0, 0, 0, 0, 0, 0, 0, (to_id IS NOT NULL)::int, (to_id IS NULL)::int
      FROM present WHERE kind = 'person'),
below AS (
    SELECT c.area_id, c.area_id AS part FROM area_closure c
     WHERE c.ancestor_id = :area_id AND c.depth = 0
    UNION ALL
    SELECT child.area_id, part.area_id FROM area_closure child
      JOIN area_closure part ON part.ancestor_id = child.area_id
     WHERE child.ancestor_id = :area_id AND child.depth = 1),
summed AS (
    SELECT area_id, sum(buildings) AS buildings, sum(empty_buildings) AS empty_buildings,
           sum(declared) AS declared, sum(dwellings) AS dwellings, sum(missing) AS missing,
           sum(without_people) AS without_people, sum(without_building) AS without_building,
           sum(people) AS people, sum(homeless) AS homeless FROM counted GROUP BY area_id)
SELECT b.area_id, v.name, b.area_id = :area_id AS is_own,
       coalesce(sum(s.buildings), 0)::int AS buildings,
       coalesce(sum(s.empty_buildings), 0)::int AS buildings_without_dwellings,
       coalesce(sum(s.declared), 0)::int AS households_declared,
       coalesce(sum(s.dwellings), 0)::int AS dwellings,
       coalesce(sum(s.missing), 0)::int AS dwellings_missing,
       coalesce(sum(s.without_people), 0)::int AS dwellings_without_people,
       coalesce(sum(s.without_building), 0)::int AS dwellings_without_building,
       coalesce(sum(s.people), 0)::int AS people,
       coalesce(sum(s.homeless), 0)::int AS people_without_dwelling
  FROM below b
  LEFT JOIN summed s ON s.area_id = b.part
  LEFT JOIN area_version v ON v.area_id = b.area_id AND v.valid @> cast(:day AS date)
 GROUP BY b.area_id, v.name
 ORDER BY v.name, b.area_id
""")
"""One row for each area directly below, and one for what lies in the area itself."""
BUILDINGS = text(f"""{_BASE}
SELECT county_code, id, name, address, area_id, grid_id, households_declared, dwellings, dwellings_missing,
       dwellings_without_people
  FROM building
 WHERE (cast(:after_county AS text) IS NULL
        OR (county_code, id) > (cast(:after_county AS text), cast(:after_id AS uuid)))
   AND (NOT :only_gaps OR dwellings = 0 OR dwellings_missing > 0 OR dwellings_without_people > 0)
 ORDER BY county_code, id LIMIT :limit
""")
DWELLINGS = text(f"""{_BASE}
SELECT county_code, id, address, area_id, grid_id, building_id, state, is_without_people
  FROM dwelling
 WHERE (cast(:after_county AS text) IS NULL
        OR (county_code, id) > (cast(:after_county AS text), cast(:after_id AS uuid)))
   AND (is_without_people OR building_id IS NULL)
   AND (cast(:building_id AS uuid) IS NULL OR building_id = :building_id)
 ORDER BY county_code, id LIMIT :limit
""")


# Nobody knows how many rows a WITH has: guessing few, the planner compared everybody with everybody (15 s
# where hashing takes a fraction). Prices of forbidden joins would wake the compiler, so it sleeps, too.
HASHING = text("SELECT set_config('enable_nestloop', :nested, true), set_config('jit', 'off', true)")


async def _ask(session: AsyncSession, question: TextClause, asked: dict[str, Any]) -> Sequence[Row[Any]]:
    await session.execute(HASHING, {"nested": "off"})
    rows = (await session.execute(question, asked)).all()
    await session.execute(HASHING, {"nested": "on"})
    return rows


def _scope(counties: Sequence[str], area_id: UUID) -> dict[str, Any]:
    return {"area_id": area_id, "counties": list(counties), "closed": sorted(CLOSED)}


async def by_area(
    session: AsyncSession, counties: Sequence[str], area_id: UUID, day: Any
) -> Sequence[Row[Any]]:
    """Counts of each area directly below `area_id`, and of what lies in it itself. The caller checked the scope."""
    return await _ask(session, BY_AREA, _scope(counties, area_id) | {"day": day})


async def list_buildings(
    session: AsyncSession,
    counties: Sequence[str],
    area_id: UUID,
    *,
    only_gaps: bool,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """Buildings by id with what is missing in each. Raises BadCursor."""
    asked = _scope(counties, area_id) | _after(cursor) | {"only_gaps": only_gaps, "limit": limit + 1}
    return _page(await _ask(session, BUILDINGS, asked), limit)


async def list_dwellings(
    session: AsyncSession,
    counties: Sequence[str],
    area_id: UUID,
    *,
    building_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """Dwellings in use without people, and those of no building, by id. Raises BadCursor."""
    asked = _scope(counties, area_id) | _after(cursor) | {"building_id": building_id, "limit": limit + 1}
    return _page(await _ask(session, DWELLINGS, asked), limit)


def _after(cursor: str | None) -> dict[str, Any]:
    if cursor is None:
        return {"after_county": None, "after_id": None}
    county, subject_id = pagination.values_of(cursor, 2)
    try:
        return {"after_county": str(county), "after_id": UUID(subject_id)}
    except (ValueError, AttributeError, TypeError) as error:
        raise pagination.BadCursor from error


def _page(rows: Sequence[Row[Any]], limit: int) -> tuple[list[Row[Any]], str | None]:
    return pagination.page(rows, limit, lambda row: [row.county_code, row.id])
