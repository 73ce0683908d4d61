"""Rules as somebody proposes them, put in the place of those that hold. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.patrol.policy import DayRules
from app.rules.book import Applied, RuleSet
from app.rules.catalogue import PARAMETERS, duty, fold_threshold, judging

FOLD = f"{fold_threshold.PREFIX}."
POLICY = frozenset({judging.POLICY.key, judging.LEGAL_BASIS.key, judging.APPROVAL_NO.key})
TARGETS = frozenset(
    {judging.PERIOD_ONLINE_MIN_S.key, judging.PERIOD_DISTANCE_MIN_M.key, judging.PERIOD_ONLINE_RATE_MIN.key}
)
THRESHOLDS: Mapping[str, str] = {
    judging.PATROL_MIN_S.key: "patrol_s",
    judging.DISTANCE_MIN_M.key: "distance_m",
    judging.ONLINE_SHARE_MIN.key: "online_share",
    judging.DISTANCE_BASIS.key: "distance_basis",
    judging.REVIEW_MARGIN.key: "review_margin",
}
DUTY: Mapping[str, str] = {
    duty.AUTO_CLOSE_GRACE_MIN.key: "auto_close_ms",
    duty.EARLY_PRESS_MIN.key: "early_press_ms",
    duty.VOLUNTARY_MAX_H.key: "voluntary_max_ms",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Values by parameter key, as parsed by the rule book."""

    values: Mapping[str, Any]

    @property
    def unsupported(self) -> list[str]:
        """Keys that decide no figure of a day or period that a what-if can compute."""
        return sorted(k for k in self.values if not (_judges(k) or _folds(k) or k in TARGETS))

    @property
    def refolds(self) -> bool:
        """Whether days must be folded again: stored figures don't tell what another fold would find."""
        return any(_folds(key) for key in self.values)

    def over(self, rules: RuleSet) -> RuleSet:
        """`rules` with the proposed values in place of its own."""
        proposed = {key: Applied(value, "proposed", None) for key, value in self.values.items()}
        return RuleSet({**rules.applied(), **proposed})

    def day_rules(self, held: DayRules, book: RuleSet) -> DayRules:
        """The rules that a day was judged by, `held`, with the proposed values in place of its own.

        book: what the rule book says there, with the proposal over it (`over`); it tells what the values mean.
        """
        meant = DayRules.of(book)
        return replace(
            held,
            version="proposed",
            policy=meant.policy if self.values.keys() & POLICY else held.policy,
            fold=_taken(
                held.fold, meant.fold, [k.removeprefix(FOLD) for k in self.values if k.startswith(FOLD)]
            ),
            duty=_taken(held.duty, meant.duty, [DUTY[k] for k in self.values if k in DUTY]),
            thresholds=_taken(
                held.thresholds, meant.thresholds, [THRESHOLDS[k] for k in self.values if k in THRESHOLDS]
            ),
        )


def _judges(key: str) -> bool:
    return key in THRESHOLDS or key in POLICY


def _folds(key: str) -> bool:
    return (key.startswith(FOLD) and key in PARAMETERS) or key in DUTY


def _taken(held: Any, meant: Any, names: list[str]) -> Any:
    return replace(held, **{name: getattr(meant, name) for name in names})
