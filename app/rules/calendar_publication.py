"""Publishing the official list of a year for everywhere: what the operator of a shared database does.

Over HTTP only an administrator who holds every area may, so where several counties share a database nobody can.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.events import SYSTEM
from app.rules import queries
from app.rules.calendar_file import FileRow
from app.rules.calendar_import import ImportOrder, RowResult, import_days
from app.rules.calendar_seed import SERVICE


@dataclass(frozen=True, slots=True)
class Publication:
    """What a call did. With `refused` lines nothing was stored: a list with a hole would pass for official."""

    year: int
    rows: list[RowResult]
    refused: list[FileRow]
    newly_published: bool

    @property
    def stored(self) -> int:
        """Lines that were new or differed from what was stored."""
        return sum(row.status == "stored" for row in self.rows)


def year_of(rows: Sequence[FileRow]) -> int | None:
    """The year that most lines are of: a notice may list a day or two of the year beside. None without a day."""
    years = Counter(row.day.year for row in rows if row.day is not None)
    return years.most_common(1)[0][0] if years else None


async def publish_year(
    session: AsyncSession, rows: Sequence[FileRow], year: int, source: str, *, now: datetime
) -> Publication:
    """Stores the days and marks the year as published; a second time changes nothing and leaves no event."""
    refused = [row for row in rows if row.refusal is not None]
    is_new = year not in await queries.list_years(session)
    if refused:
        return Publication(year, [], refused, is_new)
    before = await queries.find_listed(session, None, [row.day for row in rows if row.day])
    same = all(
        row.day in before
        and (before[row.day].kind, before[row.day].name, before[row.day].source, before[row.day].provisional)
        == (row.kind, row.name, source, False)
        for row in rows
        if row.day
    )
    if same and not is_new:
        unchanged = [RowResult(row.line, row.day, "unchanged", None, None) for row in rows]
        return Publication(year, unchanged, [], newly_published=False)
    order = ImportOrder(None, source, year, provisional=False)
    done = await import_days(session, SYSTEM, order, rows, county_code=SERVICE, now=now)
    return Publication(year, done, [], is_new)
