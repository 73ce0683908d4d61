"""Records which tests that prove a requirement passed, for `wangge requirements`.

Unknown IDs stop the run: a mark with a typing error would prove nothing. The record is written only when
WANGGE_REQUIREMENTS_RECORD names a file, so that a run of a few tests doesn't replace that of all.
"""

import csv
import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

KNOWN_IDS = Path(__file__).parents[2] / "docs" / "requirements.csv"
PROPERTY = "requirement"


def known_ids() -> set[str]:
    """IDs of all requirements of the source documents."""
    with KNOWN_IDS.open(encoding="utf-8", newline="") as file:
        return {row["id"] for row in csv.DictReader(file)}


def ids_of(item: pytest.Item) -> list[str]:
    """IDs that the test is marked with, each once."""
    return sorted({str(each) for mark in item.iter_markers("requirement") for each in mark.args})


class Recorder:
    """Collects passed tests; with xdist it hears of them in the controller through the reports."""

    def __init__(self) -> None:
        self.proven: dict[str, list[str]] = defaultdict(list)
        self.failed: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Puts the IDs where the reports carry them."""
        known = known_ids()
        for item in items:
            for each in ids_of(item):
                if each not in known:
                    raise pytest.UsageError(f"{item.nodeid}: no requirement {each} in {KNOWN_IDS}")
                item.user_properties.append((PROPERTY, each))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes a test that passed, or failed at any stage."""
        for name, value in report.user_properties:
            if name != PROPERTY:
                continue
            if report.failed:
                self.failed[str(value)].append(report.nodeid)
            elif report.when == "call" and report.passed:
                self.proven[str(value)].append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes the record, in the process that ran the session and not in its xdist workers."""
        target = os.environ.get("WANGGE_REQUIREMENTS_RECORD")
        if not target or hasattr(session.config, "workerinput"):
            return
        passed = {each: sorted(set(tests) - set(self.failed[each])) for each, tests in self.proven.items()}
        record = {each: passed[each] for each in sorted(passed) if passed[each]}
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=1) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the recorder."""
    config.pluginmanager.register(Recorder(), "wangge-requirements")
