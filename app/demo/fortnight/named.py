"""The days one asks about. All of it is made up; dates and people are fixed so that a link keeps working."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

FIRST_DAY, DAYS = date(2026, 10, 12), 14
TOWN_CODE = "330921102"
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)

Name = Literal[
    "passed",
    "missed_by_20_minutes",
    "driven",
    "killed_app",
    "half_day_leave",
    "training",
    "night_shift",
    "borrowed_device",
    "under_appeal",
    "appeal_upheld",
]


@dataclass(frozen=True, slots=True)
class NamedDay:
    """`place` counts the town's inspectors in the order of their grids."""

    name: Name
    zh: str
    place: int
    day: date


NAMED = (
    NamedDay("passed", "达标", 0, date(2026, 10, 13)),
    NamedDay("missed_by_20_minutes", "巡查时长差 20 分钟", 1, date(2026, 10, 14)),
    NamedDay("driven", "多为乘车,里程不计", 2, date(2026, 10, 14)),
    NamedDay("killed_app", "应用被系统关闭四个半小时", 3, date(2026, 10, 15)),
    NamedDay("half_day_leave", "下午请假,标准折半", 4, date(2026, 10, 16)),
    NamedDay("training", "全天培训,免评", 5, date(2026, 10, 19)),
    NamedDay("night_shift", "夜班,跨零点", 6, date(2026, 10, 20)),
    NamedDay("borrowed_device", "借用同事的终端", 7, date(2026, 10, 21)),
    NamedDay("under_appeal", "不达标,申诉中", 9, date(2026, 10, 22)),
    NamedDay("appeal_upheld", "不达标,申诉成立", 10, date(2026, 10, 15)),
)
LENDER = 8
"""The colleague on leave whose handheld `borrowed_device` walks with."""


def name_of(place: int, day: date) -> Name | None:
    """What this inspector's day is known for, if anything."""
    return next((n.name for n in NAMED if (n.place, n.day) == (place, day)), None)


def town_grids(grid_codes: Sequence[str]) -> list[str]:
    """The town's grids in the order of `NamedDay.place`."""
    return sorted(code for code in grid_codes if code.startswith(TOWN_CODE))


def working_days() -> list[date]:
    """The weekdays of the fortnight; none of them is a holiday."""
    return [day for n in range(DAYS) if (day := FIRST_DAY + timedelta(days=n)).weekday() < 5]
