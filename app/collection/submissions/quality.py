"""How good a record is, from 0 to 100, as the sum of parts that explain themselves (S0-09), and how late (S0-45).

What was sent decides all parts but one: freshness is computed when the score is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

PartName = Literal["completeness", "checks", "photo", "position", "freshness"]
Check = Literal["own_grid", "no_conflict", "natural_key"]


@dataclass(frozen=True, slots=True)
class Weights:
    """Most points of each part; a part that does not apply to a record leaves its points to the others.

    position_m: accuracy up to which a position earns all its points, none from four times as much
    fresh_days: age up to which a record is fresh, stale at twice that
    """

    completeness: int
    checks: int
    photo: int
    position: int
    freshness: int
    position_m: int
    fresh_days: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What the score is made from.

    weights   field → its weight in the form (`x-quality`), 0 where it doesn't count
    checks    check → whether it passed; one that does not apply is not in it
    """

    values: Mapping[str, Any]
    weights: Mapping[str, float]
    checks: Mapping[Check, bool]
    photo_count: int
    has_position: bool
    accuracy_m: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the score: its share reached, 0..1, the most points it could earn, and what is missing.

    detail: names of empty fields or failed checks; never a value.
    """

    name: PartName
    share: float
    weight: int
    detail: tuple[str, ...] = ()


def judge(facts: Facts, weights: Weights) -> list[Part]:
    """The parts that stand for good; freshness is added by `with_freshness`."""
    return [
        _completeness(facts, weights.completeness),
        _checked(facts, weights.checks),
        Part("photo", min(facts.photo_count, 1), weights.photo, () if facts.photo_count else ("photo",)),
        _position(facts, weights),
    ]


def with_freshness(parts: Sequence[Part], weights: Weights, fresh_at: datetime, now: datetime) -> list[Part]:
    """`parts` and freshness: full up to `fresh_days`, nothing at twice that, linear between."""
    age_days = max((now - fresh_at).total_seconds(), 0) / 86_400
    share = min(1.0, max(0.0, 2 - age_days / weights.fresh_days))
    return [*parts, Part("freshness", share, weights.freshness, () if share == 1 else ("age",))]


def score(parts: Sequence[Part]) -> int | None:
    """0 to 100; None when no part has weight."""
    total = sum(p.weight for p in parts)
    return round(100 * sum(p.share * p.weight for p in parts) / total) if total else None


def entry_lag_s(recorded_at: datetime, received_at: datetime) -> int:
    """Whole seconds from recording to receipt; 0 where the corrected clock ran ahead."""
    return max(0, int((received_at - recorded_at).total_seconds()))


def _completeness(facts: Facts, weight: int) -> Part:
    total = sum(facts.weights.values())
    empty = tuple(n for n, w in facts.weights.items() if w and facts.values.get(n) in (None, "", [], {}))
    if not total:
        return Part("completeness", 1.0, 0)
    lost = sum(facts.weights[n] for n in empty)
    return Part("completeness", 1 - lost / total, weight, tuple(sorted(empty)))


def _checked(facts: Facts, weight: int) -> Part:
    if not facts.checks:
        return Part("checks", 1.0, 0)
    failed = tuple(sorted(n for n, passed in facts.checks.items() if not passed))
    return Part("checks", 1 - len(failed) / len(facts.checks), weight, failed)


def _position(facts: Facts, weights: Weights) -> Part:
    if not facts.has_position:
        return Part("position", 0.0, weights.position, ("position",))
    if facts.accuracy_m is None:
        return Part("position", 0.5, weights.position, ("accuracy_m",))
    over = facts.accuracy_m / weights.position_m
    share = min(1.0, max(0.0, (4 - over) / 3))
    return Part("position", share, weights.position, () if share == 1 else ("accuracy_m",))
