"""What goes in and out of legal holds, and who looked at one's track."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.kit.ids import DEMO_COMMUNITY, DEMO_DAY
from app.kit.schemas import Day, Input, Output

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class HoldCreate(Input):
    """Nothing of these days is purged until the hold is released: of one inspector, or of a whole area.

    The same id with the same content is the same hold.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019aa000-0000-7000-8000-000000000004",
                "area_id": str(DEMO_COMMUNITY),
                "day_from": DEMO_DAY.isoformat(),
                "day_to": DEMO_DAY.isoformat(),
                "reason": "配合信访事项调查",
                "document_no": "岱信访〔2026〕12号",
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the caller, so that a retry is no second hold · 标识")]
    inspector_id: Annotated[UUID | None, Field(description="Of one inspector · 网格员")] = None
    area_id: Annotated[UUID | None, Field(description="Or of everybody in an area · 或区划内全部")] = None
    day_from: Annotated[Day, Field(description="First service day · 起始服务日")]
    day_to: Annotated[Day | None, Field(description="Last, included; open if empty · 截止服务日")] = None
    reason: Annotated[Words, Field(description="Why it must stay · 保全理由")]
    document_no: Annotated[Number, Field(description="The order it rests on · 依据文号")]

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.inspector_id is None) == (self.area_id is None):
            raise ValueError("either inspector_id or area_id · 网格员与区划须且仅须填写一项")
        return self


class HoldRelease(Input):
    """Ends a hold; what is past its retention goes in the next night."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "调查已结束"}})

    reason: Annotated[Words, Field(description="Why it may go · 解除理由")]


class HoldRead(Output):
    """A legal hold."""

    id: Annotated[UUID, Field(description="Hold · 保全编号")]
    inspector_id: Annotated[UUID | None, Field(description="Null: everybody in the area · 空为区划内全部")]
    area_id: Annotated[UUID, Field(description="Area, or that of the inspector · 区划")]
    day_from: Annotated[date, Field(description="First service day · 起始服务日")]
    day_to: Annotated[date | None, Field(description="Last, included; null: open · 截止服务日")]
    reason: Annotated[str, Field(description="Why it must stay · 保全理由")]
    document_no: Annotated[str, Field(description="The order it rests on · 依据文号")]
    placed_by: Annotated[UUID, Field(description="Who placed it · 设置人")]
    placed_at: Annotated[datetime, Field(description="When · 设置时刻")]
    released_by: Annotated[UUID | None, Field(description="Who released it · 解除人")]
    released_at: Annotated[datetime | None, Field(description="When, null while it holds · 解除时刻")]
    release_reason: Annotated[str | None, Field(description="Why it may go · 解除理由")]


class TrackViewRead(Output):
    """Somebody looked at one's whereabouts."""

    viewed_at: Annotated[datetime, Field(description="When · 查看时刻")]
    type: Annotated[str, Field(description="Type of the event, e.g. track.viewed · 日志类型")]
    viewer_id: Annotated[UUID | None, Field(description="Who, null: the service itself · 查看人")]
    viewer_name: Annotated[str | None, Field(description="Name · 姓名")]
    viewer_role: Annotated[
        Literal[
            "inspector",
            "community",
            "township",
            "county",
            "city",
            "dispatcher",
            "department",
            "system_admin",
            "security_admin",
            "audit_admin",
            "partner",
        ]
        | None,
        Field(description="In which role · 以何角色"),
    ]
    service_day: Annotated[date | None, Field(description="Which day, null: several or live · 服务日")]
    what: Annotated[str | None, Field(description="explanation, geojson, gpx, page … · 查看内容")]
    others: Annotated[int, Field(description="How many others it showed besides · 同时显示的其他人数")]
    data: Annotated[dict[str, Any], Field(description="Box and times of a search · 查询条件")]
