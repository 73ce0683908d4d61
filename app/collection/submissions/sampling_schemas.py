"""What goes in and out of sampling checks."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from app.collection.submissions.drawing import SEED_BITS
from app.collection.submissions.schemas import Reason
from app.kit.ids import DEMO_COMMUNITY
from app.kit.schemas import Day, Input, Output

Verdict = Literal["correct", "wrong", "not_found"]
VERDICT = "correct 属实 · wrong 有误 · not_found 查无此人(物)"
CheckState = Literal["open", "closed"]


class SampleCheckCreate(Input):
    """What a random sample is drawn from."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "area_id": str(DEMO_COMMUNITY),
                "item_code": None,
                "first_day": "2026-10-01",
                "last_day": "2026-11-30",
                "size": 1,
                "note": "人口信息季度抽查",
            }
        }
    )

    area_id: Annotated[UUID, Field(description="With everything below · 区划")]
    item_code: Annotated[str | None, Field(max_length=64, description="One item, or all · 采集事项")] = None
    first_day: Annotated[Day, Field(description="Recorded from · 采集起始日")]
    last_day: Annotated[Day, Field(description="To, included · 采集截止日")]
    size: Annotated[int, Field(ge=1, description="Records to draw; at most the rule's · 抽取条数")]
    seed: Annotated[
        int | None,
        Field(ge=0, lt=2**SEED_BITS, description="To draw a sample again; else the system's · 随机种子"),
    ] = None
    note: Annotated[Reason | None, Field(description="What it is about · 说明")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day lies before first_day · 截止日早于起始日")
        return self


class SampleCheckRead(Output):
    """A sampling check and what it found so far."""

    id: Annotated[UUID, Field(description="Check · 抽查编号")]
    area_id: Annotated[UUID, Field(description="Drawn from · 区划")]
    item_code: Annotated[str | None, Field(description="Item, or all · 采集事项")]
    first_day: Annotated[date, Field(description="Recorded from · 采集起始日")]
    last_day: Annotated[date, Field(description="To, included · 采集截止日")]
    seed: Annotated[int, Field(description="The order of SHA-256(seed, id) is the sample · 随机种子,可复现")]
    population: Annotated[int, Field(description="Records drawn from · 总体数")]
    size: Annotated[int, Field(description="Records drawn · 抽取数")]
    judged: Annotated[int, Field(description="With a verdict · 已判定数")]
    wrong: Annotated[int, Field(description="Wrong or not found · 差错数")]
    error_rate: Annotated[
        float | None, Field(description="wrong ÷ judged; open its cases with `verdict` · 差错率")
    ]
    note: Annotated[str | None, Field(description="What it is about · 说明")]
    drawn_by_name: Annotated[str, Field(description="Who drew it · 抽查人")]
    drawn_at: Annotated[datetime, Field(description="When; later arrivals are not in it · 抽取时刻")]
    state: Annotated[CheckState, Field(description="open 进行中 · closed 已办结")]
    feedback: Annotated[str | None, Field(description="To the grid office · 反馈意见")]
    closed_at: Annotated[datetime | None, Field(description="When it was closed · 办结时刻")]


class SampleCaseRead(Output):
    """One drawn record."""

    ordinal: Annotated[int, Field(description="Place in the sample · 序号")]
    submission_id: Annotated[UUID, Field(description="Look it up there · 采集记录编号")]
    subject_id: Annotated[UUID | None, Field(description="Its subject · 采集对象")]
    item_code: Annotated[str, Field(description="Item · 采集事项")]
    grid_id: Annotated[UUID | None, Field(description="Where · 网格")]
    recorded_at: Annotated[datetime, Field(description="When it was recorded · 采集时刻")]
    verdict: Annotated[Verdict | None, Field(description=VERDICT)]
    remarks: Annotated[str | None, Field(description="What was found · 核查情况")]
    judged_at: Annotated[datetime | None, Field(description="When · 判定时刻")]


class VerdictPut(Input):
    """What the checker found. Until the check is closed it can be changed."""

    model_config = ConfigDict(json_schema_extra={"example": {"verdict": "correct", "remarks": None}})

    verdict: Annotated[Verdict, Field(description=VERDICT)]
    remarks: Annotated[Reason | None, Field(description="What was found; no personal data · 核查情况")] = None

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.verdict != "correct" and self.remarks is None:
            raise ValueError("say what is wrong · 须说明差错情况")
        return self


class ClosingCreate(Input):
    """What the grid office is told."""

    model_config = ConfigDict(json_schema_extra={"example": {"feedback": "请补正差错记录并加强门牌核对。"}})

    feedback: Annotated[Reason, Field(description="To the grid office · 反馈意见")]
