"""Walks every county's hash chain and tells where the log was changed or lost rows.

Events that retention purged are skipped from checkpoint to checkpoint; frozen explanations are verified as well.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.frozen import FrozenFinding, verify_frozen
from app.audit.purged import PurgedStretches, purged_stretches
from app.kit.events import Event, EventHead, link
from app.patrol.retention.checkpoints import skip

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a chain breaks: at `seq`, and what is wrong there (`changed`, `missing`, `repeated`, `head`).

    `unannounced`: rows are declared purged that the log says nothing of.
    """

    county_code: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome: sealed events read, events not sealed yet, frozen days read, and findings."""

    sealed: int
    unsealed: int
    findings: list[Finding]
    frozen: int
    frozen_findings: list[FrozenFinding]

    @property
    def is_sound(self) -> bool:
        """Nothing was changed, and nothing is missing."""
        return not self.findings and not self.frozen_findings


async def verify(session: AsyncSession) -> Verification:
    """Reads the whole log and computes every hash again, those of frozen explanations, too.

    The sealer may run meanwhile.
    """
    findings: list[Finding] = []
    sealed = 0
    counties = set(await session.scalars(select(EventHead.county_code)))
    counties |= set(await session.scalars(select(Event.county_code).distinct()))
    for county_code in sorted(counties):
        read, found = await _verify_county(session, county_code)
        sealed += read
        findings += found
    unsealed = await session.scalar(select(func.count()).select_from(Event).where(Event.seq.is_(None))) or 0
    frozen, frozen_findings = await verify_frozen(session)
    return Verification(sealed, unsealed, findings, frozen, frozen_findings)


async def _verify_county(session: AsyncSession, county_code: str) -> tuple[int, list[Finding]]:
    """How many events of the county are sealed, and what is wrong with them."""
    findings: list[Finding] = []
    sealed = 0
    # What is sealed meanwhile lies behind this head, and not behind the one that is read after the rows.
    before = await _head(session, county_code)
    purged = await purged_stretches(session, county_code)
    if not purged.is_announced:
        findings.append(_unannounced(county_code, purged))
    seq, hash_ = skip(purged.by_first, 0, b"")
    is_head_met = before in ((0, b""), (seq, hash_))
    async for row in _chain(session, county_code):
        if row.seq != seq + 1:
            what = "repeated" if row.seq <= seq else "missing"
            findings.append(Finding(county_code, min(row.seq, seq + 1), what))
        elif link(hash_, row.seq, row) != row.hash:
            findings.append(Finding(county_code, row.seq, "changed"))
        # goes on from what is stored, so that one changed row is one finding
        seq, hash_ = skip(purged.by_first, row.seq, row.hash)
        is_head_met = is_head_met or before == (seq, hash_)
        sealed += 1
    if not is_head_met or seq > (await _head(session, county_code))[0]:
        findings.append(Finding(county_code, seq + 1, "head"))
    return sealed, findings


async def _head(session: AsyncSession, county_code: str) -> tuple[int, bytes]:
    """`seq` and hash of the event sealed last, as they stand now."""
    wanted = select(EventHead.seq, EventHead.hash).where(EventHead.county_code == county_code)
    row = (await session.execute(wanted)).one_or_none()
    return (0, b"") if row is None else (row.seq, row.hash)


def _unannounced(county_code: str, purged: PurgedStretches) -> Finding:
    return Finding(county_code, min(purged.by_first, default=1), "unannounced")


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
