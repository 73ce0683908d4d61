"""What goes in and out of ledgers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.collection.ledgers.conditions import Asked
from app.kit.ids import DEMO_COMMUNITY
from app.kit.schemas import Input, Instant, Output

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,64}$")]
PresenceRead = Literal["present", "closed", "all"]
GroupRead = Literal["population", "organizations", "houses", "places", "documents"]


class FiltersIn(Input):
    """Which rows of a ledger."""

    grid_id: Annotated[UUID | None, Field(description="Only in this grid · 网格")] = None
    tag: Annotated[Code | None, Field(description="Only with this service tag · 服务对象标签")] = None
    presence: Annotated[
        PresenceRead, Field(description="present 在册 · closed 已离开、注销、拆除等 · all 全部")
    ] = "present"
    quality_below: Annotated[
        int | None, Field(ge=0, le=100, description="Only records of a lower quality · 质量分低于")
    ] = None
    values: Annotated[
        dict[Code, Code],
        Field(
            default_factory=dict,
            max_length=10,
            description="Column → code, as the ledger's `filters` · 按列筛选",
        ),
    ]
    since: Annotated[Instant | None, Field(description="Documents: recorded at or after it · 采集时间起")] = (
        None
    )
    until: Annotated[Instant | None, Field(description="Documents: recorded before it · 采集时间止")] = None

    def asked(self, area_id: UUID | None) -> Asked:
        """As the builder takes it."""
        return Asked(area_id=area_id, **dict(self))


class ColumnRead(Output):
    """A column of a ledger."""

    code: Annotated[str, Field(description="Name in `cells` · 列代码")]
    label_zh: Annotated[str, Field(description="Heading in Chinese · 中文列名")]
    label_en: Annotated[str, Field(description="Heading in English · 英文列名")]
    unit: Annotated[str, Field(description="Unit, empty where none · 单位")]


class LedgerRead(Output):
    """A ledger: a question that is asked of the stored data whenever it is opened."""

    code: Annotated[str, Field(description="Code · 台账代码")]
    name_zh: Annotated[str, Field(description="Name in Chinese · 中文名称")]
    name_en: Annotated[str, Field(description="Name in English · 英文名称")]
    library: Annotated[
        GroupRead,
        Field(
            description="population 全员人口库 · organizations 法人机构库 · houses 房屋与城市部件库 · "
            "places 场所库 · documents 基础台账资料"
        ),
    ]
    source: Annotated[str, Field(description="Where it is asked for · 依据")]
    columns: Annotated[list[ColumnRead], Field(description="Columns · 列")]
    filters: Annotated[list[str], Field(description="Columns that it can be narrowed by · 可筛选的列")]


class LedgersRead(Output):
    """All ledgers."""

    items: Annotated[list[LedgerRead], Field(description="Ledgers · 台账")]


class LedgerRowRead(Output):
    """A row of a ledger: words for people in `cells`, the codes behind them in `codes`."""

    id: Annotated[UUID, Field(description="Id of the subject or record · 对象或记录标识")]
    area_id: Annotated[UUID, Field(description="Area · 区域")]
    grid_id: Annotated[UUID | None, Field(description="Grid · 网格")]
    cells: Annotated[dict[str, Any], Field(description="By column; personal data masked · 各列内容,已脱敏")]
    codes: Annotated[dict[str, Any], Field(description="Codes behind the words · 文字对应的代码")]


class LedgerPageRead(Output):
    """One page of a ledger."""

    ledger: Annotated[str, Field(description="Code · 台账代码")]
    items: Annotated[list[LedgerRowRead], Field(description="Rows · 行")]
    next: Annotated[str | None, Field(description="Cursor of the next page, or null · 下一页游标")]


class AreaCountRead(Output):
    """How many rows an area has, with everything below it."""

    area_id: Annotated[UUID, Field(description="Area · 区域")]
    name: Annotated[str | None, Field(description="Its name today · 名称")]
    rows: Annotated[int, Field(description="Rows · 行数")]


class LedgerTotalsRead(Output):
    """How a ledger spreads over the areas below one."""

    ledger: Annotated[str, Field(description="Code · 台账代码")]
    area_id: Annotated[UUID, Field(description="Area · 区域")]
    rows: Annotated[int, Field(description="All rows · 合计")]
    areas: Annotated[list[AreaCountRead], Field(description="By area below it · 按下级区域")]
    at: Annotated[datetime, Field(description="When it was asked · 查询时刻")]


class MissingCounts(Output):
    """Building → household → person: what is declared, what is recorded, who lives there (S2-24)."""

    buildings: Annotated[int, Field(description="Buildings recorded · 已登记楼幢")]
    buildings_without_dwellings: Annotated[
        int, Field(description="Buildings without any dwelling · 未登记户的楼幢")
    ]
    households_declared: Annotated[
        int, Field(description="Households that the buildings declare · 楼幢申报户数")
    ]
    dwellings: Annotated[int, Field(description="Dwellings recorded · 已登记房屋")]
    dwellings_missing: Annotated[int, Field(description="Declared, not recorded · 申报而未登记的户")]
    dwellings_without_people: Annotated[
        int, Field(description="In use, nobody recorded · 在用而未登记人员的房屋")
    ]
    people: Annotated[int, Field(description="People who live in a recorded dwelling · 已落户的人员")]


class AreaCompletenessRead(MissingCounts):
    """Completeness of an area."""

    area_id: Annotated[UUID, Field(description="Area · 区域")]
    name: Annotated[str | None, Field(description="Name today · 名称")]
    dwellings_without_building: Annotated[
        int, Field(description="Dwellings of no building · 未关联楼幢的房屋")
    ]
    people_without_dwelling: Annotated[int, Field(description="People of no dwelling · 未关联房屋的人员")]


class CompletenessRead(Output):
    """Nothing missed: by area below the one asked about."""

    area_id: Annotated[UUID, Field(description="Area · 区域")]
    total: Annotated[AreaCompletenessRead, Field(description="All together · 合计")]
    areas: Annotated[list[AreaCompletenessRead], Field(description="By area below it · 按下级区域")]


class BuildingGapRead(Output):
    """A building and what is missing in it."""

    id: Annotated[UUID, Field(description="Building · 楼幢标识")]
    name: Annotated[str | None, Field(description="Name · 名称")]
    address: Annotated[str | None, Field(description="Address · 地址")]
    area_id: Annotated[UUID, Field(description="Area · 区域")]
    grid_id: Annotated[UUID | None, Field(description="Grid · 网格")]
    households_declared: Annotated[int | None, Field(description="Declared households · 申报户数")]
    dwellings: Annotated[int, Field(description="Dwellings recorded · 已登记房屋")]
    dwellings_missing: Annotated[int, Field(description="Declared, not recorded · 未登记的户")]
    dwellings_without_people: Annotated[int, Field(description="In use, nobody recorded · 未登记人员的房屋")]


class DwellingGapRead(Output):
    """A dwelling in use in which nobody is recorded, or that belongs to no building."""

    id: Annotated[UUID, Field(description="Dwelling · 房屋标识")]
    address: Annotated[str | None, Field(description="Address, masked where personal · 地址")]
    area_id: Annotated[UUID, Field(description="Area · 区域")]
    grid_id: Annotated[UUID | None, Field(description="Grid · 网格")]
    building_id: Annotated[UUID | None, Field(description="Building · 楼幢")]
    state: Annotated[str, Field(description="State · 状态")]


class LookUpIn(Input):
    """One of the three questions that somebody who knows his area answers at once (一口清)."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"topic": "vulnerable", "area_id": str(DEMO_COMMUNITY), "limit": 50}}
    )

    topic: Annotated[
        Literal["residents", "vulnerable", "backbone"],
        Field(description="residents 居民住址 · vulnerable 困难弱势与重点对象 · backbone 骨干与可依靠力量"),
    ]
    name: Annotated[
        str | None,
        Field(
            min_length=2, max_length=60, description="Whole name or part of it; needed for residents · 姓名"
        ),
    ] = None
    area_id: Annotated[UUID | None, Field(description="Here and below; one's own area if empty · 区域")] = (
        None
    )
    grid_id: Annotated[UUID | None, Field(description="Only in this grid · 网格")] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Most rows · 最多行数")] = 100
    cursor: Annotated[
        str | None, Field(max_length=500, description="`next` of the page before · 下一页游标")
    ] = None


class LookUpRowRead(Output):
    """A person, as the question asks."""

    id: Annotated[UUID, Field(description="Subject · 对象标识")]
    name: Annotated[str | None, Field(description="Name, masked · 姓名(脱敏)")]
    address: Annotated[str | None, Field(description="Where he lives, masked · 住址(脱敏)")]
    building: Annotated[str | None, Field(description="Building of the dwelling · 楼幢")]
    phone: Annotated[str | None, Field(description="Phone, masked · 联系方式(脱敏)")]
    tags: Annotated[list[str], Field(description="Service tags · 标签")]
    labels: Annotated[list[str], Field(description="The tags in words · 标签文字")]
    is_priority: Annotated[bool, Field(description="On the list of key persons · 重点走访对象")]
    area_id: Annotated[UUID, Field(description="Area · 区域")]
    grid_id: Annotated[UUID | None, Field(description="Grid · 网格")]
    grid_code: Annotated[str | None, Field(description="Code of the grid · 网格编码")]


class LookUpRead(Output):
    """The answer."""

    topic: Annotated[str, Field(description="Question · 问题")]
    items: Annotated[list[LookUpRowRead], Field(description="People · 人员")]
    next: Annotated[str | None, Field(description="Cursor of the next page, or null · 下一页游标")]
