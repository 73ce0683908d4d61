"""What goes in and out of exports."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.collection.exports.states import ExportState
from app.collection.ledgers.schemas import FiltersIn
from app.kit.ids import DEMO_COMMUNITY
from app.kit.schemas import VISIBLE, Input, Output

Format = Literal["xlsx", "ndjson", "csv"]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=VISIBLE)
]
StateRead = Annotated[
    ExportState,
    Field(
        description="awaiting_approval 待审批 · queued 排队中 · running 导出中 · done 已完成 · refused 未批准 · "
        "cancelled 已取消 · failed 失败 · expired 已过期"
    ),
]


class ExportCreate(Input):
    """Which rows, as what file, and what for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "ledger": "residents",
                "area_id": str(DEMO_COMMUNITY),
                "filters": {},
                "format": "xlsx",
                "reason": "社区季度人口核对",
            }
        }
    )

    ledger: Annotated[
        str, Field(max_length=60, description="Code of a ledger, see `GET /ledgers` · 台账代码")
    ]
    area_id: Annotated[
        UUID | None, Field(description="This area and all below it; one's own if empty · 区域,默认本辖区")
    ] = None
    filters: Annotated[
        FiltersIn, Field(default_factory=FiltersIn, description="As in the ledger's list · 筛选")
    ]
    format: Annotated[Format, Field(description="xlsx 表格 · csv 文本表格 · ndjson 逐行 JSON")]
    language: Annotated[Literal["zh", "en"], Field(description="Of the headings · 表头语言")] = "zh"
    unmasked: Annotated[
        bool,
        Field(
            description="Personal data in full: somebody else of the county approves it · 不脱敏,须区县他人批准"
        ),
    ] = False
    reason: Annotated[Words, Field(description="What for; stands in the watermark · 事由,写入水印")]


class ExportDecision(Input):
    """Whether personal data may leave in full."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"decision": "approved", "reason": "人口普查比对,限本次使用"}}
    )

    decision: Annotated[Literal["approved", "refused"], Field(description="approved 批准 · refused 不批准")]
    reason: Annotated[Words, Field(description="Shown to who asked · 理由")]


class ExportRead(Output):
    """An export and how far it is."""

    id: Annotated[UUID, Field(description="Number of the export · 导出任务编号")]
    ledger: Annotated[str, Field(description="Ledger · 台账代码")]
    area_id: Annotated[UUID, Field(description="Area · 区域")]
    filters: Annotated[dict[str, object], Field(description="Filters · 筛选")]
    format: Annotated[Format, Field(description="xlsx 表格 · csv 文本表格 · ndjson 逐行 JSON")]
    is_masked: Annotated[bool, Field(description="Personal data masked · 是否脱敏")]
    reason: Annotated[str, Field(description="What for · 事由")]
    requested_by: Annotated[UUID, Field(description="Who asked · 申请人")]
    requested_at: Annotated[datetime, Field(description="When · 申请时间")]
    state: StateRead
    state_label: Annotated[str, Field(description="State in Chinese · 状态")]
    decided_by: Annotated[UUID | None, Field(description="Who decided, where approval is needed · 审批人")]
    decided_at: Annotated[datetime | None, Field(description="When · 审批时间")]
    decision_reason: Annotated[str | None, Field(description="Why · 审批理由")]
    rows_total: Annotated[int, Field(description="Rows when it was asked for · 总行数")]
    rows_done: Annotated[int, Field(description="Rows written · 已写行数")]
    started_at: Annotated[datetime | None, Field(description="Begun · 开始时间")]
    finished_at: Annotated[datetime | None, Field(description="Ended · 结束时间")]
    expires_at: Annotated[datetime | None, Field(description="File is deleted then · 文件到期删除时间")]
    size_bytes: Annotated[int | None, Field(description="Size of the file · 文件大小")]
    sha256: Annotated[str | None, Field(description="SHA-256 of the file, hexadecimal · 文件摘要")]
    failure: Annotated[
        str | None,
        Field(description="Why it failed: `requester_gone`, `too_large`, `internal_error` · 失败原因"),
    ]
