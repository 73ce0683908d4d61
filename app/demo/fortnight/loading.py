"""Loads the fortnight day by day, each in one transaction, at the time of that day: nobody sees half a day judged."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.grid_queries import load_grid_versions
from app.demo.fortnight.appeals import file_and_decide
from app.demo.fortnight.days import plan_of
from app.demo.fortnight.named import FIRST_DAY, LENDER, name_of, town_grids, working_days
from app.demo.fortnight.staffing import change_plan
from app.demo.people import inspector_id
from app.kit.clock import from_ms
from app.kit.db import Database
from app.kit.ids import DEMO_COUNTY_CODE, demo_id
from app.kit.partitions import PARTITIONED, ensure_month
from app.patrol.arrival import Arrival, read_arrival
from app.patrol.day_reader import DayKey
from app.patrol.fold_store import note_absent
from app.patrol.folder import fold_days
from app.patrol.ingest import ingest_group
from app.simulation.day import simulate_day
from app.simulation.uploads import uploads_of

UPLOAD_EVERY_S = 240.0
"""Less than the time within which a handheld counts as online."""
LOCK = 0x464F5254
GRIDS = text("SELECT code FROM grid WHERE county_code = :county_code")
IS_LOADED = text("""
SELECT EXISTS (SELECT FROM day_figures WHERE county_code = :county_code AND service_day = :day
                  AND inspector_id = ANY(cast(:inspectors AS uuid[])))
""")


async def load_fortnight(database: Database, zone: ZoneInfo) -> int:
    """Loads the working days that are not there yet; returns how many. Safe to repeat after it was interrupted."""
    loaded = 0
    for day in working_days():
        async with database.transaction() as session:
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            loaded += await _load_day(session, day, zone)
    return loaded


async def _load_day(session: AsyncSession, day: date, zone: ZoneInfo) -> int:
    every = (await session.scalars(GRIDS, {"county_code": DEMO_COUNTY_CODE})).all()
    codes = town_grids(every)
    people = [inspector_id(code) for code in codes]
    asked = {"county_code": DEMO_COUNTY_CODE, "day": day, "inspectors": people}
    if await session.scalar(IS_LOADED, asked):
        return 0
    if day == FIRST_DAY:
        await change_plan(session, codes, zone)
    for table in PARTITIONED:
        await ensure_month(session, table, day)
    for at, arrivals in await _arrivals(session, codes, day, zone):
        await ingest_group(session, arrivals, now=at, zone=zone)
    next_morning = datetime.combine(day + timedelta(days=1), time(6), zone).astimezone(UTC)
    await note_absent(session, first=day, last=day, now=next_morning)
    await fold_days(session, [DayKey(DEMO_COUNTY_CODE, i, day) for i in people], now=next_morning, zone=zone)
    await file_and_decide(session, codes, day, zone)
    return 1


async def _arrivals(
    session: AsyncSession, codes: Sequence[str], day: date, zone: ZoneInfo
) -> Iterator[tuple[datetime, list[Arrival]]]:
    """The town's uploads of a day, together where they arrive together."""
    ids = [demo_id("grid", code) for code in codes]
    shapes = {v.grid_id: v.shape for v in await load_grid_versions(session, DEMO_COUNTY_CODE, ids, day, day)}
    sent: list[tuple[datetime, Arrival]] = []
    for place, code in enumerate(codes):
        shape = shapes[demo_id("grid", code)]
        plan = plan_of(place, code, shape, day, zone) if shape is not None else None
        if plan is None:
            continue
        carrier = codes[LENDER] if name_of(place, day) == "borrowed_device" else code
        for upload in uploads_of(simulate_day(plan), every_s=UPLOAD_EVERY_S):
            body = upload.body(upload.due_ms)
            arrival = read_arrival(DEMO_COUNTY_CODE, demo_id("device", carrier), body)
            sent.append((from_ms(upload.due_ms + 1000), arrival))
    sent.sort(key=lambda each: (each[0], each[1].batch_id))
    return ((at, [a for _, a in group]) for at, group in groupby(sent, key=lambda each: each[0]))
