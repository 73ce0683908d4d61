"""Statutory holidays of years whose official list isn't published yet. Pure; always provisional.

State Council Decree 795 (in force since 2025-01-01): New Year 1 day, Spring Festival 4 (from the eve),
Qingming 1, Labour Day 2, Dragon Boat 1, Mid-Autumn 1, National Day 3. Which weekends are worked instead
is decided year by year, so make-up workdays cannot be foreseen.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

# Gregorian dates of 正月初一, 五月初五, 八月十五, computed with lunardate 0.3.0.
LUNAR = {
    2027: ((2, 6), (6, 9), (9, 15)),
    2028: ((1, 26), (5, 28), (10, 3)),
    2029: ((2, 13), (6, 16), (9, 22)),
    2030: ((2, 3), (6, 5), (9, 12)),
    2031: ((1, 23), (6, 24), (10, 1)),
    2032: ((2, 11), (6, 12), (9, 19)),
    2033: ((1, 31), (6, 1), (9, 8)),
    2034: ((2, 19), (6, 20), (9, 27)),
    2035: ((2, 8), (6, 10), (9, 16)),
    2036: ((1, 28), (5, 30), (10, 4)),
    2037: ((2, 15), (6, 18), (9, 24)),
    2038: ((2, 4), (6, 7), (9, 13)),
    2039: ((1, 24), (5, 27), (10, 2)),
    2040: ((2, 12), (6, 14), (9, 20)),
}


@lru_cache(maxsize=128)
def statutory_holidays(year: int) -> Mapping[date, str]:
    """Name of each statutory holiday of `year`; beyond the lunar table only those with fixed dates."""
    found = {date(year, 1, 1): "元旦", qingming(year): "清明节"}
    found |= {date(year, 5, day): "劳动节" for day in (1, 2)}
    if year in LUNAR:
        new_year, dragon_boat, mid_autumn = (date(year, *month_day) for month_day in LUNAR[year])
        found |= {new_year + timedelta(days=offset): "春节" for offset in (-1, 0, 1, 2)}
        found |= {dragon_boat: "端午节", mid_autumn: "中秋节"}
    return MappingProxyType(found | {date(year, 10, day): "国庆节" for day in (1, 2, 3)})


def qingming(year: int) -> date:
    """The day of the solar term, 4 or 5 April; the usual formula, good for 2001 to 2099."""
    in_century = year % 100
    return date(year, 4, int(in_century * 0.2422 + 4.81) - in_century // 4)
