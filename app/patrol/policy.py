"""The rule book as patrol reads it: what the door needs, what the handheld is told."""

from dataclasses import dataclass
from functools import lru_cache

from app.rules.book import RuleSet
from app.rules.catalogue import ingest
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
    min_app_version: str
    duty: DutyRules

    @classmethod
    def of(cls, rules: RuleSet) -> "DoorRules":
        """The door's part of `rules`."""
        return _door_rules(rules)

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
        min_app_version=rules[ingest.MIN_APP_VERSION],
        duty=duty_rules(rules),
    )


def _numbers(version: str) -> tuple[int, ...]:
    """"1.10.2-beta" as (1, 10, 2), so that 1.10 is newer than 1.9."""
    numbers = []
    for part in version.split("-")[0].split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
