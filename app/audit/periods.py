"""Computes the digest of every sealed period again and compares it with the period's own and its event's."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.patrol.periods.digests import current_digest
from app.patrol.periods.models import Period

# An event that a purge took with it can't be asked any more: the log then begins after the seal.
SEAL_EVENT = text("""
SELECT (SELECT data ->> 'digest' FROM event
         WHERE county_code = :county_code AND subject_type = 'period' AND subject_id = :period_id
           AND type = 'period.sealed' ORDER BY ord LIMIT 1) AS digest,
       (SELECT min(occurred_at) FROM event WHERE county_code = :county_code) <= :sealed_at AS reaches_back
""")


@dataclass(frozen=True, slots=True)
class PeriodFinding:
    """A sealed period that isn't what was sealed: `changed` (its rows), `digest` (not the event's), `event` (none)."""

    county_code: str
    period_id: UUID
    kind: str
    first_day: date
    what: str


async def verify_periods(session: AsyncSession) -> tuple[int, list[PeriodFinding]]:
    """How many sealed periods were read, and what is wrong with some of them."""
    findings: list[PeriodFinding] = []
    sealed = list(
        await session.scalars(
            select(Period)
            .where(Period.status == "sealed")
            .order_by(Period.county_code, Period.first_day, Period.kind)
        )
    )
    for period in sealed:
        findings += [
            PeriodFinding(period.county_code, period.id, period.kind, period.first_day, what)
            for what in await _wrong_with(session, period)
        ]
    return len(sealed), findings


async def _wrong_with(session: AsyncSession, period: Period) -> list[str]:
    assert period.digest is not None  # noqa: S101 - the database checks it of sealed periods
    wrong = [] if await current_digest(session, period) == period.digest else ["changed"]
    asked = {"county_code": period.county_code, "period_id": period.id, "sealed_at": period.sealed_at}
    event = (await session.execute(SEAL_EVENT, asked)).one()
    if event.digest is None:
        return [*wrong, "event"] if event.reaches_back is not False else wrong
    return wrong if event.digest == period.digest.hex() else [*wrong, "digest"]
