"""What goes in and out of imports."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.collection.imports.states import ImportKind, ImportState
from app.kit.schemas import Output

KindRead = Annotated[ImportKind, Field(description="subjects 采集对象 · divisions 区划 · code_table 代码表")]
StateRead = Annotated[
    ImportState,
    Field(
        description="checking 校验中 · checked 待确认 · queued 排队中 · running 导入中 · done 已完成 · "
        "cancelled 已取消 · failed 失败 · expired 已过期"
    ),
]


class ImportRead(Output):
    """A file that is to be imported, and how far it is."""

    id: Annotated[UUID, Field(description="Number of the import · 导入任务编号")]
    kind: KindRead
    target: Annotated[
        str, Field(description="Item, code table, or code system of divisions · 采集项、代码表或区划代码体系")
    ]
    area_id: Annotated[UUID, Field(description="Where rows without position belong · 归属区域")]
    effective_on: Annotated[date, Field(description="Day from which divisions hold · 区划生效日")]
    file_name: Annotated[str, Field(description="Name of the file · 文件名")]
    size_bytes: Annotated[int, Field(description="Its size · 文件大小")]
    sha256: Annotated[str, Field(description="Its SHA-256, hexadecimal · 文件摘要")]
    state: StateRead
    state_label: Annotated[str, Field(description="State in Chinese · 状态")]
    rows_total: Annotated[int, Field(description="Rows of the file · 总行数")]
    rows_done: Annotated[int, Field(description="Rows checked or imported · 已处理行数")]
    count_new: Annotated[int, Field(description="New · 新增")]
    count_changed: Annotated[int, Field(description="Changed · 变更")]
    count_unchanged: Annotated[int, Field(description="As it is already · 无变化")]
    count_refused: Annotated[int, Field(description="Refused, see rows · 拒绝,见各行说明")]
    requested_by: Annotated[UUID, Field(description="Who sent it · 上传人")]
    created_at: Annotated[datetime, Field(description="When · 上传时间")]
    checked_at: Annotated[datetime | None, Field(description="Dry run ended · 校验完成时间")]
    confirmed_by: Annotated[UUID | None, Field(description="Who confirmed · 确认人")]
    confirmed_at: Annotated[datetime | None, Field(description="When · 确认时间")]
    finished_at: Annotated[datetime | None, Field(description="Ended · 结束时间")]
    expires_at: Annotated[datetime, Field(description="Waits for a confirmation until · 确认截止时间")]
    failure: Annotated[
        str | None, Field(description="Why it failed: `requester_gone`, `internal_error` · 失败原因")
    ]


class RemarkRead(Output):
    """Something about a cell; never its content."""

    column: Annotated[str, Field(description="Heading, empty for the whole row · 列名")]
    code: Annotated[str, Field(description="Never changes; decide by it · 固定代码")]
    zh: Annotated[str, Field(description="In Chinese · 中文说明")]
    en: Annotated[str, Field(description="In English · 英文说明")]
    is_warning: Annotated[bool, Field(description="Taken nevertheless · 仅提示,不影响导入")]


class ImportRowRead(Output):
    """A row about which there is something to say."""

    row_no: Annotated[int, Field(description="Row of the file, headings are row 1 · 文件行号")]
    outcome: Annotated[
        str, Field(description="`new` 新增 · `changed` 变更 · `unchanged` 无变化 · `refused` 拒绝")
    ]
    errors: Annotated[list[RemarkRead], Field(description="What there is to say · 说明")]
