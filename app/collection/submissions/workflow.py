"""States of a review and who may take which step."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.identity.actor import Role

ReviewState = Literal["submitted", "returned", "resubmitted", "approved"]


class Step(StrEnum):
    """What is done about a submission."""

    RETURN = "return"
    APPROVE = "approve"
    RESUBMIT = "resubmit"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a step leads, and who may take it; nobody for what follows by itself."""

    to: ReviewState
    roles: frozenset[Role]
    needs_reason: bool = False


REVIEWERS = frozenset({Role.COMMUNITY, Role.TOWNSHIP, Role.COUNTY})
TRANSITIONS: dict[tuple[str, Step], Transition] = {
    ("submitted", Step.RETURN): Transition("returned", REVIEWERS, needs_reason=True),
    ("submitted", Step.APPROVE): Transition("approved", REVIEWERS),
    ("approved", Step.RETURN): Transition("returned", REVIEWERS, needs_reason=True),
    ("returned", Step.APPROVE): Transition("approved", REVIEWERS),
    ("returned", Step.RESUBMIT): Transition("resubmitted", frozenset()),
}
"""What was approved by itself can still be returned; a return that was a mistake can be approved. A correction
by its sender resubmits: the returned one is done, the new one is reviewed."""


def find(state: str, step: Step) -> Transition | None:
    """The transition, or None where the step is not allowed."""
    return TRANSITIONS.get((state, step))


def allowed(state: str) -> list[str]:
    """Steps that a reviewer may take."""
    return [step.value for (at, step), found in TRANSITIONS.items() if at == state and found.roles]
