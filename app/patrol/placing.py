"""Whose fix is it, and of which service day: by the binding and the duty window at its time. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
import numpy.typing as npt

from app.patrol.door import STORED, Disposition, Parcel
from app.patrol.fixes import Int64s
from app.staffing.duty import DutyWindow

FOREVER_MS = 2**62
Duty = Mapping[UUID, Sequence[DutyWindow]]
"""Duty windows by inspector."""


@dataclass(frozen=True, slots=True)
class Binding:
    """The device was this inspector's during [start_ms, end_ms)."""

    start_ms: int
    end_ms: int
    inspector_id: UUID
    area_id: UUID


@dataclass(frozen=True, slots=True)
class Place:
    """One inspector's service day, and which of an upload's instants belong to it (bool[n])."""

    inspector_id: UUID
    area_id: UUID
    service_day: date
    mask: npt.NDArray[np.bool_]


def binding_at(bindings: Sequence[Binding], at_ms: int) -> Binding | None:
    """The binding that holds at an instant."""
    return next((b for b in bindings if b.start_ms <= at_ms < b.end_ms), None)


def place_fixes(parcel: Parcel, bindings: Sequence[Binding], duty: Duty) -> list[Place]:
    """Gives accepted fixes without a binding `unbound`, those outside duty `off_duty`, and places the rest.

    bindings and each inspector's duty windows do not overlap; any order.
    """
    stored = parcel.disposition == STORED
    places, bound = _places(parcel.fixes.at_ms, stored, bindings, duty)
    on_duty = np.zeros(len(stored), bool)
    for place in places:
        on_duty |= place.mask
    parcel.refuse(stored & ~bound, Disposition.UNBOUND)
    parcel.refuse(bound & ~on_duty, Disposition.OFF_DUTY)
    return places


def place_instants(
    at_ms: Int64s, wanted: npt.NDArray[np.bool_], bindings: Sequence[Binding], duty: Duty
) -> list[Place]:
    """Where the `wanted` heartbeats and reports belong; those outside binding or duty belong nowhere."""
    places, _ = _places(at_ms, wanted, bindings, duty)
    return places


def _places(
    at_ms: Int64s,
    wanted: npt.NDArray[np.bool_],
    bindings: Sequence[Binding],
    duty: Duty,
) -> tuple[list[Place], npt.NDArray[np.bool_]]:
    if not wanted.any():
        return [], np.zeros(len(at_ms), bool)
    first_ms, last_ms = int(at_ms[wanted].min()), int(at_ms[wanted].max())
    only = _only_place(first_ms, last_ms, wanted, bindings, duty)
    if only is not None:
        return [only], wanted
    masks: dict[tuple[UUID, date], npt.NDArray[np.bool_]] = {}
    areas: dict[tuple[UUID, date], UUID] = {}
    bound = np.zeros(len(at_ms), bool)
    for b in bindings:
        if b.end_ms <= first_ms or b.start_ms > last_ms:
            continue
        held = wanted & (at_ms >= b.start_ms) & (at_ms < b.end_ms)
        bound |= held
        for window in duty.get(b.inspector_id, ()):
            if window.end_ms <= first_ms or window.start_ms > last_ms:
                continue
            inside = held & (at_ms >= window.start_ms) & (at_ms < window.end_ms)
            if inside.any():
                key = (b.inspector_id, window.service_day)
                masks[key] = masks[key] | inside if key in masks else inside
                areas[key] = b.area_id
    return [Place(key[0], areas[key], key[1], mask) for key, mask in masks.items()], bound


def _only_place(
    first_ms: int,
    last_ms: int,
    wanted: npt.NDArray[np.bool_],
    bindings: Sequence[Binding],
    duty: Duty,
) -> Place | None:
    """The one place of everything, when one binding and one window hold it all: nearly every upload."""
    for b in bindings:
        if b.start_ms <= first_ms and last_ms < b.end_ms:
            for window in duty.get(b.inspector_id, ()):
                if window.start_ms <= first_ms and last_ms < window.end_ms:
                    return Place(b.inspector_id, b.area_id, window.service_day, wanted)
    return None
