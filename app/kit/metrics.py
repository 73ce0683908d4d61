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


def exposition() -> tuple[bytes, str]:
    """The metrics in Prometheus' text format, and its media type."""
    return generate_latest(), CONTENT_TYPE_LATEST
