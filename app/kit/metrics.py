"""Prometheus metrics: of this process, or with PROMETHEUS_MULTIPROC_DIR set of all processes of the service.

Several API processes share one port, so a scrape reaches any of them: each writes its numbers into that folder
and whoever is asked adds them up.
"""

import os
import shutil
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.kit.processes import is_alive

SHARED_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

REQUEST_S = Histogram(
    "wangge_request_seconds",
    "Time from the first byte of a request to the end of its answer",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
BATCHES = Counter("wangge_ingest_batches_total", "Batches answered", ["outcome"])
FIXES = Counter("wangge_ingest_fixes_total", "Fixes by disposition at the door", ["disposition"])
QUEUE = Gauge("wangge_ingest_queue_batches", "Batches that wait for the writer", multiprocess_mode="livesum")
GROUP = Histogram(
    "wangge_ingest_group_batches", "Batches that shared one commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
ITEMS = Counter("wangge_items_total", "Items received, by kind and outcome", ["kind", "outcome"])
IGNORED_FIELDS = Counter("wangge_sync_ignored_fields_total", "Unknown members of envelopes of pushes")
PULLS = Counter("wangge_sync_pulls_total", "Pulls, by how they were answered", ["answer"])
FOLDED = Counter("wangge_days_folded_total", "Inspector-days folded")
SEALED = Counter("wangge_events_sealed_total", "Events sealed")
READY = Gauge("wangge_ready", "1 while this process can serve", multiprocess_mode="livemin")
DEGRADED = Gauge(
    "wangge_degraded",
    "1 while the service is degraded for this reason",
    ["reason"],
    multiprocess_mode="livemostrecent",
)
SWEEP_SILENT_S = Gauge(
    "wangge_sweep_silent_seconds",
    "Since a sweep of the worker last ran",
    ["sweep"],
    multiprocess_mode="livemostrecent",
)
SWEEP_LAG_S = Gauge(
    "wangge_sweep_lag_seconds",
    "Since a sweep last had nothing left to do",
    ["sweep"],
    multiprocess_mode="livemostrecent",
)
MONTHS_AHEAD = Gauge(
    "wangge_partition_months_ahead", "Coming months that have partitions", multiprocess_mode="livemostrecent"
)
QUEUE_SHARE = Gauge(
    "wangge_ingest_queue_share", "Share of the writer's queue in use", multiprocess_mode="livemax"
)
DISK_FREE_BYTES = Gauge(
    "wangge_disk_free_bytes", "Free space of the data directory's disk", multiprocess_mode="livemostrecent"
)
HANDHELDS = Gauge(
    "wangge_handhelds",
    "Handhelds heard, usual at this time, expected on duty",
    ["which"],
    multiprocess_mode="livemostrecent",
)


def exposition() -> tuple[bytes, str]:
    """The metrics in Prometheus' text format, and its media type."""
    registry = REGISTRY
    if SHARED_VARIABLE in os.environ:
        _forget_dead(Path(os.environ[SHARED_VARIABLE]))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _forget_dead(folder: Path) -> None:
    """What a process that died said of its state; its counts stay."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not is_alive(int(pid)):
            file.unlink(missing_ok=True)


def shared_folder(path: Path) -> Path:
    """An empty folder for a service's processes to share; numbers of an earlier run are gone."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path
