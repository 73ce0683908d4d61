"""What goes in and out of submissions and their reviews."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.collection.submissions.envelope import PHOTOS_MOST
from app.kit.ids import DEMO_DWELLING, demo_id
from app.kit.positions import Position
from app.kit.schemas import Day, Input, Instant, Output

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
State = Literal["applied", "conflict", "held", "stuck", "discarded"]
STATE = "applied 已入库 · conflict 部分字段待裁决 · held 等待先行内容 · stuck 待人工处理 · discarded 已作废"
ReviewState = Literal["submitted", "returned", "resubmitted", "approved"]
REVIEW_STATE = "submitted 待审核 · returned 已退回 · resubmitted 已重报 · approved 已通过"
WaitKind = Literal["item", "subject", "rejected_item"]
WAIT_KIND = "item 等待前一条 · subject 等待对象建立 · rejected_item 前一条被拒,待人工处理"
PartName = Literal["completeness", "checks", "photo", "position", "freshness"]


class StateChangeCreate(Input):
    """A new state of the subject's life cycle."""

    state: Annotated[str, Field(min_length=1, max_length=32, description="`left`, `moved`, … · 生命周期状态")]
    on: Annotated[Day, Field(description="The day it began · 起始日期")]


class SubmissionCreate(Input):
    """A record that is entered online; a handheld pushes it as an item of the kind `submission`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": str(demo_id("submission", "example")),
                "recorded_at": "2026-11-20T10:05:00+08:00",
                "item_code": "resident_registered",
                "form_version": 1,
                "fields": {
                    "name": "陈阿海",
                    "gender": "1",
                    "residence_consistency": "01",
                    "dwelling_id": str(DEMO_DWELLING),
                },
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the sender; repeat it when resending · 发送方生成")]
    recorded_at: Annotated[Instant, Field(description="When it was recorded · 采集时刻")]
    item_code: Annotated[str, Field(min_length=1, max_length=64, description="Item · 采集事项代码")]
    form_version: Annotated[int, Field(ge=1, description="Version of its form · 表单版本")]
    fields: Annotated[
        dict[str, Any], Field(description="By the form; of an edit what changes, null removes · 字段")
    ]
    subject_id: Annotated[
        UUID | None, Field(description="About whom or what; may be made by the sender · 采集对象")
    ] = None
    base_version: Annotated[
        int | None,
        Field(ge=0, description="Version that was edited; empty for a new subject · 修改所依据的版次"),
    ] = None
    after: Annotated[
        UUID | None, Field(description="One's own earlier item on the subject · 本人先前的同对象记录")
    ] = None
    position: Annotated[Position | None, Field(description="Where · 定位")] = None
    started_at: Annotated[Instant | None, Field(description="When the work on it began · 开始时刻")] = None
    upload_ids: Annotated[
        list[UUID],
        Field(
            default_factory=list, max_length=PHOTOS_MOST, description="Photos; may arrive later · 照片编号"
        ),
    ]
    state_change: Annotated[StateChangeCreate | None, Field(description="Life cycle · 状态变更")] = None
    task_id: Annotated[UUID | None, Field(description="Task that it answers · 对应任务")] = None


class SubmissionResult(Output):
    """What became of a record that was posted."""

    id: Annotated[UUID, Field(description="As sent · 编号")]
    outcome: Annotated[
        Literal["stored", "held", "duplicate"],
        Field(description="stored 已收 · held 等待先行内容 · duplicate 重复发送"),
    ]
    told: Annotated[
        dict[str, Any],
        Field(
            description="`subject_id`, `version`, `grid_code`, `outside_own_grid`, `conflicts` (field names), "
            "`missing_uploads`, `quality_score`, `warnings`, `waits_for` · 处理结果"
        ),
    ]


class SubmissionRead(Output):
    """A submission in a list: no content of its fields."""

    id: Annotated[UUID, Field(description="As its sender made it · 编号")]
    item_code: Annotated[str, Field(description="Item · 采集事项代码")]
    form_version: Annotated[int, Field(description="Version of its form · 表单版本")]
    subject_id: Annotated[UUID | None, Field(description="About whom or what · 采集对象")]
    area_id: Annotated[UUID, Field(description="Where it was recorded · 所属区划")]
    grid_id: Annotated[UUID | None, Field(description="Likewise · 所属网格")]
    inspector_id: Annotated[UUID | None, Field(description="Sender, where an inspector · 网格员")]
    author_name: Annotated[str, Field(description="Who sent it · 采集人")]
    recorded_at: Annotated[datetime, Field(description="When it was recorded · 采集时刻")]
    received_at: Annotated[datetime, Field(description="When the server got it · 收到时刻")]
    entry_lag_s: Annotated[int, Field(description="From recording to receipt, s · 入库时滞,秒")]
    outside_own_grid: Annotated[
        bool, Field(description="Recorded outside one's own grids · 在本人网格外采集")
    ]
    state: Annotated[State, Field(description=STATE)]
    wait_kind: Annotated[WaitKind | None, Field(description=WAIT_KIND)]
    waits_for: Annotated[UUID | None, Field(description="Item or subject that is missing · 所等待的编号")]
    made_version: Annotated[int | None, Field(description="Version that it made · 形成的版次")]
    quality_score: Annotated[int | None, Field(description="0 to 100 when it came · 质量分")]
    photo_count: Annotated[int, Field(description="Photos named · 照片数")]
    review_state: Annotated[ReviewState, Field(description=REVIEW_STATE)]
    review_reason: Annotated[str | None, Field(description="Why it was returned · 退回原因")]
    settled_reason: Annotated[
        str | None, Field(description="Why a person must decide, or decided so · 待处理或作废原因")
    ]
    revision: Annotated[int, Field(description="Grows with every change; the ETag · 修订号")]


class SubmissionDetailRead(SubmissionRead):
    """A submission with what was sent."""

    fields: Annotated[
        dict[str, Any],
        Field(description="As sent; personal values masked, sensitive ones left out · 字段(脱敏)"),
    ]
    base_version: Annotated[int | None, Field(description="Version that was edited · 修改所依据的版次")]
    after_id: Annotated[UUID | None, Field(description="Own earlier item · 先前记录")]
    missing_uploads: Annotated[list[UUID], Field(description="Photos not arrived yet · 尚未收到的照片")]
    open_conflicts: Annotated[list[str], Field(description="Fields that wait for a person · 待裁决字段")]
    allowed_actions: Annotated[list[str], Field(description="Steps of the review · 可执行的审核操作")]


class QualityPartRead(Output):
    """A part of the score."""

    name: Annotated[
        PartName,
        Field(
            description="completeness 完整性 · checks 校验 · photo 照片 · position 定位精度 · freshness 鲜活度"
        ),
    ]
    share: Annotated[float, Field(description="Share of its points that it earns, 0 to 1 · 得分率")]
    weight: Annotated[int, Field(description="Most points · 分值")]
    points: Annotated[float, Field(description="Points earned · 得分")]
    detail: Annotated[list[str], Field(description="Empty fields or failed checks · 扣分项")]


class QualityRead(Output):
    """Why a record has its score, now."""

    id: Annotated[UUID, Field(description="Submission · 编号")]
    score: Annotated[int | None, Field(description="0 to 100, at this moment · 当前质量分")]
    score_when_received: Annotated[int | None, Field(description="0 to 100, when it came · 收到时质量分")]
    parts: Annotated[list[QualityPartRead], Field(description="What it is the sum of · 分项")]
    fresh_at: Annotated[datetime, Field(description="When its subject was last confirmed · 最近核实时刻")]
    entry_lag_s: Annotated[int, Field(description="From recording to receipt, s · 入库时滞,秒")]
    is_prompt: Annotated[bool, Field(description="Entered within the rule's hours · 是否及时录入")]


class ReviewCreate(Input):
    """What a supervisor decides about a submission."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"decision": "return", "reason": "请补拍门牌照片"}}
    )

    decision: Annotated[Literal["approve", "return"], Field(description="approve 通过 · return 退回")]
    reason: Annotated[Reason | None, Field(description="Needed for a return, shown to the sender · 原因")] = (
        None
    )

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.decision == "return" and self.reason is None:
            raise ValueError("a return needs a reason · 退回须说明原因")
        return self


class DiscardCreate(Input):
    """A held edit that is given up; its content stays on file."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "已另行登记"}})

    reason: Annotated[Reason, Field(description="Why · 作废原因")]


class RebaseCreate(Input):
    """A held edit that is to hold as if it had been made on the subject as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "核实后采纳"}})

    subject_id: Annotated[
        UUID | None, Field(description="Another subject than it names, where that never came · 改指对象")
    ] = None
    reason: Annotated[Reason, Field(description="Why · 采纳原因")]


class CollectionQualityRead(Output):
    """How well and how promptly an area collected in a month (S0-09, S0-45)."""

    area_id: Annotated[UUID, Field(description="Area, with everything below · 区划")]
    month: Annotated[str, Field(description="`2026-11`, by the time of recording · 月份")]
    submissions: Annotated[int, Field(description="Records · 采集记录数")]
    mean_quality: Annotated[float | None, Field(description="Mean score when received · 平均质量分")]
    median_entry_lag_s: Annotated[float | None, Field(description="Half came faster, s · 入库时滞中位数,秒")]
    prompt: Annotated[int, Field(description="Entered within the rule's hours · 及时录入数")]
    prompt_h: Annotated[int, Field(description="Those hours · 及时标准,小时")]
    prompt_rate: Annotated[float | None, Field(description="prompt ÷ submissions · 及时录入率")]
    outside_own_grid: Annotated[int, Field(description="Recorded outside own grids · 网格外采集数")]
    conflicts_open: Annotated[int, Field(description="Fields that wait for a person · 待裁决字段数")]
    returned: Annotated[int, Field(description="Sent back and not yet put right · 退回未补正数")]
    first_day: Annotated[date, Field(description="First day of the month · 起始日")]
