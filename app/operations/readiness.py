"""Measures whether this process can serve and whether the service is well; at most every few seconds."""

import asyncio
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import metrics
from app.kit.db import Database
from app.kit.partitions import MONTHS_AHEAD, PARTITIONED
from app.kit.revision import newest_revision
from app.operations import wellness
from app.operations.wellness import Heard, Limits, Measurements, Reason, Sweep
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.catalogue import operations as parameters

log = structlog.get_logger("wangge.readiness")
FRESH_S = 5.0
TIMEOUT_S = 5.0

MONTHS = text("""
SELECT min(ahead) FROM (
    SELECT count(to_regclass(parent || to_char(date_trunc('month', cast(:today AS date)) + n * interval '1 month',
                                               '"_y"YYYY"m"MM'))) AS ahead
      FROM unnest(cast(:parents AS text[])) AS parent, generate_series(1, :ahead) AS n GROUP BY parent) p
""")
HEARD = text("""
SELECT service_day, count(*) FROM patrol_day
 WHERE county_code = ANY(SELECT county_code FROM area WHERE level = 'county') AND service_day = ANY(:days)
   AND bit_count(heard & cast(:mask AS bit(1440))) > 0
 GROUP BY service_day
""")
EXPECTED = text("""
SELECT count(DISTINCT (s.county_code, s.inspector_id))
  FROM effective_shift s JOIN day_kind k ON k.code = s.kind AND k.expects_presence
 WHERE s.county_code = ANY(SELECT county_code FROM area WHERE level = 'county')
   AND s.service_day BETWEEN cast(:today AS date) - 1 AND :today AND s.starts_at <= :since AND s.ends_at > :now
""")


class NotReady(Exception):
    """This process can't serve: "database_unreachable", "database_refuses_writes" or "schema_older"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Wellness:
    """What was measured, by which limits, and what that means."""

    found: Measurements
    limits: Limits
    reasons: list[Reason]


class Readiness:
    """Of one process. queue_share, is_refused: of its own writer. Figures are some seconds old at most."""

    def __init__(
        self,
        database: Database,
        *,
        zone: ZoneInfo,
        disk: Path,
        queue_share: Callable[[], float],
        is_refused: Callable[[], bool] = lambda: False,
        fresh_s: float = FRESH_S,
    ) -> None:
        self._database, self._zone, self._disk, self._queue_share = database, zone, disk, queue_share
        self._is_refused, self._fresh_s = is_refused, fresh_s
        self._measuring = asyncio.Lock()  # a crowd of probes costs one measurement
        self._last: Wellness | NotReady | None = None
        self._until = 0.0

    async def current(self, now: datetime) -> Wellness:
        """The state of the service. Raises NotReady."""
        async with self._measuring:
            is_fresh = time.monotonic() < self._until
            if not is_fresh or (isinstance(self._last, Wellness) and not await self._is_answering()):
                self._last = await self._measured(now)
                self._until = time.monotonic() + self._fresh_s
                _publish(self._last)
        if isinstance(self._last, NotReady):
            raise NotReady(self._last.why)
        assert self._last is not None  # noqa: S101 - measured above
        return self._last

    async def _is_answering(self) -> bool:
        """Whether what was measured some seconds ago can still be true: a database may die at any time."""
        try:
            async with asyncio.timeout(TIMEOUT_S), self._database.transaction() as session:
                await session.execute(text("SELECT 1"))
        except (DBAPIError, PoolTimeout, TimeoutError):
            return False
        return True

    async def _measured(self, now: datetime) -> Wellness | NotReady:
        try:
            async with asyncio.timeout(TIMEOUT_S), self._database.transaction() as session:
                revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
                if revision is None or revision < newest_revision():
                    return NotReady("schema_older")
                if self._is_refused():  # it reads, but its disk is full
                    return NotReady("database_refuses_writes")
                return await self._measure(session, now, is_schema_newer=revision > newest_revision())
        except (DBAPIError, PoolTimeout, TimeoutError) as error:
            if getattr(getattr(error, "orig", None), "sqlstate", None) == "42P01":
                return NotReady("schema_older")  # an empty database
            log.warning("not ready", error=type(error).__name__)
            return NotReady("database_unreachable")

    async def _measure(self, session: AsyncSession, now: datetime, *, is_schema_newer: bool) -> Wellness:
        today = now.astimezone(self._zone).date()
        ruled = await rules.resolve(session, (), today)
        sweeps = await session.execute(text("SELECT name, ran_at, caught_up_at FROM worker_sweep"))
        found = Measurements(
            at=now,
            sweeps={row.name: Sweep(row.ran_at, row.caught_up_at) for row in sweeps},
            months_ahead=await months_ahead(session, now),
            queue_share=self._queue_share(),
            disk_free_mib=free_mib(self._disk),
            heard=await _heard(session, now.astimezone(self._zone), ruled),
            is_schema_newer=is_schema_newer,
        )
        limits = limits_of(ruled)
        return Wellness(found, limits, wellness.reasons(found, limits))


def limits_of(ruled: RuleSet) -> Limits:
    """The limits that the rule book sets."""
    return Limits(
        worker_silent_max=timedelta(seconds=ruled[parameters.WORKER_SILENT_MAX_S]),
        seal_lag_max=timedelta(seconds=ruled[parameters.SEAL_LAG_MAX_S]),
        fold_backlog_max=timedelta(seconds=ruled[parameters.FOLD_BACKLOG_MAX_S]),
        queue_max_share=ruled[parameters.QUEUE_MAX_SHARE],
        disk_free_min_mib=ruled[parameters.DISK_FREE_MIN_MIB],
        months_ahead_min=ruled[parameters.MONTHS_AHEAD_MIN],
        ingest_min_share=ruled[parameters.INGEST_MIN_SHARE],
        ingest_min_handhelds=ruled[parameters.INGEST_MIN_HANDHELDS],
    )


async def months_ahead(session: AsyncSession, now: datetime) -> int:
    """For how many of the coming months every partitioned table has its partition."""
    asked = {"today": now.date(), "parents": list(PARTITIONED), "ahead": MONTHS_AHEAD}
    return int(await session.scalar(MONTHS, asked) or 0)


def free_mib(path: Path) -> int:
    """Free space of the disk that `path` is on, or would be."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free >> 20


async def _heard(session: AsyncSession, local: datetime, ruled: RuleSet) -> Heard:
    """Handhelds heard in the minutes up to now. local: now, in the zone of service days."""
    today, window_min = local.date(), ruled[parameters.INGEST_WINDOW_MIN]
    before = [today - timedelta(days=n) for n in range(1, ruled[parameters.INGEST_COMPARE_DAYS] + 1)]
    mask = wellness.minutes_mask(local.hour * 60 + local.minute, window_min)
    rows = await session.execute(HEARD, {"days": [today, *before], "mask": mask})
    by_day = {row[0]: row[1] for row in rows}
    since = local - timedelta(minutes=window_min)
    expected = await session.scalar(EXPECTED, {"today": today, "since": since, "now": local})
    return Heard(by_day.get(today, 0), [by_day.get(day, 0) for day in before], int(expected or 0))


def _publish(state: Wellness | NotReady) -> None:
    metrics.READY.set(isinstance(state, Wellness))
    if isinstance(state, NotReady):
        return
    found = state.found
    for reason in Reason:
        metrics.DEGRADED.labels(reason.value).set(reason in state.reasons)
    for name, sweep in found.sweeps.items():
        metrics.SWEEP_SILENT_S.labels(name).set((found.at - sweep.ran_at).total_seconds())
        metrics.SWEEP_LAG_S.labels(name).set(wellness.lag(found, name).total_seconds())
    metrics.MONTHS_AHEAD.set(found.months_ahead)
    metrics.QUEUE_SHARE.set(found.queue_share)
    metrics.DISK_FREE_BYTES.set(found.disk_free_mib << 20)
    metrics.HANDHELDS.labels("heard").set(found.heard.now)
    metrics.HANDHELDS.labels("usual").set(found.heard.usual())
    metrics.HANDHELDS.labels("expected").set(found.heard.expected)
