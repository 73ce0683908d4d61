"""Metrics of several processes are added up, whoever is asked."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from app.kit import metrics

ROOT = Path(__file__).parents[2]
COUNT = "from app.kit import metrics; metrics.SEALED.inc({n}); metrics.MONTHS_AHEAD.set({n})"
SHOW = "import sys; from app.kit import metrics; sys.stdout.buffer.write(metrics.exposition()[0])"


def run(script: str, folder: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), metrics.SHARED_VARIABLE: str(folder)},
    ).stdout


def test_counters_of_all_processes_are_summed(tmp_path: Path) -> None:
    folder = metrics.shared_folder(tmp_path / "metrics")
    for n in (2, 3):
        run(COUNT.format(n=n), folder)
    families = {f.name: f for f in text_string_to_metric_families(run(SHOW, folder))}
    assert [s.value for s in families["wangge_events_sealed"].samples] == [5]
    assert "wangge_partition_months_ahead 3" not in run(SHOW, folder), "of a process that died"
    metrics.shared_folder(folder)
    assert "wangge_events_sealed_total 5" not in run(SHOW, folder)


def test_one_process_keeps_its_own() -> None:
    metrics.SEALED.inc()
    assert b"wangge_events_sealed_total" in metrics.exposition()[0]
