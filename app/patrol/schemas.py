"""What goes in and out of patrol's endpoints, besides the upload's body (`wire.py`)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Input, Output

Metres = Annotated[float, Field(description="Metres · 米", examples=[3120.5])]
Seconds = Annotated[int, Field(description="Seconds · 秒", examples=[15120])]
Instant = Annotated[datetime, Field(description="RFC 3339 · 时刻")]
Verdict = Literal["mock", "inaccurate", "jump", "vehicle", "stationary", "moving"]
Status = Annotated[
    Literal["pass", "fail", "review", "excused", "not_expected", "no_data", "provisional"],
    Field(
        description="pass 达标 · fail 未达标 · review 待复核(标准落在误差内) · excused 免考核 · "
        "not_expected 不要求 · no_data 无数据 · provisional 当日未结束"
    ),
]


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
    reports_stored: Annotated[int, Field(description="Reports on duty that were stored · 入库中断说明数")]


class VerdictRead(Output):
    """What one verdict amounts to."""

    fixes: Annotated[int, Field(description="Fixes with it · 点数")]
    raw_m: Annotated[float, Field(description="Raw metres · 原始里程")]
    credited_m: Annotated[float, Field(description="Credited metres · 计入里程")]
    uncounted_m: Annotated[float, Field(description="Raw metres that did not count · 未计入里程")]
    duration_s: Seconds


class CheckRead(Output):
    """One threshold against what was found."""

    check: Annotated[
        Literal["patrol_s", "distance_m", "online_share"],
        Field(description="patrol_s 在线巡查时长 · distance_m 巡查里程 · online_share 在线率"),
    ]
    outcome: Annotated[
        Literal["met", "missed", "uncertain", "unknown"],
        Field(description="met 达到 · missed 未达到 · uncertain 在误差内 · unknown 无法判断"),
    ]
    asked: Annotated[float, Field(description="Threshold, prorated · 标准")]
    found: Annotated[float | None, Field(description="Found · 实际")]
    low: Annotated[float | None, Field(description="Lower error bound · 误差下限")]
    high: Annotated[float | None, Field(description="Upper error bound · 误差上限")]
    missing: Annotated[float, Field(description="Still missing · 还差")]


class VersionsRead(Output):
    """What a figure was computed with."""

    input_version: Annotated[int, Field(description="Version of the day's data · 数据版本")]
    fold_version: Annotated[int, Field(description="Version of the algorithm · 算法版本")]
    rule_version: Annotated[str, Field(description="Version of the rules · 规则版本")]
    grid_versions: Annotated[list[str], Field(description="Grid outlines used, code@version · 网格版本")]


class DayFiguresRead(Output):
    """The figures of a patrol day."""

    status: Status
    distance_m: Annotated[float, Field(description="Patrol distance · 巡查里程", examples=[3120.5])]
    distance_low_m: Annotated[float, Field(description="Lower error bound · 里程误差下限")]
    distance_high_m: Annotated[float, Field(description="Upper error bound · 里程误差上限")]
    in_grid_distance_m: Annotated[float, Field(description="Within own grids · 本网格内里程")]
    vehicle_distance_m: Annotated[float, Field(description="In a vehicle, not credited · 乘车里程(不计入)")]
    raw_distance_m: Annotated[
        float, Field(description="Raw sum, for comparison only · 原始轨迹长度(仅供对照)")
    ]
    online_s: Annotated[int, Field(description="Online · 在线时长")]
    patrol_s: Annotated[int, Field(description="Online in own grids · 在线巡查时长")]
    duty_s: Annotated[int, Field(description="On duty · 在岗时长")]
    work_s: Annotated[int, Field(description="Visits and forms · 入户作业时长")]
    online_share: Annotated[
        float | None, Field(description="Online share of duty slots, null if none · 在线率")
    ]
    max_gap_s: Annotated[int, Field(description="Longest silence between signals · 最长中断")]
    fixes: Annotated[int, Field(description="Fixes on duty · 在岗点数")]
    first_at: Annotated[datetime | None, Field(description="First fix · 首点时间")]
    last_at: Annotated[datetime | None, Field(description="Last fix · 末点时间")]
    day_kind: Annotated[str, Field(description="Kind of day · 日类型")]
    policy: Annotated[
        Literal["off", "record", "assess"],
        Field(description="off 不采集 · record 仅留痕 · assess 考核(须有依据与批文)"),
    ]
    verdicts: Annotated[dict[Verdict, VerdictRead], Field(description="By verdict · 按判定分类")]
    checks: Annotated[list[CheckRead], Field(description="Thresholds · 各项标准")]
    versions: VersionsRead


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


class DayListRead(Output):
    """One inspector's day in a list."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    service_day: Annotated[date, Field(description="Service day · 服务日")]
    pending: Annotated[bool, Field(description="Newer data is not in it yet · 有新数据待计算")]
    computed_at: Instant
    figures: DayFiguresRead


class SentenceRead(Output):
    """One plain sentence about the day."""

    code: Annotated[str, Field(description="Never changes · 固定代码")]
    zh: Annotated[str, Field(description="Chinese · 中文")]
    en: Annotated[str, Field(description="English · 英文")]
    data: Annotated[dict[str, Any], Field(description="The numbers in it · 数据")]


class DayRead(Output):
    """A patrol day with plain sentences: what counts so far, what is missing, what did not count and why."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    service_day: Annotated[date, Field(description="Service day · 服务日")]
    computed_at: Instant
    figures: DayFiguresRead
    sentences: Annotated[list[SentenceRead], Field(description="In plain words · 说明")]


class SpanRead(Output):
    """A stretch of time."""

    start_at: Instant
    end_at: Instant


class SegmentRead(SpanRead):
    """A run of fixes with one verdict."""

    verdict: Verdict
    fixes: Annotated[int, Field(description="Fixes in it · 点数")]
    distance_m: Annotated[float, Field(description="Credited · 计入里程")]
    raw_distance_m: Annotated[float, Field(description="Raw · 原始里程")]
    vehicle_distance_m: Annotated[float, Field(description="In a vehicle · 乘车里程")]
    in_grid_share: Annotated[float, Field(description="Share of fixes in own grids · 网格内占比")]


class StayRead(SpanRead):
    """A stop."""

    longitude: Annotated[float, Field(description="CGCS2000 degrees · 经度")]
    latitude: Annotated[float, Field(description="CGCS2000 degrees · 纬度")]
    radius_m: Annotated[float, Field(description="Radius that its fixes fill · 半径")]


class GapRead(SpanRead):
    """A silence on duty."""

    duration_s: Seconds
    cause: Annotated[
        Literal["no_permission", "killed", "no_signal", "battery", "reboot", "user_stop"] | None,
        Field(description="As the handheld told it · 终端上报的原因"),
    ]
    edge: Annotated[
        Literal["between", "before_first", "after_last"],
        Field(description="between 两次信号之间 · before_first 首次信号前 · after_last 末次信号后"),
    ]


class ExplanationRead(DayRead):
    """A day opened down to its evidence."""

    fixes_left_out: Annotated[
        int,
        Field(description="More than the rule allows, kept but not computed with · 超出上限未参与计算的点数"),
    ]
    fixes_outside_duty: Annotated[int, Field(description="Left out: outside duty · 非在岗点数")]
    duty: Annotated[list[SpanRead], Field(description="Duty windows · 在岗时段")]
    grids: Annotated[list[str], Field(description="Codes of own grids · 本人网格编码")]
    segments: list[SegmentRead]
    stays: list[StayRead]
    gaps: list[GapRead]


class JudgementRead(Output):
    """One judgement of a finished day; a later one stands beside it, never in its place."""

    revision: Annotated[int, Field(description="1 is the first · 版次")]
    judged_at: Instant
    figures: DayFiguresRead


class PasserRead(Output):
    """An inspector whose track passed a box."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    fixes: Annotated[int, Field(description="Fixes inside the box · 框内点数")]
    first_at: Instant
    last_at: Instant


class QuarantineRead(Output):
    """Something that was sent and could not be accepted."""

    id: Annotated[UUID, Field(description="Id · 编号")]
    device_id: Annotated[UUID, Field(description="Handheld · 终端")]
    batch_id: Annotated[UUID | None, Field(description="Batch, if readable · 批次号")]
    reason: Annotated[
        Literal["revoked_device", "invalid_fixes", "unreadable"],
        Field(
            description="revoked_device 终端已停用 · invalid_fixes 含无法理解的点 · unreadable 整体无法解析"
        ),
    ]
    detail: Annotated[str, Field(description="What was wrong · 详情")]
    received_at: Instant
    body_bytes: Annotated[int, Field(description="Size kept, compressed · 留存字节数")]


class AverageDistanceRead(Output):
    """The average patrol distance of an area's inspectors, with what it is computed from."""

    area_id: Annotated[UUID, Field(description="Area · 区划")]
    day_from: Annotated[date, Field(description="First day · 起始日期")]
    day_to: Annotated[date, Field(description="Last day · 截止日期")]
    inspectors: Annotated[int, Field(description="Inspectors expected on some day · 应到网格员数")]
    expected_days: Annotated[
        int, Field(description="Inspector-days expected: the denominator · 应到人日(分母)")
    ]
    walked_days: Annotated[int, Field(description="Of these, days with fixes · 其中有轨迹的人日")]
    distance_m: Annotated[float, Field(description="Metres on expected days: the numerator · 里程合计(分子)")]
    distance_basis: Annotated[
        Literal["total", "in_grid"], Field(description="total 全部有效里程 · in_grid 仅本人网格内")
    ]
    average_m: Annotated[
        float | None, Field(description="Metres a day, null when nobody was expected · 日均里程,无人应到为空")
    ]
    target_m: Annotated[int, Field(description="Target of the area · 目标")]
    is_met: Annotated[bool | None, Field(description="Target reached · 是否达标")]
