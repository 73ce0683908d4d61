"""Items that wait, as they are shown and given up."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.kit.schemas import Input, Output

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class HeldItemRead(Output):
    """Something that was sent and cannot be taken yet; its content is sealed."""

    item_id: Annotated[UUID, Field(description="As the sender made it · 条目编号")]
    kind: Annotated[Literal["visit", "task_result"], Field(description="visit 走访 · task_result 任务结果")]
    area_id: Annotated[UUID, Field(description="Where its sender belongs · 报送人所属区划")]
    account_id: Annotated[UUID, Field(description="Sender · 报送人")]
    display_name: Annotated[str, Field(description="Name of the sender · 报送人姓名")]
    waits_for: Annotated[
        UUID | None,
        Field(
            description="Subject or submission that is missing; null: out of the sender's reach · 等待的对象或记录"
        ),
    ]
    recorded_at: Annotated[datetime, Field(description="When it happened · 记录时刻")]
    received_at: Annotated[datetime, Field(description="Since when it waits · 收到时刻")]
    overdue: Annotated[
        bool,
        Field(description="Waits longer than `submissions.held_h`: a person decides · 超时,须人工处理"),
    ]
    tries: Annotated[int, Field(description="How often it was tried · 已尝试次数")]
    next_try_at: Annotated[datetime, Field(description="At the latest · 最迟下次尝试")]


class HeldItemDiscard(Input):
    """Nothing will come any more that it could wait for."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "对象建档有误,已重新走访。"}})

    reason: Annotated[Words, Field(description="The sender is told · 作废原因,报送人可见")]
