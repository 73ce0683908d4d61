"""How much of a claimed interval may count. Pure."""

from app.patrol.day_inputs import WorkInterval
from app.patrol.fold_rules import FoldRules


def bounded(work: WorkInterval, rules: FoldRules) -> WorkInterval:
    """The interval, cut where the rules of the day end it: a door left ajar on the handheld is no patrol."""
    longest_s = rules.visit_max_s if work.kind == "visit" else rules.submission_max_s
    return WorkInterval(work.start_ms, min(work.end_ms, work.start_ms + longest_s * 1000), work.kind, work.id)
