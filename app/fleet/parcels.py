"""A parcel: one upload that is kept until it is acknowledged, and what it was told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt

from app.patrol.arrival import Arrival, read_arrival
from app.simulation.uploads import Upload

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a parcel: which fixes are stored, which to keep for later, and what became of the rest."""

    stored: Bools
    send_again: Bools
    dispositions: Mapping[str, int]
    presses: Mapping[UUID, str]
    beats_stored: int
    reports_stored: int

    @classmethod
    def of(cls, answer: Mapping[str, Any], fixes: int) -> "Told":
        """Reads the body of a 200."""
        stored, again = np.zeros(fixes, bool), np.zeros(fixes, bool)
        dispositions: dict[str, int] = {}
        for run in answer["results"]:
            span = slice(run["first"], run["last"] + 1)
            stored[span] = run["disposition"] == "stored"
            again[span] = run["send_again"]
            dispositions[run["disposition"]] = (
                dispositions.get(run["disposition"], 0) + span.stop - span.start
            )
        presses = {UUID(p["press_id"]): str(p["disposition"]) for p in answer["presses"]}
        return cls(stored, again, dispositions, presses, answer["beats_stored"], answer["reports_stored"])

    def differs_from(self, other: "Told") -> bool:
        """Whether a repetition was told something else."""
        return (
            not np.array_equal(self.stored, other.stored)
            or self.presses != other.presses
            or (self.beats_stored, self.reports_stored) != (other.beats_stored, other.reports_stored)
        )


@dataclass(slots=True)
class Parcel:
    """body: the upload's JSON but for `sent_at`. due_ms: simulated time from which it can leave."""

    batch_id: UUID
    due_ms: int
    body: bytes
    fixes: int
    told: Told | None = None

    @classmethod
    def of(cls, upload: Upload) -> "Parcel":
        """An upload, packed: a fleet's dictionaries would take ten times the memory."""
        return cls(
            upload.batch_id,
            upload.due_ms,
            msgspec.json.encode(upload.content),
            len(upload.content.get("fixes", ())),
        )

    def sent_at(self, sent_at_ms: int) -> bytes:
        """The JSON to post."""
        return b'{"sent_at":%d,' % sent_at_ms + self.body[1:]

    def arrival(self, county_code: str, device_id: UUID) -> Arrival:
        """What a reader finds in it."""
        return read_arrival(county_code, device_id, self.sent_at(self.due_ms))


def leftovers(parcels: Iterable[Parcel], batch_id: UUID) -> Parcel | None:
    """What the handheld was told to keep, in a new parcel: fixes to send again, beats and reports not counted.

    None when there is nothing. Beats and reports carry no answer each, so all of an upload's go again; those
    that are stored already change nothing.
    """
    content: dict[str, Any] = {}
    kept: dict[str, list[Any]] = {"fixes": [], "beats": [], "reports": []}
    due_ms = 0
    for parcel in parcels:
        told = parcel.told
        if told is None:
            continue
        sent = msgspec.json.decode(parcel.body)
        again = np.flatnonzero(told.send_again).tolist()
        kept["fixes"] += [sent["fixes"][index] for index in again]
        if told.beats_stored < len(sent.get("beats", ())):
            kept["beats"] += sent["beats"]
        if told.reports_stored < len(sent.get("reports", ())):
            kept["reports"] += sent["reports"]
        due_ms = max(due_ms, parcel.due_ms)
        content = {name: sent[name] for name in ("coord_sys", "clock_offset_ms", "app_version", "boot_id")}
    kept = {name: values for name, values in kept.items() if values}
    if not kept:
        return None
    return Parcel.of(Upload(batch_id, due_ms, {"batch_id": str(batch_id), **content, **kept}))
