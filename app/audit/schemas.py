"""What goes out of the event log."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Output


class EventRead(Output):
    """One row of the log."""

    county_code: Annotated[str, Field(description="Home county, whose chain it is in · 所属区县")]
    seq: Annotated[int, Field(description="Its place in the chain · 序号")]
    id: Annotated[UUID, Field(description="Event · 日志编号")]
    occurred_at: Annotated[datetime, Field(description="When · 时间")]
    type: Annotated[str, Field(description="`<subject>.<past participle>` · 类型")]
    actor_kind: Annotated[
        Literal["account", "device", "partner", "system"], Field(description="What did it · 操作主体类别")
    ]
    actor_id: Annotated[UUID | None, Field(description="Who did it; null: the service · 操作主体")]
    actor_username: Annotated[str | None, Field(description="User name, for accounts · 用户名")]
    subject_type: Annotated[str, Field(description="What it is about · 对象类别")]
    subject_id: Annotated[UUID, Field(description="Which · 对象")]
    area_id: Annotated[UUID | None, Field(description="Where · 区域")]
    data: Annotated[dict[str, Any], Field(description="Details, without personal data · 详情")]
    hash: Annotated[str, Field(description="SHA-256 over this and all before, hex · 链式摘要")]


class FindingRead(Output):
    """Where the chain breaks."""

    seq: Annotated[int, Field(description="At which place · 序号")]
    what: Annotated[
        Literal["changed", "missing", "repeated", "head"],
        Field(description="changed 被改, missing 缺失, repeated 重复, head 末端不符"),
    ]


class VerificationRead(Output):
    """A part of a county's chain, computed again."""

    county_code: Annotated[str, Field(description="Home county · 所属区县")]
    after_seq: Annotated[int, Field(description="Checked from behind this one · 起")]
    last_seq: Annotated[int, Field(description="Checked up to this one · 止")]
    checked: Annotated[int, Field(description="Events read · 已核验条数")]
    purged: Annotated[int, Field(description="Purged by retention, bridged by a checkpoint · 已按期清除条数")]
    unsealed: Annotated[int, Field(description="Not in the chain yet, seconds old · 待入链条数")]
    next_after_seq: Annotated[
        int | None, Field(description="Ask on from here; null: the end was reached · 下一段起点")
    ]
    findings: Annotated[list[FindingRead], Field(description="Empty: nothing was changed or lost · 问题")]
