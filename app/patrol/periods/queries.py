"""SQL of periods: which there are, their subjects by name, snapshots, the days behind a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, Numeric, Row, Select, Text, Uuid, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import counties_of
from app.kit import pagination
from app.kit.clock import day_start
from app.patrol.periods.models import Period, PeriodFigures
from app.patrol.periods.problems import PeriodNotFound
from app.patrol.periods.rollup import Level

FIGURES = PeriodFigures.__table__


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a figure is about; areas and persons have no code."""

    id: UUID
    name: str
    code: str | None


async def get_period(session: AsyncSession, actor: Actor, period_id: UUID) -> Period:
    """The period, if it is one of a county whose rows the actor may see. Raises PeriodNotFound."""
    period: Period | None = await session.scalar(
        select(Period).where(
            Period.id == period_id, Period.county_code.in_(await counties_of(session, actor))
        )
    )
    if period is None:
        raise PeriodNotFound
    return period


async def list_periods(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: str | None,
    status: str | None,
    day_from: date,
    day_to: date,
    cursor: str | None,
    limit: int,
) -> tuple[list[Period], str | None]:
    """Periods that hold a day from `day_from` to `day_to`, the earliest first."""
    statement = select(Period).where(
        Period.county_code.in_(await counties_of(session, actor)),
        Period.first_day <= day_to,
        Period.last_day >= day_from,
    )
    if kind is not None:
        statement = statement.where(Period.kind == kind)
    if status is not None:
        statement = statement.where(Period.status == status)
    keys = (Period.first_day, Period.kind, Period.id)
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda p: (p.first_day, p.kind, p.id))


COUNTY_AREA = text("SELECT id FROM area WHERE county_code = :county_code AND level = 'county'")
AREA_LEVEL = text("SELECT level, county_code FROM area WHERE id = :area_id")


async def county_area(session: AsyncSession, county_code: str) -> UUID | None:
    """The area that is the county itself."""
    found: UUID | None = await session.scalar(COUNTY_AREA, {"county_code": county_code})
    return found


async def find_area(session: AsyncSession, area_id: UUID) -> tuple[str, str] | None:
    """Level and county code of an area."""
    row = (await session.execute(AREA_LEVEL, {"area_id": area_id})).one_or_none()
    return None if row is None else (row.level, row.county_code)


# In the order of code or name, never of a figure: people aren't ranked.
SUBJECTS = {
    "inspector": """
SELECT a.id, a.display_name AS name, NULL AS code, a.display_name COLLATE "C" AS sorted
  FROM account a JOIN area_closure c ON c.area_id = a.area_id AND c.ancestor_id = :area_id
 WHERE a.role = 'inspector' AND a.county_code = :county_code""",
    "grid": """
SELECT g.id, g.name, g.code, g.code COLLATE "C" AS sorted
  FROM grid g JOIN area_closure c ON c.area_id = g.area_id AND c.ancestor_id = :area_id
 WHERE g.county_code = :county_code AND g.opened_on <= :last AND (g.retired_on IS NULL OR g.retired_on > :first)""",
    "area": """
SELECT a.id, coalesce(v.name, '') AS name, NULL AS code, coalesce(v.name, '') COLLATE "C" AS sorted
  FROM area a JOIN area_closure c ON c.area_id = a.id AND c.ancestor_id = :area_id
  LEFT JOIN area_version v ON v.area_id = a.id AND v.valid @> cast(:named_on AS date)
 WHERE a.county_code = :county_code AND a.level = :level""",
}


async def list_subjects(
    session: AsyncSession,
    period: Period,
    area_id: UUID,
    level: Level,
    *,
    today: date,
    subject_id: UUID | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> tuple[list[Subject], str | None]:
    """Subjects of a level inside an area (itself included), by code or name; a page of them, or all."""
    inner = text(SUBJECTS.get(level, SUBJECTS["area"])).bindparams(
        area_id=area_id,
        county_code=period.county_code,
        **_known(level, period, today),
    )
    found = inner.columns(
        column("id", Uuid), column("name", Text), column("code", Text), column("sorted", Text(collation="C"))
    ).subquery("found")
    statement: Select[*tuple[Any, ...]] = select(found.c.id, found.c.name, found.c.code, found.c.sorted)
    if subject_id is not None:
        statement = statement.where(found.c.id == subject_id)
    keys = (found.c.sorted, found.c.id)
    if limit is None:
        rows = (await session.execute(statement.order_by(*keys))).all()
        return [Subject(r.id, r.name, r.code) for r in rows], None
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    kept, following = pagination.page(rows, limit, lambda r: (r.sorted, r.id))
    return [Subject(r.id, r.name, r.code) for r in kept], following


def _known(level: Level, period: Period, today: date) -> dict[str, Any]:
    if level == "inspector":
        return {}
    if level == "grid":
        return {"first": period.first_day, "last": period.last_day}
    return {"named_on": min(period.last_day, today), "level": level}


async def snapshot_rows(
    session: AsyncSession, period: Period, level: Level, subjects: Sequence[UUID]
) -> list[Row[Any]]:
    """Sealed figures of `subjects`; who had no day has none."""
    found = await session.execute(
        select(FIGURES).where(
            FIGURES.c.county_code == period.county_code,
            FIGURES.c.period_id == period.id,
            FIGURES.c.level == level,
            FIGURES.c.subject_id.in_(subjects),
        )
    )
    return list(found.all())


BEHIND = {
    "inspector": "f.inspector_id = :subject_id",
    "grid": """EXISTS (SELECT FROM appointment p WHERE p.county_code = f.county_code AND p.inspector_id = f.inspector_id
            AND p.grid_id = :subject_id AND p.cancelled_at IS NULL
            AND p.valid && tstzrange(f.service_day::timestamp AT TIME ZONE :zone,
                                     (f.service_day + 1)::timestamp AT TIME ZONE :zone))
       AND f.inspector_id IN (SELECT inspector_id FROM appointment WHERE county_code = :county_code
            AND grid_id = :subject_id AND valid && tstzrange(:since, :until))""",
    "area": "f.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :subject_id)",
}
DAYS = """
SELECT f.inspector_id, a.display_name, f.service_day, f.presence, f.prorate, f.status,
       coalesce(d.decided_status, f.status) AS standing_status, f.online_s, f.patrol_s, f.distance_m,
       f.in_grid_distance_m, f.online_share, f.rule_version, f.fold_version
  FROM day_figures f
  JOIN account a ON a.id = f.inspector_id
  LEFT JOIN day_decision d ON d.county_code = f.county_code AND d.inspector_id = f.inspector_id
       AND d.service_day = f.service_day
 WHERE f.county_code = :county_code AND f.service_day BETWEEN :first AND :last AND """
DAY_COLUMNS = (
    column("inspector_id", Uuid),
    column("display_name", Text),
    column("service_day", Date),
    *(column(name, Text) for name in ("presence", "status", "standing_status", "rule_version")),
    *(column(name, Numeric(asdecimal=False)) for name in ("prorate", "distance_m", "in_grid_distance_m")),
    *(column(name, Integer) for name in ("online_s", "patrol_s", "fold_version")),
    column("online_share", Numeric(asdecimal=False)),
)


async def list_days_behind(
    session: AsyncSession,
    period: Period,
    level: Level,
    subject_id: UUID,
    *,
    zone: ZoneInfo,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """The days that a figure sums up, as they stand now, by day and inspector."""
    asked: dict[str, Any] = {
        "county_code": period.county_code,
        "first": period.first_day,
        "last": period.last_day,
        "subject_id": subject_id,
    }
    if level == "grid":
        asked["zone"] = zone.key
        asked["since"] = day_start(period.first_day, zone)
        asked["until"] = day_start(period.last_day + timedelta(days=1), zone)
    days = text(DAYS + BEHIND.get(level, BEHIND["area"])).bindparams(**asked)
    found = days.columns(*DAY_COLUMNS).subquery("found")
    keys = (found.c.service_day, found.c.inspector_id)
    rows = (await session.execute(pagination.after(select(found), keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda r: (r.service_day, r.inspector_id))


def sealed_at(period: Period) -> datetime:
    """When a period was sealed."""
    assert period.sealed_at is not None  # noqa: S101 - asked of sealed periods only
    return period.sealed_at
