"""What the API says about areas and grids."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Input, Output

Level = Literal["city", "county", "township", "community"]
GridClass = Literal["B", "S", "M"]
InGridRule = Literal["polygon", "route", "none"]
MovementProfile = Literal["foot", "ebike", "boat"]

LEVEL_TEXT = "`city` 市, `county` 区县, `township` 乡镇(街道), `community` 社区(村)"
CLASS_TEXT = "`B` base grid 基础网格, `S` special grid 专属网格, `M` micro grid 微网格"
RULE_TEXT = (
    "`polygon` inside its polygon 按边界, `route` along its route 按路线, `none` not judged by place 不按位置"
)
PROFILE_TEXT = "`foot` 步行, `ebike` 电动自行车, `boat` 船"


class GeoJSONGeometry(Output):
    """A GeoJSON geometry, CGCS2000 `[lon, lat]` · 几何对象,坐标系 CGCS2000"""

    type: Annotated[Literal["Polygon", "MultiPolygon", "LineString"], Field(description="Kind · 几何类型")]
    coordinates: Annotated[list[Any], Field(description="Positions [lon, lat] in degrees · 坐标,度")]


class AreaRead(Output):
    """An area as it was on the day · 区划(所查日期的状态)"""

    id: Annotated[UUID, Field(description="Never changes · 固定标识")]
    county_code: Annotated[
        str, Field(description="Home code of its county, never changes · 所属区县固定编号")
    ]
    level: Annotated[Level, Field(description=LEVEL_TEXT)]
    name: Annotated[str, Field(description="Name on that day · 当日名称")]
    code: Annotated[str | None, Field(description="Official code on that day · 当日行政区划代码")]
    parent_id: Annotated[UUID | None, Field(description="Area above · 上级区划")]
    valid_from: Annotated[date, Field(description="Name and parent since · 名称与隶属关系起始日")]
    valid_to: Annotated[date | None, Field(description="First day they no longer hold · 失效日(不含)")]


class AreaCodeRead(Output):
    """An official code as a dated alias · 区划代码(有期限的别名)"""

    code_system: Annotated[str, Field(description="Whose code, which edition · 代码体系")]
    code: Annotated[str, Field(description="The code · 代码")]
    valid_from: Annotated[date, Field(description="In force since · 生效日")]
    valid_to: Annotated[date | None, Field(description="First day it no longer holds · 失效日(不含)")]


class FindingRead(Output):
    """A piece of ground that is wrong · 一处拓扑问题"""

    grid_ids: Annotated[list[UUID], Field(description="Grids concerned; none for a gap · 涉及的网格")]
    area_m2: Annotated[float, Field(description="Area, m² · 面积,平方米")]
    sliver: Annotated[bool, Field(description="Narrower than the rule's width · 是否为碎屑")]
    geometry: Annotated[GeoJSONGeometry, Field(description="Where · 位置")]


class CoverageRead(Output):
    """How the grids of an area fill it · 网格覆盖情况"""

    area_id: Annotated[UUID, Field(description="The area · 区划")]
    day: Annotated[date, Field(description="As of this day · 所查日期")]
    grids: Annotated[int, Field(description="Base and special grids with a polygon · 有边界的网格数")]
    outline_m2: Annotated[float | None, Field(description="Area of the outline, null if unknown · 区划面积")]
    grids_m2: Annotated[float, Field(description="Area of all grids together · 网格合计面积")]
    share: Annotated[
        float | None, Field(description="Covered share, 0 to 1, null without an outline · 覆盖率")
    ]
    gap_count: Annotated[int, Field(description="Gaps above tolerance · 空白处数")]
    overlap_count: Annotated[int, Field(description="Overlaps above tolerance · 重叠处数")]
    outside_count: Annotated[int, Field(description="Grids that reach outside · 越界网格数")]
    gaps: Annotated[list[FindingRead], Field(description="Largest first, at most 100 · 空白,按面积降序")]
    overlaps: Annotated[list[FindingRead], Field(description="Largest first, at most 100 · 重叠,按面积降序")]
    outside: Annotated[list[FindingRead], Field(description="Largest first, at most 100 · 越界部分")]
    rule_version: Annotated[str, Field(description="Rules whose tolerances applied · 所用规则版本")]


class GridRead(Output):
    """A grid as it was on the day · 网格(所查日期的状态)"""

    id: Annotated[UUID, Field(description="Never changes · 固定标识")]
    county_code: Annotated[str, Field(description="Home code of its county · 所属区县固定编号")]
    area_id: Annotated[UUID, Field(description="Its community · 所在社区(村)")]
    code: Annotated[str, Field(description="15 digits, never changed nor given again · 网格编码,固定不变")]
    name: Annotated[str, Field(description="Name · 名称")]
    grid_class: Annotated[GridClass, Field(description=CLASS_TEXT)]
    in_grid_rule: Annotated[InGridRule, Field(description=RULE_TEXT)]
    movement_profile: Annotated[MovementProfile, Field(description=PROFILE_TEXT)]
    opened_on: Annotated[date, Field(description="First day · 启用日")]
    retired_on: Annotated[date | None, Field(description="First day it no longer exists · 撤销日")]
    synthetic: Annotated[bool, Field(description="Made up for the demo, not a real grid · 演示用合成数据")]
    version: Annotated[int | None, Field(description="Version of its shape, null without one · 边界版本")]
    valid_from: Annotated[date | None, Field(description="Shape since · 边界生效日")]
    valid_to: Annotated[date | None, Field(description="First day the shape no longer holds · 边界失效日")]


class GridDetail(GridRead):
    """A grid with its shape · 网格及其边界"""

    area_m2: Annotated[float | None, Field(description="Geodesic area, m², null without polygon · 面积")]
    geometry: Annotated[GeoJSONGeometry | None, Field(description="Polygon or route · 边界或路线")]


class GridVersionRead(Output):
    """A dated shape of a grid: who decided it, and why · 网格边界的一个版本"""

    id: Annotated[UUID, Field(description="Id of the version · 版本标识")]
    version: Annotated[int, Field(description="1, 2, 3 … · 版本号")]
    valid_from: Annotated[date, Field(description="In force since · 生效日")]
    valid_to: Annotated[date | None, Field(description="First day it no longer holds · 失效日(不含)")]
    reason: Annotated[str, Field(description="Why · 变更原因")]
    decided_by: Annotated[UUID | None, Field(description="Account that decided, null: loaded · 决定人")]
    area_m2: Annotated[float | None, Field(description="Geodesic area, m² · 面积,平方米")]
    geometry: Annotated[GeoJSONGeometry, Field(description="Polygon or route · 边界或路线")]


class GridFeature(Output):
    """A grid as a GeoJSON Feature · 网格要素"""

    type: Annotated[Literal["Feature"], Field(description="Always Feature · 固定值")]
    id: Annotated[UUID, Field(description="Id of the grid · 网格标识")]
    geometry: Annotated[GeoJSONGeometry | None, Field(description="Null for grids without a shape · 几何")]
    properties: Annotated[GridRead, Field(description="The grid · 网格属性")]


class GridCollection(Output):
    """One page of grids as a GeoJSON FeatureCollection · 网格要素集合(分页)"""

    type: Annotated[Literal["FeatureCollection"], Field(description="Always FeatureCollection · 固定值")]
    features: Annotated[list[GridFeature], Field(description="Grids by code · 按编码排序")]
    next: Annotated[str | None, Field(description="Cursor of the next page, or null · 下一页游标")]


class OutlineFeature(Output):
    """The outline of an area as a GeoJSON Feature · 区划轮廓"""

    type: Annotated[Literal["Feature"], Field(description="Always Feature · 固定值")]
    id: Annotated[UUID, Field(description="Id of the area · 区划标识")]
    geometry: Annotated[GeoJSONGeometry | None, Field(description="Null where none is on file · 轮廓")]
    properties: Annotated[AreaRead, Field(description="The area · 区划属性")]


Reason = Annotated[str, Field(min_length=2, max_length=500, description="Why, for the record · 原因")]
Shape = Annotated[
    dict[str, Any],
    Field(
        description="GeoJSON Polygon, MultiPolygon or LineString, CGCS2000 [lon, lat] · GeoJSON 几何",
        json_schema_extra={"required": ["type", "coordinates"]},
    ),
]


class GridOpen(Input):
    """A new grid; its code is given by the service · 新设网格,编码由系统分配"""

    area_id: Annotated[UUID, Field(description="Its community · 所在社区(村)")]
    name: Annotated[str, Field(min_length=1, max_length=100, description="Name · 名称")]
    grid_class: Annotated[GridClass, Field(description=CLASS_TEXT)]
    in_grid_rule: Annotated[InGridRule, Field(description=RULE_TEXT)] = "polygon"
    movement_profile: Annotated[MovementProfile, Field(description=PROFILE_TEXT)] = "foot"
    opened_on: Annotated[date, Field(description="First day · 启用日")]
    geometry: Annotated[Shape | None, Field(description="Its shape, none for `none` · 边界或路线")] = None
    reason: Reason


class GridReshape(Input):
    """A new dated shape of a grid · 网格边界变更"""

    geometry: Shape
    valid_from: Annotated[date, Field(description="First day of the new shape · 新边界生效日")]
    reason: Reason


class GridRetire(Input):
    """The end of a grid · 撤销网格"""

    retired_on: Annotated[date, Field(description="First day it no longer exists · 撤销日")]
    reason: Reason


class AreaChange(Input):
    """A new name, a new area above, or both, from a day on · 区划更名或隶属变更"""

    name: Annotated[
        str | None, Field(min_length=1, max_length=100, description="New name, or as it is · 新名称")
    ] = None
    parent_id: Annotated[UUID | None, Field(description="New area above, or as it is · 新上级区划")] = None
    valid_from: Annotated[date, Field(description="First day · 生效日")]
    reason: Reason


class AreaCodeGive(Input):
    """A new official code from a day on; the old one ends there · 区划代码变更"""

    code_system: Annotated[
        str, Field(pattern=r"^[A-Z][A-Za-z0-9-]{1,30}$", description="Whose code, which edition · 代码体系")
    ]
    code: Annotated[str, Field(pattern=r"^[0-9A-Z]{2,30}$", description="The code · 代码")]
    valid_from: Annotated[date, Field(description="First day · 生效日")]
    reason: Reason
