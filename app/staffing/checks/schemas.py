"""What the checks answer."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Output
from app.staffing.schemas import ROLE_TEXT, PostRole

VERDICT_TEXT = (
    "`ok` 符合, `too_few_full_time` 专职不足, `too_many_full_time` 专职超出, `too_few_persons` 人员不足"
)
GAP_TEXT = "`issued_handheld_missing` 专职未配发终端, `app_not_registered` 未注册应用"
Verdict = Literal["ok", "too_few_full_time", "too_many_full_time", "too_few_persons"]
DeviceGap = Literal["issued_handheld_missing", "app_not_registered"]


class RuleSourceRead(Output):
    """A rule and where it comes from."""

    key: Annotated[str, Field(description="Parameter of the rule book · 规则参数")]
    source: Annotated[str, Field(description="Where it comes from · 依据")]


class StaffingCheckRead(Output):
    """How a grid is staffed, and what is asked."""

    grid_id: Annotated[UUID, Field(description="Grid · 网格")]
    code: Annotated[str, Field(description="Grid code · 网格编码")]
    name: Annotated[str, Field(description="Name · 名称")]
    grid_class: Annotated[Literal["B", "S", "M"], Field(description="`B` 基础, `S` 专属, `M` 微网格")]
    full_time: Annotated[
        int,
        Field(description="Full-time inspectors who are there, substitutes included · 在岗专职(含顶岗)人数"),
    ]
    persons: Annotated[int, Field(description="People of any post who are there · 各岗位在岗人数")]
    absent_count: Annotated[
        int, Field(description="Appointed, but on approved absence at that instant · 此时请假等缺勤人数")
    ]
    full_time_min: Annotated[int, Field(description="Fewest full-time asked · 专职下限")]
    full_time_max: Annotated[int, Field(description="Most full-time allowed · 专职上限")]
    persons_min: Annotated[int, Field(description="Fewest people asked · 人员下限")]
    verdict: Annotated[Verdict, Field(description=VERDICT_TEXT)]
    sources: Annotated[list[RuleSourceRead], Field(description="Rules applied · 适用规则")]


class DeviceCoverageRead(Output):
    """Somebody in a post without the handheld that it takes."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    area_id: Annotated[UUID, Field(description="Area · 所属区域")]
    posts: Annotated[list[PostRole], Field(description=ROLE_TEXT)]
    gap: Annotated[DeviceGap, Field(description=GAP_TEXT)]
