"""What changed about a period's days after it was sealed: listed beside its figures, never worked into them."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Date, DateTime, Integer, Numeric, Row, Text, Uuid, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import pagination
from app.patrol.periods.models import Period
from app.patrol.periods.rollup import Level

# A day counts when it was judged again after the seal, or when what was decided about it differs from then.
CHANGED = """
sealed_decisions AS (
    SELECT cast(x ->> 0 AS uuid) AS inspector_id, cast(x ->> 1 AS date) AS service_day, x ->> 2 AS status
      FROM jsonb_array_elements(cast(:decisions AS jsonb)) x
),
changed AS (
    SELECT inspector_id, service_day FROM day_judgement
     WHERE county_code = :county_code AND judged_at > :sealed_at
       AND service_day = ANY(ARRAY(SELECT cast(g AS date) FROM generate_series(
               cast(:first AS date), cast(:last AS date), interval '1 day') g))
    UNION
    SELECT inspector_id, service_day
      FROM (SELECT inspector_id, service_day, decided_status FROM day_decision
             WHERE county_code = :county_code AND service_day BETWEEN :first AND :last) d
      FULL JOIN sealed_decisions s USING (inspector_id, service_day)
     WHERE d.decided_status IS DISTINCT FROM s.status
)"""
LISTED = f"""
WITH {CHANGED}
SELECT c.inspector_id, a.display_name, c.service_day, f.area_id, now_.judged_at, now_.revision,
       was.status AS status_before, now_.status AS status_after,
       coalesce(s.status, was.status) AS standing_before, coalesce(d.decided_status, now_.status) AS standing_after,
       cast(was.figures ->> 'online_s' AS int) AS online_s_before,
       cast(now_.figures ->> 'online_s' AS int) AS online_s_after,
       cast(was.figures ->> 'distance_m' AS numeric) AS distance_m_before,
       cast(now_.figures ->> 'distance_m' AS numeric) AS distance_m_after
  FROM changed c
  JOIN account a ON a.id = c.inspector_id
  JOIN day_figures f ON f.county_code = :county_code AND f.inspector_id = c.inspector_id
       AND f.service_day = c.service_day
       AND f.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :area_id)
  LEFT JOIN sealed_decisions s ON s.inspector_id = c.inspector_id AND s.service_day = c.service_day
  LEFT JOIN day_decision d ON d.county_code = :county_code AND d.inspector_id = c.inspector_id
       AND d.service_day = c.service_day
  LEFT JOIN LATERAL (
      SELECT j.revision, j.judged_at, j.status, j.figures FROM day_judgement j
       WHERE j.county_code = :county_code AND j.inspector_id = c.inspector_id AND j.service_day = c.service_day
       ORDER BY j.revision DESC LIMIT 1) now_ ON true
  LEFT JOIN LATERAL (
      SELECT j.status, j.figures FROM day_judgement j
       WHERE j.county_code = :county_code AND j.inspector_id = c.inspector_id AND j.service_day = c.service_day
         AND j.judged_at <= :sealed_at
       ORDER BY j.revision DESC LIMIT 1) was ON true"""
LISTED_COLUMNS = (
    *(column(name, Uuid) for name in ("inspector_id", "area_id")),
    column("display_name", Text),
    column("service_day", Date),
    column("judged_at", DateTime(timezone=True)),
    *(column(name, Text) for name in ("status_before", "status_after", "standing_before", "standing_after")),
    *(column(name, Integer) for name in ("revision", "online_s_before", "online_s_after")),
    *(column(name, Numeric(asdecimal=False)) for name in ("distance_m_before", "distance_m_after")),
)
COUNTS = {
    "inspector": "SELECT inspector_id AS subject_id, count(*) AS days FROM changed GROUP BY 1",
    "grid": """
SELECT p.grid_id AS subject_id, count(DISTINCT (c.inspector_id, c.service_day)) AS days
  FROM changed c
  JOIN appointment p ON p.county_code = :county_code AND p.inspector_id = c.inspector_id AND p.cancelled_at IS NULL
       AND p.valid && tstzrange(c.service_day::timestamp AT TIME ZONE :zone,
                                (c.service_day + 1)::timestamp AT TIME ZONE :zone)
 GROUP BY 1""",
    "area": """
SELECT x.ancestor_id AS subject_id, count(*) AS days
  FROM changed c
  JOIN day_figures f ON f.county_code = :county_code AND f.inspector_id = c.inspector_id
       AND f.service_day = c.service_day
  JOIN area_closure x ON x.area_id = f.area_id
 GROUP BY 1""",
}


async def list_revisions(
    session: AsyncSession, period: Period, area_id: UUID, *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """Days of an area that changed after the seal, before and after; none while the period isn't sealed."""
    if period.sealed_at is None:
        return [], None
    listed = text(LISTED).bindparams(**_asked(period), area_id=area_id)
    found = listed.columns(*LISTED_COLUMNS).subquery("found")
    keys = (found.c.service_day, found.c.inspector_id)
    rows = (await session.execute(pagination.after(select(found), keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda r: (r.service_day, r.inspector_id))


async def count_revisions(
    session: AsyncSession, period: Period, level: Level, zone: ZoneInfo
) -> dict[UUID, int]:
    """How many days behind each subject's figure changed after the seal; subjects without any are left out."""
    if period.sealed_at is None:
        return {}
    group = level if level in COUNTS else "area"
    asked = _asked(period) | ({"zone": zone.key} if group == "grid" else {})
    rows = await session.execute(text(f"WITH {CHANGED} {COUNTS[group]}"), asked)
    return {row.subject_id: row.days for row in rows}


def _asked(period: Period) -> dict[str, Any]:
    document = period.document or {}
    return {
        "county_code": period.county_code,
        "first": period.first_day,
        "last": period.last_day,
        "sealed_at": period.sealed_at,
        "decisions": orjson.dumps(document.get("decisions", [])).decode(),
    }
