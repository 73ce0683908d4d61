"""What proves that a visit took place. Pure."""

from dataclasses import dataclass
from typing import Literal

ProvenBy = Literal["position", "photo", "signature", "none"]
Doubt = Literal["no_position", "inaccurate", "too_far", "outside_grid", "place_unknown", "too_late"]

DOUBT_LABELS: dict[Doubt, str] = {
    "no_position": "未带定位",
    "inaccurate": "定位精度不足",
    "too_far": "距走访对象过远",
    "outside_grid": "不在走访对象所在网格内",
    "place_unknown": "走访对象无坐标、无网格边界,无从核对",
    "too_late": "上报过晚",
}


@dataclass(frozen=True, slots=True)
class ProofRules:
    """What the rule book says where the subject lies."""

    place: Literal["near", "grid"]
    near_m: int
    max_accuracy_m: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the visit was, as far as it is known; None: nothing to compare.

    accuracy_m  as the handheld claims it; a position without one is taken at its word
    distance_m  from the subject's point
    in_grid     inside the subject's grid, its buffer included
    """

    accuracy_m: float | None
    distance_m: float | None
    in_grid: bool | None


def doubt_about(seen: Seen | None, rules: ProofRules) -> Doubt | None:
    """Why the position doesn't prove the visit; None when it does. `seen` None: no position was sent."""
    if seen is None:
        return "no_position"
    if seen.accuracy_m is not None and seen.accuracy_m > rules.max_accuracy_m:
        return "inaccurate"
    if rules.place == "near" and seen.distance_m is not None:
        return None if seen.distance_m <= rules.near_m else "too_far"
    if seen.in_grid is None:
        if seen.distance_m is None:
            return "place_unknown"
        return None if seen.distance_m <= rules.near_m else "too_far"
    return None if seen.in_grid else "outside_grid"


def proven_by(doubt: Doubt | None, *, photo: bool, signature: bool) -> ProvenBy:
    """The first proof that holds. What was told too late is proven by nothing."""
    if doubt is None:
        return "position"
    if doubt == "too_late":
        return "none"
    if photo:
        return "photo"
    return "signature" if signature else "none"
