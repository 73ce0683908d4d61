"""An upload as the rows that keep it: its fixes, heartbeats and reports by inspector and service day, packed."""

from datetime import date, datetime
from uuid import UUID

import numpy as np

from app.patrol import door, packing
from app.patrol.arrival import Arrival
from app.patrol.batches import BatchRow, LastFix
from app.patrol.context import DeviceContext
from app.patrol.fixes import Fixes
from app.patrol.online.states import server_skew_ms
from app.patrol.placing import Duty, Place, place_fixes, place_instants


def batch_rows(arrival: Arrival, context: DeviceContext, duty: Duty, now: datetime) -> list[BatchRow]:
    """One row for each inspector and service day that the upload speaks of; now: when it was received."""
    rows: dict[tuple[UUID, date], BatchRow] = {}
    skew_ms = server_skew_ms(arrival, now, context.rules.skew_noted_ms)

    def row_at(place: Place) -> BatchRow:
        new = BatchRow.at(place, arrival.key, arrival.device_id, arrival.envelope.clock_offset_ms, skew_ms)
        return rows.setdefault((place.inspector_id, place.service_day), new)

    for place in place_fixes(arrival.parcel, context.bindings, duty):
        fixes = arrival.parcel.fixes if place.mask.all() else arrival.parcel.fixes.take(place.mask)
        row = row_at(place)
        row.fix_count, (row.track, row.attributes) = len(fixes), packing.pack(fixes)
        row.last = _last_fix(fixes)
    believed_ms = context.rules.believed_ms(now)
    plausible = door.believable(arrival.beats_ms, believed_ms)
    for place in place_instants(arrival.beats_ms, plausible, context.bindings, duty):
        beats_ms = np.unique(arrival.beats_ms[place.mask])
        row = row_at(place)
        row.beat_count, row.beats = len(beats_ms), packing.pack_instants(beats_ms)
    plausible = door.believable(arrival.reports_ms, believed_ms)
    for place in place_instants(arrival.reports_ms, plausible, context.bindings, duty):
        row_at(place).reports = [
            [at_ms, arrival.reports[index].cause]
            for index, at_ms in enumerate(arrival.reports_ms.tolist())
            if place.mask[index]
        ]
    return list(rows.values())


def _last_fix(fixes: Fixes) -> LastFix:
    """The last of n >= 1 fixes; of several at one instant the greatest, so that no order matters."""
    first = int(fixes.at_ms.argmax())
    at_ms = int(fixes.at_ms[first])
    last = [first]
    if first != len(fixes) - 1:  # argmax finds the first of equals: only the last row is surely the only one
        last = np.flatnonzero(fixes.at_ms == at_ms).tolist()
    return max((at_ms, int(fixes.lon_e7[i]), int(fixes.lat_e7[i]), int(fixes.accuracy_dm[i])) for i in last)
