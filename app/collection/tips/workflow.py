"""Where a tip stands and what may become of it. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from app.collection.assignments.workflow import TaskOutcome


class TipState(StrEnum):
    """Where a tip stands."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    VERIFIED = "verified"
    REJECTED = "rejected"
    ENTERED = "entered"


TIP_STATE_LABELS: Mapping[TipState, str] = {
    TipState.WAITING: "待例会分配",
    TipState.ASSIGNED: "核实中",
    TipState.VERIFIED: "属实,待录入",
    TipState.REJECTED: "不属实",
    TipState.ENTERED: "已录入",
}
SOURCES = frozenset({"gumei_work_register", "gumei_stair_information"})
"""Forms 3 and 4 of the 2015 sources: registers of what volunteers tell, about no subject yet."""
ASSIGNABLE = frozenset({TipState.WAITING, TipState.ASSIGNED})
STATE_AFTER: Mapping[TaskOutcome, TipState] = {
    TaskOutcome.CONFIRMED: TipState.VERIFIED,
    TaskOutcome.CORRECTED: TipState.VERIFIED,
    TaskOutcome.REJECTED: TipState.REJECTED,
}
