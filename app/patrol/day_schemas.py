"""What the endpoints of patrol days answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Output
from app.patrol.causes import GapCause
from app.patrol.integrity.schemas import DaySignalRead

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


AskedStatus = Literal["pass", "fail", "excused", "not_expected"]
"""What a decided appeal may make of a day."""
DecisionRead = Annotated[
    Literal["upheld", "partly_upheld", "dismissed"] | None,
    Field(description="upheld 支持 · partly_upheld 部分支持 · dismissed 驳回"),
]


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
    lost_s: Annotated[
        dict[str, int],
        Field(
            description="Seconds of silence on duty by cause, `unknown` where none was told · 各原因中断时长",
            examples=[{"system_kill": 2340, "unknown": 600}],
        ),
    ]
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


class StandingRead(Output):
    """Which status of a day stands, and what was decided about it."""

    status: Annotated[
        Literal["pass", "fail", "review", "excused", "not_expected", "no_data", "provisional"],
        Field(description="Decided, else judged · 现行状态(有申诉决定的以决定为准)"),
    ]
    revision: Annotated[int | None, Field(description="Latest judgement, null before · 最新判定版次")]
    contest_until: Annotated[
        datetime | None, Field(description="Deadline for contesting that judgement · 申诉期限")
    ]
    decided_status: Annotated[AskedStatus | None, Field(description="By appeal · 申诉改判")]
    decision: DecisionRead
    decided_revision: Annotated[
        int | None, Field(description="The judgement that it was about · 决定所针对的版次")
    ]
    appeal_id: Annotated[UUID | None, Field(description="Current decision · 所依据的申诉")]
    open_appeal_id: Annotated[UUID | None, Field(description="Waits for a decision · 待决定的申诉")]


class FrozenRead(Output):
    """A day past the retention of its fixes: it answers as it did when it was frozen."""

    frozen_at: Annotated[datetime, Field(description="When it was frozen · 冻结时刻")]
    purged_at: Annotated[
        datetime | None, Field(description="When its fixes went, null while kept · 原始点清除时刻")
    ]
    digest: Annotated[str, Field(description="SHA-256 of the frozen document · 冻结文档摘要")]
    inputs_changed: Annotated[
        bool, Field(description="Something was corrected later and is not in it · 冻结后有更正,未计入")
    ]


class DayRead(Output):
    """A patrol day with plain sentences: what counts so far, what is missing, what did not count and why."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    service_day: Annotated[date, Field(description="Service day · 服务日")]
    computed_at: Instant
    figures: DayFiguresRead
    sentences: Annotated[list[SentenceRead], Field(description="In plain words · 说明")]
    standing: Annotated[StandingRead, Field(description="What an appeal made of it · 申诉与现行状态")]
    frozen: Annotated[FrozenRead | None, Field(description="Null while its fixes are kept · 冻结信息")]


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


class UnplacedRead(SpanRead):
    """Online without a place: signs of life, but no fix that proves where. No patrol time."""

    duration_s: Seconds
    cause: Annotated[GapCause | None, Field(description="As the handheld told it · 终端上报的原因")]
    cause_zh: Annotated[str, Field(description="In Chinese · 原因(中文)", examples=["应用被系统关闭"])]
    cause_en: Annotated[str, Field(description="In English · 原因(英文)")]


class WorkRead(SpanRead):
    """A proven visit, or a submission with its place or photo: counts as online and as patrol."""

    kind: Annotated[Literal["visit", "submission"], Field(description="visit 走访 · submission 采集")]
    id: Annotated[UUID, Field(description="Of the visit or submission · 走访或采集编号")]


class GapRead(UnplacedRead):
    """A silence on duty."""

    edge: Annotated[
        Literal["between", "before_first", "after_last"],
        Field(description="between 两次信号之间 · before_first 首次信号前 · after_last 末次信号后"),
    ]
    is_fact: Annotated[
        bool,
        Field(description="False at the edges of a running day: more may come · 当日未结束时首尾中断未定"),
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
    unplaced: Annotated[
        list[UnplacedRead], Field(description="Online without a place · 在线而无定位(不计巡查时长)")
    ]
    work: Annotated[list[WorkRead], Field(description="Visits and submissions on duty · 计入的走访与采集")]
    signals: Annotated[
        list[DaySignalRead],
        Field(description="Integrity signals; they change no figure · 轨迹真实性提示,不影响数字"),
    ]


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


class AverageDistanceRead(Output):
    """The average patrol distance of an area's inspectors, with what it is computed from."""

    area_id: Annotated[UUID, Field(description="Area · 区划")]
    day_from: Annotated[date, Field(description="First day · 起始日期")]
    day_to: Annotated[date, Field(description="Last day · 截止日期")]
    inspectors: Annotated[int, Field(description="Inspectors expected on some day · 应到网格员数")]
    expected_days: Annotated[int, Field(description="Inspector-days expected · 应到人日")]
    expected_whole_days: Annotated[
        float, Field(description="The same, half-days as halves: the denominator · 折算应到人日(分母)")
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
