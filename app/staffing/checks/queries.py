"""SQL of the checks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, Integer, Row, Text, Uuid, bindparam, column, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import pagination

# The number asked for is compared in SQL, so that a page of violations is one statement. Whoever substitutes
# stands for the one he replaces. Who is there is the same as in `staffing.unserved.list_away`.
STAFFED = """
SELECT g.id AS grid_id, g.code, g.name, g.grid_class, g.area_id, n.full_time, n.persons, n.absent_count,
       CASE WHEN n.full_time < r.least THEN 'too_few_full_time'
            WHEN n.full_time > r.most THEN 'too_many_full_time'
            WHEN n.persons < r.people THEN 'too_few_persons'
            ELSE 'ok' END AS verdict
  FROM area_closure c
  JOIN grid g ON g.area_id = c.area_id
  JOIN unnest(:areas, :classes, :least, :most, :people) AS r(area_id, grid_class, least, most, people)
       ON r.area_id = g.area_id AND r.grid_class = g.grid_class
 CROSS JOIN LATERAL (
      SELECT count(DISTINCT a.inspector_id)
                 FILTER (WHERE a.role IN ('full_time', 'substitute') AND NOT away.is_absent) AS full_time,
             count(DISTINCT a.inspector_id) FILTER (WHERE NOT away.is_absent) AS persons,
             count(DISTINCT a.inspector_id) FILTER (WHERE away.is_absent) AS absent_count
        FROM appointment a JOIN account k ON k.id = a.inspector_id AND k.enabled
       CROSS JOIN LATERAL (
            SELECT EXISTS (
                SELECT FROM absence b
                 WHERE b.county_code = a.county_code AND b.inspector_id = a.inspector_id
                   AND b.state = 'approved' AND b.during @> :at) AS is_absent) away
       WHERE a.county_code = g.county_code AND a.grid_id = g.id AND a.cancelled_at IS NULL
         AND a.valid @> :at) n
 WHERE c.ancestor_id = :area_id AND g.opened_on <= :day AND (g.retired_on IS NULL OR g.retired_on > :day)
"""
GRID_AREAS = text("""
SELECT g.area_id, (SELECT array_agg(ancestor_id ORDER BY depth) FROM area_closure p WHERE p.area_id = g.area_id) AS path
  FROM area_closure c JOIN grid g ON g.area_id = c.area_id
 WHERE c.ancestor_id = :area_id
 GROUP BY g.area_id
""")
# A full-time inspector carries an issued handheld; any other post has at least registered the app, on whatever.
UNCOVERED = """
SELECT k.id AS inspector_id, k.display_name, k.area_id, p.posts,
       CASE WHEN 'full_time' = ANY(p.posts) THEN 'issued_handheld_missing' ELSE 'app_not_registered' END AS gap
  FROM area_closure c
  JOIN account k ON k.area_id = c.area_id AND k.role = 'inspector' AND k.enabled
  JOIN LATERAL (
      SELECT array_agg(DISTINCT a.role::text ORDER BY a.role::text) AS posts
        FROM appointment a
       WHERE a.county_code = k.county_code AND a.inspector_id = k.id AND a.cancelled_at IS NULL
         AND a.valid @> :at) p ON p.posts IS NOT NULL
 WHERE c.ancestor_id = :area_id
   AND NOT EXISTS (
       SELECT FROM device_binding b
         JOIN device d ON d.county_code = b.county_code AND d.id = b.device_id AND d.revoked_at IS NULL
        WHERE b.county_code = k.county_code AND b.inspector_id = k.id AND b.valid @> :at
          AND (d.ownership = 'issued' OR NOT 'full_time' = ANY(p.posts)))
"""


async def list_grid_areas(session: AsyncSession, area_id: UUID) -> Sequence[Row[Any]]:
    """(area_id, path) of every area below that has grids."""
    return (await session.execute(GRID_AREAS, {"area_id": area_id})).all()


async def list_staffed(
    session: AsyncSession,
    asked: dict[str, list[Any]],
    *,
    area_id: UUID,
    at: datetime,
    day: date,
    only_violations: bool,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """One page of grids by code; `asked` has a column for each of areas, classes, least, most, people."""
    columns = text(STAFFED).bindparams(
        bindparam("areas", asked["areas"], ARRAY(Uuid)),
        bindparam("classes", asked["classes"], ARRAY(Text)),
        *(bindparam(name, asked[name], ARRAY(Integer)) for name in ("least", "most", "people")),
        bindparam("area_id", area_id, Uuid),
        bindparam("at", at, DateTime(timezone=True)),
        bindparam("day", day, Date),
    )
    names: list[Any] = [column("grid_id", Uuid), column("code", Text), column("name", Text)]
    names += [column("grid_class", Text), column("area_id", Uuid), column("verdict", Text)]
    names += [column("full_time", Integer), column("persons", Integer), column("absent_count", Integer)]
    staffed = columns.columns(*names).subquery()
    statement = select(staffed)
    if only_violations:
        statement = statement.where(staffed.c.verdict != "ok")
    keys: list[Any] = [staffed.c.code, staffed.c.grid_id]
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.code, row.grid_id])


async def list_uncovered(
    session: AsyncSession, *, area_id: UUID, at: datetime, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """One page of people without the handheld that their post takes, by id."""
    found = (
        text(UNCOVERED)
        .bindparams(bindparam("area_id", area_id, Uuid), bindparam("at", at, DateTime(timezone=True)))
        .columns(
            column("inspector_id", Uuid),
            column("display_name", Text),
            column("area_id", Uuid),
            column("posts", ARRAY(Text)),
            column("gap", Text),
        )
        .subquery()
    )
    statement = pagination.after(select(found), [found.c.inspector_id], cursor, limit)
    rows = (await session.execute(statement)).all()
    return pagination.page(rows, limit, lambda row: [row.inspector_id])
