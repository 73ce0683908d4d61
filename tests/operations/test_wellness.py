"""When the service calls itself degraded: pure rules, each limit from both sides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.operations.wellness import Heard, Limits, Measurements, Reason, Sweep, minutes_mask, reasons

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
LIMITS = Limits(
    worker_silent_max=timedelta(seconds=90),
    seal_lag_max=timedelta(seconds=60),
    fold_backlog_max=timedelta(seconds=900),
    queue_max_share=0.8,
    disk_free_min_mib=2048,
    months_ahead_min=1,
    ingest_min_share=0.5,
    ingest_min_handhelds=10,
)


def sweep(ran_s: float = 0, caught_up_s: float = 0) -> Sweep:
    """One that ran and caught up so many seconds ago."""
    return Sweep(NOW - timedelta(seconds=ran_s), NOW - timedelta(seconds=caught_up_s))


WELL = Measurements(
    at=NOW,
    sweeps={"seal": sweep(), "fold": sweep()},
    months_ahead=3,
    queue_share=0,
    disk_free_mib=9999,
    heard=Heard(100, [100] * 7, 120),
    is_schema_newer=False,
)


def said(**changes: Any) -> list[Reason]:
    return reasons(replace(WELL, **changes), LIMITS)


def test_a_service_that_is_well_says_nothing() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sweeps": {}}, Reason.WORKER_SILENT),
        ({"sweeps": {"seal": sweep()}}, Reason.WORKER_SILENT),
        ({"sweeps": {"seal": sweep(), "fold": sweep(91, 1000)}}, Reason.WORKER_SILENT),
        ({"sweeps": {"seal": sweep(91, 1000), "fold": sweep(91, 1000)}}, Reason.WORKER_SILENT),
        ({"sweeps": {"seal": sweep(caught_up_s=61), "fold": sweep()}}, Reason.SEALING_BEHIND),
        ({"sweeps": {"seal": sweep(), "fold": sweep(caught_up_s=901)}}, Reason.FOLDING_BEHIND),
        ({"queue_share": 0.8}, Reason.QUEUE_FILLING),
        ({"disk_free_mib": 2047}, Reason.DISK_LOW),
        ({"months_ahead": 0}, Reason.PARTITIONS_SHORT),
        ({"heard": Heard(49, [100] * 7, 120)}, Reason.INGEST_FALLING),
        ({"is_schema_newer": True}, Reason.SCHEMA_NEWER),
    ],
)
def test_one_trouble_is_one_reason(changes: dict[str, Any], reason: Reason) -> None:
    assert said(**changes) == [reason]


@pytest.mark.parametrize(
    "changes",
    [
        {"sweeps": {"seal": sweep(90, 60), "fold": sweep(90, 900)}},
        {"queue_share": 0.79},
        {"disk_free_mib": 2048},
        {"months_ahead": 1},
        {"heard": Heard(50, [100] * 7, 120)},
        {"sweeps": {"seal": sweep(-5, -5), "fold": sweep(-5, -5)}},
    ],
)
def test_at_the_limit_it_is_still_well(changes: dict[str, Any]) -> None:
    assert said(**changes) == []


class TestFalling:
    @pytest.mark.parametrize(
        ("heard", "falls"),
        [
            (Heard(0, [100] * 7, 120), True),
            (Heard(0, [100] * 7, 0), False),  # a holiday: nobody is on duty
            (Heard(4, [100] * 7, 8), False),  # too few on duty to compare
            (Heard(0, [], 500), False),  # the first day
            (Heard(0, [0] * 7, 500), False),  # handhelds never spoke at this time
            (Heard(40, [0, 0, 100, 90, 80, 100, 0], 500), True),  # days of rest between don't pull it down
            (Heard(40, [9, 80, 80], 60), False),  # fewer are on duty than usual
        ],
    )
    def test_cases(self, heard: Heard, falls: bool) -> None:
        assert (said(heard=heard) == [Reason.INGEST_FALLING]) is falls

    @given(
        st.integers(0, 300),
        st.lists(st.integers(0, 300), max_size=7),
        st.integers(0, 300),
        st.integers(0, 300),
    )
    def test_more_handhelds_never_make_it_worse(
        self, now: int, before: list[int], expected: int, more: int
    ) -> None:
        worse = Reason.INGEST_FALLING in said(heard=Heard(now + more, before, expected))
        assert not worse or Reason.INGEST_FALLING in said(heard=Heard(now, before, expected))


@given(st.integers(0, 1439), st.integers(1, 60))
def test_the_mask_has_the_minutes_up_to_now(minute: int, window_min: int) -> None:
    mask = minutes_mask(minute, window_min)
    assert len(mask) == 1440
    assert {i for i, bit in enumerate(mask) if bit == "1"} == set(
        range(max(0, minute - window_min + 1), minute + 1)
    )
