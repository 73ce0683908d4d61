"""A part of a county's chain, computed again: bounded, so that an auditor may ask for it over HTTP."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.verify import Finding
from app.kit.events import Event, EventHead, link
from app.patrol.retention.checkpoints import Stretch, skip
from app.patrol.retention.models import EventCheckpoint


@dataclass(frozen=True, slots=True)
class PartVerified:
    """What was found in events after `after_seq`. `next_after_seq` null: the end of the chain was reached."""

    county_code: str
    after_seq: int
    last_seq: int
    checked: int
    purged: int
    unsealed: int
    next_after_seq: int | None
    findings: list[Finding]


async def verify_part(session: AsyncSession, county_code: str, *, after_seq: int, limit: int) -> PartVerified:
    """Up to `limit` events behind `after_seq`, whose own hash is taken as given (0: the chain's beginning)."""
    # before the rows: what is sealed meanwhile makes the chain longer than its head, never shorter
    head = await session.get(EventHead, county_code, populate_existing=True)
    purged = await _purged(session, county_code)
    walk = _Walk(county_code, purged, after_seq, await _hash_at(session, county_code, after_seq, purged))
    rows = (
        await session.execute(
            select(Event.__table__)
            .where(Event.county_code == county_code, Event.seq > after_seq)
            .order_by(Event.seq, Event.ord)
            .limit(limit)
        )
    ).all()
    for row in rows:
        walk.step(row, head)
    is_end = len(rows) < limit
    if is_end:
        walk.end(head)
    return PartVerified(
        county_code,
        after_seq,
        walk.seq,
        len(rows),
        walk.skipped,
        await _unsealed(session, county_code),
        None if is_end else walk.seq,
        walk.findings,
    )


class _Walk:
    """Goes along a chain; the hash before is unknown (None) where the walk begins at an event that is gone."""

    def __init__(self, county_code: str, purged: dict[int, Stretch], seq: int, hash_: bytes | None) -> None:
        self.county_code, self.purged = county_code, purged
        self.seq, self.hash = seq, hash_
        self.skipped = 0
        self.findings: list[Finding] = []
        if hash_ is None:
            self._find(seq, "missing")

    def step(self, row: Row[Any], head: EventHead | None) -> None:
        """One event further."""
        self._over_what_was_purged()
        if row.seq != self.seq + 1:
            self._find(min(row.seq, self.seq + 1), "repeated" if row.seq <= self.seq else "missing")
        elif self.hash is not None and link(self.hash, row.seq, row) != row.hash:
            self._find(row.seq, "changed")
        elif head is not None and row.seq == head.seq and row.hash != head.hash:
            self._find(row.seq, "head")
        # goes on from what is stored, so that one changed row is one finding
        self.seq, self.hash = row.seq, row.hash

    def end(self, head: EventHead | None) -> None:
        """No event is left."""
        self._over_what_was_purged()
        if self.seq < (head.seq if head is not None else 0) or (head is None and self.seq > 0):
            self._find(self.seq + 1, "head")

    def _over_what_was_purged(self) -> None:
        if self.seq + 1 in self.purged:
            before = self.seq
            self.seq, self.hash = skip(self.purged, self.seq, b"")
            self.skipped += self.seq - before

    def _find(self, seq: int, what: str) -> None:
        self.findings.append(Finding(self.county_code, seq, what))


async def _purged(session: AsyncSession, county_code: str) -> dict[int, Stretch]:
    rows = await session.scalars(select(EventCheckpoint).where(EventCheckpoint.county_code == county_code))
    return {row.first_seq: Stretch(row.first_seq, row.seq, row.hash) for row in rows}


async def _hash_at(
    session: AsyncSession, county_code: str, seq: int, purged: dict[int, Stretch]
) -> bytes | None:
    """The hash stored at `seq`: empty before the first event, None where there is no such event."""
    if seq == 0:
        return b""
    for stretch in purged.values():
        if stretch.seq == seq:
            return stretch.hash
    wanted = select(Event.hash).where(Event.county_code == county_code, Event.seq == seq)
    found: bytes | None = await session.scalar(wanted)
    return found


async def _unsealed(session: AsyncSession, county_code: str) -> int:
    waiting = (
        select(func.count()).select_from(Event).where(Event.county_code == county_code, Event.seq.is_(None))
    )
    return await session.scalar(waiting) or 0
