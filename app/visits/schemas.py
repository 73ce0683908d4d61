"""What goes in and out of visits."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.kit.ids import DEMO_PLACE, demo_id
from app.kit.positions import Position
from app.kit.schemas import Day, Input, Instant, Output

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Condition = Literal["normal", "needs_help", "worse", "not_met"]
CONDITION = "normal 正常 · needs_help 需要帮助 · worse 情况变差 · not_met 未见到人(不计走访次数)"
ProvenBy = Annotated[
    Literal["position", "photo", "signature", "none"],
    Field(description="position 定位 · photo 照片 · signature 签名 · none 尚无凭证,留存但不计"),
]
Doubt = Annotated[
    Literal["no_position", "inaccurate", "too_far", "outside_grid", "place_unknown", "too_late"] | None,
    Field(
        description="Why the position proves nothing · 定位未能证明的原因: "
        "no_position 未带定位 · inaccurate 精度不足 · "
        "too_far 距离过远 · outside_grid 不在网格内 · place_unknown 对象无坐标 · too_late 上报过晚"
    ),
]
Status = Literal["done", "due", "overdue", "excused", "not_required"]
STATUS = (
    "done 已完成 · due 待走访 · overdue 逾期 · excused 免予要求(网格全月无人到岗)· not_required 当月不要求"
)


class Findings(Input):
    """What the visitor saw and did. The texts are stored sealed and shown only on a reveal."""

    condition: Annotated[Condition, Field(description=CONDITION)]
    needs: Annotated[Words | None, Field(description="What is needed · 诉求与困难")] = None
    help_given: Annotated[Words | None, Field(description="What was done · 提供的帮助")] = None


class VisitBody(Input):
    """A visit as the handheld records it, with or without signal."""

    subject_id: Annotated[UUID, Field(description="Who or what was visited · 走访对象")]
    started_at: Annotated[Instant, Field(description="By the handheld's clock · 开始时刻")]
    ended_at: Annotated[Instant, Field(description="By the handheld's clock · 结束时刻")]
    position: Annotated[Position | None, Field(description="Where · 定位")] = None
    upload_ids: Annotated[
        list[UUID],
        Field(default_factory=list, max_length=20, description="Photos; they may arrive later · 照片编号"),
    ]
    signature_upload_id: Annotated[UUID | None, Field(description="A signature, likewise · 签名图片编号")] = (
        None
    )
    findings: Annotated[Findings, Field(description="What was found · 走访情况")]
    next_visit_on: Annotated[Day | None, Field(description="Next visit agreed on · 下次走访日期")] = None
    corrects_id: Annotated[
        UUID | None,
        Field(description="One's earlier visit whose findings these replace · 更正此前走访的情况"),
    ] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ended_at < self.started_at:
            raise ValueError("ended_at lies before started_at · 结束早于开始")
        return self


class VisitCreate(VisitBody):
    """A visit that is posted by itself; a handheld pushes it as an item of the kind `visit`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": str(demo_id("visit", "example")),
                "recorded_at": "2026-11-20T10:20:00+08:00",
                "subject_id": str(DEMO_PLACE),
                "started_at": "2026-11-20T10:00:00+08:00",
                "ended_at": "2026-11-20T10:20:00+08:00",
                "findings": {"condition": "normal", "help_given": "检查消防通道"},
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the sender; repeat it when resending · 发送方生成")]
    recorded_at: Annotated[Instant, Field(description="When it was recorded · 记录时刻")]


class VisitRead(Output):
    """A visit, as claimed and as proven."""

    id: Annotated[UUID, Field(description="As the handheld made it · 走访编号")]
    subject_id: Annotated[UUID, Field(description="Visited · 走访对象")]
    subject_name: Annotated[str | None, Field(description="Masked if it is a person's · 对象名称(脱敏)")]
    inspector_id: Annotated[UUID, Field(description="Visitor · 网格员")]
    display_name: Annotated[str, Field(description="Name of the visitor · 网格员姓名")]
    area_id: Annotated[UUID, Field(description="Where the subject lay · 所属区划")]
    grid_id: Annotated[UUID | None, Field(description="Likewise · 所属网格")]
    is_own_grid: Annotated[bool, Field(description="The visitor served that grid · 是否本人网格")]
    service_day: Annotated[date, Field(description="Day that it counts for · 计入日期")]
    started_at: Annotated[datetime, Field(description="Corrected by the clock offset · 开始时刻")]
    ended_at: Annotated[datetime, Field(description="Likewise · 结束时刻")]
    received_at: Annotated[datetime, Field(description="When the server got it · 收到时刻")]
    distance_m: Annotated[float | None, Field(description="From the subject's point, m · 距对象坐标,米")]
    is_near: Annotated[bool, Field(description="The position proves it · 定位可证明到场")]
    proven_by: ProvenBy
    unproven_why: Doubt
    is_counted: Annotated[bool, Field(description="Counts for the month's duty · 计入当月走访")]
    upload_ids: Annotated[list[UUID], Field(description="Photos named · 照片编号")]
    missing_uploads: Annotated[list[UUID], Field(description="Not arrived yet · 尚未收到的照片或签名")]
    shared_uploads: Annotated[
        list[UUID], Field(description="Those whose file other visits name, too · 其他走访也使用的照片")
    ]
    condition: Annotated[Condition, Field(description=CONDITION)]
    has_texts: Annotated[bool, Field(description="Needs or help are noted; reveal them · 另有文字记录")]
    next_visit_on: Annotated[date | None, Field(description="Agreed on · 约定下次走访")]
    corrects_id: Annotated[UUID | None, Field(description="Earlier visit it corrects · 更正的走访")]
    corrected_by: Annotated[UUID | None, Field(description="Later visit that corrects it · 由此走访更正")]
    voided_at: Annotated[datetime | None, Field(description="Voided by a supervisor · 作废时刻")]
    void_reason: Annotated[str | None, Field(description="Why · 作废原因")]


class VisitVoid(Input):
    """A visit that is not to count; it is kept."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "核实为误报,当日未到场。"}})

    reason: Annotated[Words, Field(description="Shown to the inspector · 作废原因")]


class Reveal(Input):
    """What somebody needs it for who asks to see what is shown masked."""

    model_config = ConfigDict(json_schema_extra={"example": {"purpose": "aid"}})

    purpose: Annotated[
        Literal["service", "review", "complaint", "aid"],
        Field(
            description="Kept in the event log · 查看用途,记入日志: "
            "service 走访服务 · review 工作核查 · complaint 投诉处理 · aid 救助申请"
        ),
    ]


class FindingsRead(Output):
    """The findings of a visit in plain."""

    condition: Annotated[Condition, Field(description=CONDITION)]
    needs: Annotated[str | None, Field(description="What is needed · 诉求与困难")]
    help_given: Annotated[str | None, Field(description="What was done · 提供的帮助")]


class DueRead(Output):
    """One key person's or place's month."""

    subject_id: Annotated[UUID, Field(description="To be visited · 走访对象")]
    subject_name: Annotated[str | None, Field(description="Masked if it is a person's · 对象名称(脱敏)")]
    kind: Annotated[Literal["person", "place"], Field(description="person 重点人员 · place 重点场所")]
    categories: Annotated[list[str], Field(description="Restricted ones as `restricted` · 类别")]
    area_id: Annotated[UUID, Field(description="Where it lies · 所属区划")]
    grid_id: Annotated[UUID | None, Field(description="Likewise · 所属网格")]
    inspector_ids: Annotated[list[UUID], Field(description="Who serves that grid · 责任网格员")]
    month: Annotated[str, Field(description="`2026-11` · 月份")]
    required: Annotated[int, Field(description="Visits that the month asks for · 应走访次数")]
    counted: Annotated[int, Field(description="Visits that count for it · 已计走访次数")]
    unproven: Annotated[int, Field(description="Visits without proof, not counted · 无凭证走访次数")]
    status: Annotated[Status, Field(description=STATUS)]
    due_on: Annotated[date, Field(description="Last day of the month · 最迟日期")]
    last_visit_on: Annotated[
        date | None, Field(description="Last visit that counts, ever · 最近一次有效走访")
    ]
    next_visit_on: Annotated[date | None, Field(description="As the latest visit agreed · 约定下次走访")]
    lon: Annotated[float | None, Field(description="Longitude, CGCS2000 · 经度")]
    lat: Annotated[float | None, Field(description="Latitude, CGCS2000 · 纬度")]


class GridRate(Output):
    """Subjects of one grid by status."""

    grid_id: Annotated[UUID | None, Field(description="None: outside every grid · 网格")]
    grid_code: Annotated[str | None, Field(description="Code of the grid · 网格编码")]
    required: Annotated[int, Field(description="Subjects to be visited · 应走访对象数")]
    done: Annotated[int, Field(description="Visited as often as asked · 已完成")]
    due: Annotated[int, Field(description="Still to be visited this month · 待走访")]
    overdue: Annotated[int, Field(description="Not visited in a month that is over · 逾期")]
    excused: Annotated[int, Field(description="Nobody of the grid was there all month · 免予要求")]
    share: Annotated[float | None, Field(description="done ÷ required; null without any · 走访率")]


class AreaRate(GridRate):
    """An area's month, its grids below; each opens through `GET /visits/due?grid_id=…`."""

    area_id: Annotated[UUID, Field(description="Area · 区划")]
    month: Annotated[str, Field(description="`2026-11` · 月份")]
    grids: Annotated[list[GridRate], Field(description="Grid by grid · 各网格")]
