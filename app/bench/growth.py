"""`bench growth`: what an upload costs when a hundred times as much is stored."""

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import text

from app.bench import fleet
from app.bench.scratch import COUNTY, DEVICE, INSPECTOR, ZONE, scratch_demo
from app.kit.db import Database
from app.patrol import packing
from app.patrol.arrival import Arrival, read_arrival
from app.patrol.ingest import ingest_group

FIXES = 60
Say = Callable[[str], None]
SMALL, LARGE = 1_000_000, 100_000_000
TRACKS = 1_000
"""Different packed tracks, spread over the county and dealt out in turn."""
DAYS_BACK = range(3, 44)
TIMED = 300
TARGET_RATIO = 1.2
WEST, EAST, SOUTH, NORTH = 122.0, 122.4, 30.1, 30.5
BATCH_COLUMNS = (
    "COPY fix_batch (county_code, day, inspector_id, batch_id, device_id, clock_offset_ms, fix_count, track, "
    "attributes) FROM STDIN (FORMAT binary)"
)
BATCH_TYPES = ["text", "date", "uuid", "uuid", "uuid", "int4", "int2", "bytea", "bytea"]
RECEIPT_COLUMNS = (
    "COPY batch_receipt (county_code, batch_id, device_id, received_at, digest, fix_count, beats_stored, "
    "reports_stored) FROM STDIN (FORMAT binary)"
)
RECEIPT_TYPES = ["text", "uuid", "uuid", "timestamptz", "bytea", "int2", "int2", "int2"]


@dataclass(frozen=True, slots=True)
class GrowthResult:
    """Medians of one upload of 60 fixes in a transaction of its own, commit included."""

    small_fixes: int
    large_fixes: int
    small_ms: float
    large_ms: float
    commit_ms: float
    ratio: float

    @property
    def misses(self) -> list[str]:
        """Which targets of the design are missed."""
        return [f"ratio {self.ratio:.2f} > {TARGET_RATIO}"] if self.ratio > TARGET_RATIO else []

    def as_json(self) -> dict[str, float]:
        """All figures, rounded."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def run(large: int, say: Say) -> GrowthResult:
    """Fills a private database to a million fixes, then to `large`, and times uploads at both sizes."""
    return asyncio.run(_run(large, say))


async def _run(large: int, say: Say) -> GrowthResult:
    today = datetime.now(ZONE).date()
    async with scratch_demo(today) as (database, url):
        tracks = _tracks(today)
        timed = _timed(today - timedelta(days=2), 3 * TIMED)
        await asyncio.to_thread(_fill, url, tracks, today, SMALL // FIXES)
        commit_ms = await _time_commits(database)
        await _time(database, timed[:TIMED])  # warms caches and plans
        small_ms = await _time(database, timed[TIMED : 2 * TIMED])
        say(f"{SMALL:,} fixes: {small_ms:.2f} ms. Filling up to {large:,} …")
        await asyncio.to_thread(_fill, url, tracks, today, (large - SMALL) // FIXES)
        large_ms = await _time(database, timed[2 * TIMED :])
    return GrowthResult(SMALL, large, small_ms, large_ms, commit_ms, large_ms / small_ms)


def _tracks(today: date) -> list[tuple[bytes, bytes]]:
    """Packed batches of walkers all over the county."""
    rng = random.Random(7)
    walkers = [
        fleet.Walker(UUID(int=n), UUID(int=n), "", rng.uniform(WEST, EAST), rng.uniform(SOUTH, NORTH))
        for n in range(TRACKS // 57 + 1)
    ]
    bodies = fleet.bodies(walkers, [today - timedelta(days=9)], FIXES)
    arrivals = [read_arrival(COUNTY, DEVICE, body) for _, body in bodies]
    return [packing.pack(a.parcel.fixes) for a in arrivals]


def _timed(day: date, count: int) -> list[Arrival]:
    """Uploads to be timed; as many walks of the same day as it takes."""
    walker = fleet.Walker(INSPECTOR, DEVICE, "", 122.1395, 30.311)

    def batches() -> Iterator[bytes]:
        seed = 0
        while True:
            seed += 1
            yield from (body for _, body in fleet.bodies([walker], [day], FIXES, seed=seed))

    return [read_arrival(COUNTY, DEVICE, body) for _, body in zip(range(count), batches(), strict=False)]


def _fill(url: str, tracks: list[tuple[bytes, bytes]], today: date, count: int) -> None:
    """Appends `count` batches and receipts of many inspectors and days, as ingest would have."""
    now = datetime.now(UTC)
    days = [today - timedelta(days=n) for n in DAYS_BACK]
    inspectors = [uuid4() for _ in range(max(count // len(days) // 48, 1))]
    rng = random.Random(count)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        ids = [uuid4() for _ in range(count)]
        with cursor.copy(BATCH_COLUMNS) as copy:
            copy.set_types(BATCH_TYPES)
            for index, batch_id in enumerate(ids):
                inspector, day = rng.choice(inspectors), rng.choice(days)
                track, attributes = tracks[index % len(tracks)]
                copy.write_row((COUNTY, day, inspector, batch_id, inspector, 0, FIXES, track, attributes))
        with cursor.copy(RECEIPT_COLUMNS) as copy:
            copy.set_types(RECEIPT_TYPES)
            for batch_id in ids:
                copy.write_row((COUNTY, batch_id, inspectors[0], now, batch_id.bytes, FIXES, 0, 0))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE fix_batch")
        connection.execute("VACUUM ANALYZE batch_receipt")
        connection.execute("CHECKPOINT")


async def _time(database: Database, arrivals: list[Arrival]) -> float:
    """Median milliseconds of one upload; 0 for none."""
    took_ms = []
    for arrival in arrivals:
        began_at = time.perf_counter()
        async with database.transaction() as session:
            await ingest_group(session, [arrival], now=datetime.now(UTC), zone=ZONE)
        took_ms.append((time.perf_counter() - began_at) * 1000)
    return statistics.median(took_ms) if took_ms else 0.0


async def _time_commits(database: Database) -> float:
    """Median milliseconds of the smallest transaction that must reach the disk: the raw limit of one upload."""
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE bench_commit (n int)"))
    took_ms = []
    for n in range(TIMED):
        began_at = time.perf_counter()
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO bench_commit VALUES (:n)"), {"n": n})
        took_ms.append((time.perf_counter() - began_at) * 1000)
    return statistics.median(took_ms)
