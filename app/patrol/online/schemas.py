"""What goes out of presence: rates of areas, silent handhelds."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from app.kit.schemas import Output
from app.patrol.day_schemas import Instant
from app.patrol.online.state import ExitReason, LocationPermission, Network


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)


Rate = Annotated[
    float | None,
    AfterValidator(_rounded),
    Field(description="0 to 1; null where nobody is expected, never 0 · 在线率,无应到人员为空"),
]
AreaId = Annotated[UUID, Field(description="Area · 区划")]


class ShareRead(Output):
    """Numerator, denominator, rate."""

    online: Annotated[int, Field(description="Expected and heard lately · 在线人数(分子)")]
    expected: Annotated[int, Field(description="Full-time inspectors expected · 应到人数(分母)")]
    rate: Rate


class TargetRead(Output):
    """What the area aims at."""

    rate: Annotated[float, Field(description="Least rate · 目标在线率")]
    source: Annotated[str, Field(description="Document or decision it comes from · 依据")]


class LiveRateRead(Output):
    """The instant online rate of an area in the present minute."""

    area_id: AreaId
    at: Instant
    heard_within_min: Annotated[
        int, Field(description="A signal keeps its holder on line for so long, minutes · 信号有效分钟数")
    ]
    without_leave: ShareRead
    with_leave: Annotated[ShareRead, Field(description="Those on leave counted as expected · 含请假人员口径")]
    target: TargetRead
    is_met: Annotated[bool | None, Field(description="Target reached, without leave · 是否达标")]


class AreaRateRead(Output):
    """A line of the table of areas."""

    area_id: AreaId
    code: Annotated[str | None, Field(description="Official code · 区划代码")]
    name: Annotated[str, Field(description="Name · 名称")]
    level: Annotated[Literal["county", "township", "community"], Field(description="Level · 层级")]
    without_leave: ShareRead
    with_leave: ShareRead


class QuarterRead(Output):
    """A quarter of an hour."""

    start_at: Instant
    rate: Rate
    rate_with_leave: Rate


class OnlineDayRead(Output):
    """The instant online rate of an area on one calendar day."""

    area_id: AreaId
    day: Annotated[date, Field(description="Calendar day · 日期")]
    is_over: Annotated[bool, Field(description="False while minutes are missing · 当日是否已结束")]
    minutes: Annotated[int, Field(description="Minutes with somebody expected · 有应到人员的分钟数")]
    rate: Annotated[
        Rate, Field(description="Mean of the minutes' rates, null where there is none · 全天平均在线率")
    ]
    rate_with_leave: Rate
    target: TargetRead
    is_met: Annotated[bool | None, Field(description="Target reached, without leave · 是否达标")]
    quarters: Annotated[
        list[QuarterRead], Field(description="96, each the mean of its minutes · 每 15 分钟一段")
    ]
    computed_at: Instant


class SilentHandheldRead(Output):
    """A handheld that should be heard and isn't."""

    device_id: Annotated[UUID, Field(description="Handheld · 终端")]
    serial_no: Annotated[str, Field(description="Serial number · 序列号")]
    inspector_id: Annotated[UUID, Field(description="Who holds it · 持有人")]
    display_name: Annotated[str, Field(description="Holder's name · 持有人姓名")]
    area_id: AreaId
    area_code: Annotated[str, Field(description="Code of the holder's area · 持有人所属区划代码")]
    expected_since: Instant
    last_heard_at: Instant | None
    silent_s: Annotated[int, Field(description="Seconds unheard while expected · 应到而无信号的秒数")]
    state_at: Instant | None
    battery_pct: Annotated[int | None, Field(description="As it last told · 最近上报电量")]
    charging: Annotated[bool | None, Field(description="On the charger · 是否充电")]
    network: Annotated[Network | None, Field(description="Network · 网络")]
    location_permission: Annotated[LocationPermission | None, Field(description="Permission · 定位权限")]
    power_saving: Annotated[bool | None, Field(description="Power saving · 省电模式")]
    app_version: Annotated[str | None, Field(description="App · 应用版本")]
    android_version: Annotated[str | None, Field(description="Android · 系统版本")]
    storage_free_mb: Annotated[int | None, Field(description="Storage left, MB · 剩余存储")]
    waiting_batches: Annotated[int | None, Field(description="Batches waiting to be sent · 待传批次")]
    exit_reason: Annotated[ExitReason | None, Field(description="How the app last ended · 应用上次退出原因")]
    exit_at: Instant | None
