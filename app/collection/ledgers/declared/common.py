"""Columns that many ledgers share."""

from app.collection.ledgers.declaration import Column, Field, Linked, Own

AREA = Column("area", "社区(村)", "Community", Own("area"))
GRID = Column("grid", "网格编码", "Grid", Own("grid"), width=18)
STATE = Column("state", "状态", "State", Own("state"), width=10)
STATE_SINCE = Column("state_since", "状态起始日", "Since", Own("state_since"), width=12)
FRESH = Column("fresh_at", "最近采集", "Last collected", Own("fresh_at"), width=17)
QUALITY = Column("quality_score", "质量分", "Quality", Own("quality_score"), width=8)
TAGS = Column("tags", "服务对象标签", "Service tags", Own("tags"), width=24)
HAZARDS = Column("hazard_types", "安全隐患", "Safety hazards", Field("hazard_types", "hazard_type"), width=20)
PLACE = (AREA, GRID)
STANDING = (STATE, STATE_SINCE, FRESH, QUALITY)


def field(
    name: str, zh: str, en: str, table: str | None = None, *, unit: str = "", width: int = 14
) -> Column:
    """A field of the form under its own name."""
    return Column(name, zh, en, Field(name, table), unit, width)


def linked(code: str, zh: str, en: str, link: str, value: Field | Own, *, width: int = 18) -> Column:
    """A value of what an open link leads to."""
    return Column(code, zh, en, Linked(link, value), width=width)


DWELLING_ADDRESS = linked("dwelling_address", "居住房屋", "Dwelling", "lives_in", Own("address"), width=30)
"""Address of the dwelling on file; the person's own address is masked, this one is of a building's room."""
