"""What a handheld is told about duty."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Output


class DutyShiftRead(Output):
    """A shift, or the part of one that an absence or exemption left or took."""

    shift_id: Annotated[UUID, Field(description="Shift · 班次")]
    service_day: Annotated[date, Field(description="The day it belongs to · 所属日期")]
    starts_at: Annotated[datetime, Field(description="Start · 开始")]
    ends_at: Annotated[datetime, Field(description="End · 结束")]
    kind: Annotated[str, Field(description="What really holds: code of a day kind · 实际日类型")]
    on_duty: Annotated[bool, Field(description="Fixes in it count · 是否在岗")]


class DutyWindowRead(Output):
    """A stretch on duty."""

    starts_at: Annotated[datetime, Field(description="Start · 开始")]
    ends_at: Annotated[datetime, Field(description="End, as things stand · 结束")]
    service_day: Annotated[date, Field(description="The day it belongs to · 所属日期")]
    kind: Annotated[str, Field(description="Day kind of the shift, or `voluntary` 自愿在岗 · 类型")]
    voluntary: Annotated[bool, Field(description="Outside every shift · 是否班次之外")]


class DutyRead(Output):
    """Where the inspector stands."""

    service_day: Annotated[date, Field(description="Today · 今日")]
    at: Annotated[datetime, Field(description="The server's time · 服务器时间")]
    is_on_duty: Annotated[bool, Field(description="On duty now · 当前是否在岗")]
    since: Annotated[datetime | None, Field(description="On duty since · 在岗起始")]
    closes_at: Annotated[
        datetime | None, Field(description="When it ends if nothing is pressed · 未按离岗时的自动结束时间")
    ]
    shifts: Annotated[list[DutyShiftRead], Field(description="Today's, and one that still runs · 今日班次")]
    windows: Annotated[list[DutyWindowRead], Field(description="Today's stretches on duty · 今日在岗时段")]
    next_shift: Annotated[DutyShiftRead | None, Field(description="The next one on duty · 下一班次")]
