"""Prometheus metrics of a process."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

REQUEST_S = Histogram(
    "wangge_request_seconds",
    "Time from the first byte of a request to the end of its answer",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
BATCHES = Counter("wangge_ingest_batches_total", "Batches answered", ["outcome"])
FIXES = Counter("wangge_ingest_fixes_total", "Fixes by disposition at the door", ["disposition"])
QUEUE = Gauge("wangge_ingest_queue_batches", "Batches that wait for the writer")
GROUP = Histogram(
    "wangge_ingest_group_batches", "Batches that shared one commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
FOLDED = Counter("wangge_days_folded_total", "Inspector-days folded")
SEALED = Counter("wangge_events_sealed_total", "Events sealed")
READY = Gauge("wangge_ready", "1 while this process can serve")
DEGRADED = Gauge("wangge_degraded", "1 while the service is degraded for this reason", ["reason"])
SWEEP_SILENT_S = Gauge("wangge_sweep_silent_seconds", "Since a sweep of the worker last ran", ["sweep"])
SWEEP_LAG_S = Gauge("wangge_sweep_lag_seconds", "Since a sweep last had nothing left to do", ["sweep"])
MONTHS_AHEAD = Gauge("wangge_partition_months_ahead", "Coming months that have partitions")
QUEUE_SHARE = Gauge("wangge_ingest_queue_share", "Share of the writer's queue in use")
DISK_FREE_BYTES = Gauge("wangge_disk_free_bytes", "Free space of the data directory's disk")
HANDHELDS = Gauge("wangge_handhelds", "Handhelds heard, usual at this time, expected on duty", ["which"])


def exposition() -> tuple[bytes, str]:
    """The metrics in Prometheus' text format, and its media type."""
    return generate_latest(), CONTENT_TYPE_LATEST
