"""What goes in and out of appeals."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.kit.ids import DEMO_DAY, demo_id
from app.kit.schemas import Day, Input, Instant, Output
from app.patrol.appeals.workflow import changes_status
from app.patrol.day_schemas import AskedStatus, DayFiguresRead, DecisionRead, Status

StateRead = Annotated[
    Literal["filed", "decided", "withdrawn"],
    Field(description="filed 待决定 · decided 已决定 · withdrawn 已撤回"),
]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class AppealCreate(Input):
    """An inspector's objection to the judgement of one of his days. May be written offline and sent later."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "appeal_id": str(demo_id("appeal", "example")),
                "service_day": DEMO_DAY.isoformat(),
                "statement": "下午在独居老人家中走访两小时,楼内无信号。",
                "asked_status": "pass",
            }
        }
    )

    appeal_id: Annotated[UUID, Field(description="Made by the handheld; repeat it when resending · 终端生成")]
    service_day: Annotated[Day, Field(description="The contested day · 申诉的服务日")]
    inspector_id: Annotated[
        UUID | None, Field(description="Oneself; nobody contests another's day · 本人")
    ] = None
    revision: Annotated[
        int | None, Field(ge=1, le=32_000, description="Contested judgement; the latest if empty · 判定版次")
    ] = None
    statement: Annotated[Words, Field(description="Why the judgement is wrong · 申诉理由")]
    asked_status: Annotated[AskedStatus | None, Field(description="What the day should be · 请求改判为")] = (
        None
    )
    evidence: Annotated[
        list[UUID],
        Field(
            default_factory=list, max_length=50, description="Ids of uploads that prove it · 佐证的上报编号"
        ),
    ]
    written_at: Annotated[
        Instant | None,
        Field(description="When it was written, if the handheld had no signal · 终端离线书写时刻"),
    ] = None


class DecisionCreate(Input):
    """A supervisor's decision. The judged figures stay as they are; the decided status stands beside them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "decision": "upheld",
                "decided_status": "pass",
                "reason": "走访记录与到访照片吻合,楼内确无信号。",
            }
        }
    )

    decision: Annotated[
        Literal["upheld", "partly_upheld", "dismissed"],
        Field(description="upheld 支持 · partly_upheld 部分支持 · dismissed 驳回"),
    ]
    decided_status: Annotated[
        AskedStatus | None,
        Field(description="What the day stands as; required unless dismissed · 改判状态,驳回时为空"),
    ] = None
    reason: Annotated[Words, Field(description="Shown to the inspector · 决定理由")]

    @model_validator(mode="after")
    def _status_fits(self) -> Self:
        if changes_status(self.decision) != (self.decided_status is not None):
            raise ValueError(
                "decided_status goes with every decision but a dismissal · 支持须给出改判状态,驳回不得给出"
            )
        return self


class AppealRead(Output):
    """An appeal in a list."""

    id: Annotated[UUID, Field(description="As the handheld made it · 申诉编号")]
    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    area_id: Annotated[UUID, Field(description="Where the day counts · 所属区划")]
    service_day: Annotated[date, Field(description="Service day · 服务日")]
    revision: Annotated[int, Field(description="Contested judgement · 申诉的判定版次")]
    judged_status: Status
    asked_status: Annotated[AskedStatus | None, Field(description="Asked for · 请求改判为")]
    state: StateRead
    written_at: Annotated[datetime | None, Field(description="As the handheld says · 终端书写时刻")]
    filed_at: Annotated[datetime, Field(description="When the server got it · 提交时刻")]
    file_by: Annotated[datetime, Field(description="Deadline for contesting · 申诉期限")]
    by_grace: Annotated[
        bool, Field(description="Written in time, arrived after the deadline · 期内书写、逾期送达")
    ]
    decide_by: Annotated[datetime, Field(description="Deadline for the decision · 决定期限")]
    is_overdue: Annotated[bool, Field(description="Not decided in time · 逾期未决定")]
    decision: DecisionRead
    decided_status: Annotated[AskedStatus | None, Field(description="What the day stands as · 改判状态")]
    decided_at: Annotated[datetime | None, Field(description="When · 决定时刻")]
    is_current: Annotated[bool, Field(description="The decision of the day that stands · 当前有效的决定")]


class ContestedDayRead(Output):
    """The raw fact: the judgement as it was made, which no decision changes."""

    judged_at: Annotated[datetime, Field(description="When it was judged · 判定时刻")]
    figures: DayFiguresRead
    latest_revision: Annotated[
        int, Field(description="Above the contested one if revised since · 最新版次,大于申诉版次即已重判")
    ]
    latest_status: Status
    standing_status: Status


class AppealDetailRead(AppealRead):
    """An appeal with the contested figures beside what was decided."""

    statement: Annotated[str, Field(description="Why the judgement is wrong · 申诉理由")]
    evidence: Annotated[list[UUID], Field(description="Ids of uploads · 佐证的上报编号")]
    withdrawn_at: Annotated[datetime | None, Field(description="When it was withdrawn · 撤回时刻")]
    reason: Annotated[str | None, Field(description="Of the decision · 决定理由")]
    decided_by: Annotated[UUID | None, Field(description="Who decided · 决定人")]
    decided_by_name: Annotated[str | None, Field(description="Name · 决定人姓名")]
    contested: Annotated[ContestedDayRead, Field(description="The raw fact · 原始判定")]
