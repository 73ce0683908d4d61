"""The population library: residents and their sub-ledgers, households, special groups (S2-23, S2-25, S2-27)."""

from app.collection.ledgers.declaration import (
    AnyOf,
    ByItem,
    CollectedBy,
    Column,
    FieldIn,
    HasLink,
    InState,
    Ledger,
    Linking,
    Subjects,
    Tagged,
)
from app.collection.ledgers.declared.common import (
    DWELLING_ADDRESS,
    PLACE,
    STANDING,
    TAGS,
    field,
)

IDENTITY = (
    field("name", "姓名", "Name", width=10),
    field("gender", "性别", "Gender", "gender", width=6),
    field("birth_date", "出生日期", "Birth date", width=12),
    field("id_number", "公民身份号码", "Identity number", width=20),
    field("phone", "联系方式", "Phone", width=13),
)
RESIDENCE = (
    field("residence_address", "现住门(楼)详址", "Address of residence", width=32),
    DWELLING_ADDRESS,
)
REGISTRATION = (
    field("hukou_division", "户籍地区划", "Division of registration", width=13),
    field("hukou_address", "户籍门(楼)详址", "Registered address", width=32),
    field("household_number", "户号", "Household register number"),
    field("head_name", "户主姓名", "Head of household", width=10),
    field("relation_to_head", "与户主关系", "Relation to head", "family_relation"),
)
CONSISTENCY = field(
    "residence_consistency", "人户一致标识", "Lives where registered", "residence_consistency"
)
LODGING = field("lodging_type", "住所类型", "Kind of lodging", "lodging_type")
BACKGROUND = (
    field("ethnicity", "民族", "Ethnicity", "ethnicity", width=8),
    field("political", "政治面貌", "Political affiliation", "political"),
    field("education", "学历", "Education", "education"),
    field("marital", "婚姻状况", "Marital status", "marital", width=10),
    field("employer", "服务处所", "Employer", width=24),
)
ARRIVAL = (
    field("inflow_reason", "流入原因", "Reason for coming", "inflow_reason"),
    field("arrived_on", "流入日期", "Came on", width=12),
    field("permit_type", "办证类型", "Kind of permit", "permit_type"),
    field("permit_number", "居住证号码", "Permit number", width=20),
    field("permit_expires_on", "证件到期日", "Permit expires on", width=12),
    LODGING,
)

PERMANENT_ITEMS = ("resident_registered", "resident_left_behind")
PERMANENT = AnyOf(
    (
        ByItem(PERMANENT_ITEMS),
        FieldIn("population_category", ("registered", "left_behind", "separated")),
        FieldIn("residence_consistency", ("01", "02")),
    )
)
OUTSIDE = AnyOf(
    (
        ByItem(("resident_floating", "resident_foreign")),
        FieldIn("population_category", ("incoming", "foreign", "lodging")),
    )
)
LET = AnyOf(
    (
        ByItem(("rental_dwelling",)),
        FieldIn("house_use", ("rented", "group_rental")),
        InState(("let",)),
    )
)
TENANT = AnyOf((FieldIn("lodging_type", ("02",)), HasLink("rents"), HasLink("lives_in", LET)))
RESIDENT_COLUMNS = (*PLACE, *IDENTITY, *RESIDENCE, *REGISTRATION, CONSISTENCY, *BACKGROUND, TAGS, *STANDING)

LEDGERS = (
    Ledger(
        "residents",
        "居住人口台账",
        "Resident population",
        "population",
        Subjects("person"),
        (*PLACE, *IDENTITY, *RESIDENCE, CONSISTENCY, LODGING, *BACKGROUND, TAGS, *STANDING),
        ("gender", "residence_consistency", "lodging_type", "political", "education"),
        "S1-10, S2-23",
    ),
    Ledger(
        "residents_permanent",
        "常住(户籍)人口台账",
        "Permanent residents",
        "population",
        Subjects("person", (PERMANENT,)),
        RESIDENT_COLUMNS,
        ("gender", "residence_consistency", "political", "education"),
        "S2-23",
    ),
    Ledger(
        "residents_outside",
        "外来人口台账",
        "People from outside",
        "population",
        Subjects("person", (OUTSIDE,)),
        (
            *PLACE,
            *IDENTITY,
            *RESIDENCE,
            *REGISTRATION[:2],
            *ARRIVAL,
            field("nationality", "国籍(地区)", "Nationality", "nationality"),
            TAGS,
            *STANDING,
        ),
        ("gender", "inflow_reason", "permit_type", "lodging_type"),
        "S2-23",
    ),
    Ledger(
        "residents_registered_here",
        "人户一致居民台账",
        "Registered where they live",
        "population",
        Subjects("person", (FieldIn("residence_consistency", ("01",)),)),
        RESIDENT_COLUMNS,
        ("gender",),
        "S2-25",
    ),
    Ledger(
        "residents_registered_elsewhere",
        "人户分离居民台账",
        "Registered elsewhere than they live",
        "population",
        Subjects(
            "person",
            (
                AnyOf(
                    (
                        FieldIn("residence_consistency", ("02",)),
                        FieldIn("population_category", ("separated",)),
                    )
                ),
            ),
        ),
        RESIDENT_COLUMNS,
        ("gender",),
        "S2-25",
    ),
    Ledger(
        "tenants",
        "租房户台账",
        "Tenants",
        "population",
        Subjects("person", (TENANT,)),
        (*PLACE, *IDENTITY, *RESIDENCE, *ARRIVAL, *REGISTRATION[:2], *STANDING),
        ("gender", "inflow_reason", "lodging_type"),
        "S2-25",
    ),
    Ledger(
        "households",
        "住户台账",
        "Households",
        "population",
        Subjects("household"),
        (
            *PLACE,
            field("head_name", "户主姓名", "Head of household", width=10),
            field("household_number", "户号", "Household register number"),
            field("head_phone", "户主联系方式", "Head's phone", width=13),
            field("address", "住户地址", "Address", width=32),
            DWELLING_ADDRESS,
            field("member_count", "家庭人口数", "Members declared", unit="人", width=12),
            Column(
                "members_recorded",
                "已登记人数",
                "Members recorded",
                Linking("belongs_to", "person"),
                "人",
                12,
            ),
            TAGS,
            *STANDING,
        ),
        source="S2-24",
    ),
    Ledger(
        "special_groups",
        "特殊群体台账",
        "Special groups",
        "population",
        Subjects("person", (Tagged(),)),
        (*PLACE, TAGS, *IDENTITY, *RESIDENCE, *STANDING),
        ("gender",),
        "S2-27",
    ),
    Ledger(
        "gumei_form_1",
        "居住人口信息登记表(附件1)",
        "Resident registration form (Form 1)",
        "documents",
        Subjects("person", (CollectedBy("gumei_resident_registration"),)),
        (
            *PLACE,
            field("population_category", "人口类别", "Population category", "population_category"),
            *IDENTITY,
            *RESIDENCE,
            *REGISTRATION,
            CONSISTENCY,
            LODGING,
            field("inflow_reason", "来沪原因", "Reason for coming", "inflow_reason"),
            field("arrived_on", "来沪日期", "Came on", width=12),
            *BACKGROUND,
            TAGS,
            *STANDING,
        ),
        ("population_category", "gender"),
        "S3-18, S3-33",
    ),
)
