"""What goes in and out of staffing."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.kit.ids import DEMO_GRID, DEMO_INSPECTOR
from app.kit.schemas import VISIBLE, Input, Instant, Output

PostRole = Literal["party_group_head", "grid_head", "full_time", "part_time", "instructor", "substitute"]
ROLE_TEXT = (
    "party_group_head 网格党小组长, grid_head 网格长, full_time 专职网格员, part_time 兼职网格员, "
    "instructor 网格指导员, substitute 顶岗"
)


class ShiftPlan(Input):
    """When and for what; the service day is the local date of the start."""

    starts_at: Annotated[Instant, Field(description="Start · 开始", examples=["2027-01-04T19:00:00+08:00"])]
    ends_at: Annotated[Instant, Field(description="End · 结束", examples=["2027-01-04T21:00:00+08:00"])]
    kind: Annotated[
        str, Field(pattern="^[a-z_]{1,20}$", description="Code of a day kind · 日类型", examples=["work"])
    ]


class ShiftCreate(ShiftPlan):
    """A shift of an inspector."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员", examples=[str(DEMO_INSPECTOR)])]


class ShiftRead(Output):
    """A planned shift."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    service_day: Annotated[date, Field(description="The day it belongs to · 所属日期")]
    starts_at: Annotated[datetime, Field(description="Start · 开始")]
    ends_at: Annotated[datetime, Field(description="End · 结束")]
    kind: Annotated[str, Field(description="Code of a day kind · 日类型")]
    version: Annotated[int, Field(description="For If-Match · 版本")]


class AppointmentTerm(Input):
    """Post and time."""

    role: Annotated[PostRole, Field(description=ROLE_TEXT, examples=["substitute"])]
    valid_from: Annotated[Instant, Field(description="Since · 起", examples=["2027-01-04T00:00:00+08:00"])]
    valid_to: Annotated[
        Instant | None,
        Field(description="Until, null while it lasts · 止", examples=["2027-01-11T00:00:00+08:00"]),
    ] = None
    document_no: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=80,
            pattern=VISIBLE,
            description="Document that publishes it (S4-29) · 公布文号",
            examples=["高亭镇〔2026〕8号"],
        ),
    ] = None


class AppointmentCreate(AppointmentTerm):
    """An inspector serves a grid."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员", examples=[str(DEMO_INSPECTOR)])]
    grid_id: Annotated[UUID, Field(description="Grid · 网格", examples=[str(DEMO_GRID)])]


class AppointmentRead(Output):
    """An appointment."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    grid_id: Annotated[UUID, Field(description="Grid · 网格")]
    role: Annotated[PostRole, Field(description=ROLE_TEXT)]
    valid_from: Annotated[datetime, Field(description="Since · 起")]
    valid_to: Annotated[datetime | None, Field(description="Until, null while it lasts · 止")]
    document_no: Annotated[str | None, Field(description="Document that publishes it · 公布文号")]
    version: Annotated[int, Field(description="For If-Match · 版本")]


class UnservedRead(Output):
    """A grid that nobody present serves for a while."""

    grid_id: Annotated[UUID, Field(description="Grid · 网格")]
    grid_code: Annotated[str, Field(description="Grid code · 网格编码")]
    starts_at: Annotated[datetime, Field(description="From, inclusive · 起")]
    ends_at: Annotated[datetime, Field(description="Until, exclusive · 止")]


class DayKindRead(Output):
    """What a shift may be for."""

    code: Annotated[str, Field(description="Code · 代码")]
    zh: Annotated[str, Field(description="Chinese name · 中文名称")]
    en: Annotated[str, Field(description="English name · 英文名称")]
    prorate: Annotated[float, Field(description="Share of the day's thresholds that remains · 标准折算")]
    on_duty: Annotated[bool, Field(description="Fixes in it count · 是否在岗")]
    expects_presence: Annotated[bool, Field(description="Counts in the online rate · 是否计入在线率")]
    excuses: Annotated[bool, Field(description="A day of nothing else is excused · 是否免于评判")]
    personal: Annotated[
        bool,
        Field(
            description="For absences of one person, not for exemptions of an area · 个人缺勤用,非区域免考用"
        ),
    ]
