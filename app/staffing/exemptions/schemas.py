"""What goes in and out of exemptions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.kit.ids import DEMO_COMMUNITY
from app.kit.schemas import VISIBLE, Input, Instant, Output

ReasonField = Annotated[
    str, Field(min_length=1, max_length=200, pattern=VISIBLE, description="Why, without names · 事由")
]


class ExemptionCreate(Input):
    """Where, when, what for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "area_id": str(DEMO_COMMUNITY),
                "starts_at": "2027-07-20T08:00:00+08:00",
                "ends_at": "2027-07-21T08:00:00+08:00",
                "kind": "typhoon",
                "reason": "台风红色预警,客船停航",
                "document_no": "岱防指〔2027〕3号",
            }
        }
    )

    area_id: Annotated[UUID, Field(description="Area with everything below it · 区域(含下级)")]
    starts_at: Annotated[Instant, Field(description="From, inclusive · 起")]
    ends_at: Annotated[Instant, Field(description="Until, exclusive · 止")]
    kind: Annotated[
        str,
        Field(
            pattern="^[a-z_]{1,20}$",
            description="Day kind: `typhoon` 台风或停航, `outage` 基站故障或平台维护, … · 日类型",
        ),
    ]
    reason: ReasonField
    document_no: Annotated[
        str | None,
        Field(min_length=1, max_length=80, pattern=VISIBLE, description="Document it rests on · 依据文号"),
    ] = None


class ExemptionCancel(Input):
    """Why it no longer holds."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "预警解除"}})

    reason: ReasonField


class ExemptionRead(Output):
    """An area-wide exemption."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    area_id: Annotated[UUID, Field(description="Area with everything below it · 区域(含下级)")]
    starts_at: Annotated[datetime, Field(description="From, inclusive · 起")]
    ends_at: Annotated[datetime, Field(description="Until, exclusive · 止")]
    kind: Annotated[str, Field(description="Code of a day kind · 日类型")]
    reason: Annotated[str, Field(description="Why · 事由")]
    document_no: Annotated[str | None, Field(description="Document it rests on · 依据文号")]
    created_by: Annotated[UUID, Field(description="Account that decided · 决定人")]
    created_at: Annotated[datetime, Field(description="When · 决定时间")]
    cancelled_at: Annotated[datetime | None, Field(description="When it was cancelled · 撤销时间")]
    cancel_reason: Annotated[str | None, Field(description="Why it was cancelled · 撤销原因")]
