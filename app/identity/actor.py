"""Who acts: roles, and the actor that every service is handed."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.kit.events import SYSTEM, EventActor


class Role(StrEnum):
    """What an account is for. An account has one role, so the three administrators exclude one another."""

    INSPECTOR = "inspector"
    COMMUNITY = "community"
    TOWNSHIP = "township"
    COUNTY = "county"
    CITY = "city"
    DISPATCHER = "dispatcher"
    DEPARTMENT = "department"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    PARTNER = "partner"


ROLE_LABELS: dict[Role, str] = {
    Role.INSPECTOR: "网格员",
    Role.COMMUNITY: "社区(村)管理员",
    Role.TOWNSHIP: "乡镇(街道)管理员",
    Role.COUNTY: "区县管理员",
    Role.CITY: "市级管理员",
    Role.DISPATCHER: "派遣员",
    Role.DEPARTMENT: "部门处置人员",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全保密管理员",
    Role.AUDIT_ADMIN: "安全审计员",
    Role.PARTNER: "对接单位",
}
"""Chinese label of every role."""

SUPERVISORS = (Role.COMMUNITY, Role.TOWNSHIP, Role.COUNTY, Role.CITY)
"""Those who answer for the figures of an area."""

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

MANAGES: dict[Role, frozenset[Role]] = {
    Role.SYSTEM_ADMIN: frozenset(Role) - ADMINISTRATORS - {Role.PARTNER},
    Role.SECURITY_ADMIN: ADMINISTRATORS,
}
"""Whose accounts a role makes and changes: nobody who runs the system also appoints those who watch it."""

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated account with its place in the area tree, or the system itself."""

    account_id: UUID
    county_code: str
    role: Role
    area_id: UUID
    device_id: UUID | None
    display_name: str
    login_id: UUID | None = None
    limited_to: str | None = None

    @property
    def is_system(self) -> bool:
        """True for the service itself (jobs, the demo loader): it sees every area."""
        return self.account_id == NOBODY

    @property
    def event_actor(self) -> EventActor:
        """As the event log names it."""
        return SYSTEM if self.is_system else EventActor("account", self.account_id)


def system_actor(county_code: str) -> Actor:
    """The service itself, acting in the county whose home code is `county_code`."""
    return Actor(NOBODY, county_code, Role.SYSTEM_ADMIN, NOBODY, None, "system")
