"""Which persons and places are visited by duty, in neutral words. Pure.

After GB/T 31000 special groups and key places (standards B.4.2, B.4.6). Left out on purpose: illnesses and
charges, religion, politics. A restricted category says why somebody is cared for by an authority; only a
supervisor who gives a reason sees which one it is, everybody else sees `restricted`.
"""

from typing import Final

RESTRICTED: Final = "restricted"
"""What stands for every restricted category."""

PERSONS: Final[dict[str, str]] = {
    "living_alone": "独居、空巢老人",
    "left_behind_child": "留守儿童",
    "hardship": "困难家庭人员",
    "disability": "残疾人",
    "maternity": "孕产妇",
    "bereaved": "失独家庭人员",
}
RESTRICTED_PERSONS: Final[dict[str, str]] = {
    "resettlement": "安置帮教对象",
    "community_correction": "社区矫正对象",
    "mental_health": "精神健康服务对象",
    "drug_recovery": "戒毒康复人员",
    "youth_care": "重点关爱青少年",
    "petition": "信访诉求人员",
}
PLACES: Final[dict[str, str]] = {
    "school": "学校",
    "hospital": "医院",
    "hotel": "旅馆",
    "entertainment": "娱乐场所",
    "catering": "餐饮场所",
    "financial": "金融网点",
    "chemical": "危险化学品企业",
    "gas_station": "加油(气)站",
    "market": "农贸市场",
    "station": "车站",
    "parking": "停车场",
    "scenic": "景区",
    "courier": "寄递物流网点",
    "rental_dense": "群租房",
    "construction": "工地",
    "port_pier": "码头",
    "fishing_boat": "渔船",
    "industrial_park": "工业园区",
    "workshop": "地下加工点",
    "elderly_home": "养老机构",
}
ALL_PERSONS: Final = PERSONS | RESTRICTED_PERSONS
LABELS: Final = ALL_PERSONS | PLACES | {RESTRICTED: "重点走访对象"}


def kind_of(category: str) -> str:
    """`person` or `place`."""
    return "person" if category in ALL_PERSONS else "place"


def is_restricted(category: str) -> bool:
    """Whether only a reveal tells which category it is."""
    return category in RESTRICTED_PERSONS


def shown(category: str) -> str:
    """The category as everybody in scope sees it."""
    return RESTRICTED if is_restricted(category) else category
