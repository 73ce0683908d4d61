"""Visits to key persons and key places: how often, and what proves one."""

from app.rules.parameter import Choice, Flag, Whole

S4_34 = "Daishan 2018: 专职网格员每月走访服务重点人员和重点场所不少于1次 (S4-34)"


def _per_month(category: str, label: str) -> Whole:
    return Whole(
        key=f"visits.per_month.{category}",
        default=1,
        minimum=1,
        maximum=31,
        zh=f"{label}每月走访次数",
        en=f"Visits a month: {category.replace('_', ' ')}",
        source=S4_34,
    )


PER_MONTH = tuple(
    _per_month(category, label)
    for category, label in (
        ("living_alone", "独居、空巢老人"),
        ("left_behind_child", "留守儿童"),
        ("hardship", "困难家庭人员"),
        ("disability", "残疾人"),
        ("maternity", "孕产妇"),
        ("bereaved", "失独家庭人员"),
        ("resettlement", "安置帮教对象"),
        ("community_correction", "社区矫正对象"),
        ("mental_health", "精神健康服务对象"),
        ("drug_recovery", "戒毒康复人员"),
        ("youth_care", "重点关爱青少年"),
        ("petition", "信访诉求人员"),
        ("school", "学校"),
        ("hospital", "医院"),
        ("hotel", "旅馆"),
        ("entertainment", "娱乐场所"),
        ("catering", "餐饮场所"),
        ("financial", "金融网点"),
        ("chemical", "危险化学品企业"),
        ("gas_station", "加油(气)站"),
        ("market", "农贸市场"),
        ("station", "车站"),
        ("parking", "停车场"),
        ("scenic", "景区"),
        ("courier", "寄递物流网点"),
        ("rental_dense", "群租房"),
        ("construction", "工地"),
        ("port_pier", "码头"),
        ("fishing_boat", "渔船"),
        ("industrial_park", "工业园区"),
        ("workshop", "地下加工点"),
        ("elderly_home", "养老机构"),
    )
)
"""One for each category of `app/visits/categories.py` (a test compares them)."""
PARTIAL_MONTH = Choice(
    key="visits.partial_month",
    default="prorated",
    choices={
        "prorated": "按列管天数折算,四舍五入",
        "full": "当月列管过即按全月要求",
        "none": "列管满整月才要求",
    },
    zh="月中列管或解除的,当月走访次数如何要求",
    en="What is asked in a month in which somebody was designated or ended",
    source="S4-34 names no case; operational default",
)
EXCUSE_ABSENCE = Flag(
    key="visits.excuse_unserved_month",
    default=True,
    zh="网格全月排班均因请假等未到岗的,当月走访免予要求",
    en="No visit is asked where everybody of the grid was absent from every shift of the month",
    source="S4-34 addresses the inspector who serves; operational default",
)
PLACE_PROOF = Choice(
    key="visits.place_proof",
    default="near",
    choices={"near": "距走访对象坐标不超过规定距离", "grid": "位于走访对象所在网格内"},
    zh="走访定位如何算到场",
    en="Which position proves a visit; a subject without a point is proven by its grid",
    source="design section 8: visits are validated by position; operational default",
)
NEAR_M = Whole(
    key="visits.near_m",
    default=200,
    minimum=10,
    maximum=5000,
    unit="m",
    zh="走访定位距对象坐标的上限",
    en="How far from the subject's point a visit may be",
    source="operational default: a housing block, and the error of a phone among houses",
)
MAX_ACCURACY_M = Whole(
    key="visits.max_accuracy_m",
    default=100,
    minimum=10,
    maximum=1000,
    unit="m",
    zh="走访定位精度差于此值的不作凭证",
    en="A position less accurate than this proves no visit",
    source="operational default: indoors a phone knows its place to some 50 m (A.6 Q7 for walks)",
)
TOO_LATE_DAYS = Whole(
    key="visits.too_late_days",
    default=45,
    minimum=1,
    maximum=366,
    unit="d",
    zh="走访后超过多少天才上报的,留存但不计入",
    en="A visit that is told later than this is kept but not counted",
    source="as `ingest.too_old_days`, design section 2",
)
RESTRICTED_MONTHS_MAX = Whole(
    key="visits.restricted_months_max",
    default=12,
    minimum=1,
    maximum=36,
    unit="months",
    zh="受限类别一次列管的最长期限",
    en="Longest designation in a restricted category",
    source="requirements A.7: with reason, expiry and access log; operational default",
)
