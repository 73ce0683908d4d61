"""What can be imported, and the states of an import."""

from enum import StrEnum


class ImportKind(StrEnum):
    """What the rows of a file are."""

    SUBJECTS = "subjects"
    DIVISIONS = "divisions"
    CODE_TABLE = "code_table"


class ImportState(StrEnum):
    """Where an import stands. `checked`: the dry run is there and waits for a confirmation."""

    CHECKING = "checking"
    CHECKED = "checked"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"


IMPORT_STATE_LABELS: dict[ImportState, str] = {
    ImportState.CHECKING: "校验中",
    ImportState.CHECKED: "待确认",
    ImportState.QUEUED: "排队中",
    ImportState.RUNNING: "导入中",
    ImportState.DONE: "已完成",
    ImportState.CANCELLED: "已取消",
    ImportState.FAILED: "失败",
    ImportState.EXPIRED: "已过期",
}
"""Chinese label of every state."""

STATE_LIST = ", ".join(f"'{state.value}'" for state in ImportState)
KIND_LIST = ", ".join(f"'{kind.value}'" for kind in ImportKind)
CANCELLABLE = frozenset({ImportState.CHECKING, ImportState.CHECKED, ImportState.QUEUED, ImportState.RUNNING})
"""A running one stops between two chunks; what is imported stays."""
