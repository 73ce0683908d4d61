"""Submissions: which are reviewed, how long an edit waits for what it needs, and what a good record is worth."""

from app.rules.parameter import Text, Whole

REVIEWED_ITEMS = Text(
    key="submissions.reviewed_items",
    default="",
    max_length=1000,
    zh="须经审核的采集事项代码,逗号分隔,* 表示全部;其余自动通过",
    en="Codes of items whose submissions a supervisor reviews, comma-separated, * for all; others are approved",
    source="S0-41 指导、检查、督促; operational default: none, since every record may be returned later",
)
HELD_H = Whole(
    key="submissions.held_h",
    default=72,
    minimum=1,
    maximum=1080,
    unit="h",
    zh="先到的修改等待所依赖内容的时限,超过后转人工处理",
    en="How long an edit waits for what it needs before a person decides",
    source="operational default: a weekend without signal",
)
PROMPT_H = Whole(
    key="submissions.prompt_h",
    default=24,
    minimum=1,
    maximum=1080,
    unit="h",
    zh="采集后多少小时内入库算及时录入",
    en="Entry within this many hours after recording counts as prompt",
    source="S0-45 及时录入; the number is an operational default",
)
SAMPLE_MOST = Whole(
    key="submissions.sample_most",
    default=200,
    minimum=1,
    maximum=2000,
    zh="一次抽查最多抽取的记录数",
    en="Most records in one random sample",
    source="S0-41 检查; the number is an operational default",
)


def _points(part: str, points: int, zh: str, en: str) -> Whole:
    return Whole(
        key=f"submissions.quality.{part}_points",
        default=points,
        minimum=0,
        maximum=100,
        unit="points",
        zh=f"质量分:{zh}最高分值",
        en=f"Quality: most points for {en}",
        source="S0-09 鲜活、实用、可靠; the number is an operational default",
    )


COMPLETENESS_POINTS = _points(
    "completeness", 50, "完整性(按表单字段权重)", "filled fields, by their weight in the form"
)
CHECKS_POINTS = _points("checks", 15, "校验通过", "passed checks")
PHOTO_POINTS = _points("photo", 10, "照片", "a photo")
POSITION_POINTS = _points("position", 15, "定位精度", "the accuracy of the position")
FRESHNESS_POINTS = _points("freshness", 10, "鲜活度", "freshness when it is read")
POSITION_M = Whole(
    key="submissions.quality.position_m",
    default=30,
    minimum=1,
    maximum=1000,
    unit="m",
    zh="质量分:定位精度在多少米以内得满分,四倍以上不得分",
    en="Quality: accuracy up to which a position earns all its points; from four times as much it earns none",
    source="S0-09 可靠; accuracy of a handheld between houses, operational default",
)
FRESH_DAYS = Whole(
    key="submissions.quality.fresh_days",
    default=180,
    minimum=1,
    maximum=3650,
    unit="d",
    zh="质量分:多少天内核实过算鲜活,两倍以上不得分",
    en="Quality: age up to which a record is fresh; from twice as much it earns nothing",
    source="S0-09 鲜活; the number is an operational default",
)
