"""Who may turn an absence into what. Pure."""

from enum import StrEnum
from typing import Literal


class AbsenceState(StrEnum):
    """Where an absence stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


ABSENCE_STATE_LABELS: dict[AbsenceState, str] = {
    AbsenceState.REQUESTED: "待批",
    AbsenceState.APPROVED: "已批准",
    AbsenceState.REFUSED: "未批准",
    AbsenceState.WITHDRAWN: "已撤回",
}
"""Chinese label of every state."""

Who = Literal["inspector", "supervisor"]
# An inspector takes back an approved absence only while it has not begun: what happened then is the supervisor's.
MOVES: dict[tuple[AbsenceState, Who], frozenset[AbsenceState]] = {
    (AbsenceState.REQUESTED, "inspector"): frozenset({AbsenceState.WITHDRAWN}),
    (AbsenceState.REQUESTED, "supervisor"): frozenset(
        {AbsenceState.APPROVED, AbsenceState.REFUSED, AbsenceState.WITHDRAWN}
    ),
    (AbsenceState.APPROVED, "supervisor"): frozenset({AbsenceState.WITHDRAWN}),
}


def allowed(state: AbsenceState, who: Who, *, has_begun: bool) -> frozenset[AbsenceState]:
    """The states that `who` may turn it into."""
    if (state, who) == (AbsenceState.APPROVED, "inspector") and not has_begun:
        return frozenset({AbsenceState.WITHDRAWN})
    return MOVES.get((state, who), frozenset())
