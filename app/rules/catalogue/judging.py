"""When a patrol day is judged, and against what. Source: Daishan 2018 and requirements A.6."""

from app.rules.parameter import Choice, Flag, Number, Text, Whole

POLICY = Choice(
    key="patrol.policy",
    default="record",
    choices={"off": "不采集轨迹", "record": "仅留痕,不评判", "assess": "评判达标情况"},
    zh="巡查轨迹的用途",
    en="What patrol tracks are used for",
    source="design section 5: assessing needs a legal basis and an approval number on file",
)
LEGAL_BASIS = Text(
    key="patrol.legal_basis",
    default="",
    zh="评判巡查轨迹的依据文件",
    en="Document on which the assessment of tracks is based",
    source="design section 5",
)
APPROVAL_NO = Text(
    key="patrol.approval_no",
    default="",
    max_length=80,
    zh="评判巡查轨迹的批准文号",
    en="Number of the approval to assess tracks",
    source="design section 5",
)
PATROL_MIN_S = Whole(
    key="patrol.day.patrol_min_s",
    default=4 * 3600,
    minimum=0,
    maximum=24 * 3600,
    unit="s",
    zh="每日在线巡查时长下限",
    en="Least online patrol time a day",
    source="Daishan 2018, 二(五): 日在线巡查时长不低于4小时 (S4-32; A.6 Q6)",
)
DISTANCE_MIN_M = Whole(
    key="patrol.day.distance_min_m",
    default=3000,
    minimum=0,
    maximum=200_000,
    unit="m",
    zh="每日巡查里程下限",
    en="Least patrol distance a day",
    source="Daishan 2018, 二(五): 日巡查里程不少于3公里 (S4-33)",
)
DISTANCE_BASIS = Choice(
    key="patrol.day.distance_basis",
    default="total",
    choices={"total": "全部有效里程", "in_grid": "仅本人网格内里程"},
    zh="里程按何种口径计算",
    en="Which metres count towards the distance",
    source="design section 5; the document names no place",
)
ONLINE_SHARE_MIN = Number(
    key="patrol.day.online_share_min",
    default=0.60,
    minimum=0,
    maximum=1,
    zh="个人每日即时在线率下限",
    en="Least share of expected slots online, one person and day",
    source="Daishan 2018, 二(五): 即时在线率不低于60% (S4-31; A.6 Q3)",
)
REVIEW_MARGIN = Flag(
    key="patrol.day.review_margin",
    default=True,
    zh="标准落在误差范围内时转人工复核",
    en="A threshold inside the error bounds means review, not failure",
    source="design section 5",
)
REFOLD_EVERY_S = Whole(
    key="patrol.refold_every_s",
    default=180,
    minimum=5,
    maximum=3600,
    unit="s",
    zh="有变化的巡查日重新计算的间隔",
    en="How often changed patrol days are folded again",
    source="design section 5: every few minutes",
)
FIXES_PER_DAY_MAX = Whole(
    key="patrol.fixes_per_day_max",
    default=100_000,
    minimum=10_000,
    maximum=200_000,
    zh="每人每日参与计算的定位点上限(超出部分留存但不计算)",
    en="Most fixes of one inspector's day that are folded; more are kept, but not read",
    source="operational default: one fix a second for 24 hours is 86,400; more is a faulty handheld",
)
FIXES_PER_DAY_MAX = Whole(
    key="patrol.fixes_per_day_max",
    default=100_000,
    minimum=10_000,
    maximum=200_000,
    zh="每人每日参与计算的定位点上限(超出部分留存但不计算)",
    en="Most fixes of one inspector's day that are folded; more are kept, but not read",
    source="operational default: one fix a second for 24 hours is 86,400; more is a faulty handheld",
)
PERIOD_ONLINE_MIN_S = Whole(
    key="patrol.period.online_avg_min_s",
    default=4 * 3600,
    minimum=0,
    maximum=24 * 3600,
    unit="s",
    zh="日平均在线时长目标",
    en="Target of the average online time a day",
    source="Daishan 2018, 一: 日平均在线时长不低于4小时 (S4-07; A.6 Q5)",
)
PERIOD_DISTANCE_MIN_M = Whole(
    key="patrol.period.distance_avg_min_m",
    default=3000,
    minimum=0,
    maximum=200_000,
    unit="m",
    zh="日平均在岗轨迹目标",
    en="Target of the average distance a day",
    source="Daishan 2018, 一: 日平均在岗轨迹不低于3公里 (S4-08; A.6 Q5)",
)
PERIOD_ONLINE_RATE_MIN = Number(
    key="patrol.period.online_rate_min",
    default=0.60,
    minimum=0,
    maximum=1,
    zh="区域即时在线率目标",
    en="Target of an area's instant online rate",
    source="Daishan 2018, 一: 即时在线率达到60% (S4-06; A.6 Q3)",
)
HEARD_WITHIN_MIN = Whole(
    key="patrol.period.heard_within_min",
    default=5,
    minimum=1,
    maximum=60,
    unit="min",
    zh="多少分钟内有信号即算在线",
    en="A device heard within this time is online",
    source="requirements A.6 Q3: N min (5 default)",
)
