"""A day built from its fixes."""

from collections.abc import Callable
from typing import Any

import pytest

from app.patrol.day_inputs import DayInputs, Interval, OwnGrid
from app.patrol.fixes import Fixes
from app.patrol.fold_rules import FoldRules
from app.simulation.receivers import START_MS

HOUR_MS = 3_600_000


@pytest.fixture
def day() -> Callable[..., DayInputs]:
    """Inputs of a day on duty from START for ten hours, in a grid that holds everything."""

    def build(fixes: Fixes, **more: Any) -> DayInputs:
        end = START_MS + 10 * HOUR_MS
        given = {
            "duty": (Interval(START_MS, end),),
            "grids": (OwnGrid(START_MS, end, "g1", "330921001001001", "none"),),
            "rules": FoldRules(),
        } | more
        return DayInputs(fixes=fixes, **given)

    return build
