"""The states of an export, and what may be done in each."""

from enum import StrEnum


class ExportState(StrEnum):
    """Where an export stands."""

    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"


EXPORT_STATE_LABELS: dict[ExportState, str] = {
    ExportState.AWAITING_APPROVAL: "待审批",
    ExportState.QUEUED: "排队中",
    ExportState.RUNNING: "导出中",
    ExportState.DONE: "已完成",
    ExportState.REFUSED: "未批准",
    ExportState.CANCELLED: "已取消",
    ExportState.FAILED: "失败",
    ExportState.EXPIRED: "已过期",
}
"""Chinese label of every state."""

STATE_LIST = ", ".join(f"'{state.value}'" for state in ExportState)
CANCELLABLE = frozenset({ExportState.AWAITING_APPROVAL, ExportState.QUEUED, ExportState.RUNNING})
RUNNABLE = frozenset({ExportState.QUEUED, ExportState.RUNNING})
"""A running one is run again when its worker died."""
