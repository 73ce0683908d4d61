"""`bench ingest`: batches over HTTP with every rule on, until the folder has caught up, beside the raw limits."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import psycopg
from sqlalchemy import text

from app.bench import fleet, limits, load
from app.bench.scratch import ZONE
from app.kit.db import Database
from app.kit.private_service import private_service
from app.patrol.tasks import fold_due

FIXES = 60
FOLDERS = 2
TARGET_FIXES_PER_S, TARGET_RATIO, TARGET_BYTES, TARGET_RSS_MB = 100_000, 0.25, 20.0, 200.0
SECONDS_MAX = 300.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class IngestResult:
    """The figures of one run. Rates of the limits are for the same batches of 60 fixes."""

    fixes_per_s: float
    batches_per_s: float
    p50_ms: float
    p99_ms: float
    errors: int
    load_s: float
    catch_up_s: float
    noop_fixes_per_s: float
    db_fixes_per_s: float
    plain_rows_per_s: float
    ratio: float
    bytes_per_fix: float
    rss_mb: float
    fixes: int
    api_processes: int

    @property
    def misses(self) -> list[str]:
        """Which targets of the design are missed."""
        checks = {
            f"errors {self.errors} > 0": self.errors > 0,
            f"fixes_per_s {self.fixes_per_s:.0f} < {TARGET_FIXES_PER_S}": self.fixes_per_s
            < TARGET_FIXES_PER_S,
            f"ratio {self.ratio:.2f} < {TARGET_RATIO}": self.ratio < TARGET_RATIO,
            f"bytes_per_fix {self.bytes_per_fix:.1f} > {TARGET_BYTES}": self.bytes_per_fix > TARGET_BYTES,
            f"rss_mb {self.rss_mb:.0f} > {TARGET_RSS_MB}": self.rss_mb > TARGET_RSS_MB,
        }
        return [text for text, missed in checks.items() if missed]

    def as_json(self) -> dict[str, float]:
        """All figures, rounded."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def run(*, url: str | None, walkers: int, days: int, api_processes: int, say: Say) -> IngestResult:
    """Runs against `url`, whose database is the one of the settings, or against a private service."""
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as name:
        folder = Path(name)
        with _service(url, api_processes) as (base_url, database_url, data_dir):
            return _measure(folder, base_url, database_url, data_dir, walkers, days, api_processes, say)


@contextmanager
def _service(url: str | None, api_processes: int) -> Iterator[tuple[str, str, Path | None]]:
    if url is not None:
        from app.kit.embedded import database_of
        from app.settings import get_settings

        with database_of(get_settings(), say=lambda _: None) as settings:
            assert settings.database_url is not None  # noqa: S101 - database_of gives one
            yield url.rstrip("/"), settings.database_url, None
        return
    with private_service(
        {"WANGGE_API_PROCESSES": str(api_processes), "WANGGE_DEMO_PASSWORDS": "1"}
    ) as service:
        yield service.base_url, service.database_url, service.data_dir


def _measure(
    folder: Path,
    base_url: str,
    database_url: str,
    data_dir: Path | None,
    walkers: int,
    days: int,
    api_processes: int,
    say: Say,
) -> IngestResult:
    say(f"Activating {walkers} handhelds …")
    active = fleet.activate(base_url, walkers)
    service_days = _service_days(days)
    say("Writing batches …")
    seed = int(time.time())
    count = load.write_batches(folder, fleet.bodies(active, service_days, FIXES, seed=seed))
    before = _stored(database_url)
    say(f"Sending {count:,} batches of {FIXES} fixes …")
    sent = load.run(folder, base_url, fleet.UPLOAD, seconds=SECONDS_MAX)
    say("Waiting until every changed day is folded …")
    catch_up_s = _catch_up(database_url)
    after = _stored(database_url)
    fixes = after[0] - before[0]
    say("Measuring the raw limits …")
    noop, db, plain = _limits(folder, database_url, active, service_days, api_processes)
    limit = 1 / (1 / noop + 1 / db)
    batches_per_s = sent.stored / (sent.seconds + catch_up_s)
    return IngestResult(
        fixes_per_s=batches_per_s * FIXES,
        batches_per_s=batches_per_s,
        p50_ms=sent.p50_ms,
        p99_ms=sent.p99_ms,
        errors=count - sent.stored + sent.socket_errors + (sent.stored * FIXES != fixes),
        load_s=sent.seconds,
        catch_up_s=catch_up_s,
        noop_fixes_per_s=noop * FIXES,
        db_fixes_per_s=db * FIXES,
        plain_rows_per_s=plain,
        ratio=batches_per_s / limit,
        bytes_per_fix=(after[1] - before[1]) / max(fixes, 1),
        rss_mb=_peak_rss_mb(data_dir),
        fixes=fixes,
        api_processes=api_processes,
    )


def _service_days(count: int) -> list[date]:
    """The latest days whose shifts are over; the demo county's handhelds were on duty on each of them."""
    today = datetime.now(ZONE).date()
    return [today - timedelta(days=n) for n in range(count, 0, -1)]


def _limits(
    folder: Path, database_url: str, active: list[fleet.Walker], days: list[date], processes: int
) -> tuple[float, float, float]:
    """noop and db in batches/s, plain in rows/s."""
    noop = limits.noop_batches_per_s(folder, fleet.UPLOAD, processes, seconds=SECONDS_MAX)
    some = islice(fleet.bodies(active, days[-1:], FIXES, seed=0), 6400)
    parcels = limits.arrivals((body for _, body in some), [w.device_id for w in active])
    with limits.scratch_database(database_url) as scratch:
        return (
            noop,
            limits.db_batches_per_s(scratch, parcels, days[-1]),
            limits.plain_rows_per_s(scratch, parcels),
        )


def _stored(database_url: str) -> tuple[int, int]:
    """Fixes in `fix_batch`, and the bytes of batches and receipts with their indexes."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT coalesce(sum(fix_count), 0) FROM fix_batch), pg_total_relation_size('batch_receipt') + "
            "(SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('fix_batch') WHERE isleaf)"
        ).fetchone()
    assert row is not None  # noqa: S101 - aggregates give a row
    return int(row[0]), int(row[1])


def _catch_up(database_url: str) -> float:
    """Folds until no day is pending, as two workers that wait for nothing would; returns how long it took."""
    began_at = time.monotonic()
    with ProcessPoolExecutor(FOLDERS) as pool:
        list(pool.map(_fold_all, [database_url] * FOLDERS))
    return time.monotonic() - began_at


def _fold_all(database_url: str) -> None:
    asyncio.run(_fold_until_done(database_url))


async def _fold_until_done(database_url: str) -> None:
    database = Database.connect(database_url, pool_size=2)
    try:
        while await _pending(database):
            await fold_due(database, now=datetime.now(UTC), zone=ZONE, refold_every_s=0)
    finally:
        await database.close()


async def _pending(database: Database) -> bool:
    async with database.transaction() as session:
        return bool(await session.scalar(text("SELECT EXISTS (SELECT FROM patrol_day WHERE pending)")))


def _peak_rss_mb(data_dir: Path | None) -> float:
    """Largest resident size that any API process of ours reached; 0 when the service isn't ours."""
    if data_dir is None:
        return 0.0
    peaks = [0.0]
    marker = f"WANGGE_DATA_DIR={data_dir}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_api = b"serve" in (process / "cmdline").read_bytes().split(b"\0")
            if is_api and marker in (process / "environ").read_bytes():
                status = (process / "status").read_text()
                peaks.append(int(status.split("VmHWM:")[1].split()[0]) / 1024)
        except (OSError, IndexError):
            continue
    return max(peaks)
