"""The rule book as the API shows it. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from app.rules.book import Applied, RuleSet
from app.rules.calendar_import import RowResult
from app.rules.catalogue import PARAMETERS
from app.rules.problems import CalendarSpanTooLong
from app.rules.schemas import (
    AppliedRule,
    CalendarDayRead,
    CalendarImportRead,
    CalendarRead,
    CalendarRowResult,
    ParameterRead,
    RuleSetRead,
)
from app.rules.service import patrol_policy
from app.rules.working_time import WorkCalendar

LIMIT_DAYS = 400


def catalogue() -> list[ParameterRead]:
    """Every parameter, in the order of declaration."""
    return [
        ParameterRead(
            key=p.key,
            kind=p.kind,
            unit=p.unit,
            default=p.dump(p.default),
            bounds=dict(p.bounds()),
            zh=p.zh,
            en=p.en,
            source=p.source,
        )
        for p in PARAMETERS.values()
    ]


def rule_set(area_id: UUID, day: date, rules: RuleSet) -> RuleSetRead:
    """What applies, parameter by parameter."""
    return RuleSetRead(
        area_id=area_id,
        day=day,
        version=rules.version,
        patrol_policy=patrol_policy(rules),
        rules=[_applied(key, applied) for key, applied in rules.applied().items()],
    )


def _applied(key: str, applied: Applied) -> AppliedRule:
    entry, parameter = applied.entry, PARAMETERS[key]
    return AppliedRule(
        key=key,
        value=parameter.dump(applied.value),
        unit=parameter.unit,
        is_default=entry is None,
        source=applied.source,
        area_id=entry.area_id if entry else None,
        effective_from=entry.effective_from if entry else None,
        effective_to=entry.effective_to if entry else None,
        version=entry.version if entry else None,
    )


def days(area_id: UUID, first: date, last: date, calendar: WorkCalendar) -> CalendarRead:
    """The days from `first` to `last`, both included. Raises CalendarSpanTooLong."""
    count = (last - first).days + 1
    if not 1 <= count <= LIMIT_DAYS:
        raise CalendarSpanTooLong(limit_days=LIMIT_DAYS)
    return CalendarRead(
        area_id=area_id, days=[_day(first + timedelta(days=n), calendar) for n in range(count)]
    )


def _day(day: date, calendar: WorkCalendar) -> CalendarDayRead:
    found = calendar.day(day)
    return CalendarDayRead(
        day=found.day,
        kind=found.kind,
        works=found.works,
        provisional=found.provisional,
        name=found.name,
        source=found.source,
        sessions=[str(session) for session in calendar.timetable(day)],
    )


def import_result(results: Sequence[RowResult]) -> CalendarImportRead:
    """Counts beside the lines."""
    return CalendarImportRead(
        stored=sum(r.status == "stored" for r in results),
        rejected=sum(r.status == "rejected" for r in results),
        rows=[CalendarRowResult.model_validate(r) for r in results],
    )
