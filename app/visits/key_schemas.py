"""What goes in and out of designations of key persons and key places."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.kit.ids import DEMO_PLACE
from app.kit.schemas import Day, Input, Output

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Category = Literal[
    "living_alone",
    "left_behind_child",
    "hardship",
    "disability",
    "maternity",
    "bereaved",
    "resettlement",
    "community_correction",
    "mental_health",
    "drug_recovery",
    "youth_care",
    "petition",
    "school",
    "hospital",
    "hotel",
    "entertainment",
    "catering",
    "financial",
    "chemical",
    "gas_station",
    "market",
    "station",
    "parking",
    "scenic",
    "courier",
    "rental_dense",
    "construction",
    "port_pier",
    "fishing_boat",
    "industrial_park",
    "workshop",
    "elderly_home",
]
OpenCategory = Literal[
    "restricted",
    "living_alone",
    "left_behind_child",
    "hardship",
    "disability",
    "maternity",
    "bereaved",
    "school",
    "hospital",
    "hotel",
    "entertainment",
    "catering",
    "financial",
    "chemical",
    "gas_station",
    "market",
    "station",
    "parking",
    "scenic",
    "courier",
    "rental_dense",
    "construction",
    "port_pier",
    "fishing_boat",
    "industrial_park",
    "workshop",
    "elderly_home",
]
Kind = Annotated[Literal["person", "place"], Field(description="person 重点人员 · place 重点场所")]
PerMonth = Annotated[
    int | None,
    Field(ge=1, le=31, description="For this one alone; else what the rules ask · 单独规定的每月次数"),
]


class KeySubjectCreate(Input):
    """Puts a person or place on the list of those who are visited."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "subject_id": str(DEMO_PLACE),
                "category": "catering",
                "legal_basis": "岱山县全科网格建设实施意见(2018)",
                "since": "2026-11-20",
            }
        }
    )

    subject_id: Annotated[UUID, Field(description="Who or what · 对象")]
    category: Annotated[Category, Field(description="Must fit the subject's kind · 类别")]
    legal_basis: Annotated[Line, Field(description="Document that the duty rests on · 依据文件")]
    owner_department: Annotated[Line | None, Field(description="Authority in charge · 主管部门")] = None
    since: Annotated[Day, Field(description="First day on the list · 列管开始日期")]
    until: Annotated[
        Day | None, Field(description="First day after it; restricted ones need it · 截止日期(不含)")
    ] = None
    visits_per_month: PerMonth = None


class KeySubjectChange(Input):
    """Changes what is given; `until` and `visits_per_month` can be taken back with null."""

    model_config = ConfigDict(json_schema_extra={"example": {"visits_per_month": 2}})

    legal_basis: Annotated[Line | None, Field(description="Document that the duty rests on · 依据文件")] = (
        None
    )
    owner_department: Annotated[Line | None, Field(description="Authority in charge · 主管部门")] = None
    until: Annotated[Day | None, Field(description="First day after it · 截止日期(不含)")] = None
    visits_per_month: PerMonth = None

    @model_validator(mode="after")
    def _keeps_its_basis(self) -> Self:
        if "legal_basis" in self.model_fields_set and self.legal_basis is None:
            raise ValueError("legal_basis cannot be removed · 依据文件不得删除")
        return self


class KeySubjectEnd(Input):
    """Takes somebody off the list."""

    model_config = ConfigDict(json_schema_extra={"example": {"on": "2026-12-01", "reason": "已搬离本县"}})

    on: Annotated[Day, Field(description="First day off the list · 解除日期")]
    reason: Annotated[Line, Field(description="Why · 解除原因")]


class KeySubjectRead(Output):
    """A designation as everybody in scope sees it."""

    id: Annotated[UUID, Field(description="Id of the designation · 列管编号")]
    subject_id: Annotated[UUID, Field(description="Who or what · 对象")]
    subject_name: Annotated[str | None, Field(description="Masked if it is a person's · 名称(脱敏)")]
    kind: Kind
    category: Annotated[OpenCategory, Field(description="Restricted ones as `restricted` · 类别")]
    category_label: Annotated[str, Field(description="In Chinese · 类别名称")]
    area_id: Annotated[UUID, Field(description="Where the subject lies now · 所属区划")]
    grid_id: Annotated[UUID | None, Field(description="Likewise · 所属网格")]
    since: Annotated[date, Field(description="First day on the list · 列管开始日期")]
    until: Annotated[date | None, Field(description="First day after it · 截止日期(不含)")]
    visits_per_month: PerMonth
    designated_at: Annotated[datetime, Field(description="When · 列管时刻")]
    ended_at: Annotated[datetime | None, Field(description="When it was ended by hand · 解除时刻")]
    end_reason: Annotated[str | None, Field(description="Why · 解除原因")]
    version: Annotated[int, Field(description="As in the ETag · 版本")]


class KeySubjectReveal(Output):
    """What a designation says in full; to be seen with a purpose only."""

    category: Annotated[Category, Field(description="The category itself · 类别")]
    category_label: Annotated[str, Field(description="In Chinese · 类别名称")]
    legal_basis: Annotated[str, Field(description="Document that the duty rests on · 依据文件")]
    owner_department: Annotated[str | None, Field(description="Authority in charge · 主管部门")]
