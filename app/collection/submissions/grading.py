"""The rules of the quality score, and a stored score as it reads today."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.collection.submissions.quality import Part, Weights, score, with_freshness
from app.rules.book import RuleSet
from app.rules.catalogue import submissions as parameters


def weights_of(rules: RuleSet) -> Weights:
    """The weights that apply in an area on a day."""
    return Weights(
        completeness=rules[parameters.COMPLETENESS_POINTS],
        checks=rules[parameters.CHECKS_POINTS],
        photo=rules[parameters.PHOTO_POINTS],
        position=rules[parameters.POSITION_POINTS],
        freshness=rules[parameters.FRESHNESS_POINTS],
        position_m=rules[parameters.POSITION_M],
        fresh_days=rules[parameters.FRESH_DAYS],
    )


def dump(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The parts as JSON."""
    return [
        {"name": p.name, "share": round(p.share, 4), "weight": p.weight, "detail": list(p.detail)}
        for p in parts
    ]


def load(raw: Sequence[dict[str, Any]]) -> list[Part]:
    """What `dump` made."""
    return [Part(p["name"], p["share"], p["weight"], tuple(p["detail"])) for p in raw]


def read_now(
    raw: Sequence[dict[str, Any]], weights: Weights, fresh_at: datetime, now: datetime
) -> tuple[list[Part], int | None]:
    """Parts and score of a stored record at `now`."""
    parts = with_freshness(load(raw), weights, fresh_at, now)
    return parts, score(parts)
