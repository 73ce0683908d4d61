"""Walks every county's hash chain and tells where the log was changed or lost rows."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.events import Event, EventHead, link

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a chain breaks: at `seq`, and what is wrong there (`changed`, `missing`, `repeated`, `head`)."""

    county_code: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome: sealed events read, events not sealed yet, and findings."""

    sealed: int
    unsealed: int
    findings: list[Finding]


async def verify(session: AsyncSession) -> Verification:
    """Reads the whole log and computes every hash again."""
    findings: list[Finding] = []
    sealed = 0
    heads = {h.county_code: h for h in (await session.execute(select(EventHead.__table__))).all()}
    counties = set(heads) | set(await session.scalars(select(Event.county_code).distinct()))
    for county_code in sorted(counties):
        seq, hash_ = 0, b""
        async for row in _chain(session, county_code):
            if row.seq != seq + 1:
                what = "repeated" if row.seq <= seq else "missing"
                findings.append(Finding(county_code, min(row.seq, seq + 1), what))
            elif link(hash_, row.seq, row) != row.hash:
                findings.append(Finding(county_code, row.seq, "changed"))
            # goes on from what is stored, so that one changed row is one finding
            seq, hash_ = row.seq, row.hash
            sealed += 1
        head = heads.get(county_code)
        reached = (head.seq, head.hash) if head else (0, b"")
        if reached != (seq, hash_):
            findings.append(Finding(county_code, seq + 1, "head"))
    unsealed = await session.scalar(select(func.count()).select_from(Event).where(Event.seq.is_(None))) or 0
    return Verification(sealed, unsealed, findings)


async def _chain(session: AsyncSession, county_code: str) -> AsyncIterator[Row[Any]]:
    after = 0
    while True:
        rows = (
            await session.execute(
                select(Event.__table__)
                .where(Event.county_code == county_code, Event.seq > after)
                .order_by(Event.seq, Event.ord)
                .limit(CHUNK)
            )
        ).all()
        if not rows:
            return
        for row in rows:
            yield row
        after = rows[-1].seq
