"""What goes in and out of self-declaration as JSON."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.collection.declarations.kinds import KIND_LABELS, STATE_LABELS, DeclarationKind, DeclarationState
from app.kit.ids import DEMO_DECLARATION_TOKEN
from app.kit.schemas import VISIBLE, Input, Output

KindRead = Annotated[
    DeclarationKind,
    Field(
        description="Who declares · 申报人:" + ", ".join(f"`{k.value}` {v}" for k, v in KIND_LABELS.items())
    ),
]
StateRead = Annotated[
    DeclarationState,
    Field(description="State · 状态:" + ", ".join(f"`{k.value}` {v}" for k, v in STATE_LABELS.items())),
]
Words = Annotated[
    str, Field(min_length=2, max_length=200, pattern=VISIBLE, description="Why, without names · 事由")
]


class DeclarationCreate(Input):
    """A declaration from a mini program. The same id with the same content is the same declaration."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019aa000-0000-4000-8000-000000000501",
                "token": DEMO_DECLARATION_TOKEN,
                "item_code": "organization",
                "fields": {"name": "海风日用杂货店", "organization_kind": "enterprise"},
                "consent_version": "2026-1",
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the sender, at random · 发送方生成的随机标识")]
    token: Annotated[
        str, Field(min_length=1, max_length=32, description="From the QR code · 二维码中的申报码")
    ]
    item_code: Annotated[
        str, Field(pattern="^[a-z][a-z0-9_]{1,63}$", description="One of the offered forms · 申报事项")
    ]
    form_version: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="The newest when left out · 表单版本,缺省为最新")
    ] = None
    fields: Annotated[
        dict[str, Any], Field(max_length=100, description="Values by field name · 填写内容,按字段名")
    ]
    consent_version: Annotated[
        str,
        Field(min_length=1, max_length=40, description="Version of the notice agreed to · 同意的告知书版本"),
    ]


class DeclarationReceipt(Output):
    """The answer to a declaration."""

    id: Annotated[UUID, Field(description="As sent · 标识")]
    query_code: Annotated[str, Field(description="Keep it: told to nobody else · 查询码,请妥善保存")]
    state: StateRead
    next_step: Annotated[str, Field(description="What happens next · 后续办理")]


class StatusQuery(Input):
    """A query code."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "7K3M-9QXA-02DF"}})

    code: Annotated[str, Field(min_length=1, max_length=40, description="As it was told · 查询码")]


class StatusRead(Output):
    """Where a declaration stands."""

    state: StateRead
    state_label: Annotated[str, Field(description="In Chinese · 状态说明")]
    next_step: Annotated[str, Field(description="What happens next · 后续办理")]
    item_name: Annotated[str, Field(description="What was declared · 申报事项")]
    declared_on: Annotated[date, Field(description="When · 申报日期")]
    due_on: Annotated[date | None, Field(description="To be verified by · 核实期限")]
    settled_on: Annotated[date | None, Field(description="Verified on · 办结日期")]
    reason: Annotated[str | None, Field(description="Why it was rejected · 不属实的原因")]


class ChoiceRead(Output):
    """A value that a field may take."""

    code: Annotated[str, Field(description="Code · 代码")]
    label: Annotated[str, Field(description="In Chinese · 名称")]


class QuestionRead(Output):
    """A field that a declarant fills in."""

    name: Annotated[str, Field(description="Name in `fields` · 字段名")]
    title_zh: Annotated[str, Field(description="In Chinese · 中文名")]
    title_en: Annotated[str, Field(description="In English · 英文名")]
    type: Annotated[str, Field(description="JSON type · 类型")]
    input_kind: Annotated[
        str, Field(description="How to ask: one, many, date, phone, name, id_number, integer, number, text")
    ]
    is_required: Annotated[bool, Field(description="Must be filled in · 必填")]
    choices: Annotated[list[ChoiceRead], Field(description="Of fields with codes · 可选值")]


class OfferedFormRead(Output):
    """A form that one can declare by."""

    item_code: Annotated[str, Field(description="Item · 申报事项")]
    name_zh: Annotated[str, Field(description="In Chinese · 中文名")]
    name_en: Annotated[str, Field(description="In English · 英文名")]
    kind: KindRead
    form_version: Annotated[int, Field(description="Version of the form · 表单版本")]
    questions: Annotated[list[QuestionRead], Field(description="In order · 填写项")]


class OfferRead(Output):
    """What can be declared at a point."""

    community: Annotated[str, Field(description="Community · 社区(村)")]
    grid: Annotated[str, Field(description="Grid · 网格")]
    notice: Annotated[str, Field(description="To be agreed to · 告知书")]
    notice_version: Annotated[str, Field(description="Its version · 告知书版本")]
    forms: Annotated[list[OfferedFormRead], Field(description="Forms of admitted items · 可申报事项")]


class DeclarationRead(Output):
    """A declaration as staff see it: personal data masked."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    kind: KindRead
    channel: Annotated[str, Field(description="`page` 网页, `api` 小程序 · 渠道")]
    area_id: Annotated[UUID, Field(description="Community · 社区")]
    grid_id: Annotated[UUID, Field(description="Grid · 网格")]
    item_code: Annotated[str, Field(description="Item · 申报事项")]
    form_version: Annotated[int, Field(description="Version of the form · 表单版本")]
    fields: Annotated[dict[str, Any], Field(description="As declared, masked · 申报内容(脱敏)")]
    state: StateRead
    state_label: Annotated[str, Field(description="In Chinese · 状态名称")]
    reason: Annotated[str | None, Field(description="Why it was rejected · 不属实的原因")]
    submission_id: Annotated[
        UUID | None, Field(description="Submission it was confirmed or corrected by · 核实形成的采集记录")
    ]
    subject_id: Annotated[UUID | None, Field(description="Whom it turned out to be · 对应采集对象")]
    consent_version: Annotated[str, Field(description="Notice agreed to · 同意的告知书版本")]
    created_at: Annotated[datetime, Field(description="Received · 受理时刻")]
    settled_at: Annotated[datetime | None, Field(description="Verified · 核实时刻")]
    purged_at: Annotated[datetime | None, Field(description="Content deleted · 内容删除时刻")]
    version: Annotated[int, Field(description="Grows with every change · 版本")]


class RevealCreate(Input):
    """Why personal data is to be seen."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "上门核实前联系申报人"}})

    reason: Words


class DeclarationRevealed(Output):
    """Everything declared."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    item_code: Annotated[str, Field(description="Item · 申报事项")]
    form_version: Annotated[int, Field(description="Version of the form · 表单版本")]
    fields: Annotated[dict[str, Any], Field(description="As declared · 申报内容")]


class PointRead(Output):
    """A grid's address for self-declaration."""

    grid_id: Annotated[UUID, Field(description="Grid · 网格")]
    token: Annotated[str, Field(description="In the address · 申报码")]
    url: Annotated[str, Field(description="What the QR code leads to · 申报网址")]
    created_at: Annotated[datetime, Field(description="Since · 生成时刻")]
