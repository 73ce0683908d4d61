"""What goes in and out of the rule book and the working calendar."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kit.ids import DEMO_COUNTY
from app.kit.schemas import Day, Input, Output
from app.rules.working_time import DayKind

VISIBLE = r"^[^\x00-\x1f\x7f]+$"
SourceText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=300,
        pattern=VISIBLE,
        description="Document and place that say so · 依据文件及条款",
        examples=["岱综治〔2026〕12号"],
    ),
]


class ParameterRead(Output):
    """A parameter of the rule book, as declared in code."""

    key: Annotated[str, Field(description="Dotted key · 参数键", examples=["patrol.day.patrol_min_s"])]
    kind: Annotated[str, Field(description="flag, integer, number, choice, text, release, timetable · 类型")]
    unit: Annotated[str, Field(description="Unit, empty where there is none · 单位")]
    default: Annotated[Any, Field(description="Value unless decided otherwise · 默认值")]
    bounds: Annotated[dict[str, Any], Field(description="Limits or choices · 取值范围")]
    zh: Annotated[str, Field(description="Chinese description · 中文说明")]
    en: Annotated[str, Field(description="English description · 英文说明")]
    source: Annotated[str, Field(description="Where the default comes from · 默认值出处")]


class AppliedRule(Output):
    """A value that applies, and why."""

    key: Annotated[str, Field(description="Dotted key · 参数键")]
    value: Annotated[Any, Field(description="The value · 取值")]
    unit: Annotated[str, Field(description="Unit, empty where there is none · 单位")]
    is_default: Annotated[bool, Field(description="Nobody decided otherwise · 是否为默认值")]
    source: Annotated[str, Field(description="Document and place that say so · 依据文件及条款")]
    area_id: Annotated[
        UUID | None, Field(description="Area of the decision, null: everywhere · 规定所属区域")
    ]
    effective_from: Annotated[date | None, Field(description="In force since · 生效日期")]
    effective_to: Annotated[date | None, Field(description="First day no longer in force · 失效日期")]
    version: Annotated[int | None, Field(description="Number of the decision in the rule book · 规则版本号")]


class RuleSetRead(Output):
    """Everything that applies at a place on a day."""

    area_id: Annotated[UUID, Field(description="The place · 区域")]
    day: Annotated[date, Field(description="The day · 日期")]
    version: Annotated[str, Field(description="Digest that figures of this day name · 规则摘要")]
    patrol_policy: Annotated[
        Literal["off", "record", "assess"],
        Field(
            description="Use of tracks as it really applies: no assessment without its basis · 轨迹实际用途"
        ),
    ]
    rules: Annotated[list[AppliedRule], Field(description="By key · 各项参数")]


class RuleDecisionCreate(Input):
    """A decision about one parameter. It never changes; a later one replaces it from its first day on."""

    parameter_key: Annotated[
        str,
        Field(max_length=80, description="Which parameter · 参数键", examples=["patrol.day.distance_min_m"]),
    ]
    area_id: Annotated[
        UUID | None,
        Field(
            description="Where, with everything inside; null: everywhere, for the system administrator of all areas "
            "· 适用区域,空为全部(仅限辖全部区域的系统管理员)",
            examples=[str(DEMO_COUNTY)],
        ),
    ]
    effective_from: Annotated[Day, Field(description="First day · 生效日期", examples=["2030-01-01"])]
    effective_to: Annotated[
        Day | None, Field(description="First day no longer, null: open · 失效日期", examples=[None])
    ] = None
    value: Annotated[
        Any,
        Field(
            description="The value; null: what the wider area says again · 取值,null 为恢复上级规定",
            examples=[2500],
        ),
    ]
    source: SourceText


class RuleDecisionRead(Output):
    """A recorded decision."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    parameter_key: Annotated[str, Field(description="Which parameter · 参数键")]
    area_id: Annotated[UUID | None, Field(description="Where, null: everywhere · 适用区域")]
    effective_from: Annotated[date, Field(description="First day · 生效日期")]
    effective_to: Annotated[date | None, Field(description="First day no longer · 失效日期")]
    value: Annotated[Any, Field(description="The value, null: what the wider area says · 取值")]
    source: Annotated[str, Field(description="Document and place that say so · 依据文件及条款")]
    decided_by: Annotated[UUID | None, Field(description="Account, null: the service · 决定人")]
    recorded_at: Annotated[datetime, Field(description="When it was recorded · 登记时间")]
    version: Annotated[int, Field(description="Number in the rule book · 规则版本号")]


class CalendarDayRead(Output):
    """A day of the working calendar."""

    day: Annotated[date, Field(description="The day · 日期")]
    kind: Annotated[
        DayKind,
        Field(
            description="workday 工作日, makeup_workday 调休, weekend 周末, holiday 节假日, closure 停工日"
        ),
    ]
    works: Annotated[bool, Field(description="Counts as a working day · 是否计为工作日")]
    provisional: Annotated[
        bool, Field(description="The year's official list isn't stored yet · 当年放假安排尚未公布,暂定")
    ]
    name: Annotated[str, Field(description="Holiday or reason · 名称")]
    source: Annotated[str, Field(description="Where it comes from · 依据")]
    sessions: Annotated[list[str], Field(description="Working sessions, local time · 工作时段")]


class CalendarRead(Output):
    """Days in order."""

    area_id: Annotated[UUID, Field(description="The place · 区域")]
    days: Annotated[list[CalendarDayRead], Field(description="In order · 按日期排列")]


class CalendarRowResult(Output):
    """What became of a line of the file."""

    line: Annotated[int, Field(description="Line of the file, the header is 1 · 文件行号")]
    day: Annotated[date | None, Field(description="The day, null when unreadable · 日期")]
    status: Annotated[
        Literal["stored", "unchanged", "rejected"],
        Field(description="stored 已保存, unchanged 无变化, rejected 未采纳"),
    ]
    reason_zh: Annotated[str | None, Field(description="Why rejected, in Chinese · 原因(中文)")]
    reason_en: Annotated[str | None, Field(description="Why rejected · 原因(英文)")]


class CalendarImportRead(Output):
    """Results in the order of the file."""

    stored: Annotated[int, Field(description="Lines that changed something · 已保存行数")]
    rejected: Annotated[int, Field(description="Lines not taken · 未采纳行数")]
    rows: Annotated[list[CalendarRowResult], Field(description="Line by line · 逐行结果")]
