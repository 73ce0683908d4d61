"""Months of the partitioned tables: made ahead of time, named `<table>_yYYYYmMM`.

There is no default partition on purpose: a row in it would make the next month's CREATE fail.
"""

import re
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

PARTITION_NAME = re.compile(r"_y\d{4}m\d{2}$")
PARTITIONED = ("event", "fix_batch")
MONTHS_BACK, MONTHS_AHEAD = 3, 3
MONTHS_LOCK = 0x4D4F4E54


async def ensure_months(session: AsyncSession, today: date, table: str) -> list[str]:
    """Makes the missing months of `table` around `today`; returns their names."""
    made = []
    for offset in range(-MONTHS_BACK, MONTHS_AHEAD + 1):
        month = today.year * 12 + today.month - 1 + offset
        name = await ensure_month(session, table, date(month // 12, month % 12 + 1, 1))
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
