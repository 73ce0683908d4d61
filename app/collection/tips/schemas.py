"""What goes in and out of tips."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.collection.tips.workflow import TIP_STATE_LABELS, TipState
from app.kit.ids import DEMO_GRID, DEMO_INSPECTOR, DEMO_SUBMISSION, DEMO_TIP
from app.kit.schemas import VISIBLE, Day, Input, Instant, Output

StateRead = Annotated[
    TipState,
    Field(description="State · 状态:" + ", ".join(f"`{k.value}` {v}" for k, v in TIP_STATE_LABELS.items())),
]


class TipCreate(Input):
    """A tip as the duty person registers it. The same id with the same content is the same tip."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019aa000-0000-7000-8000-000000000601",
                "grid_id": str(DEMO_GRID),
                "item_code": "gumei_work_register",
                "form_version": 1,
                "recorded_at": "2026-11-20T10:00:00+08:00",
                "fields": {"registered_on": "2026-11-20", "content": "12号楼新来一户租客"},
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the sender · 发送方生成的标识")]
    grid_id: Annotated[UUID | None, Field(description="Where known · 所属网格,可缺省")] = None
    item_code: Annotated[
        str,
        Field(
            pattern="^[a-z][a-z0-9_]{1,63}$",
            description="`gumei_work_register` 工作登记表(附件3), `gumei_stair_information` 楼道信息采集表(附件4)",
        ),
    ]
    form_version: Annotated[int, Field(ge=1, le=1_000_000, description="Version of the form · 表单版本")]
    recorded_at: Annotated[Instant, Field(description="When it was told · 登记时刻")]
    fields: Annotated[dict[str, Any], Field(max_length=100, description="As the form asks · 登记内容")]


class TipAssignment(Input):
    """Who verifies a tip."""

    tip_id: Annotated[UUID, Field(description="The tip · 线索")]
    inspector_id: Annotated[UUID, Field(description="Who serves the grid now · 网格员")]
    grid_id: Annotated[UUID | None, Field(description="Where the tip has none yet · 线索无网格时填写")] = None
    note: Annotated[
        str | None,
        Field(min_length=1, max_length=200, pattern=VISIBLE, description="What to look at · 核实要求"),
    ] = None


class MeetingCreate(Input):
    """What the weekly meeting decided, in one call."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "meeting_on": "2026-11-23",
                "assignments": [{"tip_id": str(DEMO_TIP), "inspector_id": str(DEMO_INSPECTOR)}],
            }
        }
    )

    meeting_on: Annotated[Day, Field(description="Day of the meeting · 例会日期")]
    assignments: Annotated[
        list[TipAssignment], Field(min_length=1, max_length=500, description="One for each tip · 分配")
    ]


class TipEntry(Input):
    """What the clerk entered."""

    model_config = ConfigDict(json_schema_extra={"example": {"submission_id": str(DEMO_SUBMISSION)}})

    submission_id: Annotated[UUID, Field(description="Stored before · 已入库的采集记录")]


class TipRead(Output):
    """A tip. What was told stands in the submission of the same id."""

    id: Annotated[UUID, Field(description="Id, and that of the source document · 标识,同登记表记录")]
    area_id: Annotated[UUID, Field(description="Community · 社区")]
    grid_id: Annotated[UUID | None, Field(description="Grid · 网格")]
    item_code: Annotated[str, Field(description="Form it is registered on · 登记表单")]
    state: StateRead
    state_label: Annotated[str, Field(description="In Chinese · 状态名称")]
    registered_by: Annotated[UUID, Field(description="Duty person · 值勤登记人")]
    registered_at: Annotated[datetime, Field(description="When · 登记时刻")]
    meeting_on: Annotated[date | None, Field(description="Meeting that assigned it · 例会日期")]
    inspector_id: Annotated[UUID | None, Field(description="Who verifies · 核实人")]
    task_id: Annotated[UUID | None, Field(description="Task of the verification · 核实任务")]
    verified_at: Annotated[datetime | None, Field(description="When · 核实时刻")]
    reason: Annotated[str | None, Field(description="What was found · 核实说明")]
    entered_submission_id: Annotated[UUID | None, Field(description="What was entered · 录入的采集记录")]
    entered_by: Annotated[UUID | None, Field(description="Who entered it · 录入人")]
    entered_at: Annotated[datetime | None, Field(description="When · 录入时刻")]
    version: Annotated[int, Field(description="Grows with every change · 版本")]


class AssignedTip(Output):
    """What became of one assignment; one that is refused costs the others nothing."""

    tip_id: Annotated[UUID, Field(description="The tip · 线索")]
    outcome: Annotated[
        Literal["assigned", "unchanged", "refused"],
        Field(description="`assigned` 已分配, `unchanged` 无变化, `refused` 未分配"),
    ]
    task_id: Annotated[UUID | None, Field(description="Task of the verification · 核实任务")]
    problem: Annotated[dict[str, Any] | None, Field(description="Why it was refused · 未分配的原因")]


class MeetingRead(Output):
    """What became of each assignment, in their order."""

    results: Annotated[list[AssignedTip], Field(description="One for each · 逐条结果")]
