"""How exactly grids must fit together."""

from app.rules.parameter import Number

OVERLAP_TOLERANCE_M2 = Number(
    key="areas.overlap_tolerance_m2",
    default=1.0,
    minimum=0,
    maximum=10_000,
    unit="m²",
    zh="网格之间可忽略的重叠面积",
    en="Overlap between two grids that is ignored",
    source="Luohu 2015: 边界吻合、互不交叉 (S0-12); the tolerance is the rounding of coordinates",
)
GAP_TOLERANCE_M2 = Number(
    key="areas.gap_tolerance_m2",
    default=1.0,
    minimum=0,
    maximum=100_000,
    unit="m²",
    zh="网格之间可忽略的空白面积",
    en="Gap between grids that is ignored",
    source="Luohu 2015: 无缝覆盖 (S0-03); Daishan 2018, 一: 覆盖率100% (S4-01)",
)
SLIVER_WIDTH_M = Number(
    key="areas.sliver_width_m",
    default=2.0,
    minimum=0,
    maximum=100,
    unit="m",
    zh="窄于此宽度的重叠或空白视为碎屑",
    en="A gap or overlap narrower than this is a sliver",
    source="operational default: narrower than a lane (S0-03 街巷定界)",
)
