"""What goes in and out of duplicates and merges."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.collection.subjects.schemas import SubjectKind, Words
from app.kit.ids import DEMO_PERSON
from app.kit.schemas import Input, Output


class ProposalEnd(Output):
    """One of two that may be the same."""

    id: Annotated[UUID, Field(description="Subject · 对象编号")]
    kind: SubjectKind
    name: Annotated[str | None, Field(description="Masked where personal · 名称(脱敏)")]
    address: Annotated[str | None, Field(description="Masked where personal · 地址(脱敏)")]


class ProposalRead(Output):
    """Two subjects that may be the same thing."""

    id: Annotated[UUID, Field(description="Proposal · 疑似重复编号")]
    one: ProposalEnd
    other: ProposalEnd
    area_id: Annotated[UUID, Field(description="Where it was noticed · 所属区划")]
    reason: Annotated[
        Literal[
            "same_key",
            "same_name_and_birth_date",
            "same_phone_similar_name",
            "same_name",
            "near_position",
        ],
        Field(description="What they share · 疑似原因"),
    ]
    state: Annotated[
        Literal["proposed", "confirmed", "dismissed"], Field(description="Decided or not · 处理状态")
    ]
    proposed_at: Annotated[datetime, Field(description="When · 发现时刻")]
    decided_at: Annotated[datetime | None, Field(description="When it was decided · 处理时刻")]
    decided_by: Annotated[UUID | None, Field(description="By whom · 处理人")]
    note: Annotated[str | None, Field(description="Why · 处理说明")]


class ConfirmationCreate(Input):
    """The two are one."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"winner_id": str(DEMO_PERSON), "reason": "同一人重复登记"}}
    )

    winner_id: Annotated[UUID, Field(description="The one that stays · 保留的对象")]
    reason: Annotated[Words, Field(description="Reason, without personal data · 原因")]


class ReasonCreate(Input):
    """A reason."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "经核实为两人"}})

    reason: Annotated[Words, Field(description="Reason, without personal data · 原因")]


class MergeCreate(ConfirmationCreate):
    """Two records of one thing."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "loser_id": "01981c00-0000-7000-8000-000000000001",
                "winner_id": str(DEMO_PERSON),
                "reason": "同一人重复登记",
            }
        }
    )

    loser_id: Annotated[UUID, Field(description="Becomes an alias of the other · 并入的对象")]


class MergeRead(Output):
    """That one subject is an alias of another."""

    id: Annotated[UUID, Field(description="Merge · 合并编号")]
    loser_id: Annotated[UUID, Field(description="Alias · 并入的对象")]
    winner_id: Annotated[UUID, Field(description="Where it went · 保留的对象")]
    proposal_id: Annotated[UUID | None, Field(description="Proposal that led to it · 疑似重复编号")]
    reason: Annotated[str, Field(description="Why · 合并原因")]
    merged_by: Annotated[UUID, Field(description="By whom · 合并人")]
    merged_at: Annotated[datetime, Field(description="When · 合并时刻")]
    reversed_by: Annotated[UUID | None, Field(description="Taken back by · 撤销人")]
    reversed_at: Annotated[datetime | None, Field(description="Taken back when · 撤销时刻")]
    reversal_reason: Annotated[str | None, Field(description="Why · 撤销原因")]
