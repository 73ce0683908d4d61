"""An upload on its way in: read and in columns, not yet compared with clock, binding or duty."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
import numpy as np

from app.patrol import door, wire
from app.patrol.door import STORED, Disposition, Parcel
from app.patrol.fixes import Fixes, Int64s
from app.patrol.online.state import UNTOLD, ReadState, read_state
from app.patrol.problems import BatchEmpty, BatchTooLong
from app.patrol.wire import Envelope, Fix, Report

DIGEST_BYTES = 16
"""128 bits of SHA-256: nobody finds two contents with one digest by chance, and it is kept for each batch."""


@dataclass(slots=True)
class Arrival:
    """One upload of one device. `body` is as received, for the quarantine.

    reports: those sent as such, and the end of the app that the state tells.
    login_id: whose token sent it; None where the service itself vouches for the device.
    """

    county_code: str
    device_id: UUID
    batch_id: UUID
    envelope: Envelope
    parcel: Parcel
    state: ReadState | None
    reports: Sequence[Report]
    beats_ms: Int64s
    reports_ms: Int64s
    presses_ms: Int64s
    digest: bytes
    body: bytes
    login_id: UUID | None

    @property
    def key(self) -> tuple[str, UUID]:
        """Key of its receipt."""
        return self.county_code, self.batch_id

    @property
    def device_key(self) -> tuple[str, UUID]:
        """Key of its device."""
        return self.county_code, self.device_id

    def bounds_ms(self) -> tuple[int, int] | None:
        """First and last corrected instant that it speaks of, among those not refused; None when there is none."""
        stored = self.parcel.fixes.at_ms[self.parcel.disposition == STORED]
        instants = np.concatenate((stored, self.beats_ms, self.reports_ms, self.presses_ms))
        return (int(instants.min()), int(instants.max())) if len(instants) else None


def read_arrival(county_code: str, device_id: UUID, body: bytes, *, login_id: UUID | None = None) -> Arrival:
    """Reads one upload. Raises wire.Unreadable, BatchEmpty or BatchTooLong."""
    envelope, rows, _ = wire.read(body)
    count = wire.fix_count(envelope, rows)
    if count > wire.FIXES_MAX:
        raise BatchTooLong(limit=wire.FIXES_MAX)
    state = read_state(envelope.state)
    if not (count or envelope.beats or envelope.presses or envelope.reports or state):
        raise BatchEmpty
    parcel = door.receive(envelope, rows)
    beats_ms = _corrected(envelope.beats, envelope)
    reports = [*envelope.reports, *_told_end(state)]
    return Arrival(
        county_code=county_code,
        device_id=device_id,
        batch_id=UUID(envelope.batch_id),
        envelope=envelope,
        parcel=parcel,
        state=state,
        reports=reports,
        beats_ms=beats_ms,
        reports_ms=_corrected([r.at for r in reports], envelope),
        presses_ms=_corrected([p.pressed_at for p in envelope.presses], envelope),
        digest=_digest(parcel, rows, beats_ms, reports, envelope),
        body=body,
        login_id=login_id,
    )


def _told_end(state: ReadState | None) -> list[Report]:
    """The end of the app as the report that explains the silence after it."""
    if state is None or state.exit is None:
        return []
    reason, at = state.exit
    return [] if reason == UNTOLD else [Report(at, reason)]


def _corrected(instants: list[datetime | int], envelope: Envelope) -> Int64s:
    """Unix ms of what the device clock said, corrected by the batch's offset."""
    return np.array([door.instant_ms(i) + envelope.clock_offset_ms for i in instants], np.int64)


def _digest(
    parcel: Parcel, rows: list[Fix | None], beats_ms: Int64s, reports: Sequence[Report], envelope: Envelope
) -> bytes:
    """SHA-256 over what was measured; not over `sent_at`, battery and their like, which change with every retry."""
    content = hashlib.sha256()
    for name in Fixes.__slots__:
        content.update(getattr(parcel.fixes, name).data)
    content.update(parcel.reason.data)
    content.update(beats_ms.data)
    content.update(msgspec.json.encode((envelope.clock_offset_ms, envelope.presses, reports)))
    refused = np.flatnonzero(parcel.disposition == Disposition.INVALID).tolist()
    if refused:  # its columns do not hold what could not be read
        sent = envelope.columns or [rows[i] or getattr(envelope, "fixes")[i] for i in refused]  # noqa: B009
        content.update(repr(sent).encode("utf-8", "backslashreplace"))
    return content.digest()[:DIGEST_BYTES]
