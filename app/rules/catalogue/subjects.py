"""Subjects: what counts as near enough to be the same thing, how far links are followed."""

from app.rules.parameter import Choice, Whole

NEAR_COMPONENT_M = Whole(
    key="subjects.near_component_m",
    default=2,
    minimum=0,
    maximum=50,
    unit="m",
    zh="名称相近的城市部件相距多少米以内视为疑似重复(0 表示不比较)",
    en="City components of a similar name this near are proposed as duplicates (0: not compared)",
    source="GB/T 30428: component positions to within 1 m for 0.5 m accuracy each; operational default",
)
NEAR_BUILDING_M = Whole(
    key="subjects.near_building_m",
    default=10,
    minimum=0,
    maximum=200,
    unit="m",
    zh="名称相近的楼栋相距多少米以内视为疑似重复(0 表示不比较)",
    en="Buildings of a similar name this near are proposed as duplicates (0: not compared)",
    source="half a usual distance between buildings; operational default",
)
NEAR_PLACE_M = Whole(
    key="subjects.near_place_m",
    default=20,
    minimum=0,
    maximum=500,
    unit="m",
    zh="名称相近的重点场所相距多少米以内视为疑似重复(0 表示不比较)",
    en="Key places of a similar name this near are proposed as duplicates (0: not compared)",
    source="accuracy of a handheld between buildings; operational default",
)
REVEALED_TO = Choice(
    key="subjects.revealed_to",
    default="inspector",
    choices={
        "inspector": "网格员(本人网格内)及以上",
        "community": "社区(村)及以上",
        "township": "乡镇(街道)及以上",
        "county": "区县及以上",
    },
    zh="由哪一级及以上可说明理由查看个人信息明文",
    en="The lowest level that may see personal data in plain, with a reason",
    source="PIPL art. 6 and 51: least necessary, separate permissions; design section 9",
)
SENSITIVE_REVEALED_TO = Choice(
    key="subjects.sensitive_revealed_to",
    default="township",
    choices={
        "inspector": "网格员(本人网格内)及以上",
        "community": "社区(村)及以上",
        "township": "乡镇(街道)及以上",
        "county": "区县及以上",
    },
    zh="由哪一级及以上可说明理由查看敏感信息",
    en="The lowest level that may see sensitive fields, with a reason",
    source="PIPL art. 28: specific purpose and strict necessity; requirements A.7",
)
WALK_STEPS_MAX = Whole(
    key="subjects.walk_steps_max",
    default=4,
    minimum=1,
    maximum=6,
    unit="steps",
    zh="沿关联关系最多追溯多少步",
    en="Most steps that links are followed from a subject",
    source="person → dwelling → building → estate, requirements S2-32; operational default",
)
