"""The working calendar of a place, from what is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.rules import queries
from app.rules.catalogue.working_time import TIMETABLE
from app.rules.editions import EditionCache, current_stamps
from app.rules.models import ListedDay
from app.rules.service import rule_book
from app.rules.working_time import CalendarDay, DayKind, WorkCalendar


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything stored: listed days by area (None: everywhere), and the published years."""

    by_area: Mapping[UUID | None, Mapping[date, CalendarDay]]
    published: frozenset[int]

    def at(self, area_path: Sequence[UUID]) -> Mapping[date, CalendarDay]:
        """Listed days of `area_path[0]`; of two rows for a day the one of the more specific area counts."""
        found: dict[date, CalendarDay] = dict(self.by_area.get(None, {}))
        for area_id in reversed(area_path):
            found |= self.by_area.get(area_id, {})
        return found


_calendars: EditionCache[UUID, Listed] = EditionCache()


async def load_calendar(session: AsyncSession, area_path: Sequence[UUID]) -> WorkCalendar:
    """The working calendar of `area_path[0]`, sessions included. Two cheap queries while nothing changed."""
    stamp = (await current_stamps(session))["calendar"]
    listed = _calendars.get(stamp)
    if listed is None:
        stamp, rows, published = await queries.list_calendar(session)
        listed = _calendars.keep(
            stamp, Listed(_by_area(ListedDay(**row._mapping) for row in rows), published)
        )
    book = await rule_book(session)
    path = tuple(area_path)
    return WorkCalendar(listed.at(path), listed.published, lambda day: book.resolve(path, day)[TIMETABLE])


def _by_area(rows: Iterable[ListedDay]) -> Mapping[UUID | None, Mapping[date, CalendarDay]]:
    found: dict[UUID | None, dict[date, CalendarDay]] = {}
    for row in rows:
        day = CalendarDay(row.day, DayKind(row.kind), row.provisional, row.source, row.name)
        found.setdefault(row.area_id, {})[row.day] = day
    return found
