"""What the demo county lets its inspectors do: standing affairs, a temporary one, one that waits for approval."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.models import Affair, AffairItem
from app.collection.catalogue.examples import DEMO_FORM, DEMO_ITEM_CODE, DEMO_TABLE_CODE, DEMO_TABLE_VERSION
from app.collection.catalogue.models import CodeTable, CodeValue, CollectionItem, FormVersion
from app.collection.catalogue.seeding import digest_of, item_id, seed_catalogue
from app.identity.actor import Role
from app.kit.clock import day_start
from app.kit.ids import (
    DEMO_AFFAIR,
    DEMO_COUNTY,
    DEMO_COUNTY_CODE,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_TOWN,
    DEMO_TOWN_SUPERVISOR,
    demo_id,
)

FIRST = date(2026, 1, 1)
TEMPORARY_DAYS = 60
DEPARTMENT = demo_id("account", "department")


@dataclass(frozen=True, slots=True)
class StandingAffair:
    """An affair that the county has filed."""

    code: str
    name_zh: str
    department: str
    item_codes: tuple[str, ...]


STANDING = (
    StandingAffair(
        "RK-01",
        "实有人口信息采集",
        "岱山县公安局",
        (
            "resident_registered",
            "resident_floating",
            "resident_left_behind",
            "resident_foreign",
            "household",
            "gumei_resident_registration",
        ),
    ),
    StandingAffair(
        "FW-01",
        "房屋与楼栋信息采集",
        "岱山县住房和城乡建设局",
        ("dwelling", "rental_dwelling", "building", "estate", "gumei_base_information"),
    ),
    StandingAffair(
        "DW-01", "单位、场所与重要物品信息采集", "岱山县应急管理局", ("organization", "key_place", "article")
    ),
    StandingAffair("BJ-01", "城市部件普查", "岱山县综合行政执法局", ("component",)),
    StandingAffair(
        "WG-01",
        "网格工作记录",
        "岱山县综治办",
        (
            "environment_record",
            "meeting_minutes",
            "case_file",
            "gumei_work_register",
            "gumei_stair_information",
        ),
    ),
)
SHELTERS = (("gaoting_school", "高亭小学", "Gaoting school"), ("gymnasium", "县体育馆", "Gymnasium"))


async def load(session: AsyncSession, *, today: date, zone: ZoneInfo, now: datetime) -> None:
    """Loads the catalogue where it is missing, and the demo's affairs."""
    await seed_catalogue(session, now=now)
    since = day_start(FIRST, zone)
    for number, standing in enumerate(STANDING, start=1):
        affair = _filed(standing.code, standing.name_zh, standing.department, number, since)
        await _store(session, affair, [item_id(code) for code in standing.item_codes])
    await _store(session, _temporary(today, zone, now), [await _own_item(session, since)])
    await _store(session, _waiting(today, now), [item_id("organization")])


def _filed(code: str, name_zh: str, department: str, number: int, since: datetime) -> Affair:
    return Affair(
        county_code=DEMO_COUNTY_CODE,
        id=demo_id("affair", code),
        code=code,
        name_zh=name_zh,
        description=f"按采集清单和周期采集、更新:{name_zh}。",
        department=department,
        kind="standing",
        area_id=DEMO_COUNTY,
        state="admitted",
        starts_on=FIRST,
        in_force_from=since,
        filed_no=f"岱综治备〔2026〕{number}号(演示)",
        proposed_by=DEPARTMENT,
        proposer_role=Role.DEPARTMENT,
        proposer_area_id=DEMO_COUNTY,
        proposed_at=since,
        approved_by=DEMO_COUNTY_SUPERVISOR,
        approved_at=since,
        filed_by=DEMO_COUNTY_SUPERVISOR,
        filed_at=since,
    )


def _temporary(today: date, zone: ZoneInfo, now: datetime) -> Affair:
    last = today + timedelta(days=TEMPORARY_DAYS)
    return Affair(
        county_code=DEMO_COUNTY_CODE,
        id=demo_id("affair", "LS-01"),
        code="LS-01",
        name_zh="台风避险转移登记",
        description="台风期间登记转移到安置点的居民人数。",
        department="高亭镇人民政府",
        kind="temporary",
        platform="governance",
        area_id=DEMO_TOWN,
        state="admitted",
        starts_on=today,
        ends_on=last,
        in_force_from=day_start(today, zone),
        in_force_until=day_start(last + timedelta(days=1), zone),
        filed_no="岱综治备〔2026〕6号(演示)",
        proposed_by=DEPARTMENT,
        proposer_role=Role.DEPARTMENT,
        proposer_area_id=DEMO_COUNTY,
        proposed_at=now,
        approved_by=DEMO_TOWN_SUPERVISOR,
        approved_at=now,
        filed_by=DEMO_COUNTY_SUPERVISOR,
        filed_at=now,
    )


def _waiting(today: date, now: datetime) -> Affair:
    return Affair(
        county_code=DEMO_COUNTY_CODE,
        id=DEMO_AFFAIR,
        code="DP-01",
        name_zh="沿街店铺招牌普查",
        description="请网格员逐店登记招牌设置情况。",
        department="岱山县综合行政执法局",
        kind="standing",
        platform="enforcement",
        area_id=DEMO_COUNTY,
        state="proposed",
        starts_on=today,
        proposed_by=DEPARTMENT,
        proposer_role=Role.DEPARTMENT,
        proposer_area_id=DEMO_COUNTY,
        proposed_at=now,
    )


async def _own_item(session: AsyncSession, since: datetime) -> UUID:
    """An item that the county added itself, with its form and the code table that this names."""
    await _own_table(session, since)
    item = CollectionItem(
        id=demo_id("item", DEMO_ITEM_CODE),
        code=DEMO_ITEM_CODE,
        county_code=DEMO_COUNTY_CODE,
        name_zh="避险转移登记",
        name_en="Transfer to a shelter",
        source="demo, synthetic · 演示",
    )
    session.add(item)
    await session.flush()  # its form names it
    session.add(
        FormVersion(
            id=demo_id("form", DEMO_ITEM_CODE),
            item_id=item.id,
            county_code=DEMO_COUNTY_CODE,
            version=1,
            schema=DEMO_FORM,
            removed=[],
            digest=digest_of(DEMO_FORM),
            published_at=since,
        )
    )
    return item.id


async def _own_table(session: AsyncSession, since: datetime) -> None:
    table = CodeTable(
        id=demo_id("code_table", DEMO_TABLE_CODE),
        code=DEMO_TABLE_CODE,
        county_code=DEMO_COUNTY_CODE,
        version=DEMO_TABLE_VERSION,
        name_zh="避险安置点",
        name_en="Shelter",
        source="demo, synthetic · 演示",
        digest=digest_of([[code, zh, en, None] for code, zh, en in SHELTERS]),
        published_at=since,
    )
    session.add(table)
    await session.flush()  # its codes name it
    rows = [
        {"table_id": table.id, "position": at, "code": code, "name_zh": zh, "name_en": en}
        for at, (code, zh, en) in enumerate(SHELTERS)
    ]
    await session.execute(insert(CodeValue), rows)


async def _store(session: AsyncSession, affair: Affair, item_ids: list[UUID]) -> None:
    session.add(affair)
    await session.flush()  # its items name it
    key = {"county_code": affair.county_code, "affair_id": affair.id}
    await session.execute(insert(AffairItem), [key | {"item_id": each} for each in item_ids])
