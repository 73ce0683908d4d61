"""What goes in and out of swaps."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.kit.ids import DEMO_INSPECTOR, DEMO_SPARE_INSPECTOR
from app.kit.schemas import VISIBLE, Input, Instant, Output
from app.staffing.schemas import UnservedRead

ModeField = Annotated[
    Literal["swap", "substitution"],
    Field(description="`swap` 互换网格, `substitution` 由 other_id 顶岗"),
]


class SwapCreate(Input):
    """Who, when, why. The same id with the same content is the same swap."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019aa000-0000-7000-8000-000000000003",
                "mode": "substitution",
                "inspector_id": str(DEMO_INSPECTOR),
                "other_id": str(DEMO_SPARE_INSPECTOR),
                "starts_at": "2027-03-01T14:00:00+08:00",
                "ends_at": "2027-03-01T17:00:00+08:00",
                "reason": "参加培训,顶岗半天",
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the caller, so that a retry is no second swap · 标识")]
    mode: ModeField
    inspector_id: Annotated[UUID, Field(description="Whose grids · 原网格员")]
    other_id: Annotated[UUID, Field(description="Who exchanges with him or takes over · 换岗或顶岗人")]
    starts_at: Annotated[Instant, Field(description="From, inclusive · 起")]
    ends_at: Annotated[Instant, Field(description="Until, exclusive · 止")]
    reason: Annotated[
        str, Field(min_length=1, max_length=200, pattern=VISIBLE, description="Why, without names · 事由")
    ]


class SwapRead(Output):
    """A swap and the appointments that it made."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    mode: ModeField
    inspector_id: Annotated[UUID, Field(description="Whose grids · 原网格员")]
    other_id: Annotated[UUID, Field(description="Who exchanges with him or takes over · 换岗或顶岗人")]
    starts_at: Annotated[datetime, Field(description="From, inclusive · 起")]
    ends_at: Annotated[datetime, Field(description="Until, exclusive · 止")]
    reason: Annotated[str, Field(description="Why · 事由")]
    appointments_made: Annotated[list[UUID], Field(description="Appointments it made · 新增任职")]
    appointments_cut: Annotated[list[UUID], Field(description="Appointments it cut · 缩短的任职")]
    created_by: Annotated[UUID, Field(description="Account that decided · 决定人")]
    created_at: Annotated[datetime, Field(description="When · 决定时间")]
    undone_at: Annotated[datetime | None, Field(description="When it was undone · 撤销时间")]


class SwapUndoneRead(SwapRead):
    """An undone swap, and what it leaves to nobody."""

    unserved: Annotated[
        list[UnservedRead],
        Field(description="Its grids that nobody present serves now, and when · 因此无人在岗的网格及时段"),
    ]
