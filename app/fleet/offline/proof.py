"""What the database holds against what was recorded: every item once, every value kept, every photo whole."""

import asyncio
import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.fleet.offline.plan import Doing, Plan
from app.fleet.offline.working import Worker
from app.fleet.proof import PATIENCE_S, Proof
from app.kit.clock import to_ms
from app.kit.db import Database

CLOCK_TOLERANCE_MS = 30_000
"""A clock offset is measured with the way of the request in it, and small ones are left alone (rule book)."""


@dataclass(frozen=True, slots=True)
class PairAtWork:
    """A pair, its plan and both handhelds."""

    plan: Plan
    first: Worker
    second: Worker

    @property
    def workers(self) -> tuple[Worker, Worker]:
        """Both."""
        return self.first, self.second


async def prove_collection(url: str, pairs: Sequence[PairAtWork], proof: Proof) -> None:
    """Compares items, subjects, conflicts, photos; adds to `proof` what differs."""
    database = Database.connect(url, pool_size=1)
    try:
        await _await_late_photos(database, proof)
        async with database.transaction() as session:
            await _items(session, pairs, proof)
            await _subjects(session, pairs, proof)
            await _conflicts(session, pairs, proof)
            await _photos(session, pairs, proof)
    finally:
        await database.close()
    for pair in pairs:
        for worker in pair.workers:
            await _pulls(worker, proof)


UNPROVEN = text("SELECT count(*) FROM visit WHERE proven_by = 'none' AND awaits_upload")


async def _await_late_photos(database: Database, proof: Proof) -> None:
    """A job looks for photos that prove a visit, once a minute."""
    end = time.monotonic() + PATIENCE_S
    while True:
        async with database.transaction() as session:
            waiting = await session.scalar(UNPROVEN)
        if not waiting:
            return
        if time.monotonic() > end:
            proof.find("visits wait for photos", f"{waiting} after {PATIENCE_S:.0f} s")
            return
        await asyncio.sleep(1)


RECEIPTS = text("SELECT item_id, outcome FROM item_receipt WHERE device_id = ANY(:devices)")
STORED = text("""
SELECT id, recorded_at, state AS became FROM submission WHERE device_id = ANY(:devices)
UNION ALL SELECT id, recorded_at, proven_by FROM visit WHERE device_id = ANY(:devices)
""")


async def _items(session: AsyncSession, pairs: Sequence[PairAtWork], proof: Proof) -> None:
    """Every recorded item has one receipt and one row, at its time, and nothing else came of it."""
    workers = [worker for pair in pairs for worker in pair.workers]
    asked = {"devices": [worker.member.device_id for worker in workers]}
    receipts = Counter(str(row.item_id) for row in await session.execute(RECEIPTS, asked))
    stored = {str(row.id): row for row in await session.execute(STORED, asked)}
    for worker in workers:
        for item_id, doing in worker.items.items():
            where = f"item {item_id} of {worker.member.grid_code}"
            proof.compare("receipts of items", where, receipts.pop(item_id, 0), 1)
            row = stored.pop(item_id, None)
            if row is None:
                proof.find("items not stored", where)
                continue
            proof.compare(
                "items applied",
                f"{where}, {doing.kind}",
                _expected(doing).get(row.became, row.became),
                "well",
            )
            off_ms = abs(to_ms(row.recorded_at) - doing.at_ms)
            proof.compare("times of items", f"{where}, {off_ms} ms off", off_ms <= CLOCK_TOLERANCE_MS, True)
        for each in worker.handheld.outbox.settled(("rejected", "quarantined")):
            problem = (each.problem or {}).get("code")
            proof.find("items refused", f"item {each.id} of {worker.member.grid_code}: {problem}")
    proof.compare("items made up", "receipts", len(receipts), 0)
    proof.compare("items made up", "rows", len(stored), 0)


def _expected(doing: Doing) -> dict[str, str]:
    """What may have become of it: applied, apart from fields that clash; a visit is proven by what it has."""
    if doing.kind == "visit":
        return {"photo" if doing.place is None else "position": "well"}
    return {"applied": "well", "conflict": "well"}


SUBJECTS = text("SELECT id, attributes FROM subject WHERE id = ANY(:ids)")
OF_ITEMS = text("SELECT id, subject_id FROM submission WHERE id = ANY(:ids)")


async def _subjects(session: AsyncSession, pairs: Sequence[PairAtWork], proof: Proof) -> None:
    """Values that must hold do; who was met by both is one person; everybody met is there."""
    items = [UUID(item_id) for pair in pairs for w in pair.workers for item_id in w.items]
    subject_of = {str(r.id): r.subject_id for r in await session.execute(OF_ITEMS, {"ids": items})}
    values = {
        row.id: row.attributes
        for row in await session.execute(SUBJECTS, {"ids": sorted(set(subject_of.values()) - {None})})
    }
    for pair in pairs:
        found: dict[str, set[UUID | None]] = defaultdict(set)
        for worker in pair.workers:
            for item_id, doing in worker.items.items():
                if doing.kind != "visit":
                    found[doing.person].add(subject_of.get(item_id))
        for person, ids in found.items():
            where = f"{person} of {pair.first.member.grid_code}"
            proof.compare("one subject a person", where, len(ids), 1)
            proof.compare("subjects there", where, ids <= values.keys(), True)
        for (person, name), expected in pair.plan.settled.items():
            held = [values.get(id_, {}).get(name) for id_ in found[person] if id_]
            proof.compare("merged values", f"{name} of {person}", held, [expected])


CONFLICTS = text("""
SELECT subject_id, field, current_value, sent_value, state FROM subject_conflict WHERE submission_id = ANY(:ids)
""")


async def _conflicts(session: AsyncSession, pairs: Sequence[PairAtWork], proof: Proof) -> None:
    """Each expected conflict is open once with both values, and there is no other."""
    items = [UUID(item_id) for pair in pairs for w in pair.workers for item_id in w.items]
    held: dict[tuple[str, str], list[frozenset[str]]] = defaultdict(list)
    for row in await session.execute(CONFLICTS, {"ids": items}):
        if row.state == "open":
            held[str(row.subject_id), row.field].append(frozenset({row.current_value, row.sent_value}))
    for pair in pairs:
        for (person, name), both in pair.plan.conflicts.items():
            key = (pair.first.people[person], name)
            proof.compare("conflicts", f"{name} of {person}", held.pop(key, []), [both])
    proof.compare("conflicts made up", "all pairs", dict(held), {})


PHOTOS = text("SELECT id, state, digest FROM upload WHERE device_id = ANY(:devices)")
ATTACHED = text("SELECT upload_id, owner_id FROM attachment WHERE upload_id = ANY(:ids)")


async def _photos(session: AsyncSession, pairs: Sequence[PairAtWork], proof: Proof) -> None:
    """Every photo is whole, byte for byte, and with its item."""
    workers = [worker for pair in pairs for worker in pair.workers]
    asked = {"devices": [worker.member.device_id for worker in workers]}
    stored = {str(row.id): row for row in await session.execute(PHOTOS, asked)}
    ids = [UUID(upload_id) for worker in workers for upload_id in worker.photos]
    attached = Counter(str(row.upload_id) for row in await session.execute(ATTACHED, {"ids": ids}))
    for worker in workers:
        for upload_id, path in worker.photos.items():
            row = stored.pop(upload_id, None)
            digest = hashlib.sha256(path.read_bytes()).digest()
            held = (row.state, bytes(row.digest)) if row is not None and row.digest else None
            proof.compare("photos", f"photo {upload_id}", held, ("complete", digest))
            proof.compare("photos attached", f"photo {upload_id}", attached[upload_id], 1)
    proof.compare("photos made up", "all handhelds", len(stored), 0)


async def _pulls(worker: Worker, proof: Proof) -> None:
    """A handheld that begins with nothing learns the same as one that followed all day."""
    await worker.handheld.pull()
    old, fresh = worker.handheld.mirror.contents(), await worker.fresh_contents()
    proof.compare("objects pulled", worker.member.grid_code, len(old) > 0, True)
    differing = sorted(key for key in old.keys() | fresh.keys() if old.get(key) != fresh.get(key))
    proof.compare("old and fresh handhelds", worker.member.grid_code, differing[:5], [])
