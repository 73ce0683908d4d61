"""Collection: how long old forms are accepted, how often a subject is looked at again, how affairs are admitted."""

from collections.abc import Mapping

from app.rules.parameter import Flag, Whole

FORM_ACCEPTED_DAYS = Whole(
    key="collection.form_accepted_days",
    default=30,
    minimum=0,
    maximum=365,
    unit="d",
    zh="新版表单或代码表发布后,上一版继续受理的天数",
    en="Days for which the version before is accepted after a new form or code table is published",
    source="issue 4, 3: old versions still accepted for a configured time; operational default",
)


def _cycle(key: str, days: int, zh: str, en: str) -> Whole:
    return Whole(
        key=f"collection.{key}",
        default=days,
        minimum=1,
        maximum=3650,
        unit="d",
        zh=f"采集周期:{zh}多少天未复核即为超期",
        en=f"Collection cycle: days after which {en} is overdue for another look",
        source="S0-38 定采集内容与周期; the number is an operational default",
    )


CYCLE_DAYS = _cycle("cycle_days", 180, "事项未另行规定时,采集对象", "a subject of any other item")
CYCLE_OF: Mapping[str, Whole] = {
    item_code: _cycle(f"{item_code}_cycle_days", days, zh, en)
    for item_code, days, zh, en in (
        ("resident_registered", 365, "户籍人口", "a registered resident"),
        ("resident_floating", 180, "流动人口", "a floating resident"),
        ("resident_left_behind", 90, "留守人员", "a left-behind resident"),
        ("resident_foreign", 180, "境外人员", "a resident from abroad"),
        ("household", 365, "住户", "a household"),
        ("dwelling", 365, "房屋", "a dwelling"),
        ("rental_dwelling", 90, "出租房屋", "a rented dwelling"),
        ("building", 365, "楼栋", "a building"),
        ("estate", 365, "小区", "an estate"),
        ("organization", 180, "单位", "an organization"),
        ("component", 180, "城市部件", "a city component"),
        ("article", 180, "物品", "an article"),
        ("key_place", 30, "重点场所", "a key place"),
        ("gumei_resident_registration", 365, "居住人口信息登记表的居民", "a resident of Form 1"),
        ("gumei_base_information", 365, "城市综合基础信息采集表的楼栋", "a building of Form 2"),
    )
}
"""The cycle of each item that ships with the product, by its code; those about no subject have none."""
SHIPPED_CYCLES = tuple(CYCLE_OF.values())
TEMPORARY_MAX_DAYS = Whole(
    key="affairs.temporary_max_days",
    default=365,
    minimum=1,
    maximum=1100,
    unit="d",
    zh="临时事项最长天数",
    en="Longest time that a temporary affair may last",
    source="Daishan 2018 (S4-47): a temporary item has an end; operational default",
)
SECOND_PERSON = Flag(
    key="affairs.second_person",
    default=True,
    zh="提出事项的人不得自行审核或备案",
    en="Who proposes an affair neither approves nor files it",
    source="S0-31: one office reviews, another approves",
)
