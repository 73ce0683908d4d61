"""What goes in and out of absences."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.kit.ids import DEMO_INSPECTOR
from app.kit.schemas import VISIBLE, Input, Instant, Output
from app.staffing.absences.states import ABSENCE_STATE_LABELS, AbsenceState
from app.staffing.schemas import UnservedRead

StateField = Annotated[
    AbsenceState,
    Field(description="State · 状态:" + ", ".join(f"`{s}` {zh}" for s, zh in ABSENCE_STATE_LABELS.items())),
]
ReasonField = Annotated[
    str, Field(min_length=1, max_length=200, pattern=VISIBLE, description="Why, without names · 事由")
]
KindField = Annotated[
    str,
    Field(
        pattern="^[a-z_]{1,20}$",
        description="Day kind: `leave` 请假, `training` 培训, `meeting` 会议, `secondment` 借调, … · 日类型",
    ),
]


class AbsenceRequest(Input):
    """What an inspector asks for. The same id with the same content is the same request."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019aa000-0000-7000-8000-000000000001",
                "starts_at": "2027-02-01T08:00:00+08:00",
                "ends_at": "2027-02-01T12:00:00+08:00",
                "kind": "leave",
                "reason": "家中有事",
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the handheld · 终端生成的标识")]
    starts_at: Annotated[Instant, Field(description="From, inclusive · 起")]
    ends_at: Annotated[Instant, Field(description="Until, exclusive · 止")]
    kind: KindField
    reason: ReasonField


class AbsenceEntry(AbsenceRequest):
    """What a supervisor enters: approved at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019aa000-0000-7000-8000-000000000002",
                "inspector_id": str(DEMO_INSPECTOR),
                "starts_at": "2027-02-02T08:00:00+08:00",
                "ends_at": "2027-02-02T17:30:00+08:00",
                "kind": "training",
                "reason": "年度业务培训",
            }
        }
    )

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]


class AbsenceDecision(Input):
    """What a supervisor decides."""

    model_config = ConfigDict(json_schema_extra={"example": {"decision": "approved", "reason": "同意"}})

    decision: Annotated[
        Literal[AbsenceState.APPROVED, AbsenceState.REFUSED, AbsenceState.WITHDRAWN],
        Field(description="`approved` 批准, `refused` 不批准, `withdrawn` 撤回(录错或提前返岗)"),
    ]
    reason: ReasonField


class AbsenceRead(Output):
    """An absence."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    starts_at: Annotated[datetime, Field(description="From, inclusive · 起")]
    ends_at: Annotated[datetime, Field(description="Until, exclusive · 止")]
    kind: Annotated[str, Field(description="Code of a day kind · 日类型")]
    reason: Annotated[str, Field(description="Why · 事由")]
    state: StateField
    state_label: Annotated[str, Field(description="State in Chinese · 状态名称")]
    requested_by: Annotated[UUID, Field(description="Account that asked or entered · 申请或录入人")]
    requested_at: Annotated[datetime, Field(description="When · 申请时间")]
    decided_by: Annotated[UUID | None, Field(description="Account that decided · 审批人")]
    decided_at: Annotated[datetime | None, Field(description="When · 审批时间")]
    decision_reason: Annotated[str | None, Field(description="Why it was decided so · 审批意见")]


class AbsenceDecidedRead(AbsenceRead):
    """An absence, and what it leaves to nobody."""

    unserved: Annotated[
        list[UnservedRead],
        Field(description="Grids that nobody present serves while it is approved · 因此无人在岗的网格及时段"),
    ]
