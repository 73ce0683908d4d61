"""Shifts of the demo inspectors: every day, weekends included, so that any replay finds somebody on duty."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.ids import DEMO_COUNTY_CODE

DAYS_BACK, DAYS_AHEAD = 21, 30
STARTS, ENDS = time(8, 0), time(17, 30)

PLAN = text(
    """
    WITH served AS (
        SELECT DISTINCT a.inspector_id
          FROM appointment a JOIN account k ON k.id = a.inspector_id
         WHERE a.county_code = :county_code AND a.cancelled_at IS NULL AND upper_inf(a.valid)
           AND (k.username = 'inspector' OR k.username LIKE 'wg' || :county_code || '%')
    ), wanted AS (
        SELECT s.inspector_id, d::date AS day
          FROM served s, generate_series(cast(:first AS timestamp), cast(:last AS timestamp), '1 day') d
    )
    INSERT INTO shift (county_code, id, inspector_id, service_day, starts_at, ends_at, kind, version)
    SELECT :county_code, md5('demo shift ' || w.inspector_id || w.day)::uuid, w.inspector_id, w.day,
           (w.day + cast(:starts AS time)) AT TIME ZONE :zone, (w.day + cast(:ends AS time)) AT TIME ZONE :zone,
           'work', 1
      FROM wanted w
     WHERE w.day > coalesce((SELECT max(service_day) FROM shift WHERE county_code = :county_code), '-infinity')
     ORDER BY w.inspector_id, w.day
    ON CONFLICT DO NOTHING
    """
)


async def plan_shifts(session: AsyncSession, today: date, zone: ZoneInfo) -> int:
    """Plans 21 days back and 30 ahead when there are none, later only what is missing ahead.

    Returns the number of new shifts. 08:00 to 17:30 in `zone`.
    """
    result = await session.execute(
        PLAN,
        {
            "county_code": DEMO_COUNTY_CODE,
            "first": today - timedelta(days=DAYS_BACK),
            "last": today + timedelta(days=DAYS_AHEAD),
            "starts": STARTS,
            "ends": ENDS,
            "zone": str(zone),
        },
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
