"""SQL of the duty: who is on the list, who was visited, who serves, who was there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Grid
from app.collection.subjects.lifecycle import CLOSED
from app.staffing.gaps import WALKING
from app.staffing.models import Appointment
from app.visits.duty import Month

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class DutyScope:
    """Whose duties: in or below an area, in some grids, or of some subjects; None does not limit."""

    counties: Sequence[str]
    area_id: UUID | None = None
    grid_ids: Collection[UUID] | None = None
    subject_ids: Collection[UUID] | None = None


# One row for each subject that was on the list in the month, by its id. What was said about an alias counts for
# the subject that it was merged into. A designation ends with the subject: who has moved away is not visited.
DUTIES = text("""
WITH RECURSIVE listed AS (
    SELECT t.county_code, t.id, sum(k.version) AS versions,
           jsonb_agg(jsonb_build_array(k.kind, k.category, lower(k.valid),
                                       least(upper(k.valid), CASE WHEN t.state = ANY(:closed) THEN t.state_since END),
                                       k.visits_per_month) ORDER BY k.category, k.valid) AS designations
      FROM key_subject k
      JOIN subject a ON a.county_code = k.county_code AND a.id = k.subject_id
      JOIN subject t ON t.county_code = a.county_code AND t.id =
           CASE WHEN a.merged_into IS NULL THEN a.id ELSE surviving_subject(a.county_code, a.id) END
     WHERE k.county_code = ANY(:counties) AND k.valid && daterange(:first, :end) AND t.id > :after
       AND (cast(:area_id AS uuid) IS NULL
            OR t.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :area_id))
       AND (cast(:grid_ids AS uuid[]) IS NULL OR t.grid_id = ANY(:grid_ids))
       AND (cast(:subject_ids AS uuid[]) IS NULL OR t.id = ANY(:subject_ids))
     GROUP BY t.county_code, t.id ORDER BY t.id LIMIT :limit
), named AS (
    SELECT county_code, id, id AS root FROM listed
    UNION ALL
    SELECT s.county_code, s.id, n.root
      FROM named n JOIN subject s ON s.county_code = n.county_code AND s.merged_into = n.id
), visited AS (
    SELECT v.county_code, v.root,
           array_agg(DISTINCT v.service_day) FILTER (WHERE v.counts AND v.in_month) AS days,
           count(*) FILTER (WHERE v.proven_by = 'none' AND v.voided_at IS NULL AND v.in_month) AS unproven,
           max(v.service_day) FILTER (WHERE v.counts) AS last_visit_on,
           (array_agg(v.next_visit_on ORDER BY v.started_at DESC, v.id) FILTER (WHERE v.voided_at IS NULL))[1]
               AS next_visit_on,
           sum(v.version) AS versions
      FROM (SELECT n.root, w.county_code, w.id, w.started_at, w.service_day, w.proven_by, w.voided_at,
                   w.next_visit_on, w.version, w.service_day >= :first AND w.service_day < :end AS in_month,
                   w.proven_by <> 'none' AND w.voided_at IS NULL AND w.condition <> 'not_met' AS counts
              FROM named n JOIN visit w ON w.county_code = n.county_code AND w.subject_id = n.id) v
     GROUP BY v.county_code, v.root
)
SELECT l.county_code, l.id, l.designations, s.area_id, s.grid_id, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat,
       s.shown_name AS name, coalesce(v.days, '{}') AS days,
       coalesce(v.unproven, 0) AS unproven,
       v.last_visit_on, v.next_visit_on, s.revision + l.versions + coalesce(v.versions, 0) AS version
  FROM listed l
  JOIN subject s ON s.county_code = l.county_code AND s.id = l.id
  LEFT JOIN visited v ON v.county_code = l.county_code AND v.root = l.id
 ORDER BY l.id
""")
ANY_SUBJECT = "(cast(:subject_ids AS uuid[]) IS NULL OR t.id = ANY(:subject_ids))"
# For some subjects their designations are looked up, by every name that they had, instead of all being read.
SOME_DUTIES = text(
    DUTIES.text.replace(
        ANY_SUBJECT,
        """t.id = ANY(:subject_ids) AND k.subject_id IN (
            WITH RECURSIVE alias AS (
                SELECT id FROM unnest(cast(:subject_ids AS uuid[])) AS asked(id)
                UNION
                SELECT m.id FROM alias x JOIN subject m ON m.county_code = ANY(:counties) AND m.merged_into = x.id)
            SELECT id FROM alias)""",
    )
)
# Absent: shifts were planned for those who serve the grid, and an absence or exemption took every one of them.
ABSENT = text("""
SELECT g.grid_id
  FROM unnest(cast(:grid_ids AS uuid[])) AS g(grid_id)
 WHERE EXISTS (
       SELECT FROM appointment a
         JOIN shift s ON s.county_code = a.county_code AND s.inspector_id = a.inspector_id
              AND s.cancelled_at IS NULL AND s.starts_at <@ a.valid AND s.service_day >= :first AND s.service_day < :end
         JOIN day_kind k ON k.code = s.kind AND k.on_duty
        WHERE a.county_code = :county_code AND a.grid_id = g.grid_id AND a.cancelled_at IS NULL
          AND a.role = ANY(:roles))
   AND NOT EXISTS (
       SELECT FROM appointment a
         JOIN effective_shift e ON e.county_code = a.county_code AND e.inspector_id = a.inspector_id
              AND e.starts_at <@ a.valid AND e.service_day >= :first AND e.service_day < :end
         JOIN day_kind k ON k.code = e.kind AND k.on_duty
        WHERE a.county_code = :county_code AND a.grid_id = g.grid_id AND a.cancelled_at IS NULL
          AND a.role = ANY(:roles))
""")


async def list_duties(
    session: AsyncSession, scope: DutyScope, month: Month, *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Subjects that were on the list in the month, with an id above `after`, by id; see DUTIES for the columns."""
    asked = {
        "counties": list(scope.counties),
        "first": month.first,
        "end": month.end,
        "closed": sorted(CLOSED),
        "after": after or NOBODY,
        "area_id": scope.area_id,
        "grid_ids": None if scope.grid_ids is None else list(scope.grid_ids),
        "subject_ids": None if scope.subject_ids is None else list(scope.subject_ids),
        "limit": limit,
    }
    statement = DUTIES if scope.subject_ids is None else SOME_DUTIES
    return (await session.execute(statement, asked)).all()


async def absent_grids(
    session: AsyncSession, county_code: str, grid_ids: Collection[UUID], month: Month
) -> set[UUID]:
    """Grids where nobody came to a single planned shift of the month, since all were away or exempt."""
    if not grid_ids:
        return set()
    asked = {
        "county_code": county_code,
        "grid_ids": sorted(grid_ids),
        "first": month.first,
        "end": month.end,
        "roles": sorted(WALKING),
    }
    return set((await session.execute(ABSENT, asked)).scalars())


async def serving(
    session: AsyncSession, county_code: str, grid_ids: Collection[UUID], at: datetime
) -> dict[UUID, list[UUID]]:
    """Who serves each grid at that instant, by id."""
    rows = await session.execute(
        select(Appointment.grid_id, Appointment.inspector_id)
        .distinct()
        .where(
            Appointment.county_code == county_code,
            Appointment.grid_id.in_(list(grid_ids)),
            Appointment.role.in_(WALKING),
            Appointment.cancelled_at.is_(None),
            Appointment.valid.contains(at),
        )
        .order_by(Appointment.grid_id, Appointment.inspector_id)
    )
    found: dict[UUID, list[UUID]] = {}
    for grid_id, inspector_id in rows:
        found.setdefault(grid_id, []).append(inspector_id)
    return found


async def grids_of(session: AsyncSession, county_code: str, inspector_id: UUID, at: datetime) -> set[UUID]:
    """The grids that an inspector serves at that instant."""
    return set(
        await session.scalars(
            select(Appointment.grid_id).where(
                Appointment.county_code == county_code,
                Appointment.inspector_id == inspector_id,
                Appointment.role.in_(WALKING),
                Appointment.cancelled_at.is_(None),
                Appointment.valid.contains(at),
            )
        )
    )


async def grid_codes(session: AsyncSession, grid_ids: Collection[UUID]) -> dict[UUID, str]:
    """Codes by id."""
    rows = await session.execute(select(Grid.id, Grid.code).where(Grid.id.in_(list(grid_ids))))
    return {row.id: row.code for row in rows}


def parsed(designation: Sequence[Any]) -> tuple[str, str, date, date | None, int | None]:
    """Kind, category, first day, first day after it, visits a month; as `DUTIES` packs them."""
    kind, category, since, until, per_month = designation
    return kind, category, date.fromisoformat(since), date.fromisoformat(until) if until else None, per_month
