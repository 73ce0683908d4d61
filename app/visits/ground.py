"""Where visits were, beside the subjects' points and grids of that day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from shapely import Point
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.grid_queries import GridVersionRow, load_grid_versions
from app.identity.actor import Actor
from app.kit.clock import to_ms
from app.kit.geodesy import distances_m
from app.patrol.shapes import buffered
from app.staffing.gaps import WALKING
from app.staffing.inputs import DaySpan, GridAppointment, load_appointments
from app.visits.proof import Seen
from app.visits.queries import SubjectPlace


@dataclass(frozen=True, slots=True)
class Ground:
    """Grids of the days that visits speak of, and which were the visitor's own."""

    appointments: Sequence[GridAppointment]
    grids: Mapping[UUID, Sequence[GridVersionRow]]

    def is_own(self, place: SubjectPlace, at: datetime) -> bool:
        """Whether the visitor served the subject's grid at that instant."""
        at_ms = to_ms(at)
        return any(
            a.grid_id == place.grid_id
            and a.role in WALKING
            and a.start_ms <= at_ms
            and (a.end_ms is None or at_ms < a.end_ms)
            for a in self.appointments
        )

    def seen(
        self, place: SubjectPlace, point: Point, accuracy_m: float | None, day: date, buffer_m: int
    ) -> Seen:
        """How the position of a visit lies to its subject; buffer_m: metres around the grid that still count."""
        return Seen(accuracy_m, _distance_m(place.point, point), self._in_grid(place, point, day, buffer_m))

    def _in_grid(self, place: SubjectPlace, point: Point, day: date, buffer_m: int) -> bool | None:
        versions = self.grids.get(place.grid_id, ()) if place.grid_id else ()
        for v in versions:
            if v.valid_from <= day and (v.valid_to is None or day < v.valid_to):
                if v.shape is None or v.version_id is None:
                    return None
                return bool(shapely.contains(buffered(v.version_id, v.shape, buffer_m), point))
        return None


def _distance_m(subject: Point | None, visit: Point) -> float | None:
    if subject is None:
        return None
    found = distances_m(*(np.array([c]) for c in (subject.x, subject.y, visit.x, visit.y)))
    return round(float(found[0]), 1)


async def load_ground(
    session: AsyncSession,
    actor: Actor,
    places: Iterable[SubjectPlace],
    days: Sequence[date],
    zone: ZoneInfo,
) -> Ground:
    """Everything that places visits of one inspector on `days`; three statements for any number of them."""
    if not days:
        return Ground((), {})
    first, last = min(days), max(days)
    spans = [DaySpan(actor.account_id, first, last)]
    appointments = await load_appointments(session, actor.county_code, spans, zone)
    grid_ids = {place.grid_id for place in places if place.grid_id}
    grids: dict[UUID, list[GridVersionRow]] = {}
    for row in await load_grid_versions(session, actor.county_code, grid_ids, first, last):
        grids.setdefault(row.grid_id, []).append(row)
    return Ground(appointments[actor.account_id], grids)
