"""`bench month`: a month of 20,000 inspectors judged, rolled up, sealed and verified.

`seconds` is judging and roll-up together: every day of the month judged from its stored figures, and the figures of
all five levels with their instant online rates. Those rates are summed up from the days that the nightly job keeps;
what computing these days from the bits of who was heard costs stands beside it as `online_s`, a whole month of nights.
So does a bare sum over the same rows in the same run.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.periods import verify_periods
from app.bench.county import CODE, FIRST, LAST, MadeCounty, make_county
from app.bench.scratch import ZONE, scratch_database
from app.identity.actor import system_actor
from app.kit.clock import utc_now
from app.kit.db import Database
from app.patrol.online.service import compute_online_days
from app.patrol.periods.calendar import stretch_of
from app.patrol.periods.figures import Span
from app.patrol.periods.judging_sql import judged
from app.patrol.periods.rollup import Level
from app.patrol.periods.sealing import Seal, county_figures, seal
from app.patrol.periods.what_if_days import thresholds_cte
from app.patrol.policy import DayRules

TARGET_S = 5.0
"""Design section 11: month of 20,000 inspectors assessed in <= 5 s."""
INSPECTORS = 20_000
REPEATS = 3
BASELINE = text("""
SELECT count(*), sum(online_s), sum(distance_m) FROM day_figures
 WHERE county_code = :county_code AND service_day BETWEEN :first AND :last
""")
JUDGE = """
WITH {more} judged AS (
    SELECT f.status, {status} AS now_ FROM day_figures f JOIN t ON t.version = f.rule_version
     WHERE f.county_code = :county_code AND f.service_day BETWEEN :first AND :last
)
SELECT now_, count(*), count(*) FILTER (WHERE now_ <> status) FROM judged GROUP BY 1
"""
BOUNDS = {"county_code": CODE, "first": FIRST, "last": LAST}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class MonthResult:
    """Seconds of each part; `seconds` = `judge_s` + `rollup_s`.

    judge_s     every day judged again from its stored figures, by the thresholds of its rule version: one statement
    online_s    instant online rates of every area, minute by minute from the bits of who was heard, 30 nights' work
    rollup_s    figures of inspectors, grids, communities, townships and the county: one statement
    seal_s      a seal: absent days looked for, the same roll-up written as a snapshot, its digest, the event
    verify_s    every row of the snapshot read again and its digest compared
    bare_sum_s  the limit beside it: count and two sums over the same rows
    """

    inspectors: int
    days: int
    working_days: int
    figures: int
    seconds: float
    judge_s: float
    rollup_s: float
    online_s: float
    seal_s: float
    verify_s: float
    bare_sum_s: float
    target_s: float

    @property
    def misses(self) -> list[str]:
        """Which targets of the design are missed."""
        return [] if self.seconds <= self.target_s else [f"seconds {self.seconds:.2f} > {self.target_s}"]

    def as_json(self) -> dict[str, float]:
        """All figures, rounded."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def run(inspectors: int = INSPECTORS, say: Say = lambda _: None) -> MonthResult:
    """Measures on a private database; nothing of it stays. A smaller county has as much less time."""
    return asyncio.run(_run(inspectors, say))


async def _run(inspectors: int, say: Say) -> MonthResult:
    async with scratch_database() as (database, _, _):
        say(f"Making a month of {inspectors} inspectors …")
        made = await make_county(database, inspectors)
        say("Measuring …")
        return await _measure(database, made, TARGET_S * inspectors / INSPECTORS)


async def _measure(database: Database, made: MadeCounty, target_s: float) -> MonthResult:
    bare_sum_s, _ = await _median(database, _bare_sum)
    judge_s, wrong = await _median(database, _judge)
    online_s = await _online(database)
    rollup_s, figures = await _median(database, _roll_up)
    seal_s, _ = await _once(database, _seal)
    verify_s, findings = await _once(database, _verify)
    if wrong or findings:
        raise RuntimeError(f"{wrong} days judged otherwise, {findings} findings: the bench measures nonsense")
    return MonthResult(
        inspectors=made.inspectors,
        days=made.days,
        working_days=made.working_days,
        figures=figures,
        seconds=judge_s + rollup_s,
        judge_s=judge_s,
        rollup_s=rollup_s,
        online_s=online_s,
        seal_s=seal_s,
        verify_s=verify_s,
        bare_sum_s=bare_sum_s,
        target_s=target_s,
    )


async def _once(database: Database, work: Callable[[AsyncSession], Awaitable[int]]) -> tuple[float, int]:
    async with database.transaction() as session:
        await session.connection()
        began_at = time.perf_counter()
        found = await work(session)
    return time.perf_counter() - began_at, found


async def _median(database: Database, work: Callable[[AsyncSession], Awaitable[int]]) -> tuple[float, int]:
    """The median of a few, of the bare sum as well."""
    tries = sorted([await _once(database, work) for _ in range(REPEATS)])
    return tries[REPEATS // 2]


async def _bare_sum(session: AsyncSession) -> int:
    return int((await session.execute(BASELINE, BOUNDS)).one()[0])


async def _judge(session: AsyncSession) -> int:
    """Judges every day of the month; returns how many come out otherwise than they are stored."""
    rows = (await session.execute(text("SELECT version, rules FROM rule_snapshot"))).all()
    more, thresholds = thresholds_cte("t", [r.version for r in rows], [DayRules.pinned(*r) for r in rows])
    statement = text(JUDGE.format(more=more, status=judged("t")))
    return sum(row[2] for row in (await session.execute(statement, thresholds | BOUNDS)).all())


async def _online(database: Database) -> float:
    """As the nightly job does: a day a transaction."""
    spent = 0.0

    def of(day: date) -> Callable[[AsyncSession], Awaitable[int]]:
        return lambda session: compute_online_days(session, CODE, [day], now=utc_now(), zone=ZONE)

    for n in range((LAST - FIRST).days + 1):
        took_s, _ = await _once(database, of(FIRST + timedelta(days=n)))
        spent += took_s
    return spent


async def _roll_up(session: AsyncSession) -> int:
    """Figures of all five levels; returns how many."""
    levels: tuple[Level, ...] = ("inspector", "grid", "county")
    statement, asked = await county_figures(
        session, Span(CODE, FIRST, LAST, LAST), levels, ZONE, with_planned=False
    )
    return len((await session.execute(text(statement), asked)).all())


async def _seal(session: AsyncSession) -> int:
    by = Seal(system_actor(CODE), None)
    month = stretch_of("month", FIRST).id_in(CODE)
    await seal(session, by, CODE, month, now=utc_now(), zone=ZONE)
    return 1


async def _verify(session: AsyncSession) -> int:
    return len((await verify_periods(session))[1])
