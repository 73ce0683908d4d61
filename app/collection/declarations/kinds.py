"""Who declares, what by, and where a declaration stands. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from app.collection.assignments.workflow import TaskOutcome


class DeclarationKind(StrEnum):
    """Who declares himself."""

    RESIDENT = "resident"
    ORGANIZATION = "organization"


class DeclarationState(StrEnum):
    """Where a declaration stands."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    REJECTED = "rejected"
    EXPIRED = "expired"


KIND_LABELS: Mapping[DeclarationKind, str] = {
    DeclarationKind.RESIDENT: "居民",
    DeclarationKind.ORGANIZATION: "单位(商户)",
}
STATE_LABELS: Mapping[DeclarationState, str] = {
    DeclarationState.RECEIVED: "已受理,待核实",
    DeclarationState.CONFIRMED: "已核实,属实",
    DeclarationState.CORRECTED: "已核实,已更正",
    DeclarationState.REJECTED: "核实不属实",
    DeclarationState.EXPIRED: "已失效",
}
NEXT_STEPS: Mapping[DeclarationState, tuple[str, str]] = {
    DeclarationState.RECEIVED: (
        "本网格的网格员将上门核实,请留意来访并核对其工作证件。",
        "The inspector of your grid will call at your door to verify it.",
    ),
    DeclarationState.CONFIRMED: (
        "您申报的信息已登记,无须再办。情况有变请重新申报。",
        "What you declared is registered. Declare again when something changes.",
    ),
    DeclarationState.CORRECTED: (
        "网格员核实后作了更正并已登记。如有异议,请向社区(村)反映。",
        "It was corrected on the spot and registered. Ask your community if you disagree.",
    ),
    DeclarationState.REJECTED: (
        "未予登记,原因见下。可更正后重新申报,或向社区(村)反映。",
        "It was not registered, for the reason below. You may declare again.",
    ),
    DeclarationState.EXPIRED: (
        "因一直未能核实,申报已失效,内容已删除,请重新申报。",
        "Nobody could verify it in time; its content was deleted. Please declare again.",
    ),
}
"""What happens next, in plain words: Chinese, English."""

STATE_AFTER: Mapping[TaskOutcome, DeclarationState] = {
    TaskOutcome.CONFIRMED: DeclarationState.CONFIRMED,
    TaskOutcome.CORRECTED: DeclarationState.CORRECTED,
    TaskOutcome.REJECTED: DeclarationState.REJECTED,
}
ITEMS: Mapping[DeclarationKind, tuple[str, ...]] = {
    DeclarationKind.RESIDENT: ("resident_floating", "resident_registered", "resident_foreign"),
    DeclarationKind.ORGANIZATION: ("organization",),
}
"""Items that people declare themselves by, tenants first (S1-42)."""
KIND_OF: Mapping[str, DeclarationKind] = {item: kind for kind, items in ITEMS.items() for item in items}
