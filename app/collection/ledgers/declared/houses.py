"""The library of houses and city components: buildings, dwellings by category, components (S1-10, S3-16)."""

from app.collection.ledgers.declaration import (
    AnyOf,
    CollectedBy,
    Column,
    FieldIn,
    Ledger,
    Linking,
    Own,
    Subjects,
)
from app.collection.ledgers.declared.common import HAZARDS, PLACE, STANDING, field, linked
from app.collection.ledgers.declared.people import LET

BUILDING = (
    *PLACE,
    field("building_name", "楼栋名称", "Building", width=18),
    field("estate_name", "小区(单位)名称", "Estate or compound", width=18),
    field("building_code", "建筑物编号", "Building code", width=18),
    field("address", "地址", "Address", width=30),
    field("building_use", "建筑用途", "Use", "building_use"),
    field("storey_count", "层数", "Storeys", unit="层", width=8),
    field("unit_count", "单元数", "Stair units", width=8),
    field("household_count", "申报户数", "Households declared", unit="户", width=10),
    Column(
        "dwellings_recorded", "已登记房屋", "Dwellings recorded", Linking("part_of", "dwelling"), "套", 10
    ),
    field("resident_count", "申报人数", "Residents declared", unit="人", width=10),
    field("head_name", "楼栋长", "Building head", width=10),
    field("head_phone", "楼栋长联系方式", "Building head's phone", width=13),
)
DWELLING = (
    *PLACE,
    field("address", "房屋地址", "Address", width=30),
    field("house_code", "房屋编号", "House code", width=18),
    linked("building", "所属楼栋", "Building", "part_of", Own("name")),
    field("unit", "单元", "Stair unit", width=8),
    field("room", "室号", "Room", width=8),
    field("house_use", "房屋类别", "House category", "house_use"),
    field("tenure_type", "产权类型", "Tenure", "tenure_type"),
    field("occupancy_state", "房屋状态", "Occupancy", "occupancy_state"),
    field("area_m2", "建筑面积", "Floor area", unit="m²", width=10),
    field("owner_name", "房主姓名", "Owner", width=10),
    field("owner_phone", "房主联系方式", "Owner's phone", width=13),
    Column("residents_recorded", "已登记人数", "People recorded", Linking("lives_in", "person"), "人", 10),
)
RENTAL = (
    field("rental_use", "出租用途", "Use of the rental", "rental_use"),
    field("tenant_count", "承租人数", "Tenants", unit="人", width=10),
    field("is_group_rental", "是否群租", "Group rental", width=8),
    field("tenant_name", "承租人", "Tenant", width=10),
    field("tenant_phone", "承租人联系方式", "Tenant's phone", width=13),
    field("leased_until", "租期至", "Leased until", width=12),
)
HOUSE_FILTERS = ("house_use", "tenure_type", "occupancy_state")


def _dwellings(code: str, zh: str, en: str, *uses: str) -> Ledger:
    return Ledger(
        code,
        zh,
        en,
        "houses",
        Subjects("dwelling", (FieldIn("house_use", uses),)),
        (*DWELLING, HAZARDS, *STANDING),
        HOUSE_FILTERS,
        "S3-16",
    )


LEDGERS = (
    Ledger(
        "buildings",
        "楼栋台账",
        "Buildings",
        "houses",
        Subjects("building"),
        (*BUILDING, HAZARDS, *STANDING),
        ("building_use",),
        "S1-10, S2-24",
    ),
    Ledger(
        "dwellings",
        "房屋台账",
        "Dwellings",
        "houses",
        Subjects("dwelling"),
        (*DWELLING, HAZARDS, *STANDING),
        HOUSE_FILTERS,
        "S1-10, S3-16",
    ),
    Ledger(
        "rental_dwellings",
        "出租房屋台账",
        "Rented dwellings",
        "houses",
        Subjects("dwelling", (LET,)),
        (*DWELLING, *RENTAL, HAZARDS, *STANDING),
        (*HOUSE_FILTERS, "rental_use"),
        "S3-16",
    ),
    Ledger(
        "group_rentals",
        "群租房台账",
        "Group rentals",
        "houses",
        Subjects(
            "dwelling",
            (AnyOf((FieldIn("house_use", ("group_rental",)), FieldIn("is_group_rental", ("true",)))),),
        ),
        (*DWELLING, *RENTAL, HAZARDS, *STANDING),
        HOUSE_FILTERS,
        "S3-16",
    ),
    _dwellings("converted_dwellings", "居改非台账", "Residences turned to other use", "converted"),
    _dwellings(
        "unlicensed_construction", "违章搭建台账", "Unlicensed construction", "unlicensed_construction"
    ),
    Ledger(
        "components",
        "城市部件台账",
        "City components",
        "houses",
        Subjects("component"),
        (
            *PLACE,
            field("component_code", "部件标识码", "Component code", width=18),
            field("name", "部件名称", "Name", width=20),
            field("component_major", "部件大类", "Major class", "component_major"),
            field("component_minor", "部件小类代码", "Minor class", width=8),
            field("component_state", "部件状态", "Condition", "component_state"),
            field("authority_name", "主管部门", "Authority", width=20),
            field("owner_name", "权属单位", "Owner", width=20),
            field("maintainer_name", "养护单位", "Maintainer", width=20),
            field("address", "位置描述", "Location", width=30),
            *STANDING,
        ),
        ("component_major", "component_state"),
        "S1-10",
    ),
    Ledger(
        "gumei_form_2",
        "城市综合基础信息采集表(附件2)",
        "City base information form (Form 2)",
        "documents",
        Subjects("building", (CollectedBy("gumei_base_information"),)),
        (
            *BUILDING,
            field("house_uses", "房屋信息", "Houses", "house_use", width=24),
            field("rental_household_count", "出租户数", "Rented households", unit="户", width=10),
            field("group_rental_count", "群租房间数", "Group rentals", unit="间", width=10),
            field("converted_count", "居改非处数", "Turned to other use", unit="处", width=10),
            field(
                "unlicensed_construction_count",
                "违章搭建处数",
                "Unlicensed constructions",
                unit="处",
                width=10,
            ),
            field("environment_categories", "环境信息", "Environment", "environment_category", width=24),
            field("organization_count", "楼内单位数", "Organizations inside", unit="家", width=10),
            HAZARDS,
            *STANDING,
        ),
        ("building_use",),
        "S3-19, S3-33",
    ),
)
