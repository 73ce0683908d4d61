"""How many an area asks for in a grid of each class, with the sources."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.rules.book import RuleSet
from app.rules.catalogue import staffing
from app.rules.parameter import Whole

PARAMETERS: Mapping[str, tuple[Whole, Whole, Whole]] = {
    "B": (staffing.BASE_FULL_TIME_MIN, staffing.BASE_FULL_TIME_MAX, staffing.BASE_PERSONS_MIN),
    "S": (staffing.SPECIAL_FULL_TIME_MIN, staffing.SPECIAL_FULL_TIME_MAX, staffing.SPECIAL_PERSONS_MIN),
    "M": (staffing.MICRO_FULL_TIME_MIN, staffing.MICRO_FULL_TIME_MAX, staffing.MICRO_PERSONS_MIN),
}
"""Fewest and most full-time inspectors, fewest people, by grid class."""


@dataclass(frozen=True, slots=True)
class StaffingStandard:
    """What is asked of one grid; `sources` by parameter key."""

    full_time_min: int
    full_time_max: int
    persons_min: int
    sources: Mapping[str, str]


def staffing_standard(applied: RuleSet, grid_class: str) -> StaffingStandard:
    """The rules of a place for grids of a class.

    A least number above the most (two decisions that don't fit) raises the most: nobody could meet both.
    """
    least, most, persons = PARAMETERS[grid_class]
    found = applied.applied()
    return StaffingStandard(
        full_time_min=applied[least],
        full_time_max=max(applied[most], applied[least]),
        persons_min=applied[persons],
        sources={each.key: found[each.key].source for each in (least, most, persons)},
    )
