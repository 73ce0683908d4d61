"""What may become of a task. Pure."""

from enum import StrEnum


class TaskKind(StrEnum):
    """What is to be done."""

    VERIFICATION = "verification"
    SECONDARY_COLLECTION = "secondary_collection"
    TIP = "tip"
    OVERDUE = "overdue"
    SAMPLE_CHECK = "sample_check"
    RETURNED = "returned"


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    ASSIGNED = "assigned"
    DONE = "done"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class TaskOutcome(StrEnum):
    """What was found in the field."""

    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    REJECTED = "rejected"
    DONE = "done"


class Action(StrEnum):
    """What can be done with a task."""

    ASSIGN = "assign"
    CANCEL = "cancel"
    CONFIRM = "confirm"
    CORRECT = "correct"
    REJECT = "reject"
    FINISH = "finish"
    REOPEN = "reopen"


TASK_KIND_LABELS: dict[TaskKind, str] = {
    TaskKind.VERIFICATION: "申报核实",
    TaskKind.SECONDARY_COLLECTION: "二次采集",
    TaskKind.TIP: "线索核实",
    TaskKind.OVERDUE: "采集超期",
    TaskKind.SAMPLE_CHECK: "抽查复核",
    TaskKind.RETURNED: "退回补正",
}
TASK_STATE_LABELS: dict[TaskState, str] = {
    TaskState.OPEN: "待分配",
    TaskState.ASSIGNED: "已分配",
    TaskState.DONE: "已完成",
    TaskState.REJECTED: "不属实",
    TaskState.CANCELLED: "已取消",
}
TASK_OUTCOME_LABELS: dict[TaskOutcome, str] = {
    TaskOutcome.CONFIRMED: "属实",
    TaskOutcome.CORRECTED: "更正",
    TaskOutcome.REJECTED: "不属实",
    TaskOutcome.DONE: "已办",
}

STILL_TO_DO = frozenset({TaskState.OPEN, TaskState.ASSIGNED})
ACTION_OF: dict[TaskOutcome, Action] = {
    TaskOutcome.CONFIRMED: Action.CONFIRM,
    TaskOutcome.CORRECTED: Action.CORRECT,
    TaskOutcome.REJECTED: Action.REJECT,
    TaskOutcome.DONE: Action.FINISH,
}
OUTCOMES: dict[TaskKind, frozenset[TaskOutcome]] = {
    TaskKind.VERIFICATION: frozenset({TaskOutcome.CONFIRMED, TaskOutcome.CORRECTED, TaskOutcome.REJECTED}),
    TaskKind.TIP: frozenset({TaskOutcome.CONFIRMED, TaskOutcome.CORRECTED, TaskOutcome.REJECTED}),
    TaskKind.SECONDARY_COLLECTION: frozenset({TaskOutcome.DONE, TaskOutcome.REJECTED}),
    TaskKind.OVERDUE: frozenset({TaskOutcome.CONFIRMED, TaskOutcome.CORRECTED, TaskOutcome.REJECTED}),
    TaskKind.SAMPLE_CHECK: frozenset({TaskOutcome.CONFIRMED, TaskOutcome.CORRECTED, TaskOutcome.REJECTED}),
    TaskKind.RETURNED: frozenset({TaskOutcome.DONE, TaskOutcome.CORRECTED, TaskOutcome.REJECTED}),
}
"""What the field may answer to each kind."""
CARRIED_BY_SUBMISSION: frozenset[tuple[TaskKind, TaskOutcome]] = frozenset(
    {
        (TaskKind.VERIFICATION, TaskOutcome.CORRECTED),
        (TaskKind.SECONDARY_COLLECTION, TaskOutcome.DONE),
        (TaskKind.OVERDUE, TaskOutcome.CONFIRMED),
        (TaskKind.OVERDUE, TaskOutcome.CORRECTED),
        (TaskKind.SAMPLE_CHECK, TaskOutcome.CORRECTED),
        (TaskKind.RETURNED, TaskOutcome.DONE),
        (TaskKind.RETURNED, TaskOutcome.CORRECTED),
    }
)
"""Answers that are worth nothing without the submission that they name."""
NEEDS_NOTE = frozenset({TaskOutcome.REJECTED})

MOVES: dict[tuple[TaskState, Action], TaskState] = {
    (TaskState.OPEN, Action.ASSIGN): TaskState.ASSIGNED,
    (TaskState.ASSIGNED, Action.ASSIGN): TaskState.ASSIGNED,
    **{
        (state, action): to
        for state in (TaskState.OPEN, TaskState.ASSIGNED)
        for action, to in (
            (Action.CANCEL, TaskState.CANCELLED),
            (Action.CONFIRM, TaskState.DONE),
            (Action.CORRECT, TaskState.DONE),
            (Action.FINISH, TaskState.DONE),
            (Action.REJECT, TaskState.REJECTED),
        )
    },
    (TaskState.DONE, Action.REOPEN): TaskState.ASSIGNED,
}
"""A finished task is assigned again to the same inspector when a reviewer returns its result."""


ANSWERED_ONLY = frozenset({TaskKind.VERIFICATION, TaskKind.TIP})
"""Somebody outside waits for the answer: these are rejected with a reason, never cancelled."""


def advance(kind: TaskKind, state: TaskState, action: Action) -> TaskState | None:
    """The state that `action` leads to, None when it is not possible."""
    if action is Action.CANCEL and kind in ANSWERED_ONLY:
        return None
    return MOVES.get((state, action))


def allowed(kind: TaskKind, state: TaskState) -> list[str]:
    """What can be done with a task of `kind` in `state`, for problems that say so."""
    answers = {ACTION_OF[outcome] for outcome in OUTCOMES[kind]}
    other = {Action.ASSIGN, Action.CANCEL, Action.REOPEN}
    return sorted(action.value for action in answers | other if advance(kind, state, action) is not None)
