"""From when something about a day's fixes is worth a person's look. None of these changes a figure.

`integrity.<field>` for every field of `app.patrol.integrity.limits.IntegrityLimits`; a test compares them.
"""

from app.rules.parameter import Number, Whole

PREFIX = "integrity"
DESIGN = "operational default: design section 5, integrity signals"

MOCK_MIN_FIXES = Whole(
    key="integrity.mock_min_fixes",
    default=3,
    minimum=1,
    maximum=10_000,
    zh="当日模拟定位点达到此数即提示",
    en="A day with so many fixes from a mock provider raises a signal",
    source="operational default: single fixes come from navigation apps and tests of the maker",
)
VEHICLE_MIN_M = Whole(
    key="integrity.vehicle_min_m",
    default=1000,
    minimum=100,
    maximum=200_000,
    unit="m",
    zh="当日乘车里程达到此值即提示",
    en="A day with so many metres at vehicle speed raises a signal",
    source="operational default: a third of the 3 km asked (Daishan 2018, 二(五))",
)
CLOCK_OFFSET_S = Whole(
    key="integrity.clock_offset_s",
    default=600,
    minimum=60,
    maximum=86_400,
    unit="s",
    zh="终端自报时钟偏差达到此值即提示",
    en="A handheld that tells its own clock to be so far off raises a signal",
    source="operational default: automatic time keeps phones within seconds; ten minutes are set by hand",
)
CLOCK_JUMP_S = Whole(
    key="integrity.clock_jump_s",
    default=120,
    minimum=10,
    maximum=86_400,
    unit="s",
    zh="当日时钟跳变达到此值即提示",
    en="A clock that is moved by so much during a day raises a signal",
    source="operational default: two minutes, as far as `ingest.future_tolerance_s` lets fixes run ahead",
)
SAME_PATH_M = Number(
    key="integrity.same_path_m",
    default=2.0,
    minimum=0.1,
    maximum=10,
    unit="m",
    zh="两段轨迹逐时刻相距不超过此值即视为同一轨迹",
    en="Tracks this close at every moment are the same track",
    source="operational default: receivers err by 3 to 8 m, and nobody keeps his pace to 2 m twice",
)
LOOP_MIN_ROUNDS = Whole(
    key="integrity.loop_min_rounds",
    default=3,
    minimum=2,
    maximum=50,
    zh="同一闭合路线重复达到此圈数即提示",
    en="A closed path walked so many times without any difference raises a signal",
    source=DESIGN,
)
LOOP_MIN_M = Whole(
    key="integrity.loop_min_m",
    default=200,
    minimum=50,
    maximum=20_000,
    unit="m",
    zh="闭合路线一圈的最短长度",
    en="Least length of one round",
    source="operational default: around a block; smaller circles are a stay",
)
REPLAY_MIN_M = Whole(
    key="integrity.replay_min_m",
    default=800,
    minimum=100,
    maximum=50_000,
    unit="m",
    zh="与其他日或他人相同的轨迹达到此长度即提示",
    en="So many metres equal to another day's or person's track raise a signal",
    source="operational default: a quarter of the 3 km asked",
)
REPLAY_DAYS_BACK = Whole(
    key="integrity.replay_days_back",
    default=31,
    minimum=1,
    maximum=93,
    unit="d",
    zh="轨迹重复比对回溯的天数",
    en="How far back tracks are compared",
    source="operational default: the month that an assessment covers",
)
TWIN_WITHIN_M = Whole(
    key="integrity.twin_within_m",
    default=20,
    minimum=5,
    maximum=100,
    unit="m",
    zh="两台终端相距不超过此值视为同行",
    en="Handhelds this close are together",
    source="operational default: two receivers in one pocket err by 8 m each, 20 m apart at worst",
)
TWIN_MIN_MINUTES = Whole(
    key="integrity.twin_min_minutes",
    default=60,
    minimum=10,
    maximum=1440,
    unit="min",
    zh="两台终端同行移动达到此时长即提示",
    en="Two handhelds that move together for so long raise a signal",
    source="operational default: a quarter of the 4 hours asked (Daishan 2018, 二(五))",
)
TWIN_GROUP_MAX = Whole(
    key="integrity.twin_group_max",
    default=12,
    minimum=2,
    maximum=100,
    zh="超过此人数的同行视为集体活动,不提示",
    en="More people than this at one place and time are an outing, not a signal",
    source="operational default: a township's joint inspection",
)
