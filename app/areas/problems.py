"""Refusals of areas and grids."""

from app.kit.problems import Conflict, Problem


class GridOverlap(Conflict):
    code, status = "grid_overlap", 409
    zh = "网格边界与 {count} 个相邻网格重叠,最大 {largest_m2} 平方米,见 overlaps"
    en = "The shape overlaps {count} other grids, by up to {largest_m2} m², see overlaps"


class GridVersionExists(Conflict):
    code, status = "grid_version_exists", 409
    zh = "该网格在 {valid_from} 已有边界版本生效,旧版本不可覆盖,请改用之后的日期"
    en = "A version of the grid already begins on {valid_from}; it is not overwritten, choose a later day"
    constraints = ("ex_grid_version_grid_id_valid", "uq_grid_version_county_code_grid_id_version")


class GridNotOpen(Conflict):
    code, status = "grid_not_open", 409
    zh = "该日期不在网格存续期内({opened_on} 至 {retired_on})"
    en = "The grid does not exist on that day ({opened_on} to {retired_on})"


class ShapeNotFitting(Problem):
    code, status = "shape_not_fitting", 422
    zh = "网格的在岗判定方式为 {in_grid_rule},几何类型不符"
    en = "The grid is judged by {in_grid_rule}; this kind of geometry does not fit it"


class NotACommunity(Problem):
    code, status = "not_a_community", 422
    zh = "网格须设在社区(村)内,且该社区当日须有 12 位区划代码"
    en = "A grid belongs to a community that has a 12-digit division code on that day"


class GridCodesExhausted(Conflict):
    code, status = "grid_codes_exhausted", 409
    zh = "该社区的 999 个网格编码已用完,编码不可重复使用"
    en = "The community has used all its 999 grid codes; codes are never given again"
    constraints = ("uq_grid_county_code_code",)


class GridCodeFixed(Conflict):
    code, status = "grid_code_fixed", 409
    zh = "网格编码一经确定不可更改,网格不可删除,只能撤销"
    en = "A grid keeps its code and is never deleted, only retired"
    constraints = ("grid_code_is_fixed",)


class AreaVersionExists(Conflict):
    code, status = "area_version_exists", 409
    zh = "该区划在 {valid_from} 已有变更生效,请改用之后的日期"
    en = "A change of the area already takes effect on {valid_from}; choose a later day"
    constraints = ("ex_area_version_area_id_valid", "ex_area_code_area_id")


class AreaCodeTaken(Conflict):
    code, status = "area_code_taken", 409
    zh, en = "该代码在此期间属于另一区划", "The code belongs to another area at that time"
    constraints = ("ex_area_code_code",)


class ParentNotFitting(Problem):
    code, status = "parent_not_fitting", 422
    zh = "上级区划须为 {expected} 级"
    en = "The area above must be a {expected}"
