"""Whether an answer fits its task, and what it makes of it. Pure."""

from uuid import UUID

from app.collection.assignments import workflow
from app.collection.assignments.problems import (
    OutcomeOfKind,
    ReasonMissing,
    ResultSubmissionMissing,
    TaskTransition,
)
from app.collection.assignments.workflow import Action, TaskKind, TaskOutcome, TaskState


def settle(
    kind: TaskKind, state: TaskState, outcome: TaskOutcome, *, note: str | None, submission_id: UUID | None
) -> TaskState:
    """The state after the answer.

    Raises OutcomeOfKind, ReasonMissing, ResultSubmissionMissing, TaskTransition.
    """
    fitting = workflow.OUTCOMES[kind]
    if outcome not in fitting:
        raise OutcomeOfKind(kind=kind.value, allowed_outcomes=sorted(each.value for each in fitting))
    if outcome in workflow.NEEDS_NOTE and not note:
        raise ReasonMissing
    if submission_id is None and (kind, outcome) in workflow.CARRIED_BY_SUBMISSION:
        raise ResultSubmissionMissing
    return advance(kind, state, workflow.ACTION_OF[outcome])


def advance(kind: TaskKind, state: TaskState, action: Action) -> TaskState:
    """The state that `action` leads to. Raises TaskTransition."""
    to = workflow.advance(kind, state, action)
    if to is None:
        raise TaskTransition(current_state=state.value, allowed_actions=workflow.allowed(kind, state))
    return to
