"""How much of a claimed interval may count."""

from app.patrol.day_inputs import WorkInterval
from app.patrol.fold_rules import FoldRules
from app.patrol.work.bounds import bounded

HOUR_MS = 3_600_000


def test_a_visit_counts_three_hours_at_most_and_a_submission_one() -> None:
    rules = FoldRules()
    assert bounded(WorkInterval(0, 9 * HOUR_MS, "visit", "v"), rules).end_ms == 3 * HOUR_MS
    assert bounded(WorkInterval(0, 9 * HOUR_MS, "submission", "s"), rules).end_ms == HOUR_MS
    assert bounded(WorkInterval(5, 6, "visit", "v"), rules) == WorkInterval(5, 6, "visit", "v")
