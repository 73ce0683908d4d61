"""Tasks of collection: how long they may take, and who gets them."""

from app.rules.parameter import Flag, Whole


def _within(kind: str, days: int, zh: str, en: str, source: str) -> Whole:
    return Whole(
        key=f"tasks.{kind}_working_days",
        default=days,
        minimum=1,
        maximum=60,
        unit="working days",
        zh=zh,
        en=en,
        source=source,
    )


VERIFICATION_DAYS = _within(
    "verification",
    3,
    "居民、法人自主申报后多少个工作日内核实",
    "Working days within which a self-declaration is verified",
    "S0-28 及时核实居民、法人(机构)主动申报的信息; the number is an operational default",
)
SECONDARY_COLLECTION_DAYS = _within(
    "secondary_collection",
    5,
    "二次采集须在多少个工作日内完成",
    "Working days within which a second collection is done",
    "S3-26 二次采集; the number is an operational default",
)
TIP_DAYS = _within(
    "tip",
    5,
    "例会分配后多少个工作日内核实线索",
    "Working days after the meeting within which a tip is verified",
    "S3-25 每周工作例会统一分配: before the next weekly meeting",
)
OVERDUE_DAYS = _within(
    "overdue",
    5,
    "采集超期后多少个工作日内补采",
    "Working days within which a subject overdue for collection is confirmed",
    "S0-38 采集周期; the number is an operational default",
)
SAMPLE_CHECK_DAYS = _within(
    "sample_check",
    5,
    "抽查后多少个工作日内复核",
    "Working days within which a sampled record is checked",
    "S0-41 指导、检查、督促; the number is an operational default",
)
RETURNED_DAYS = _within(
    "returned",
    3,
    "采集信息被退回后多少个工作日内补正",
    "Working days within which a returned submission is put right",
    "S0-41 指导、检查、督促; the number is an operational default",
)
GIVEN_TO_ONLY_INSPECTOR = Flag(
    key="tasks.given_to_only_inspector",
    default=True,
    zh="网格只有一名专职网格员时,新任务是否直接分配给他",
    en="Whether a new task goes at once to the full-time inspector of its grid when there is only one",
    source="S3-25 分配到各小网格信息员; 一格一员 is the usual staffing",
)
CLOSED_SHOWN_DAYS = Whole(
    key="tasks.closed_shown_days",
    default=14,
    minimum=1,
    maximum=90,
    unit="d",
    zh="任务办结后在终端上保留多少天",
    en="Days for which a handheld still shows a task that was closed",
    source="operational default: two weekly meetings",
)
