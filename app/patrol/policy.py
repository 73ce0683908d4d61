"""The rule book as patrol reads it: what the door needs, what the handheld is told."""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from app.kit.clock import to_ms
from app.patrol.fold_rules import FoldRules
from app.patrol.judging import DistanceBasis, PolicyMode, Thresholds
from app.rules.book import RuleSet
from app.rules.catalogue import fold, ingest, judging, presence
from app.rules.service import patrol_policy
from app.staffing.duty import DutyRules
from app.staffing.duty_rules import duty_rules


@dataclass(frozen=True, slots=True)
class DoorRules:
    """What the door needs at one place on one day."""

    version: str
    future_tolerance_s: int
    too_old_days: int
    next_upload_after_s: int
    upload_jitter_s: int
    uploads_per_minute_max: int
    skew_noted_ms: int
    min_app_version: str
    policy: PolicyMode
    duty: DutyRules

    @classmethod
    def of(cls, rules: RuleSet) -> "DoorRules":
        """The door's part of `rules`."""
        return _door_rules(rules)

    def believed_ms(self, now: datetime) -> tuple[int, int]:
        """The earliest and the latest instant that the door believes, Unix ms."""
        now_ms = to_ms(now)
        return now_ms - self.too_old_days * 86_400_000, now_ms + self.future_tolerance_s * 1000

    def is_outdated(self, app_version: str | None) -> bool:
        """Whether the handheld's app is older than allowed; an unknown version is not accused."""
        return app_version is not None and _numbers(app_version) < _numbers(self.min_app_version)


@lru_cache(maxsize=1024)
def _door_rules(rules: RuleSet) -> DoorRules:
    return DoorRules(
        version=rules.version,
        future_tolerance_s=rules[ingest.FUTURE_TOLERANCE_S],
        too_old_days=rules[ingest.TOO_OLD_DAYS],
        next_upload_after_s=rules[ingest.NEXT_UPLOAD_AFTER_S],
        upload_jitter_s=rules[ingest.UPLOAD_JITTER_S],
        uploads_per_minute_max=rules[presence.UPLOADS_PER_MINUTE_MAX],
        skew_noted_ms=rules[presence.SKEW_NOTED_S] * 1000,
        min_app_version=rules[ingest.MIN_APP_VERSION],
        policy=patrol_policy(rules),
        duty=duty_rules(rules),
    )


def _numbers(version: str) -> tuple[int, ...]:
    """ "1.10.2-beta" as (1, 10, 2), so that 1.10 is newer than 1.9."""
    numbers = []
    for part in version.split("-")[0].split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)


@dataclass(frozen=True, slots=True)
class DayRules:
    """Everything a day is folded and judged by; a judged day keeps its own, whole."""

    version: str
    policy: PolicyMode
    fold: FoldRules
    duty: DutyRules
    thresholds: Thresholds

    @classmethod
    def of(cls, rules: RuleSet) -> "DayRules":
        """The day's part of `rules`."""
        return _day_rules(rules)

    def snapshot(self) -> dict[str, Any]:
        """As JSON, for `rule_snapshot`."""
        return {
            "policy": self.policy,
            "fold": asdict(self.fold),
            "duty": asdict(self.duty),
            "thresholds": asdict(self.thresholds),
        }

    @classmethod
    def pinned(cls, version: str, snapshot: dict[str, Any]) -> "DayRules":
        """What `snapshot` kept. A rule that did not exist then has its default."""
        return cls(
            version,
            snapshot["policy"],
            FoldRules(**snapshot["fold"]),
            DutyRules(**snapshot["duty"]),
            Thresholds(**snapshot["thresholds"]),
        )


@lru_cache(maxsize=1024)
def _day_rules(rules: RuleSet) -> DayRules:
    return DayRules(
        version=rules.version_of("patrol.", "duty."),
        policy=patrol_policy(rules),
        fold=rules.fill(FoldRules, fold.PREFIX),
        duty=duty_rules(rules),
        thresholds=Thresholds(
            patrol_s=float(rules[judging.PATROL_MIN_S]),
            distance_m=float(rules[judging.DISTANCE_MIN_M]),
            online_share=rules[judging.ONLINE_SHARE_MIN],
            distance_basis=cast("DistanceBasis", rules[judging.DISTANCE_BASIS]),
            review_margin=rules[judging.REVIEW_MARGIN],
        ),
    )
