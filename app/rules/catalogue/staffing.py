"""How many serve a grid of each class, and the bounds of leave, exemptions, swaps and planning."""

from app.rules.parameter import Whole

ONE_EACH = "Luohu 2015: 一格一员 (S0-05); requirements A.6 Q10"
SEVERAL = "Luohu 2015: 一格一员 (S0-05); Daishan 2018, 二(四): 一格多员 where complex (S4-26)"
OWN_UNIT = "Daishan 2018, 二(四): 由所在单位确定兼职网格员 (S4-27)"
PAIRS = "Minhang Gumei 2010: 原则上不少于2人一组 (S3-06)"


def _count(key: str, default: int, zh: str, en: str, source: str) -> Whole:
    return Whole(
        key=f"staffing.grid.{key}", default=default, minimum=0, maximum=50, zh=zh, en=en, source=source
    )


BASE_FULL_TIME_MIN = _count(
    "base.full_time_min", 1, "基础网格专职网格员下限", "Fewest full-time inspectors of a base grid", ONE_EACH
)
BASE_FULL_TIME_MAX = _count(
    "base.full_time_max", 1, "基础网格专职网格员上限", "Most full-time inspectors of a base grid", SEVERAL
)
BASE_PERSONS_MIN = _count("base.persons_min", 1, "基础网格人员下限", "Fewest people of a base grid", ONE_EACH)
SPECIAL_FULL_TIME_MIN = _count(
    "special.full_time_min",
    0,
    "专属网格专职网格员下限",
    "Fewest full-time inspectors of a special grid",
    OWN_UNIT,
)
SPECIAL_FULL_TIME_MAX = _count(
    "special.full_time_max",
    1,
    "专属网格专职网格员上限",
    "Most full-time inspectors of a special grid",
    SEVERAL,
)
SPECIAL_PERSONS_MIN = _count(
    "special.persons_min", 1, "专属网格人员下限", "Fewest people of a special grid", OWN_UNIT
)
MICRO_FULL_TIME_MIN = _count(
    "micro.full_time_min",
    0,
    "微网格(小网格)专职网格员下限",
    "Fewest full-time inspectors of a micro grid",
    PAIRS,
)
MICRO_FULL_TIME_MAX = _count(
    "micro.full_time_max",
    2,
    "微网格(小网格)专职网格员上限",
    "Most full-time inspectors of a micro grid",
    PAIRS,
)
MICRO_PERSONS_MIN = _count(
    "micro.persons_min", 2, "微网格(小网格)人员下限", "Fewest people of a micro grid", PAIRS
)
ABSENCE_LONGEST_D = Whole(
    key="staffing.absence.longest_d",
    default=366,
    minimum=1,
    maximum=1100,
    unit="d",
    zh="一次请假、借调等的最长天数",
    en="Longest absence in one piece",
    source="operational default: a secondment is renewed every year",
)
ABSENCE_REQUEST_BACK_D = Whole(
    key="staffing.absence.request_back_d",
    default=31,
    minimum=0,
    maximum=366,
    unit="d",
    zh="网格员可补请假的天数",
    en="How long afterwards an inspector may still ask for an absence",
    source="operational default: before the month is sealed",
)
EXEMPTION_LONGEST_D = Whole(
    key="staffing.exemption.longest_d",
    default=31,
    minimum=1,
    maximum=366,
    unit="d",
    zh="一次区域免考的最长天数",
    en="Longest area-wide exemption in one piece",
    source="operational default",
)
SWAP_LONGEST_D = Whole(
    key="staffing.swap.longest_d",
    default=31,
    minimum=1,
    maximum=366,
    unit="d",
    zh="一次换岗、顶岗的最长天数",
    en="Longest swap or substitution in one piece; longer ones are appointments",
    source="operational default",
)
PLAN_ITEMS_MAX = Whole(
    key="staffing.plan.items_max",
    default=5000,
    minimum=1,
    maximum=20_000,
    zh="一次批量排班的最多班次",
    en="Most shifts of one bulk plan",
    source="operational default: 40 people, 31 days, two shifts and a half",
)
LENDING_LONGEST_H = Whole(
    key="staffing.lending.longest_h",
    default=72,
    minimum=1,
    maximum=744,
    unit="h",
    zh="一次借用终端的最长时间",
    en="Longest time for which a handheld is lent; longer ones are handovers",
    source="operational default",
)
