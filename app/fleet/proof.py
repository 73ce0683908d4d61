"""What the database holds against what was sent and told: every fix once, every figure twice computed."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.verify import verify
from app.fleet.crew import Member
from app.fleet.parcels import Parcel, Told
from app.kit.clock import from_ms
from app.kit.db import Database
from app.patrol import packing
from app.patrol.arrival import Arrival
from app.patrol.day_inputs import GapReport
from app.patrol.day_reader import DayKey, DayRecord, read_days
from app.patrol.door import STORED
from app.patrol.fixes import Fixes
from app.patrol.folder import fold_record

PATIENCE_S = 300.0
DAYS_AT_ONCE = 50
Delivered = Mapping[tuple[Member, date], Sequence[Parcel]]
"""What each handheld has delivered of each of its days."""


@dataclass
class Proof:
    """What was compared, and what was found wrong: in words, the first of each kind with a count."""

    checked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    skipped: list[str] = field(default_factory=list)
    findings: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def find(self, kind: str, detail: str) -> None:
        """Notes a difference."""
        self.counts[kind] += 1
        self.findings.setdefault(kind, detail)

    def compare(self, kind: str, where: str, held: object, expected: object) -> None:
        """Notes a difference unless both are equal."""
        self.checked[kind] += 1
        if held != expected:
            self.find(kind, f"{where}: holds {str(held)[:160]}, expected {str(expected)[:160]}")


async def prove(url: str, delivered: Delivered, known_batches: set[UUID], zone: ZoneInfo) -> Proof:
    """Compares everything. `known_batches`: those that were there before."""
    proof = Proof()
    database = Database.connect(url, pool_size=1)
    try:
        await _await_folder(database, delivered, proof)
        async with database.transaction() as session:
            await _check_batches(session, delivered, known_batches, proof)
            await _check_presses(session, delivered, proof)
        await _check_figures(database, delivered, zone, proof)
        await _check_log(database, proof)
    finally:
        await database.close()
    return proof


async def batches_of(url: str, devices: Sequence[UUID]) -> set[UUID]:
    """Ids of the batches that these handhelds have stored already."""
    database = Database.connect(url, pool_size=1)
    try:
        async with database.transaction() as session:
            rows = await session.execute(
                text("SELECT DISTINCT batch_id FROM fix_batch WHERE device_id = ANY(:devices)"),
                {"devices": list(devices)},
            )
            return set(rows.scalars())
    finally:
        await database.close()


# those that the folder holds at the moment are left to it: waiting for them in another order would be a deadlock
HASTEN = text("""
UPDATE patrol_day p SET folded_at = now() - interval '1 hour'
  FROM (SELECT county_code, inspector_id, service_day FROM patrol_day
         WHERE pending AND inspector_id = ANY(:inspectors) AND service_day = ANY(:days) FOR UPDATE SKIP LOCKED) w
 WHERE p.county_code = w.county_code AND p.inspector_id = w.inspector_id AND p.service_day = w.service_day
""")
WAITING = text("""
SELECT count(*) FROM patrol_day
 WHERE pending AND inspector_id = ANY(:inspectors) AND service_day = ANY(:days)
""")
UNSEALED = text("SELECT count(*) FROM event WHERE seq IS NULL")


async def _await_folder(database: Database, delivered: Delivered, proof: Proof) -> None:
    """Changed days are folded every few minutes: here as if those had passed."""
    asked = {
        "inspectors": [member.inspector_id for member, _ in delivered],
        "days": sorted({day for _, day in delivered}),
    }
    end = time.monotonic() + PATIENCE_S
    while True:
        async with database.transaction() as session:
            await session.execute(HASTEN, asked)
            waiting = await session.scalar(WAITING, asked)
        if not waiting:
            return
        if time.monotonic() > end:
            proof.find("the folder does not catch up", f"{waiting} days are pending after {PATIENCE_S:.0f} s")
            return
        await asyncio.sleep(0.5)


BATCHES = text("""
SELECT batch_id, device_id, inspector_id, day, fix_count, beats, reports,
       (SELECT array_agg(cast(ST_M(p.geom) AS bigint))
          FROM ST_DumpPoints(ST_GeomFromTWKB(b.track)) p) AS at_ms
  FROM fix_batch b WHERE device_id = ANY(:devices) ORDER BY batch_id
""")
RECEIPTS = text("""
SELECT batch_id, fix_count, beats_stored, reports_stored FROM batch_receipt
 WHERE device_id = ANY(:devices) AND NOT batch_id = ANY(:known)
""")


@dataclass
class _Held:
    """What the database holds of the handhelds, by batch; what is compared is taken out."""

    fixes: dict[UUID, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    beats: dict[UUID, list[int]] = field(default_factory=lambda: defaultdict(list))
    reports: dict[UUID, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    receipts: dict[UUID, tuple[int, int, int]] = field(default_factory=dict)


async def _held(session: AsyncSession, devices: Sequence[UUID], known_batches: set[UUID]) -> _Held:
    held = _Held()
    for row in await session.execute(BATCHES, {"devices": list(devices)}):
        if row.batch_id in known_batches:
            continue
        held.fixes[row.batch_id].update(row.at_ms or ())
        if row.beats is not None:
            held.beats[row.batch_id] += packing.unpack_instants(row.beats).tolist()
        held.reports[row.batch_id] += [(at_ms, cause) for at_ms, cause in row.reports or ()]
    for row in await session.execute(RECEIPTS, {"devices": list(devices), "known": list(known_batches)}):
        held.receipts[row.batch_id] = (row.fix_count, row.beats_stored, row.reports_stored)
    return held


async def _check_batches(
    session: AsyncSession, delivered: Delivered, known_batches: set[UUID], proof: Proof
) -> None:
    """Every stored fix once, as PostGIS reads it; beats and reports as many as were told, none of them made up."""
    held = await _held(session, [member.device_id for member, _ in delivered], known_batches)
    once: dict[UUID, Counter[int]] = defaultdict(Counter)
    for (member, _), parcels in delivered.items():
        for parcel in parcels:
            if parcel.told is None:
                proof.find("an upload was never acknowledged", str(parcel.batch_id))
            else:
                arrival = parcel.arrival(member.county_code, member.device_id)
                once[member.device_id].update(_check_batch(held, parcel, parcel.told, arrival, proof))
    proof.compare("batches nobody sent", "database", {str(b) for b in held.fixes}, set())
    proof.compare("receipts nobody asked for", "database", {str(b) for b in held.receipts}, set())
    for device_id, counts in once.items():
        twice = [at_ms for at_ms, n in counts.items() if n > 1]
        proof.compare("fixes stored twice", f"handheld {device_id}", twice, [])
    proof.checked["fixes"] = sum(sum(counts.values()) for counts in once.values())


def _check_batch(held: _Held, parcel: Parcel, told: Told, arrival: Arrival, proof: Proof) -> list[int]:
    """Compares one batch; the corrected instants of its stored fixes."""
    where, batch_id = f"batch {parcel.batch_id}", parcel.batch_id
    expected: list[int] = arrival.parcel.fixes.at_ms[told.stored].tolist()
    proof.compare("fixes of a batch", where, held.fixes.pop(batch_id, Counter()), Counter(expected))
    beats = held.beats.get(batch_id, [])
    proof.compare("beats of a batch", where, len(beats), told.beats_stored)
    proof.compare("beats made up", where, set(beats) - set(arrival.beats_ms.tolist()), set())
    reports = held.reports.get(batch_id, [])
    sent = {(at_ms, r.cause) for at_ms, r in zip(arrival.reports_ms.tolist(), arrival.reports, strict=True)}
    proof.compare("reports of a batch", where, len(reports), told.reports_stored)
    proof.compare("reports made up", where, set(reports) - sent, set())
    receipt = (parcel.fixes, told.beats_stored, told.reports_stored)
    proof.compare("receipts", where, held.receipts.pop(batch_id, None), receipt)
    return expected


PRESSES = text("SELECT id, kind, pressed_at FROM duty_press WHERE device_id = ANY(:devices)")


async def _check_presses(session: AsyncSession, delivered: Delivered, proof: Proof) -> None:
    devices = {"devices": [member.device_id for member, _ in delivered]}
    held = {row.id: (row.kind, row.pressed_at) for row in await session.execute(PRESSES, devices)}
    for (member, _), parcels in delivered.items():
        for parcel in parcels:
            if parcel.told is None or not parcel.told.presses:
                continue
            arrival = parcel.arrival(member.county_code, member.device_id)
            for press, at_ms in zip(arrival.envelope.presses, arrival.presses_ms.tolist(), strict=True):
                is_stored = parcel.told.presses[UUID(press.press_id)] in ("stored", "duplicate")
                expected = (press.kind, from_ms(at_ms)) if is_stored else None
                proof.compare("presses", f"press {press.press_id}", held.get(UUID(press.press_id)), expected)


FIGURES = text("""
SELECT county_code, inspector_id, service_day, figures FROM day_figures
 WHERE inspector_id = ANY(:inspectors) AND service_day = ANY(:days)
""")


async def _check_figures(database: Database, delivered: Delivered, zone: ZoneInfo, proof: Proof) -> None:
    """Stored figures against a fresh fold of what is stored, and against a fold of what was sent."""
    days = {
        DayKey(member.county_code, member.inspector_id, day): (member, parcels)
        for (member, day), parcels in delivered.items()
    }
    keys = sorted(days)
    for first in range(0, len(keys), DAYS_AT_ONCE):
        some = keys[first : first + DAYS_AT_ONCE]
        async with database.transaction() as session:
            asked = {"inspectors": [k.inspector_id for k in some], "days": [k.service_day for k in some]}
            stored = {DayKey(*row[:3]): row[3] for row in await session.execute(FIGURES, asked)}
            records = await read_days(session, some, zone)
        now = datetime.now(UTC)
        for key in some:
            where, record = f"{key.inspector_id} on {key.service_day}", records[key]
            fresh = fold_record(record, now=now, zone=zone).figures
            ours = fold_record(as_sent(record, *days[key]), now=now, zone=zone).figures
            proof.compare("figures against a fresh fold", where, stored.get(key), _plain(fresh))
            proof.compare("figures against what was sent", where, stored.get(key), _plain(ours))


def as_sent(record: DayRecord, member: Member, parcels: Sequence[Parcel]) -> DayRecord:
    """The day with the fixes, beats and reports that were sent and told stored, in place of those in the database."""
    windows = [(w.start_ms, w.end_ms) for w in record.windows if w.service_day == record.key.service_day]
    fixes: list[Fixes] = []
    beats: list[np.ndarray[Any, Any]] = []
    reports: set[GapReport] = set()
    for parcel in parcels:
        if parcel.told is None:
            continue
        arrival = parcel.arrival(member.county_code, member.device_id)
        assert (arrival.parcel.disposition[parcel.told.stored] == STORED).all()  # noqa: S101
        fixes.append(arrival.parcel.fixes.take(parcel.told.stored))
        beats.append(arrival.beats_ms)
        reports |= {
            GapReport(at_ms, told.cause)
            for at_ms, told in zip(arrival.reports_ms.tolist(), arrival.reports, strict=True)
            if any(start <= at_ms < end for start, end in windows)
        }
    return replace(
        record,
        inputs=replace(
            record.inputs,
            fixes=Fixes.concatenate(fixes),
            beats_ms=np.unique(np.concatenate(beats)) if beats else np.empty(0, np.int64),
            gap_reports=tuple(sorted(reports)),
        ),
    )


def _plain(figures: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(figures))


async def _check_log(database: Database, proof: Proof) -> None:
    """The log of events is sealed and its chain whole."""
    end = time.monotonic() + PATIENCE_S
    while True:
        async with database.transaction() as session:
            unsealed = await session.scalar(UNSEALED)
        if not unsealed or time.monotonic() > end:
            break
        await asyncio.sleep(0.5)
    async with database.transaction() as session:
        found = await verify(session)
    proof.checked["sealed events"] = found.sealed
    for each in found.findings:
        proof.find("the log is broken", f"{each.county_code} seq {each.seq}: {each.what}")
    if unsealed and unsealed == found.unsealed:
        proof.find("events are not sealed", f"{unsealed} after {PATIENCE_S:.0f} s")
