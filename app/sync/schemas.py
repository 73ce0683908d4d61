"""Pushes, pulls and receipts as the API describes them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.kit.schemas import Input, Output

Outcome = Annotated[
    Literal["stored", "duplicate", "held", "rejected", "quarantined"],
    Field(
        description="stored 已入库 · duplicate 重复 · held 等待前序条目 · rejected 未接受 · quarantined 已隔离留存"
    ),
]
FirstOutcome = Annotated[
    Literal["stored", "held", "rejected", "quarantined"] | None,
    Field(description="Of a duplicate: what became of it · 重复条目此前的处理结果"),
]
Told = Annotated[dict[str, Any], Field(description="What its kind tells beside the outcome · 附加信息")]
ProblemOf = Annotated[
    dict[str, Any] | None, Field(description="Why it was not taken, as RFC 9457 · 未接受的原因")
]
Urgent = Annotated[bool, Field(description="Pull now · 有紧急事项,请立即拉取")]


class ItemResult(Output):
    """What became of one item of a push."""

    id: Annotated[UUID | None, Field(description="The item's id, null if unreadable · 条目编号")]
    index: Annotated[int, Field(description="Its place in the push, from 0 · 序号")]
    outcome: Outcome
    first_outcome: FirstOutcome
    told: Told
    problem: ProblemOf


class PushRead(Output):
    """The answer to a push, after its commit."""

    results: Annotated[list[ItemResult], Field(description="In the order of the items · 逐条结果")]
    head: Annotated[int, Field(description="Last event of the county's feed · 变更流最新序号")]
    urgent: Urgent
    ignored_fields: Annotated[int, Field(description="Unknown members passed over · 忽略的未知字段数")]
    clock_offset_ms: Annotated[int, Field(description="Added to the handheld's times · 时钟校正量(毫秒)")]
    server_time: Annotated[AwareDatetime, Field(description="The server's clock · 服务器时间")]


class ObjectRead(Output):
    """An object in its present state."""

    kind: Annotated[str, Field(description="subject, task, grid, rule, … · 对象类别")]
    id: Annotated[UUID, Field(description="Id, unique within its kind · 编号")]
    version: Annotated[int, Field(description="Grows with every change · 版本")]
    grid_id: Annotated[UUID | None, Field(description="Its grid, null for whole areas · 所属网格")]
    body: Annotated[dict[str, Any], Field(description="As its kind describes · 内容")]


class GoneRead(Output):
    """An object to be forgotten."""

    kind: Annotated[str, Field(description="Kind · 对象类别")]
    id: Annotated[UUID, Field(description="Id · 编号")]


class PullRead(Output):
    """One page of what is new."""

    objects: Annotated[list[ObjectRead], Field(description="Keep these · 新增或变更的对象")]
    gone: Annotated[list[GoneRead], Field(description="Forget these · 已移除的对象")]
    left_grids: Annotated[
        list[UUID], Field(description="Forget everything of these grids, first · 已不再负责的网格")
    ]
    reset: Annotated[bool, Field(description="Forget everything, before all else · 须清空后重新加载")]
    cursor: Annotated[str, Field(description="For the next pull · 下次拉取的游标")]
    more: Annotated[bool, Field(description="Pull again at once · 还有更多")]
    head: Annotated[int, Field(description="Last event of the county's feed · 变更流最新序号")]
    urgent: Urgent


class ItemReceiptQuery(Input):
    """Which items."""

    ids: Annotated[
        list[UUID], Field(min_length=1, max_length=500, description="Item ids, at most 500 · 条目编号")
    ]


class ItemReceiptRead(Output):
    """What became of an item."""

    id: Annotated[UUID, Field(description="The item's id · 条目编号")]
    kind: Annotated[str, Field(description="Kind · 条目类型")]
    outcome: Annotated[
        Literal["stored", "held", "rejected", "quarantined"], Field(description="As it stands · 当前结果")
    ]
    told: Told
    problem: ProblemOf
    digest: Annotated[str, Field(description="SHA-256 of the item, hex · 内容摘要")]
    received_at: Annotated[AwareDatetime, Field(description="When it came · 收到时间")]


class ItemReceiptsRead(Output):
    """Those that exist; the others never arrived."""

    receipts: Annotated[list[ItemReceiptRead], Field(description="By id · 按编号排序")]
    urgent: Urgent


class HandheldSyncRead(Output):
    """How far one handheld is behind."""

    device_id: Annotated[UUID, Field(description="Handheld · 终端")]
    serial_no: Annotated[str, Field(description="Serial number · 序列号")]
    area_id: Annotated[UUID, Field(description="Area it belongs to · 所属区划")]
    inspector_id: Annotated[UUID | None, Field(description="Who holds it now · 当前持有人")]
    inspector_name: Annotated[str | None, Field(description="Name · 持有人姓名")]
    pulled_at: Annotated[
        AwareDatetime | None,
        Field(description="Last pull, to the minute; null: never · 最近拉取(精确到分钟)"),
    ]
    pulled_seq: Annotated[
        int | None, Field(description="Event up to which it was told; null: load unfinished · 已拉取到的序号")
    ]
    head: Annotated[int, Field(description="Last event of the county's feed · 变更流最新序号")]
    events_behind: Annotated[int | None, Field(description="Events of the county since then · 落后的事件数")]
    pushed_at: Annotated[
        AwareDatetime | None, Field(description="Last push, to the minute · 最近推送(精确到分钟)")
    ]
    held_items: Annotated[int, Field(description="Items that wait for another item · 等待前序的条目数")]
    quarantined_items: Annotated[
        int, Field(description="Sent by it, set aside, not settled · 隔离待处理的条目数")
    ]
    missing_photos: Annotated[
        int, Field(description="Named by its items, not arrived · 已引用但未到达的照片数")
    ]
