"""What goes in and out of affairs."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.affairs.workflow import Action
from app.identity.actor import Role
from app.kit.ids import DEMO_TOWN
from app.kit.schemas import VISIBLE, Day, Input, Output

KindRead = Annotated[
    Literal["standing", "temporary"],
    Field(description="standing 常态化事项 · temporary 临时事项"),
]
PlatformRead = Annotated[
    Literal["governance", "market", "enforcement", "service"],
    Field(description="governance 综治工作 · market 市场监管 · enforcement 综合执法 · service 便民服务"),
]
StateRead = Annotated[
    Literal["proposed", "approved", "admitted", "ended", "rejected", "withdrawn"],
    Field(
        description="proposed 待审核 · approved 已同意待备案 · admitted 已准入 · ended 已结束 · "
        "rejected 未准入 · withdrawn 已撤回"
    ),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=VISIBLE)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
ItemCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,63}$")]


class AffairCreate(Input):
    """A proposal. Nothing of it may be asked of an inspector before it is admitted."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "LS-2026-07",
                "name_zh": "台风前危旧房屋排查",
                "description": "台风来临前逐户排查危旧房屋并登记居住情况。",
                "department": "住房和城乡建设局",
                "kind": "temporary",
                "platform": "governance",
                "area_id": str(DEMO_TOWN),
                "starts_on": "2026-12-01",
                "ends_on": "2026-12-31",
                "item_codes": ["dwelling"],
            }
        }
    )

    code: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"),
        Field(description="Unique in the county · 事项编码"),
    ]
    name_zh: Annotated[Line, Field(description="Name · 事项名称")]
    description: Annotated[Words, Field(description="What inspectors are to do · 工作内容")]
    department: Annotated[Line, Field(description="Department in charge · 主管部门")]
    legal_basis: Annotated[Words | None, Field(description="Legal basis · 依据")] = None
    kind: KindRead
    platform: Annotated[
        PlatformRead | None,
        Field(description="Which of the four platforms handles it; required if temporary · 归口平台"),
    ] = None
    area_id: Annotated[UUID, Field(description="Where it holds, with everything below · 适用区划")]
    starts_on: Annotated[Day, Field(description="First day · 开始日期")]
    ends_on: Annotated[Day | None, Field(description="Last day; required if temporary · 结束日期")] = None
    item_codes: Annotated[
        list[ItemCode],
        Field(max_length=100, description="Collection items that it admits · 准入的采集事项"),
    ]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "temporary" and (self.ends_on is None or self.platform is None):
            raise ValueError("a temporary affair needs ends_on and platform · 临时事项须有结束日期和归口平台")
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("ends_on lies before starts_on · 结束日期早于开始日期")
        return self


class FilingCreate(Input):
    """The county's filing: from now on the affair is admitted."""

    model_config = ConfigDict(json_schema_extra={"example": {"filed_no": "岱综治备〔2026〕7号"}})

    filed_no: Annotated[Line, Field(description="Filing number · 备案号")]


class ReasonCreate(Input):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "属部门职责范围,不得转交网格员。"}})

    reason: Annotated[Words, Field(description="Shown to who proposed it · 理由")]


class AffairRead(Output):
    """An affair as it stands now."""

    id: Annotated[UUID, Field(description="Id · 编号")]
    code: Annotated[str, Field(description="Code · 事项编码")]
    name_zh: Annotated[str, Field(description="Name · 事项名称")]
    description: Annotated[str, Field(description="What inspectors are to do · 工作内容")]
    department: Annotated[str, Field(description="Department in charge · 主管部门")]
    legal_basis: Annotated[str | None, Field(description="Legal basis · 依据")]
    kind: KindRead
    platform: Annotated[PlatformRead | None, Field(description="Platform in charge · 归口平台")]
    area_id: Annotated[UUID, Field(description="Where it holds · 适用区划")]
    state: StateRead
    starts_on: Annotated[date, Field(description="First day · 开始日期")]
    ends_on: Annotated[date | None, Field(description="Last day · 结束日期")]
    in_force_from: Annotated[datetime | None, Field(description="Admitted since · 准入起")]
    in_force_until: Annotated[datetime | None, Field(description="Admitted until, exclusive · 准入止")]
    filed_no: Annotated[str | None, Field(description="Filing number · 备案号")]
    item_codes: Annotated[list[str], Field(description="Admitted items · 采集事项")]
    proposed_by: Annotated[UUID | None, Field(description="Who proposed it; null: the service · 提出人")]
    proposer_role: Annotated[Role, Field(description="As what · 提出人角色")]
    proposed_at: Annotated[datetime, Field(description="When · 提出时刻")]
    approved_by: Annotated[UUID | None, Field(description="Who agreed · 审核人")]
    approved_at: Annotated[datetime | None, Field(description="When · 审核时刻")]
    filed_by: Annotated[UUID | None, Field(description="Who filed it · 备案人")]
    filed_at: Annotated[datetime | None, Field(description="When · 备案时刻")]
    closed_at: Annotated[datetime | None, Field(description="Ended, rejected or withdrawn at · 终结时刻")]
    close_reason: Annotated[str | None, Field(description="Why · 理由")]
    allowed_actions: Annotated[list[Action], Field(description="What you can do with it now · 可执行操作")]
