"""What codes mean: labels of code tables, the newest of the county first, and of states."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.models import CodeTable, CodeValue

Label = tuple[str, str]
"""Chinese and English."""
Labels = Mapping[str, Mapping[str, Label]]

STATES: Mapping[str, Label] = {
    "arrived": ("在住", "present"),
    "moved": ("已搬迁", "moved"),
    "left": ("已离开", "left"),
    "returned": ("已返回", "returned"),
    "died": ("已去世", "died"),
    "formed": ("在册", "formed"),
    "dissolved": ("已注销", "dissolved"),
    "occupied": ("自住", "occupied"),
    "vacant": ("空置", "vacant"),
    "let": ("出租", "let"),
    "demolished": ("已拆除", "demolished"),
    "built": ("在用", "built"),
    "registered": ("登记在册", "registered"),
    "deregistered": ("已注销登记", "deregistered"),
    "removed": ("已移除", "removed"),
    "kept": ("在用", "kept"),
    "opened": ("开业", "open"),
    "closed": ("已关停", "closed"),
}
REVIEWS: Mapping[str, Label] = {
    "submitted": ("待审核", "submitted"),
    "returned": ("已退回", "returned"),
    "resubmitted": ("已重报", "resubmitted"),
    "approved": ("已通过", "approved"),
}


async def load_labels(session: AsyncSession, county_code: str, tables: Collection[str]) -> Labels:
    """Labels of the named tables, by table and code.

    Codes that only an earlier version knew are among them: what was stored with them is still to be read.
    """
    if not tables:
        return {}
    rank = (
        select(
            CodeTable.code.label("name"),
            CodeValue.code,
            CodeValue.name_zh,
            CodeValue.name_en,
            func.row_number()
            .over(
                partition_by=(CodeTable.code, CodeValue.code),
                order_by=(CodeTable.version.desc(), CodeValue.position),
            )
            .label("nth"),
            CodeValue.position,
        )
        .join(CodeValue, CodeValue.table_id == CodeTable.id)
        .where(
            CodeTable.code.in_(sorted(tables)),
            or_(CodeTable.county_code.is_(None), CodeTable.county_code == county_code),
        )
        .subquery()
    )
    newest: Any = (
        select(rank.c.name, rank.c.code, rank.c.name_zh, rank.c.name_en)
        .where(rank.c.nth == 1)
        .order_by(rank.c.name, rank.c.position, rank.c.code)
    )
    found: dict[str, dict[str, Label]] = {table: {} for table in tables}
    for name, code, name_zh, name_en in await session.execute(newest):
        found[name][code] = name_zh, name_en
    return found
