"""What the fortnight changes in the plan: weekends, a night shift, absences, a handheld lent for a day."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.fortnight.days import ENDS, LEAVE_STARTS, NIGHT_ENDS, NIGHT_STARTS, STARTS
from app.demo.fortnight.named import FIRST_DAY, LAST_DAY, LENDER, NAMED, Name, NamedDay
from app.demo.people import inspector_id
from app.identity.device_models import DeviceBinding
from app.kit.ids import DEMO_COUNTY_CODE, DEMO_COUNTY_SUPERVISOR, demo_id
from app.staffing.models import Shift
from app.staffing.roster_models import Absence

# Weekends are rest days here, as in an office; elsewhere in the demo every day is planned, for replays.
PLAN = text("""
INSERT INTO shift (county_code, id, inspector_id, service_day, starts_at, ends_at, kind, version)
SELECT cast(:county_code AS text), md5('demo fortnight ' || i.id || d)::uuid, i.id, d::date,
       (d::date + cast(:starts AS time)) AT TIME ZONE :zone, (d::date + cast(:ends AS time)) AT TIME ZONE :zone,
       'work', 1
  FROM unnest(cast(:inspectors AS uuid[])) AS i(id),
       generate_series(cast(:first AS timestamp), cast(:last AS timestamp), '1 day') d
 WHERE NOT EXISTS (SELECT FROM shift s WHERE s.county_code = cast(:county_code AS text) AND s.inspector_id = i.id
                      AND s.service_day = d::date)
 ORDER BY i.id, d
""")
REST = text("""
UPDATE shift SET kind = 'rest'
 WHERE county_code = :county_code AND inspector_id = ANY(cast(:inspectors AS uuid[]))
   AND service_day BETWEEN :first AND :last AND extract(isodow FROM service_day) > 5
""")


def named_day(name: Name) -> NamedDay:
    """The day of this name."""
    return next(n for n in NAMED if n.name == name)


async def change_plan(session: AsyncSession, grid_codes: Sequence[str], zone: ZoneInfo) -> None:
    """Shifts, absences and bindings of the fortnight; grid_codes: the town's, in order."""
    asked = {
        "county_code": DEMO_COUNTY_CODE,
        "inspectors": [inspector_id(code) for code in grid_codes],
        "first": FIRST_DAY,
        "last": LAST_DAY,
        "starts": STARTS,
        "ends": ENDS,
        "zone": str(zone),
    }
    await session.execute(PLAN, asked)
    await session.execute(REST, asked)
    night = named_day("night_shift")
    await _work_at_night(session, inspector_id(grid_codes[night.place]), night.day, zone)
    for name, kind, since, until, reason in (
        ("half_day_leave", "leave", LEAVE_STARTS, ENDS, "家中有事,下午请假(合成)"),
        ("training", "training", STARTS, ENDS, "县级业务培训(合成)"),
        ("borrowed_device", "leave", STARTS, ENDS, "年休假(合成)"),
    ):
        named = named_day(name)  # type: ignore[arg-type]
        place = LENDER if name == "borrowed_device" else named.place
        during = _between(named.day, since, until, zone)
        session.add(_absence(inspector_id(grid_codes[place]), kind, during, reason))
    borrowed = named_day("borrowed_device")
    during = _between(borrowed.day, STARTS, ENDS, zone)
    await _lend(session, grid_codes[LENDER], grid_codes[borrowed.place], during)


async def _work_at_night(session: AsyncSession, person: UUID, day: date, zone: ZoneInfo) -> None:
    """The day's shift moves to the night; the next morning is for sleeping."""
    mine = (Shift.county_code == DEMO_COUNTY_CODE) & (Shift.inspector_id == person)
    following = day + timedelta(days=1)
    await session.execute(update(Shift).where(mine, Shift.service_day == following).values(kind="rest"))
    starts = datetime.combine(day, NIGHT_STARTS, zone)
    ends = datetime.combine(following, NIGHT_ENDS, zone)
    await session.execute(
        update(Shift).where(mine, Shift.service_day == day).values(starts_at=starts, ends_at=ends)
    )


def _between(day: date, since: time, until: time, zone: ZoneInfo) -> Range[datetime]:
    return Range(datetime.combine(day, since, zone), datetime.combine(day, until, zone))


def _absence(person: UUID, kind: str, during: Range[datetime], reason: str) -> Absence:
    assert during.lower is not None  # noqa: S101 - made above
    asked_at = during.lower - timedelta(days=1)
    return Absence(
        county_code=DEMO_COUNTY_CODE,
        id=demo_id("absence", f"{person}/{during.lower.isoformat()}"),
        inspector_id=person,
        during=during,
        kind=kind,
        reason=reason,
        state="approved",
        requested_by=person,
        requested_at=asked_at,
        decided_by=DEMO_COUNTY_SUPERVISOR,
        decided_at=asked_at + timedelta(hours=2),
        decision_reason="同意(合成)",
        version=2,
    )


async def _lend(session: AsyncSession, lender: str, borrower: str, during: Range[datetime]) -> None:
    """The borrower holds the lender's handheld and not his own; before and after everybody holds his own."""
    for code in (lender, borrower):
        own = await session.get_one(DeviceBinding, (DEMO_COUNTY_CODE, demo_id("binding", code)))
        own.valid = Range(own.valid.lower, during.lower)
        await session.flush()  # the database compares every binding with the others at once
        session.add(_binding(code, code, Range(during.upper, None), "again"))
    lent = _binding(lender, borrower, during, "lent")
    lent.returns_to = inspector_id(lender)
    session.add(lent)


def _binding(device: str, holder: str, valid: Range[datetime], what: str) -> DeviceBinding:
    return DeviceBinding(
        county_code=DEMO_COUNTY_CODE,
        id=demo_id("binding", f"{device}/{what}"),
        device_id=demo_id("device", device),
        inspector_id=inspector_id(holder),
        valid=valid,
    )
