"""What goes in and out of conflicts."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from app.collection.submissions.schemas import Reason
from app.kit.schemas import Input, Output

ConflictState = Literal["open", "resolved"]
Choice = Literal["current", "sent", "other"]
CHOICE = "current 保留当前值 · sent 采用上报值 · other 另行填写"


class ConflictRead(Output):
    """A field with two values. Personal values are masked, sensitive ones left out."""

    id: Annotated[UUID, Field(description="Conflict · 编号")]
    subject_id: Annotated[UUID, Field(description="Whose field · 采集对象")]
    submission_id: Annotated[UUID, Field(description="Edit that came second · 后到的采集记录")]
    author_name: Annotated[str, Field(description="Who sent it · 采集人")]
    area_id: Annotated[UUID, Field(description="Where it was recorded · 所属区划")]
    grid_id: Annotated[UUID | None, Field(description="Likewise · 所属网格")]
    item_code: Annotated[str, Field(description="Item · 采集事项代码")]
    field: Annotated[str, Field(description="Name of the field · 字段")]
    current_value: Annotated[Any, Field(description="Value that held when it was opened · 当前值(脱敏)")]
    sent_value: Annotated[Any, Field(description="Value that was sent; null: to be removed · 上报值(脱敏)")]
    is_masked: Annotated[bool, Field(description="Shown masked; reveal it to compare · 是否脱敏")]
    base_version: Annotated[int, Field(description="Version that the edit knew · 修改所依据的版次")]
    current_version: Annotated[int, Field(description="Version that set the current value · 当前值的版次")]
    current_by: Annotated[UUID | None, Field(description="Submission that set it · 当前值来源记录")]
    state: Annotated[ConflictState, Field(description="open 待裁决 · resolved 已裁决")]
    opened_at: Annotated[datetime, Field(description="When it was found · 发现时刻")]
    recorded_at: Annotated[datetime, Field(description="When the edit was recorded · 采集时刻")]
    choice: Annotated[Choice | None, Field(description=CHOICE)]
    reason: Annotated[str | None, Field(description="Why it was decided so · 裁决说明")]
    resolved_by: Annotated[UUID | None, Field(description="Who decided · 裁决人")]
    resolved_at: Annotated[datetime | None, Field(description="When · 裁决时刻")]
    made_version: Annotated[int | None, Field(description="Version that the decision made · 裁决形成的版次")]


class ConflictDetailRead(ConflictRead):
    """A conflict with the version that a decision must know."""

    subject_version: Annotated[
        int, Field(description="The subject's version now; send it with the decision · 对象当前版次")
    ]


class ResolutionCreate(Input):
    """Which value holds."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"choice": "sent", "subject_version": 4, "reason": "电话核实"}}
    )

    choice: Annotated[Choice, Field(description=CHOICE)]
    value: Annotated[Any, Field(description="With the choice `other`, by the form · 另填的值")] = None
    subject_version: Annotated[
        int, Field(ge=1, description="As it was read with the conflict · 读取时的对象版次")
    ]
    reason: Annotated[Reason | None, Field(description="Why · 裁决说明")] = None

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if (self.choice == "other") != (self.value is not None):
            raise ValueError("a value belongs to the choice `other`, and only there · 仅 other 须填 value")
        return self


class ConflictReveal(Input):
    """What somebody needs it for who asks to see both values in plain."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "裁决前比对"}})

    reason: Annotated[
        Reason, Field(description="Kept in the event log; no personal data · 查看原因,记入日志")
    ]


class ConflictPlainRead(Output):
    """Both values in plain."""

    id: Annotated[UUID, Field(description="Conflict · 编号")]
    current_value: Annotated[Any, Field(description="Value that held when it was opened · 当前值")]
    sent_value: Annotated[Any, Field(description="Value that was sent · 上报值")]
