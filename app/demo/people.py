"""The people and handhelds of the demo county: made up, the same every time, and labelled so."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from app.demo.divisions import Division
from app.identity.actor import Role
from app.kit.ids import (
    DEMO_COMMUNITY_CODE,
    DEMO_COUNTY_CODE,
    DEMO_GRID_CODE,
    DEMO_PENDING_ACCOUNT,
    DEMO_SPARE_DEVICE,
    DEMO_SPARE_INSPECTOR,
    DEMO_SPARE_SERIAL_NO,
    DEMO_TOWN_CODE,
    demo_id,
)

SURNAMES = "陈王张林刘李周吴徐黄孙朱胡郭何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程"
GIVEN = "海波军伟平华明丽芳娟敏静强磊涛洋浩宇欣怡佳雪梅兰飞鹏辉斌勇刚杰松青云帆舟渔安宁康乐"
LABEL = "(合成)"
DEVICE_MODEL = "演示手持终端 Demo Handheld"
FOREIGN_COUNTY = "440304000000"
COUNTY = f"{DEMO_COUNTY_CODE}000000"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account: who, what for, and the division it belongs to."""

    id: UUID
    username: str
    role: Role
    area_code: str
    display_name: str


@dataclass(frozen=True, slots=True)
class DemoDevice:
    """A registered handheld kept in a community."""

    id: UUID
    serial_no: str
    community_code: str


def role_accounts(divisions: Sequence[Division]) -> list[DemoAccount]:
    """One account a role, supervisors of every township of Daishan and of one community in each."""

    def account(name: str, username: str, role: Role, area_code: str, display_name: str) -> DemoAccount:
        return DemoAccount(demo_id("account", name), username, role, area_code, display_name + LABEL)

    found = [
        account("city", "city", Role.CITY, "330900000000", "舟山市管理员"),
        account(f"county/{DEMO_COUNTY_CODE}", "county", Role.COUNTY, COUNTY, "岱山县管理员"),
        account("dispatcher", "dispatcher", Role.DISPATCHER, COUNTY, "岱山县派遣员"),
        account("department", "department", Role.DEPARTMENT, COUNTY, "岱山县综合行政执法局"),
        account("system_admin", "sysadmin", Role.SYSTEM_ADMIN, COUNTY, "系统管理员"),
        account("security_admin", "secadmin", Role.SECURITY_ADMIN, COUNTY, "安全保密管理员"),
        account("audit_admin", "auditadmin", Role.AUDIT_ADMIN, COUNTY, "安全审计员"),
        account("county/440304", "futian", Role.COUNTY, FOREIGN_COUNTY, "福田区管理员"),
    ]
    for town in (d for d in divisions if d.parent == COUNTY):
        username = "township" if town.code == DEMO_TOWN_CODE else f"town-{town.code[:9]}"
        found.append(
            account(f"township/{town.code}", username, Role.TOWNSHIP, town.code, f"{town.name}管理员")
        )
        first = min((d for d in divisions if d.parent == town.code), key=lambda d: d.code)
        username = "community" if first.code == DEMO_COMMUNITY_CODE else f"community-{first.code}"
        name = f"{first.short_name}管理员"
        found.append(account(f"community/{first.code}", username, Role.COMMUNITY, first.code, name))
    return found


def inspector_id(grid_code: str) -> UUID:
    """The account of the full-time inspector of a demo grid."""
    return demo_id("account", f"inspector/{grid_code}")


def inspectors(grid_codes: Sequence[str]) -> list[DemoAccount]:
    """One full-time inspector a grid, a spare one who waits for a handheld, and one who waits for approval."""
    rng = np.random.default_rng(330921)
    surnames = rng.integers(len(SURNAMES), size=len(grid_codes))
    given = rng.integers(len(GIVEN), size=(len(grid_codes), 2))
    found = [
        DemoAccount(
            inspector_id(code),
            "inspector" if code == DEMO_GRID_CODE else f"wg{code}",
            Role.INSPECTOR,
            code[:12],
            f"{SURNAMES[surname]}{GIVEN[one]}{GIVEN[two]}{LABEL}",
        )
        for code, surname, (one, two) in zip(grid_codes, surnames, given, strict=True)
    ]
    spare = DemoAccount(
        DEMO_SPARE_INSPECTOR, "spare", Role.INSPECTOR, DEMO_COMMUNITY_CODE, f"备用网格员{LABEL}"
    )
    pending = DemoAccount(
        DEMO_PENDING_ACCOUNT, "pending", Role.INSPECTOR, DEMO_COMMUNITY_CODE, f"待审批网格员{LABEL}"
    )
    return [*found, spare, pending]


def devices(grid_codes: Sequence[str]) -> list[DemoDevice]:
    """One handheld a grid, and a spare one that is registered and not activated."""
    found = [
        DemoDevice(demo_id("device", code), f"WG-330921-{number:06d}", code[:12])
        for number, code in enumerate(grid_codes, start=1)
    ]
    return [*found, DemoDevice(DEMO_SPARE_DEVICE, DEMO_SPARE_SERIAL_NO, DEMO_COMMUNITY_CODE)]
