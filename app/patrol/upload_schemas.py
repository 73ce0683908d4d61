"""What goes in and out of a handheld's endpoints, besides the upload's body (`wire.py`)."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Input, Output
from app.patrol.day_schemas import DayFiguresRead, Instant


class RangeRead(Output):
    """What became of a run of fixes."""

    disposition: Annotated[
        Literal["stored", "duplicate", "invalid", "future", "too_old", "off_duty", "unbound", "policy_off"],
        Field(
            description="stored 已入库 · duplicate 同批重复 · invalid 无法理解(已留存待查) · future 时间超前 · "
            "too_old 过旧 · off_duty 非在岗时段 · unbound 该时刻终端未绑定 · policy_off 本地区不采集轨迹"
        ),
    ]
    first: Annotated[int, Field(description="Index of the first fix · 起始序号")]
    last: Annotated[int, Field(description="Index of the last fix · 结束序号")]
    reason: Annotated[
        str | None,
        Field(
            description="outside_china 境外坐标(已入库) · unreadable 类型不符 · longitude/latitude 越界 · "
            "swapped 经纬度颠倒 · accuracy 精度缺失或不合理 · looks_like_seconds 疑似以秒代替毫秒"
        ),
    ]
    send_again: Annotated[
        bool, Field(description="Keep it and send it again later · 建议保留,待班次或绑定更正后重发")
    ]


class PressRead(Output):
    """What became of a press."""

    press_id: Annotated[UUID, Field(description="Press id · 记录号")]
    disposition: Annotated[
        Literal["stored", "duplicate", "conflict", "unbound", "future", "too_old"],
        Field(
            description="stored 已入库 · duplicate 此前已入库 · conflict 编号已用于其他内容 · "
            "unbound 该时刻终端未绑定 · future 时间超前 · too_old 过旧"
        ),
    ]


class ResultRead(Output):
    """What became of everything in an upload."""

    results: Annotated[list[RangeRead], Field(description="By index of the fixes · 按序号区间")]
    presses: Annotated[list[PressRead], Field(description="Duty presses · 到离岗记录")]
    beats_stored: Annotated[int, Field(description="Heartbeats on duty that were stored · 入库心跳数")]
    reports_stored: Annotated[
        int, Field(description="Reports on duty that were stored, the app's end included · 入库中断说明数")
    ]
    state_refused: Annotated[
        list[str],
        Field(
            description="Fields of `state` that made no sense; `state` no object, `sent_at` the clock is off · "
            "未采纳的终端状态字段"
        ),
    ]


class DaySoFarRead(Output):
    """The day in the answer to an upload."""

    service_day: Annotated[date, Field(description="Service day · 服务日")]
    pending: Annotated[bool, Field(description="Newer data is not in the figures yet · 有新数据待计算")]
    figures: Annotated[DayFiguresRead | None, Field(description="As last computed · 最近一次计算结果")]


class UploadAnswerRead(ResultRead):
    """The answer to an upload, sent after its commit."""

    batch_id: Annotated[UUID, Field(description="Batch id · 批次号")]
    outcome: Annotated[
        Literal["stored", "duplicate"], Field(description="stored 已入库 · duplicate 此前已入库,回执相同")
    ]
    server_time: Instant
    clock_skew_ms: Annotated[int, Field(description="`sent_at` minus server time · 终端时钟偏差")]
    next_upload_after_s: Annotated[int, Field(description="Wait this long, jittered · 下次上传间隔")]
    config_version: Annotated[str, Field(description="Fetch the configuration when it changes · 配置版本")]
    app_outdated: Annotated[bool, Field(description="Update the app; data is still taken · 应用需升级")]
    day: Annotated[DaySoFarRead | None, Field(description="The holder's day · 当前持有人的巡查日")]


class ReceiptQuery(Input):
    """Batches whose answers were lost."""

    batch_ids: Annotated[list[UUID], Field(min_length=1, max_length=500, description="Batch ids · 批次号")]


class ReceiptRead(ResultRead):
    """What was answered to a batch."""

    batch_id: Annotated[UUID, Field(description="Batch id · 批次号")]
    received_at: Instant
    digest: Annotated[str, Field(description="SHA-256 of its content, hex · 内容摘要")]


class HandheldConfigRead(Output):
    """How a handheld should behave where it works today."""

    config_version: Annotated[str, Field(description="Version of these values · 配置版本")]
    sampling_s: Annotated[int, Field(description="Seconds between fixes · 定位间隔")]
    heartbeat_s: Annotated[int, Field(description="Seconds between heartbeats · 心跳间隔")]
    next_upload_after_s: Annotated[int, Field(description="Seconds between uploads · 上传间隔")]
    fixes_max: Annotated[int, Field(description="Most fixes in one upload · 每批最多点数")]
    body_max_bytes: Annotated[int, Field(description="Largest body after decompression · 请求体上限")]
    too_old_days: Annotated[int, Field(description="Oldest fix accepted · 可补传天数")]
    off_duty_keep_days: Annotated[int, Field(description="Keep refused off-duty fixes · 非在岗点保留天数")]
    future_tolerance_s: Annotated[int, Field(description="Clock tolerance · 时钟容差")]
    min_app_version: Annotated[str, Field(description="Oldest app version · 最低应用版本")]
    policy: Annotated[
        Literal["off", "record", "assess"],
        Field(description="What tracks are used for here · off 不采集 · record 仅留痕 · assess 考核"),
    ]
