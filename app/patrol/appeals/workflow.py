"""Who may do what with an appeal, and what a decision does to the day. Pure."""

from typing import Literal

from app.identity.actor import Role

State = Literal["filed", "decided", "withdrawn"]
Decision = Literal["upheld", "partly_upheld", "dismissed"]
Level = Literal["community", "township", "county"]

LEVELS = (Role.COMMUNITY, Role.TOWNSHIP, Role.COUNTY, Role.CITY)
"""From the lowest to the highest; each decides what those before it may decide."""
LEVEL_LABELS: dict[Level, str] = {"community": "社区(村)", "township": "乡镇(街道)", "county": "区县"}
"""What Chinese text calls them."""
OPEN: frozenset[State] = frozenset({"filed"})


def may_decide(role: Role, lowest: Level) -> bool:
    """Whether supervisors of this level decide appeals where `lowest` is the lowest level that does."""
    return role in LEVELS[LEVELS.index(Role(lowest)) :]


def changes_status(decision: Decision) -> bool:
    """Whether the decision gives the day another status; a dismissed appeal leaves the judged one."""
    return decision != "dismissed"
