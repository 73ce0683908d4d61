"""Seeding the working calendar from the `chinesecalendar` package (State Council notices, 2004 to 2026)."""

from collections.abc import Iterator
from datetime import date, datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID

from chinese_calendar import Holiday
from chinese_calendar.constants import holidays, workdays
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.kit import events
from app.rules import queries
from app.rules.editions import new_edition
from app.rules.working_time import DayKind

SERVICE = "000000"
"""The home code under which the service records what belongs to no county."""
SUBJECT = UUID(int=0)
NAMES = {
    Holiday.new_years_day.value: "元旦",
    Holiday.spring_festival.value: "春节",
    Holiday.tomb_sweeping_day.value: "清明节",
    Holiday.labour_day.value: "劳动节",
    Holiday.dragon_boat_festival.value: "端午节",
    Holiday.national_day.value: "国庆节",
    Holiday.mid_autumn_festival.value: "中秋节",
    Holiday.anti_fascist_70th_day.value: "抗战胜利70周年纪念日",
}


def packaged_days() -> Iterator[tuple[date, DayKind, str]]:
    """Every holiday and make-up workday that the package knows, with its Chinese name."""
    for day, name in holidays.items():
        yield day, DayKind.HOLIDAY, NAMES.get(name, name)
    for day, name in workdays.items():
        yield day, DayKind.MAKEUP_WORKDAY, f"{NAMES.get(name, name)}调休"


async def seed_calendar(session: AsyncSession, *, now: datetime) -> list[int]:
    """Stores the years that the package knows and the calendar doesn't; returns them.

    Run at every start: a package that learnt a new year brings it along, and a year that an administrator
    imported is never touched.
    """
    source = f"chinesecalendar {version('chinesecalendar')}"
    rows: list[dict[str, Any]] = [
        {"id": uuid7(), "day": day, "area_id": None, "kind": kind.value, "name": name, "source": source}
        | {"provisional": False}
        for day, kind, name in packaged_days()
    ]
    missing = sorted({row["day"].year for row in rows} - await queries.list_years(session))
    if not missing:
        return []
    await new_edition(session, "calendar")
    # Lock taken: another process may have seeded meanwhile; an upsert of the same days changes nothing.
    await queries.upsert_listed(session, [row for row in rows if row["day"].year in missing])
    for year in missing:
        await queries.upsert_year(session, {"year": year, "source": source, "recorded_at": now})
    await events.record(
        session,
        events.SYSTEM,
        "work_calendar.seeded",
        ("work_calendar", SUBJECT),
        {"years": missing, "source": source},
        county_code=SERVICE,
        now=now,
    )
    return missing
