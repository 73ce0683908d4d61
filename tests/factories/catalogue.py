"""Rows of the catalogue: the shipped items, and affairs that admit them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.affairs.models import Affair, AffairItem, CollectionItem
from app.identity.actor import Role

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


async def admit(
    session: AsyncSession,
    county_code: str,
    area_id: UUID,
    *item_codes: str,
    since: datetime = SINCE,
    until: datetime | None = None,
) -> UUID:
    """Admits shipped items (all when none is named) in an area; returns the affair."""
    items: Sequence[UUID] = (
        await session.scalars(
            select(CollectionItem.id).where(CollectionItem.code.in_(item_codes) if item_codes else True)
        )
    ).all()
    affair = Affair(
        county_code=county_code,
        id=uuid7(),
        code=f"test-{uuid7()}",
        name_zh="信息采集",
        description="",
        department="综治办",
        kind="standing",
        area_id=area_id,
        state="admitted",
        starts_on=since.date(),
        in_force_from=since,
        in_force_until=until,
        ends_on=(until - timedelta(days=1)).date() if until is not None else None,
        filed_no=f"备案-{uuid7()}",
        filed_at=since,
        proposer_role=Role.COUNTY,
        proposer_area_id=area_id,
        proposed_at=since,
    )
    session.add(affair)
    await session.flush()
    rows = [{"county_code": county_code, "affair_id": affair.id, "item_id": item} for item in items]
    await session.execute(insert(AffairItem), rows)
    return affair.id
