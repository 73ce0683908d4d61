"""Raw limits of this machine, measured in the same run as ours: HTTP without work, a bare driver, plain rows."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from app.bench import load
from app.kit import migrations
from app.kit.listening import open_sockets
from app.kit.private_service import free_port
from app.patrol import packing
from app.patrol.arrival import Arrival, read_arrival
from app.patrol.batches import INSERT_BATCHES, INSERT_RECEIPTS
from app.patrol.fixes import Fixes

GROUP = 128
"""Batches that share a commit, as in the coalescing writer."""
START_TIMEOUT_S = 20
PLAIN_TABLE = """
CREATE TABLE plain_fix (
    device_id uuid, recorded_at timestamptz, geom geometry(Point, 4490), accuracy_m real, speed_mps real,
    bearing_deg smallint, altitude_m real, battery_pct smallint, provider smallint,
    PRIMARY KEY (device_id, recorded_at)
);
CREATE INDEX plain_fix_geom ON plain_fix USING gist (geom);
"""
COPY_PLAIN = "COPY plain_fix FROM STDIN"


def noop_batches_per_s(folder: Path, path: str, processes: int, *, seconds: float) -> float:
    """The prepared batches sent to a server that only answers; as many as fit into `seconds`."""
    with noop_server(processes) as url:
        result = load.run(folder, url, path, seconds=seconds)
    return result.stored / result.seconds


@contextmanager
def noop_server(processes: int) -> Iterator[str]:
    """URL of the application with the work taken out (`noop`)."""
    port = free_port()
    with ExitStack() as stack:
        for listener in open_sockets("127.0.0.1", port, processes):
            stack.enter_context(listener)
            fd = listener.fileno()
            process = subprocess.Popen([sys.executable, "-m", "app.bench.noop", str(fd)], pass_fds=[fd])
            stack.callback(process.wait)
            stack.callback(process.terminate)
        url = f"http://127.0.0.1:{port}"
        _wait_for(url + "/health/live")
        yield url


def _wait_for(url: str) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - our own server
        except (urllib.error.URLError, OSError):
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """A migrated, empty database beside the one at `url`; dropped afterwards."""
    name = "wangge_bench_limits"
    scratch = make_url(url).set(database=name).render_as_string(hide_password=False)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            migrations.upgrade(scratch)
            with psycopg.connect(scratch, autocommit=True) as connection:
                connection.execute(
                    "SELECT ensure_month_partition('fix_batch', "
                    "(date_trunc('month', now()) + m * interval '1 month')::date) FROM generate_series(-3, 1) m"
                )
            yield scratch
        finally:
            admin.execute(drop)


def arrivals(bodies: Iterable[bytes], device_ids: Sequence[UUID]) -> list[Arrival]:
    """The bodies as the door leaves them, dealt out to devices in turn."""
    return [read_arrival("330921", device_ids[i % len(device_ids)], body) for i, body in enumerate(bodies)]


def db_batches_per_s(url: str, parcels: Sequence[Arrival], day: date) -> float:
    """The same packed rows inserted by the bare driver, GROUP batches a commit."""
    now = datetime.now(UTC)
    rows = [(a, *packing.pack(a.parcel.fixes)) for a in parcels]
    with psycopg.connect(url) as connection:
        began_at = time.monotonic()
        for start in range(0, len(rows), GROUP):
            group = rows[start : start + GROUP]
            n = len(group)
            county, ids = ["330921"] * n, [a.batch_id for a, _, _ in group]
            devices = [a.device_id for a, _, _ in group]
            sizes = [len(a.parcel.fixes) for a, _, _ in group]
            nothing: list[None] = [None] * n
            connection.execute(
                INSERT_RECEIPTS,
                [
                    county,
                    ids,
                    devices,
                    [now] * n,
                    [a.digest for a, _, _ in group],
                    sizes,
                    [0] * n,
                    [0] * n,
                    nothing,
                ],
            )
            tracks, attributes = [t for _, t, _ in group], [p for _, _, p in group]
            connection.execute(
                INSERT_BATCHES,
                [
                    county,
                    [day] * n,
                    devices,
                    ids,
                    devices,
                    [0] * n,
                    sizes,
                    tracks,
                    attributes,
                    nothing,
                    nothing,
                    nothing,
                ],
            )
            connection.commit()
        return len(rows) / (time.monotonic() - began_at)


def plain_rows_per_s(url: str, parcels: Sequence[Arrival]) -> float:
    """One indexed row a fix by bare COPY, as peers store them; GROUP batches a commit."""
    groups = [
        [row for a in parcels[start : start + GROUP] for row in _plain_rows(a.device_id, a.parcel.fixes)]
        for start in range(0, len(parcels), GROUP)
    ]
    with psycopg.connect(url) as connection:
        connection.execute(PLAIN_TABLE)
        connection.commit()
        began_at = time.monotonic()
        for group in groups:
            with connection.cursor().copy(COPY_PLAIN) as copy:
                copy.write("".join(group))
            connection.commit()
        return sum(map(len, groups)) / (time.monotonic() - began_at)


def _plain_rows(device_id: UUID, fixes: Fixes) -> list[str]:
    return [
        f"{device_id}\t{datetime.fromtimestamp(at / 1000, UTC).isoformat()}\tSRID=4490;POINT({lon / 1e7} {lat / 1e7})"
        f"\t{accuracy / 10}\t{speed / 100}\t{bearing}\t{altitude / 10}\t{battery}\t1\n"
        for at, lon, lat, accuracy, speed, bearing, altitude, battery in zip(
            fixes.at_ms.tolist(),
            fixes.lon_e7.tolist(),
            fixes.lat_e7.tolist(),
            fixes.accuracy_dm.tolist(),
            fixes.speed_cmps.tolist(),
            fixes.bearing_deg.tolist(),
            fixes.altitude_dm.tolist(),
            fixes.battery_pct.tolist(),
            strict=True,
        )
    ]
