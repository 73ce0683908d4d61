"""Months of the partitioned tables: made ahead of time, named `<table>_yYYYYmMM`.

There is no default partition on purpose: a row in it would make the next month's CREATE fail. A row for a month
that nobody made (the worker was down for long) is refused by the database; `Database.transaction` then makes the month.
"""

import re
from datetime import date, timedelta

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.problems import Unavailable

PARTITION_NAME = re.compile(r"_y(\d{4})m(\d{2})$")
PARTITIONED = ("event", "fix_batch")
MONTHS_BACK, MONTHS_AHEAD = 3, 3
MONTHS_LOCK = 0x4D4F4E54
CHECK_VIOLATION = "23514"
KEY_DAY = re.compile(r"\((\d{4}-\d{2}-\d{2})")
RETRY_AFTER_S = 1


class MonthMissing(Unavailable):
    """A row's month was not there; it is now, and the same request succeeds when it is repeated."""

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(RETRY_AFTER_S)})


async def ensure_months(session: AsyncSession, today: date, table: str) -> list[str]:
    """Makes the missing months of `table` around `today`; returns their names."""
    made = []
    for offset in range(-MONTHS_BACK, MONTHS_AHEAD + 1):
        name = await ensure_month(session, table, shifted(today, offset))
        if name:
            made.append(name)
    return made


async def ensure_month(session: AsyncSession, table: str, day: date) -> str | None:
    """Makes the month of `table` that `day` lies in; returns its name, or None when it was there."""
    # two makers at once would both find the month missing
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MONTHS_LOCK})
    name: str | None = await session.scalar(
        text("SELECT ensure_month_partition(cast(:parent AS regclass), :month)"),
        {"parent": table, "month": day.replace(day=1)},
    )
    return name


async def list_months(session: AsyncSession, table: str) -> list[date]:
    """First days of the months of `table` that exist, in order."""
    names = await session.scalars(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = cast(:parent AS regclass)"
        ),
        {"parent": table},
    )
    found = (PARTITION_NAME.search(name) for name in names)
    return sorted(date(int(m[1]), int(m[2]), 1) for m in found if m)


async def months_ahead(session: AsyncSession, today: date) -> dict[str, int]:
    """By table: how many months after that of `today` exist without a hole; -1 when not even that month does.

    The job keeps MONTHS_AHEAD; fewer tell that it has not run for as many months.
    """
    found = {}
    for table in PARTITIONED:
        months = set(await list_months(session, table))
        ahead = -1
        while shifted(today, ahead + 1) in months:
            ahead += 1
        found[table] = ahead
    return found


async def drop_month(session: AsyncSession, table: str, month: date) -> None:
    """Drops a month with everything in it; waits two seconds at most for those who use the table."""
    if table not in PARTITIONED:
        raise ValueError(table)
    await session.execute(text("SET LOCAL lock_timeout = '2s'"))
    await session.execute(text(f"DROP TABLE IF EXISTS {table}_y{month:%Y}m{month:%m}"))


def missing_month(error: BaseException | None) -> tuple[str, date] | None:
    """(table, day) of the row that found no month; None for any other error of the database."""
    if not isinstance(error, psycopg.errors.CheckViolation) or error.diag.constraint_name:
        return None
    table, day = error.diag.table_name, KEY_DAY.search(error.diag.message_detail or "")
    return (table, date.fromisoformat(day[1])) if table in PARTITIONED and day else None


async def make_missing(session: AsyncSession, table: str, day: date) -> None:
    """Makes the month of `day`; its neighbours' days, too, since the day may be told in another zone."""
    for offset in (-1, 0, 1):
        await ensure_month(session, table, day + timedelta(days=offset))


def shifted(day: date, months: int) -> date:
    """First day of the month so many months after that of `day`."""
    month = day.year * 12 + day.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)


def next_month(month: date) -> date:
    """First day of the month after."""
    return shifted(month, 1)
