"""What was set aside, as it is shown and settled."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from app.kit.schemas import Input, Output
from app.patrol.results import RangeResult
from app.sync.schemas import ItemResult

Reason = Literal[
    "revoked_device",
    "invalid_fixes",
    "unreadable",
    "revoked_device_items",
    "item_unreadable",
    "unknown_kind",
    "item_failed",
    "given_up",
]
Outcome = Literal["released", "dismissed"]
NO_HANDHELD = UUID(int=0)
"""The nil UUID (RFC 9562): earlier clients know no row without a handheld, and rely on a UUID there."""


class QuarantineRead(Output):
    """Something that was sent and could not be accepted."""

    id: Annotated[UUID, Field(description="Id · 编号")]
    device_id: Annotated[
        UUID,
        BeforeValidator(lambda id_: id_ or NO_HANDHELD),
        Field(description="Handheld; all zeros where none sent it · 终端,全零为非终端报送"),
    ]
    account_id: Annotated[UUID | None, Field(description="Who sent items · 条目发送人")]
    batch_id: Annotated[UUID | None, Field(description="Batch or item, if readable · 批次号或条目号")]
    reason: Annotated[
        Reason,
        Field(
            description="revoked_device 终端已停用 · invalid_fixes 含无法理解的点 · unreadable 整体无法解析 · "
            "revoked_device_items 停用终端上报的条目 · item_unreadable 条目无法解析 · unknown_kind 未知条目类型 · "
            "item_failed 条目处理出错 · given_up 等待中的条目被主管作废"
        ),
    ]
    detail: Annotated[str, Field(description="What was wrong · 详情")]
    received_at: Annotated[AwareDatetime, Field(description="When it came · 收到时间")]
    body_bytes: Annotated[int, Field(description="Size kept, compressed · 留存字节数")]
    outcome: Annotated[Outcome | None, Field(description="released 已放行 · dismissed 已作废 · null 待处理")]
    settled_at: Annotated[AwareDatetime | None, Field(description="When it was settled · 处理时间")]
    settled_by: Annotated[UUID | None, Field(description="By which account · 处理人")]
    settled_reason: Annotated[str | None, Field(description="Why · 处理理由")]


class QuarantineOpenedRead(QuarantineRead):
    """The same with the beginning of what was sent."""

    text: Annotated[
        str, Field(description="First 64 KiB as text; what is no text reads � · 内容开头(前 64 KiB)")
    ]
    sent_bytes: Annotated[int, Field(description="Size as sent · 原始字节数")]
    is_cut: Annotated[bool, Field(description="Whether there is more: download it · 是否被截断")]


class QuarantineRangeRead(Output):
    """A run of fixes of a released upload, as the handheld would have been told."""

    disposition: Annotated[str, Field(description="Disposition at the door · 入库结果")]
    first: Annotated[int, Field(description="Index of the first fix · 起始序号")]
    last: Annotated[int, Field(description="Index of the last fix · 结束序号")]
    reason: Annotated[str | None, Field(description="Reason beside it · 原因")]

    @classmethod
    def of(cls, result: RangeResult) -> "QuarantineRangeRead":
        """From what the door said."""
        return cls(disposition=result.disposition, first=result.first, last=result.last, reason=result.reason)


class ReleaseRead(Output):
    """What a release did; asking again answers the same."""

    quarantined: QuarantineRead
    results: Annotated[
        list[QuarantineRangeRead], Field(description="By index, as at the door · 各序号区间入库结果")
    ]
    beats_stored: Annotated[int, Field(description="Heartbeats stored · 入库心跳数")]
    reports_stored: Annotated[int, Field(description="Reasons of interruptions stored · 入库中断说明数")]
    items: Annotated[list[ItemResult], Field(description="What became of each item · 条目逐条结果")]


class SettlementCreate(Input):
    """Why something is released or dismissed."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "终端误停用,数据属实"}})

    reason: Annotated[str, Field(min_length=1, max_length=200, description="Why, without names · 理由")]
