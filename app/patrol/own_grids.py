"""An inspector's own grids on a day, as the fold takes them."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from app.areas.grid_queries import GridVersionRow
from app.patrol.day_inputs import OwnGrid, ProfileWindow
from app.patrol.placing import FOREVER_MS
from app.patrol.shapes import buffered
from app.staffing.inputs import GridAppointment


def own_versions(
    day: date, appointments: Sequence[GridAppointment], grids: Mapping[UUID, Sequence[GridVersionRow]]
) -> list[tuple[GridAppointment, GridVersionRow]]:
    """Each appointment with the versions of its grid that held on the day."""
    return [
        (appointment, version)
        for appointment in appointments
        for version in grids.get(appointment.grid_id, ())
        if version.valid_from <= day and (version.valid_to is None or day < version.valid_to)
    ]


def own_grid(appointment: GridAppointment, version: GridVersionRow, buffer_m: int) -> OwnGrid:
    """The shape to count in while the appointment holds; buffer_m: metres around it that still count."""
    shape = version.shape
    return OwnGrid(
        start_ms=appointment.start_ms,
        end_ms=appointment.end_ms or FOREVER_MS,
        grid_id=str(version.grid_id),
        grid_code=version.code,
        in_grid_rule=version.in_grid_rule,  # type: ignore[arg-type]  # the database checks it
        shape=shape,
        buffered=buffered(version.version_id, shape, buffer_m)
        if shape is not None and version.version_id
        else None,
    )


def profile(appointment: GridAppointment, version: GridVersionRow) -> ProfileWindow:
    """How one moves in the grid while the appointment holds."""
    return ProfileWindow(
        appointment.start_ms,
        appointment.end_ms or FOREVER_MS,
        version.movement_profile,  # type: ignore[arg-type]  # the database checks it
    )
