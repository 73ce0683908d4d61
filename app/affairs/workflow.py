"""How an affair is admitted: states, actions, and whose they are. Pure.

Standing affairs (S4-46): the county reviews and agrees, then files. Temporary ones (S4-47): the township
agrees, the county files. A department may propose and take its proposal back, never admit (S4-45).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.identity.actor import Role

Kind = Literal["standing", "temporary"]
State = Literal["proposed", "approved", "admitted", "ended", "rejected", "withdrawn"]
Platform = Literal["governance", "market", "enforcement", "service"]

PROPOSERS = frozenset({Role.DEPARTMENT, Role.TOWNSHIP, Role.COUNTY})
_COUNTY = frozenset({Role.COUNTY})
_TOWNSHIP = frozenset({Role.TOWNSHIP})


class Action(StrEnum):
    """What can be done with an affair."""

    APPROVE = "approve"
    REJECT = "reject"
    FILE = "file"
    WITHDRAW = "withdraw"
    END = "end"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where an action leads, and whose it is. `event`: the past participle that the log names it by."""

    to: State
    roles: frozenset[Role]
    event: str


def _line(
    kind: Kind, approvers: frozenset[Role], enders: frozenset[Role]
) -> dict[tuple[Kind, State, Action], Transition]:
    return {
        (kind, "proposed", Action.APPROVE): Transition("approved", approvers, "approved"),
        (kind, "proposed", Action.REJECT): Transition("rejected", approvers, "rejected"),
        (kind, "proposed", Action.WITHDRAW): Transition("withdrawn", PROPOSERS, "withdrawn"),
        (kind, "approved", Action.FILE): Transition("admitted", _COUNTY, "admitted"),
        (kind, "approved", Action.REJECT): Transition("rejected", _COUNTY, "rejected"),
        (kind, "approved", Action.WITHDRAW): Transition("withdrawn", PROPOSERS, "withdrawn"),
        (kind, "admitted", Action.END): Transition("ended", enders, "ended"),
    }


TRANSITIONS: Mapping[tuple[Kind, State, Action], Transition] = {
    **_line("standing", approvers=_COUNTY, enders=_COUNTY),
    **_line("temporary", approvers=_TOWNSHIP, enders=_COUNTY | _TOWNSHIP),
}
"""Every step there is: (kind, state, action) → where it leads."""

OWN = frozenset({Action.WITHDRAW})
"""What only the body that proposed may do."""
DECIDING = frozenset({Action.APPROVE, Action.FILE})
"""What who proposed doesn't do himself, where the rule asks for a second person."""


def find(kind: Kind, state: State, action: Action) -> Transition | None:
    """The step, None where there is none from this state."""
    return TRANSITIONS.get((kind, state, action))


def may_ever(role: Role, action: Action) -> bool:
    """Whether the role takes this step with any affair in any state."""
    return any(role in step.roles for (_, _, taken), step in TRANSITIONS.items() if taken == action)


def actions_of(kind: Kind, state: State, role: Role) -> list[Action]:
    """What a role can do with an affair of this kind in this state, in the order of `Action`."""
    return [a for a in Action if (step := find(kind, state, a)) is not None and role in step.roles]


def state_at(state: State, until: datetime | None, now: datetime) -> State:
    """The state as it is at `now`: an admitted affair whose end has passed is ended, noted or not."""
    is_over = state == "admitted" and until is not None and until <= now
    return "ended" if is_over else state
