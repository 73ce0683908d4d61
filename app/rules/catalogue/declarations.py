"""Self-declaration: limits of the public page, the notice, and how long what was declared is kept."""

from app.rules.parameter import Flag, Text, Whole

OFFERED = Flag(
    key="declarations.offered",
    default=True,
    zh="是否开放居民、单位自主申报页面",
    en="Whether residents and organizations can declare themselves on the public page",
    source="S1-42 入户登记与租户自主申报相结合; S0-28",
)
NOTICE_VERSION = Text(
    key="declarations.notice_version",
    default="2026-1",
    max_length=40,
    zh="申报告知书(个人信息处理告知)版本号",
    en="Version of the notice that a declarant agrees to",
    source="Personal Information Protection Law, articles 14 and 17",
)
NOTICE = Text(
    key="declarations.notice",
    default="您填写的信息仅用于人口与单位基础信息登记,由本网格的网格员上门核实,加密保存,不作他用;"
    "未核实或核实不属实的,到期删除。可凭查询码了解办理情况,也可向社区(村)申请查阅、更正或删除。",
    max_length=500,
    zh="申报告知书正文",
    en="Text of the notice that a declarant agrees to",
    source="Personal Information Protection Law, articles 17 and 44 to 47",
)
PER_ADDRESS_HOUR = Whole(
    key="declarations.per_address_hour",
    default=30,
    minimum=1,
    maximum=10_000,
    zh="同一网络地址每小时最多申报次数",
    en="Declarations that one network address may send in an hour",
    source="operational default: many handsets share an address of a mobile network",
)
PER_POINT_HOUR = Whole(
    key="declarations.per_point_hour",
    default=120,
    minimum=1,
    maximum=100_000,
    zh="同一网格申报码每小时最多申报次数",
    en="Declarations that one grid's code may receive in an hour",
    source="operational default: a grid has some 300 households (S2-04..06)",
)
WRONG_CODES_HOUR = Whole(
    key="declarations.wrong_codes_hour",
    default=20,
    minimum=3,
    maximum=1000,
    zh="同一网络地址每小时最多输错查询码次数",
    en="Wrong query codes that one network address may try in an hour",
    source="operational default: a code has 60 random bits, guessing is hopeless long before",
)
BODY_MAX_BYTES = Whole(
    key="declarations.body_max_bytes",
    default=65_536,
    minimum=4096,
    maximum=1_048_576,
    unit="B",
    zh="一次申报内容的最大长度",
    en="Largest body of one declaration",
    source="operational default: a filled form has some 2 KB",
)
SHEET_MINUTES = Whole(
    key="declarations.sheet_minutes",
    default=240,
    minimum=10,
    maximum=10_080,
    unit="min",
    zh="打开的申报表多少分钟内提交有效",
    en="How long a form that was opened can be sent",
    source="operational default",
)
UNVERIFIED_DAYS = Whole(
    key="declarations.unverified_days",
    default=60,
    minimum=7,
    maximum=730,
    unit="d",
    zh="一直未核实的申报多少天后失效并删除其内容",
    en="Days after which a declaration that nobody verified expires and its content is deleted",
    source="Personal Information Protection Law, article 19: no longer than needed; operational default",
)
REJECTED_DAYS = Whole(
    key="declarations.rejected_days",
    default=30,
    minimum=0,
    maximum=730,
    unit="d",
    zh="核实不属实的申报多少天后删除其内容",
    en="Days after which the content of a rejected declaration is deleted",
    source="Personal Information Protection Law, articles 19 and 47; operational default",
)
BASE_URL = Text(
    key="declarations.base_url",
    default="",
    max_length=200,
    zh="申报二维码所用的公网网址,如 https://wg.example.gov.cn;为空时取当前访问地址",
    en="Public address that QR codes lead to, https://…; empty: the address the code is asked for at",
    source="operational default",
)
