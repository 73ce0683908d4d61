"""What goes in and out of subjects."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.collection.catalogue.form_fields import KeyKind, Link
from app.kit.ids import DEMO_COMMUNITY, DEMO_DWELLING, DEMO_GRID
from app.kit.schemas import LAST_DAY, VISIBLE, Input, Output

SubjectKind = Annotated[
    Literal["person", "household", "dwelling", "building", "organization", "component", "article", "place"],
    Field(description="Kind of subject · 对象类型"),
]
State = Annotated[
    Literal[
        "arrived",
        "moved",
        "left",
        "returned",
        "died",
        "formed",
        "dissolved",
        "occupied",
        "vacant",
        "let",
        "built",
        "demolished",
        "removed",
        "registered",
        "deregistered",
        "kept",
        "opened",
        "closed",
    ],
    Field(description="State of the life cycle · 生命周期状态"),
]
LinkKind = Annotated[Link, Field(description="Kind of link · 关联类型")]
Direction = Literal["out", "in"]
SearchKey = KeyKind | Literal["phone"]
Purpose = Annotated[
    Literal["verification", "visit", "incident", "service", "correction", "inspection"],
    Field(description="What for · 查看用途"),
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=VISIBLE)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Since = Annotated[date, Field(ge=date(1900, 1, 1), le=LAST_DAY)]
"""A day on which something began or ended: houses and residences are older than the service."""
Position = Annotated[list[float] | None, Field(description="[longitude, latitude], degrees, CGCS2000 · 坐标")]


class KeyAsked(Input):
    """An exact number."""

    kind: Annotated[SearchKey, Field(description="Which number · 号码类型")]
    value: Annotated[Line, Field(description="The whole number · 完整号码")]


class SubjectSearch(Input):
    """Every condition narrows; at least one is needed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"kind": "person", "name": "合成", "area_id": str(DEMO_COMMUNITY), "limit": 20}
        }
    )

    name: Annotated[Line | None, Field(description="Part of a name, ≥ 2 characters · 姓名(名称)片段")] = None
    address: Annotated[Line | None, Field(description="Part of an address, ≥ 2 characters · 地址片段")] = None
    key: Annotated[KeyAsked | None, Field(description="An exact number · 完整号码")] = None
    area_id: Annotated[UUID | None, Field(description="In this area · 区划内")] = None
    grid_id: Annotated[UUID | None, Field(description="In this grid · 网格内", examples=[str(DEMO_GRID)])] = (
        None
    )
    kind: SubjectKind | None = None
    item_code: Annotated[Line | None, Field(description="Collected by this item · 采集事项")] = None
    tags: Annotated[
        list[Line], Field(default_factory=list, max_length=20, description="With all of these tags · 标签")
    ]
    state: State | None = None
    box: Annotated[
        tuple[float, float, float, float] | None,
        Field(description="West, south, east, north in degrees · 地图范围"),
    ] = None
    with_merged: Annotated[bool, Field(description="Also those that were merged · 含已合并的")] = False
    limit: Annotated[int, Field(ge=1, le=500, description="Most rows in one answer · 每页最多行数")] = 100
    cursor: Annotated[
        str | None, Field(max_length=500, description="`next` of the page before · 上一页的 next")
    ] = None


class SubjectBrief(Output):
    """A subject in a list; a personal name or address is masked."""

    id: Annotated[UUID, Field(description="Subject · 对象编号")]
    kind: SubjectKind
    item_code: Annotated[str, Field(description="Item of its last change · 最近采集事项")]
    area_id: Annotated[UUID, Field(description="Community, or the area above · 所属区划")]
    grid_id: Annotated[UUID | None, Field(description="Grid · 所属网格")]
    name: Annotated[str | None, Field(description="Name, masked where personal · 名称(个人信息脱敏)")]
    address: Annotated[str | None, Field(description="Address, masked where personal · 地址(脱敏)")]
    tags: Annotated[list[str], Field(description="Tags · 标签")]
    state: State
    state_since: Annotated[date, Field(description="Since · 状态起始日")]
    position: Position
    quality_score: Annotated[int | None, Field(description="0 to 100 · 质量分")]
    fresh_at: Annotated[datetime, Field(description="When it was last confirmed · 最近采集时刻")]
    merged_into: Annotated[UUID | None, Field(description="Where it went when merged · 并入的对象")]


class StateRead(Output):
    """A dated state."""

    id: Annotated[UUID, Field(description="State · 状态编号")]
    state: State
    since: Annotated[date, Field(description="First day · 起始日")]
    until: Annotated[date | None, Field(description="First day of the next one · 下一状态起始日")]
    recorded_at: Annotated[datetime, Field(description="When it was recorded · 记录时刻")]
    author_id: Annotated[UUID | None, Field(description="By whom · 记录人")]
    submission_id: Annotated[UUID | None, Field(description="From which submission · 来源报送")]
    voided_at: Annotated[datetime | None, Field(description="When it was taken back · 作废时刻")]
    void_reason: Annotated[str | None, Field(description="Why · 作废原因")]


class SubjectRead(SubjectBrief):
    """A subject: personal fields masked, sensitive ones left out."""

    version: Annotated[int, Field(description="Counts changes of fields; an edit's base · 字段版本")]
    revision: Annotated[int, Field(description="Counts every change; the ETag · 修订号")]
    fields: Annotated[dict[str, Any], Field(description="By field name, personal ones masked · 各字段")]
    masked_fields: Annotated[list[str], Field(description="Which of them are masked · 已脱敏字段")]
    sensitive_fields: Annotated[
        list[str], Field(description="Those that you may ask to see · 可申请查看的敏感字段")
    ]
    states: Annotated[list[StateRead], Field(description="Life cycle · 生命周期")]
    allowed_states: Annotated[list[State], Field(description="What may follow · 可进入的状态")]
    is_closed: Annotated[bool, Field(description="Changes are corrections only · 只可更正")]
    aliases: Annotated[list[UUID], Field(description="Subjects merged into it · 已并入的对象")]
    created_at: Annotated[datetime, Field(description="First stored · 首次入库时刻")]
    updated_at: Annotated[datetime, Field(description="Last change · 最近变更时刻")]


class VersionRead(Output):
    """One accepted change, masked."""

    subject_id: Annotated[UUID, Field(description="Of which subject, itself or an alias · 所属对象")]
    version: Annotated[int, Field(description="Version · 版本")]
    item_code: Annotated[str, Field(description="Item · 采集事项")]
    changed: Annotated[list[str], Field(description="Fields that changed · 变更字段")]
    fields: Annotated[dict[str, Any], Field(description="Their new values, masked · 新值(脱敏)")]
    submission_id: Annotated[UUID | None, Field(description="From which submission · 来源报送")]
    author_id: Annotated[UUID | None, Field(description="By whom · 采集人")]
    author_name: Annotated[str | None, Field(description="Name · 采集人姓名")]
    recorded_at: Annotated[datetime, Field(description="When it was recorded · 采集时刻")]
    received_at: Annotated[datetime, Field(description="When it arrived · 到达时刻")]


class LinkRead(Output):
    """A link, seen from one of its ends."""

    id: Annotated[UUID, Field(description="Link · 关联编号")]
    kind: LinkKind
    direction: Annotated[Direction, Field(description="out 指向对方 · in 由对方指来")]
    own_id: Annotated[UUID, Field(description="The end that carries it, itself or an alias · 本端")]
    subject: Annotated[SubjectBrief, Field(description="The other end · 对端对象")]
    field: Annotated[str | None, Field(description="Field that names it · 来源字段")]
    valid_from: Annotated[date, Field(description="First day · 起始日")]
    valid_to: Annotated[date | None, Field(description="First day that it no longer holds · 终止日")]


class NodeRead(Output):
    """A subject that was reached."""

    steps: Annotated[int, Field(description="After how many links · 步数")]
    subject: SubjectBrief


class EdgeRead(Output):
    """A link between two of them."""

    id: Annotated[UUID, Field(description="Link · 关联编号")]
    kind: LinkKind
    from_id: Annotated[UUID, Field(description="From · 起点")]
    to_id: Annotated[UUID, Field(description="To · 终点")]
    valid_from: Annotated[date, Field(description="First day · 起始日")]
    valid_to: Annotated[date | None, Field(description="First day that it no longer holds · 终止日")]


class NetworkRead(Output):
    """What links lead to, nearest first."""

    nodes: Annotated[list[NodeRead], Field(description="Subjects · 对象")]
    links: Annotated[list[EdgeRead], Field(description="Links among them · 关联")]
    is_truncated: Annotated[bool, Field(description="More was there than asked for · 未全部列出")]


class StateCreate(Input):
    """A state entered by an office."""

    model_config = ConfigDict(json_schema_extra={"example": {"state": "moved", "on": "2026-11-01"}})

    state: State
    on: Annotated[Since, Field(description="First day · 起始日")]


class VoidCreate(Input):
    """Why a state is taken back."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "误报,本人仍在住"}})

    reason: Annotated[Words, Field(description="Reason, without personal data · 原因")]


class LinkCreate(Input):
    """A link that an office enters."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"kind": "owns", "to_id": str(DEMO_DWELLING), "valid_from": "2020-05-01"}
        }
    )

    kind: LinkKind
    to_id: Annotated[UUID, Field(description="The other end · 对端对象")]
    valid_from: Annotated[Since, Field(description="First day · 起始日")]
    valid_to: Annotated[
        Since | None, Field(description="First day that it no longer held; empty while it holds · 终止日")
    ] = None


class LinkEnd(Input):
    """When a link ended."""

    model_config = ConfigDict(json_schema_extra={"example": {"on": "2026-11-01"}})

    on: Annotated[
        Since, Field(description="First day that it no longer holds; its first day if it never held · 终止日")
    ]


class RevealCreate(Input):
    """Personal fields in plain; it is recorded who saw which, when and what for."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"fields": ["phone"], "purpose": "visit", "note": "上门走访前电话预约"}}
    )

    fields: Annotated[
        list[Line] | None,
        Field(min_length=1, max_length=100, description="Field names; all that you may see if empty · 字段"),
    ] = None
    purpose: Purpose
    note: Annotated[Words, Field(description="Why it is needed · 查看理由")]


class RevealRead(Output):
    """The plain values, once."""

    id: Annotated[UUID, Field(description="Reveal · 查看记录编号")]
    subject_id: Annotated[UUID, Field(description="Subject · 对象编号")]
    fields: Annotated[dict[str, Any], Field(description="Plain values · 明文")]
