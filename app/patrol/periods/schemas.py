"""What the endpoints of periods take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Input, Output

Kind = Annotated[Literal["day", "week", "month"], Field(description="day 日 · week 周(周一起) · month 月")]
PeriodStatus = Annotated[
    Literal["open", "closing", "sealed"],
    Field(description="open 进行中 · closing 待封存(补传与申诉仍计入) · sealed 已封存"),
]
Level = Literal["inspector", "grid", "community", "township", "county"]
DayStatus = Literal["pass", "fail", "review", "excused", "not_expected", "no_data", "provisional"]
Count = Annotated[int, Field(description="Days · 人日")]
Met = Annotated[bool | None, Field(description="Target reached, null when nobody was expected · 是否达标")]


class PeriodRead(Output):
    """A day, week or month of a county."""

    id: Annotated[UUID, Field(description="Period · 统计期")]
    county_code: Annotated[str, Field(description="Home code of the county · 区县代码", examples=["330921"])]
    kind: Kind
    first_day: Annotated[date, Field(description="First day · 起始日期")]
    last_day: Annotated[date, Field(description="Last day · 截止日期")]
    status: PeriodStatus
    seal_due_at: Annotated[datetime | None, Field(description="When it is sealed by itself · 自动封存时间")]
    sealed_at: Annotated[datetime | None, Field(description="When it was sealed · 封存时间")]
    sealed_by: Annotated[UUID | None, Field(description="Who sealed it early, null: the job · 提前封存人")]
    seal_reason: Annotated[str | None, Field(description="Why early · 提前封存理由")]
    digest: Annotated[str | None, Field(description="SHA-256 of the snapshot · 快照摘要")]
    waiting_days: Annotated[
        int | None, Field(description="Days that were not judged yet when it was sealed · 封存时未算完的人日")
    ]


class TargetRead(Output):
    """A target, and where it comes from."""

    parameter_key: Annotated[str, Field(description="Parameter of the rule book · 规则参数")]
    value: Annotated[float, Field(description="Value · 取值")]
    source: Annotated[str, Field(description="Document · 依据")]


class FiguresExplanationRead(Output):
    """What a figure was computed with."""

    distance_basis: Annotated[
        Literal["total", "in_grid"], Field(description="total 全部有效里程 · in_grid 仅本人网格内")
    ]
    targets: list[TargetRead]
    rule_versions: Annotated[list[str], Field(description="Rules of the days · 各日规则版本")]
    fold_versions: Annotated[list[int], Field(description="Algorithms of the days · 各日算法版本")]


class FiguresRead(Output):
    """What the days of a person, a grid or an area come to. Null where nobody was expected, never 0."""

    level: Annotated[
        Level,
        Field(description="inspector 网格员 · grid 网格 · community 社区(村) · township 乡镇 · county 区县"),
    ]
    subject_id: Annotated[UUID, Field(description="Inspector, grid or area · 对象")]
    name: Annotated[str, Field(description="Name · 名称")]
    code: Annotated[str | None, Field(description="Code of a grid · 网格编码")]
    area_id: Annotated[UUID, Field(description="Its area · 所属区划")]
    policy: Annotated[
        Literal["off", "record", "assess"],
        Field(description="off 不采集 · record 仅留痕 · assess 考核(须有依据与批文)"),
    ]
    inspectors: Annotated[int, Field(description="Inspectors expected on some day · 应到网格员数")]
    expected_days: Annotated[int, Field(description="Inspector-days expected · 应到人日")]
    expected_whole_days: Annotated[
        float, Field(description="The same, half-days as halves: the denominator · 折算应到人日(分母)")
    ]
    walked_days: Annotated[int, Field(description="Of these, days with fixes · 其中有轨迹的人日")]
    days_by_status: Annotated[dict[DayStatus, Count], Field(description="As judged · 按原判定")]
    days_by_standing_status: Annotated[
        dict[DayStatus, Count], Field(description="With decided appeals · 计入申诉决定后")
    ]
    pass_share: Annotated[
        float | None,
        Field(
            description="Passed ÷ (pass + fail + review + no_data), standing; only under `assess` · 达标率"
        ),
    ]
    online_s: Annotated[
        int, Field(description="Seconds online on expected days: the numerator · 在线时长合计")
    ]
    average_online_s: Annotated[int | None, Field(description="Seconds a whole day (S4-07) · 日平均在线时长")]
    target_online_s: Annotated[int, Field(description="Its target · 目标")]
    online_s_met: Met
    distance_m: Annotated[float, Field(description="Metres on expected days: the numerator · 里程合计")]
    average_distance_m: Annotated[
        float | None, Field(description="Metres a whole day (S4-08) · 日平均在岗轨迹")
    ]
    target_distance_m: Annotated[int, Field(description="Its target · 目标")]
    distance_met: Met
    online_share: Annotated[
        float | None, Field(description="Mean of the persons' online shares · 个人在线率平均")
    ]
    online_minutes: Annotated[
        int | None, Field(description="Minutes with somebody expected (areas) · 有人应到的分钟数")
    ]
    online_rate: Annotated[
        float | None,
        Field(description="Mean instant online rate (S4-06), without those on leave · 即时在线率"),
    ]
    online_rate_with_leave: Annotated[
        float | None,
        Field(description="The same, those on leave counted as expected · 含请假人员的即时在线率"),
    ]
    target_online_rate: Annotated[float, Field(description="Its target · 目标")]
    online_rate_met: Met
    later_revisions: Annotated[
        int, Field(description="Days behind it that changed after the seal · 封存后有变化的人日")
    ]
    has_later_revisions: Annotated[bool, Field(description="Whether there are any · 封存后是否有变化")]
    explanation: FiguresExplanationRead
    days_link: Annotated[str, Field(description="The days behind this figure · 构成该数字的巡查日")]


class FiguresPageRead(Output):
    """An area's figures and those of what lies inside it."""

    period: PeriodRead
    source: Annotated[
        Literal["days", "snapshot"], Field(description="days 按现有巡查日即时计算 · snapshot 封存快照")
    ]
    area: Annotated[FiguresRead | None, Field(description="The area itself; null for an inspector · 本区划")]
    items: list[FiguresRead]
    next: Annotated[str | None, Field(description="Cursor of the next page, or null · 下一页游标")]
    withheld_inspectors: Annotated[
        int,
        Field(description="Inspectors of areas that do not assess: not listed · 不考核区划的网格员(不列出)"),
    ]


class PeriodDayRead(Output):
    """One of the days behind a figure."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    service_day: Annotated[date, Field(description="Service day · 服务日")]
    presence: Annotated[
        Literal["expected", "excused", "not_expected"],
        Field(description="expected 应到 · excused 免考核 · not_expected 不要求"),
    ]
    prorate: Annotated[float, Field(description="Share of a whole day, 0 to 1 · 折算系数")]
    status: Annotated[DayStatus, Field(description="As judged · 原判定")]
    standing_status: Annotated[DayStatus, Field(description="With a decided appeal · 计入申诉决定后")]
    online_s: Annotated[int, Field(description="Seconds online · 在线时长")]
    patrol_s: Annotated[int, Field(description="Seconds online in own grids · 在线巡查时长")]
    distance_m: Annotated[float, Field(description="Metres · 里程")]
    in_grid_distance_m: Annotated[float, Field(description="Metres in own grids · 本网格内里程")]
    online_share: Annotated[float | None, Field(description="Online share of duty slots · 在线率")]
    rule_version: Annotated[str, Field(description="Version of the rules · 规则版本")]
    fold_version: Annotated[int, Field(description="Version of the algorithm · 算法版本")]
    link: Annotated[str, Field(description="The day opened down to its evidence · 当日说明")]


class RevisionRead(Output):
    """A day that changed after its period was sealed: before and after, raw and with decided appeals."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    service_day: Annotated[date, Field(description="Service day · 服务日")]
    area_id: Annotated[UUID, Field(description="Area · 区划")]
    revision: Annotated[int | None, Field(description="Latest judgement · 最新版次")]
    judged_at: Annotated[datetime | None, Field(description="When it was made · 判定时间")]
    status_before: Annotated[DayStatus | None, Field(description="When sealed · 封存时")]
    status_after: Annotated[DayStatus | None, Field(description="Now · 现在")]
    standing_before: Annotated[
        DayStatus | None, Field(description="When sealed, appeals counted · 封存时(含申诉)")
    ]
    standing_after: Annotated[DayStatus | None, Field(description="Now, appeals counted · 现在(含申诉)")]
    online_s_before: Annotated[int | None, Field(description="Seconds online when sealed · 封存时在线时长")]
    online_s_after: Annotated[int | None, Field(description="Seconds online now · 现在在线时长")]
    distance_m_before: Annotated[float | None, Field(description="Metres when sealed · 封存时里程")]
    distance_m_after: Annotated[float | None, Field(description="Metres now · 现在里程")]


class SealCreate(Input):
    """An early seal."""

    reason: Annotated[
        str,
        Field(
            min_length=4, max_length=300, description="Why before the time · 理由", examples=["月度通报提前"]
        ),
    ]


def figures_read(period_id: UUID, figures: dict[str, Any]) -> FiguresRead:
    """A row of figures as it is answered."""
    statuses = ("pass", "fail", "review", "excused", "not_expected", "no_data", "provisional")
    path = f"/api/v1/periods/{period_id}/figures/{figures['level']}/{figures['subject_id']}/days"
    return FiguresRead.model_validate(
        figures
        | {
            "days_by_status": {status: figures[f"raw_{status}"] for status in statuses},
            "days_by_standing_status": {status: figures[f"standing_{status}"] for status in statuses},
            "has_later_revisions": figures["later_revisions"] > 0,
            "days_link": path,
        }
    )
