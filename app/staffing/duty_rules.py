"""The rules of duty as they apply at a place on a day."""

from app.rules.book import RuleSet
from app.rules.catalogue.duty import AUTO_CLOSE_GRACE_MIN, EARLY_PRESS_MIN, VOLUNTARY_MAX_H
from app.staffing.duty import DutyRules


def duty_rules(rules: RuleSet) -> DutyRules:
    """Parameters `duty.…` in milliseconds."""
    return DutyRules(
        auto_close_ms=rules[AUTO_CLOSE_GRACE_MIN] * 60_000,
        early_press_ms=rules[EARLY_PRESS_MIN] * 60_000,
        voluntary_max_ms=rules[VOLUNTARY_MAX_H] * 3_600_000,
    )
