"""Until when a task is due: working days of its place, counted by the rule book."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.workflow import TaskKind
from app.identity.scope import area_path
from app.rules import service as rules
from app.rules.calendar import load_calendar
from app.rules.catalogue import tasks as parameters
from app.rules.parameter import Whole
from app.rules.working_time import add_working_days

DAYS: Mapping[TaskKind, Whole] = {
    TaskKind.VERIFICATION: parameters.VERIFICATION_DAYS,
    TaskKind.SECONDARY_COLLECTION: parameters.SECONDARY_COLLECTION_DAYS,
    TaskKind.TIP: parameters.TIP_DAYS,
    TaskKind.OVERDUE: parameters.OVERDUE_DAYS,
    TaskKind.SAMPLE_CHECK: parameters.SAMPLE_CHECK_DAYS,
    TaskKind.RETURNED: parameters.RETURNED_DAYS,
}


class Terms:
    """Due dates and the default assignment of each area, read once for all tasks of a call."""

    def __init__(self, session: AsyncSession, now: datetime, zone: ZoneInfo) -> None:
        self._session = session
        self.today = now.astimezone(zone).date()
        self._known: dict[tuple[UUID, TaskKind], tuple[date, bool]] = {}

    async def of(self, area_id: UUID, kind: TaskKind) -> tuple[date, bool]:
        """The day by which a task opened today is due, and whether an only inspector gets it at once."""
        found = self._known.get((area_id, kind))
        if found is None:
            path = await area_path(self._session, area_id)
            applied = await rules.resolve(self._session, path, self.today)
            calendar = await load_calendar(self._session, path)
            due = add_working_days(self.today, applied[DAYS[kind]], calendar)
            found = self._known[area_id, kind] = due.day, applied[parameters.GIVEN_TO_ONLY_INSPECTOR]
        return found
