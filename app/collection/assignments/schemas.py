"""What goes in and out of tasks."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.collection.assignments.workflow import (
    TASK_KIND_LABELS,
    TASK_OUTCOME_LABELS,
    TASK_STATE_LABELS,
    TaskKind,
    TaskOutcome,
    TaskState,
)
from app.kit.ids import DEMO_INSPECTOR, DEMO_PERSON
from app.kit.schemas import VISIBLE, Day, Input, Instant, Output


def _listed(labels: dict[str, str]) -> str:
    return ", ".join(f"`{code}` {zh}" for code, zh in labels.items())


KindRead = Annotated[
    TaskKind, Field(description="Kind · 种类:" + _listed({k.value: v for k, v in TASK_KIND_LABELS.items()}))
]
StateRead = Annotated[
    TaskState,
    Field(description="State · 状态:" + _listed({k.value: v for k, v in TASK_STATE_LABELS.items()})),
]
OutcomeField = Annotated[
    TaskOutcome,
    Field(
        description="What was found · 结果:" + _listed({k.value: v for k, v in TASK_OUTCOME_LABELS.items()})
    ),
]
Words = Annotated[
    str, Field(min_length=1, max_length=500, description="In plain words, without names · 情况说明(不写姓名)")
]
Line = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=VISIBLE, description="One line, without names · 一行说明"),
]


class TaskAssignment(Input):
    """To whom a task goes."""

    model_config = ConfigDict(json_schema_extra={"example": {"inspector_id": str(DEMO_INSPECTOR)}})

    inspector_id: Annotated[UUID, Field(description="Who serves the grid now · 在本网格任职的网格员")]
    grid_id: Annotated[
        UUID | None, Field(description="Only for a task that has no grid yet · 任务尚无网格时填写")
    ] = None


class TaskCancellation(Input):
    """Why a task needs not be done."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "重复布置"}})

    reason: Line


class TaskResultBody(Input):
    """What was found; the members of a pushed `task_result`. Members that nobody here knows are passed over."""

    model_config = ConfigDict(extra="ignore")

    task_id: Annotated[UUID, Field(description="The task · 任务")]
    outcome: OutcomeField
    note: Annotated[
        Words | None,
        Field(description="Required for `rejected`; the declarant reads it · 不属实必填,申报人可见"),
    ] = None
    submission_id: Annotated[
        UUID | None, Field(description="Submission that carries the result · 结果所附采集记录")
    ] = None


class TaskResultCreate(Input):
    """What was found. The same id with the same content is the same result."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019aa000-0000-7000-8000-000000000401",
                "recorded_at": "2026-11-20T09:30:00+08:00",
                "outcome": "rejected",
                "note": "上门核实,申报人已于上月搬离",
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the sender · 发送方生成的标识")]
    recorded_at: Annotated[Instant, Field(description="When it was found · 核实时刻")]
    outcome: OutcomeField
    note: Annotated[
        Words | None,
        Field(description="Required for `rejected`; the declarant reads it · 不属实必填,申报人可见"),
    ] = None
    submission_id: Annotated[
        UUID | None, Field(description="Submission that carries the result · 结果所附采集记录")
    ] = None


class TaskRead(Output):
    """A task."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    kind: KindRead
    kind_label: Annotated[str, Field(description="Kind in Chinese · 种类名称")]
    state: StateRead
    state_label: Annotated[str, Field(description="State in Chinese · 状态名称")]
    area_id: Annotated[UUID, Field(description="Community, or what lies above · 所属区划")]
    grid_id: Annotated[UUID | None, Field(description="Grid · 网格")]
    inspector_id: Annotated[UUID | None, Field(description="Who has it · 承办网格员")]
    subject_id: Annotated[UUID | None, Field(description="Whom or what it is about · 采集对象")]
    item_code: Annotated[str | None, Field(description="What is to be collected · 采集事项")]
    origin_kind: Annotated[
        str,
        Field(
            description="What it comes from · 来源:`declaration` 自主申报, `tip` 线索, "
            "`collection_request` 二次采集要求, `cycle` 采集周期, `submission` 采集记录, `sample_case` 抽查"
        ),
    ]
    origin_id: Annotated[UUID, Field(description="Id of that · 来源标识")]
    due_on: Annotated[date, Field(description="Last day, working days counted · 办理期限")]
    is_overdue: Annotated[bool, Field(description="Past that day and not done · 已超期")]
    urgent: Annotated[bool, Field(description="Handhelds are told at once · 紧急")]
    note: Annotated[str | None, Field(description="What to do · 任务说明")]
    outcome: Annotated[OutcomeField | None, Field(description="What was found · 结果")]
    result_note: Annotated[str | None, Field(description="In words · 结果说明")]
    submission_id: Annotated[UUID | None, Field(description="Submission that carries it · 结果采集记录")]
    created_at: Annotated[datetime, Field(description="Opened · 生成时刻")]
    assigned_at: Annotated[datetime | None, Field(description="Assigned · 分配时刻")]
    closed_at: Annotated[datetime | None, Field(description="Done, rejected or cancelled · 办结时刻")]
    version: Annotated[int, Field(description="Grows with every change · 版本")]


class CollectionRequestCreate(Input):
    """A second collection of named subjects. The same id with the same content is the same request."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019aa000-0000-7000-8000-000000000402",
                "item_code": "resident_registered",
                "subject_ids": [str(DEMO_PERSON)],
                "reason": "补充服务需求信息",
            }
        }
    )

    id: Annotated[UUID, Field(description="Made by the sender · 发送方生成的标识")]
    item_code: Annotated[
        str, Field(pattern="^[a-z][a-z0-9_]{1,63}$", description="An admitted item · 已准入的采集事项")
    ]
    subject_ids: Annotated[
        list[UUID], Field(min_length=1, max_length=500, description="Whom or what · 采集对象,最多 500 个")
    ]
    reason: Line
    due_on: Annotated[
        Day | None, Field(description="Last day; by the rules when left out · 期限,缺省按规则")
    ] = None


class CollectionRequestRead(Output):
    """A request and how far it is."""

    id: Annotated[UUID, Field(description="Id · 标识")]
    area_id: Annotated[UUID, Field(description="Area of whom asked · 提出方区划")]
    item_code: Annotated[str, Field(description="Item · 采集事项")]
    reason: Annotated[str, Field(description="Why · 事由")]
    due_on: Annotated[date, Field(description="Last day · 期限")]
    requested_by: Annotated[UUID, Field(description="Who asked · 提出人")]
    created_at: Annotated[datetime, Field(description="When · 提出时刻")]
    tasks: Annotated[int, Field(description="Tasks in all · 任务数")]
    tasks_left: Annotated[int, Field(description="Still to do · 未办结数")]
