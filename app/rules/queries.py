"""SQL of the rule book and the working calendar."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import ScalarSelect

from app.kit import pagination
from app.rules.models import Edition, ListedDay, PublishedYear, RuleValue


def _stamp(book: str) -> ScalarSelect[UUID]:
    return select(Edition.stamp).where(Edition.book == book).scalar_subquery()


async def list_values(session: AsyncSession) -> tuple[UUID, Sequence[Row[Any]]]:
    """Every decision, with the stamp of the edition that they make up: one statement, so one snapshot."""
    values = RuleValue.__table__
    rows = (
        await session.execute(
            select(Edition.stamp, *values.c)
            .select_from(Edition)
            .outerjoin(values, literal(True))
            .where(Edition.book == "rules")
        )
    ).all()
    return rows[0].stamp, [row for row in rows if row.id is not None]


async def list_calendar(session: AsyncSession) -> tuple[UUID, Sequence[Row[Any]], frozenset[int]]:
    """Stamp, listed days and published years. Read the stamp first: a later edition is only read twice."""
    stamp = (await session.execute(select(_stamp("calendar")))).scalar_one()
    days = (await session.execute(select(ListedDay.__table__))).all()
    years = await session.scalars(select(PublishedYear.year))
    return stamp, days, frozenset(years)


async def list_history(
    session: AsyncSession, key: str, areas: ColumnElement[bool], cursor: str | None, limit: int
) -> tuple[list[RuleValue], str | None]:
    """One page of the decisions about `key` in `areas` or everywhere, in the order of recording."""
    statement = select(RuleValue).where(
        RuleValue.parameter_key == key, or_(RuleValue.area_id.is_(None), areas)
    )
    statement = pagination.after(statement, [RuleValue.__table__.c.version], cursor, limit)
    rows = (await session.scalars(statement)).all()
    return pagination.page(rows, limit, lambda row: [row.version])


async def find_listed(
    session: AsyncSession, area_id: UUID | None, days: Sequence[date]
) -> dict[date, ListedDay]:
    """The stored rows of exactly this area (None: everywhere) for `days`."""
    statement = select(ListedDay).where(
        ListedDay.area_id.is_not_distinct_from(area_id), ListedDay.day.in_(days)
    )
    return {row.day: row for row in await session.scalars(statement)}


async def upsert_listed(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Writes listed days (columns as keys) in one statement, replacing what the same area said before."""
    if not rows:
        return
    statement = insert(ListedDay)
    replaced = {name: statement.excluded[name] for name in ("kind", "name", "source", "provisional")}
    await session.execute(
        statement.values(sorted(rows, key=lambda row: row["day"])).on_conflict_do_update(
            constraint="uq_work_calendar_day_area_id", set_=replaced
        )
    )


async def upsert_year(session: AsyncSession, year: dict[str, Any]) -> None:
    """Marks a year as published."""
    statement = insert(PublishedYear).values(year)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["year"], set_={"source": year["source"], "recorded_at": year["recorded_at"]}
        )
    )


async def list_years(session: AsyncSession) -> frozenset[int]:
    """Years whose official list is stored."""
    return frozenset(await session.scalars(select(PublishedYear.year)))
