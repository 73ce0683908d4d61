"""What the endpoints of integrity signals take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Input, Output
from app.patrol.integrity.signals import Kind, Severity

Outcome = Annotated[
    Literal["explained", "confirmed", "unclear"],
    Field(description="explained 已说明 · confirmed 属实 · unclear 不明", examples=["explained"]),
]


class DaySignalRead(Output):
    """Something about a day's fixes that a person should look at. It changes no figure and no status."""

    id: Annotated[UUID, Field(description="Signal · 提示")]
    service_day: Annotated[date, Field(description="Service day · 服务日")]
    kind: Annotated[
        Kind,
        Field(
            description="mock 模拟定位 · vehicle 乘车速度 · clock_skew 时钟异常 · loop 重复圈线 · "
            "replayed_track 轨迹重复 · twin_devices 终端同行"
        ),
    ]
    severity: Annotated[
        Severity,
        Field(description="low 多有正常原因 · medium 需问明 · high 罕见,需核实"),
    ]
    zh: Annotated[str, Field(description="Chinese · 中文")]
    en: Annotated[str, Field(description="English · 英文")]
    evidence: Annotated[
        dict[str, Any],
        Field(description="Times, places, deviations: what is needed to verify it · 证据(时间、地点、偏差)"),
    ]
    counterpart_id: Annotated[
        UUID | None,
        Field(
            description="The other inspector; never told to the subject himself · 对方网格员(不告知当事人)"
        ),
    ]
    counterpart_day: Annotated[date | None, Field(description="The other day · 对比的日期")]
    fold_version: Annotated[int, Field(description="Version of the algorithm · 算法版本")]
    found_at: Annotated[datetime, Field(description="First found · 发现时间")]
    changed_at: Annotated[datetime, Field(description="Evidence last changed · 证据更新时间")]
    outcome: Annotated[Outcome | None, Field(description="Of the review, null before it · 复核结论")]
    note: Annotated[str | None, Field(description="Of the reviewer · 复核说明")]
    reviewed_at: Annotated[datetime | None, Field(description="When · 复核时间")]


class SignalRead(DaySignalRead):
    """A signal as a supervisor sees it."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    area_id: Annotated[UUID, Field(description="Area · 区划")]
    reviewed_by: Annotated[UUID | None, Field(description="Reviewer's account · 复核人")]
    withdrawn_at: Annotated[
        datetime | None, Field(description="Newer data no longer shows it · 撤回时间(新数据不再显示)")
    ]


class ReviewCreate(Input):
    """What a supervisor found out about a signal."""

    outcome: Outcome
    note: Annotated[
        str,
        Field(
            min_length=2,
            max_length=500,
            description="How it is known; shown to the inspector · 依据,网格员可见",
            examples=["当日与王海生结伴入户宣传防台,社区有派工单"],
        ),
    ]
