"""One walked and judged day of the demo inspector, so that the examples of the API pages show something."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.grid_queries import load_grid_versions
from app.kit.clock import to_ms
from app.kit.geodesy import LocalMetres
from app.kit.ids import DEMO_BATCH, DEMO_COUNTY_CODE, DEMO_DAY, DEMO_DEVICE, DEMO_GRID, DEMO_INSPECTOR
from app.kit.partitions import PARTITIONED, ensure_month
from app.patrol.arrival import read_arrival
from app.patrol.day_reader import DayKey
from app.patrol.folder import fold_days
from app.patrol.ingest import ingest_group

FROM_BORDER_M = 60.0
PACE_MPS = 1.1
NOISE_M = 2.5
SAMPLING_S = 10
FIXES = 120
STRETCHES = (("08:05", "09:25"), ("09:55", "11:20"), ("13:40", "15:00"))
"""Walking; between them the handheld lies still, at noon it is silent for an hour."""
STILL_UNTIL = ("09:55", "12:20", "15:30")
SHIFT = ("08:00", "17:30")

PLAN_SHIFT = text("""
INSERT INTO shift (county_code, id, inspector_id, service_day, starts_at, ends_at, kind, version)
SELECT cast(:county_code AS text), :id, :inspector_id, :day, :starts_at, :ends_at, 'work', 1
 WHERE NOT EXISTS (SELECT FROM shift WHERE county_code = cast(:county_code AS text)
    AND inspector_id = :inspector_id AND cancelled_at IS NULL
    AND tstzrange(starts_at, ends_at) && tstzrange(:starts_at, :ends_at))
""")


async def load_walk(session: AsyncSession, zone: ZoneInfo) -> None:
    """Plans the shift of DEMO_DAY unless there is one, takes the uploads of that day, and judges it."""
    for table in PARTITIONED:
        await ensure_month(session, table, DEMO_DAY)
    await session.execute(
        PLAN_SHIFT,
        {
            "county_code": DEMO_COUNTY_CODE,
            "id": uuid5(DEMO_BATCH, "shift"),
            "inspector_id": DEMO_INSPECTOR,
            "day": DEMO_DAY,
            "starts_at": _at(SHIFT[0], zone),
            "ends_at": _at(SHIFT[1], zone),
        },
    )
    [grid] = await load_grid_versions(session, DEMO_COUNTY_CODE, [DEMO_GRID], DEMO_DAY, DEMO_DAY)
    assert grid.shape is not None  # noqa: S101 - the demo draws it
    evening = _at("18:00", zone)
    arrivals = [
        read_arrival(DEMO_COUNTY_CODE, DEMO_DEVICE, body)
        for body in _bodies(_fixes(grid.shape, zone), evening)
    ]
    await ingest_group(session, arrivals, now=evening, zone=zone)
    key = DayKey(DEMO_COUNTY_CODE, DEMO_INSPECTOR, DEMO_DAY)
    await fold_days(session, [key], now=evening + timedelta(days=1), zone=zone)


def _at(clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(DEMO_DAY, time.fromisoformat(clock), zone)


def _fixes(grid: BaseGeometry, zone: ZoneInfo) -> list[dict[str, object]]:
    """Rounds along a line well inside the grid's border, with a receiver's drifting noise."""
    metres = LocalMetres.around(grid)
    inside = shapely.buffer(metres.to_metres(grid), -FROM_BORDER_M)
    ring = max(shapely.get_parts(inside), key=lambda part: float(part.area)).exterior
    rng = np.random.default_rng(330921)
    walked_m, noise, fixes = 0.0, np.zeros(2), []
    for (start, end), still_until in zip(STRETCHES, STILL_UNTIL, strict=True):
        begin_ms, end_ms, still_ms = (to_ms(_at(clock, zone)) for clock in (start, end, still_until))
        for at_ms in range(begin_ms, still_ms, SAMPLING_S * 1000):
            walked_m += PACE_MPS * SAMPLING_S * (at_ms < end_ms)
            noise = 0.85 * noise + rng.normal(0, NOISE_M * 0.53, 2)
            place = ring.interpolate(walked_m % ring.length)
            spot = metres.to_degrees(shapely.Point(place.x + noise[0], place.y + noise[1]))
            fixes.append(
                {
                    "recorded_at": at_ms,
                    "longitude": round(spot.x, 7),
                    "latitude": round(spot.y, 7),
                    "accuracy_m": 6.0,
                    "provider": "gps",
                }
            )
    return fixes


def _bodies(fixes: list[dict[str, object]], sent_at: datetime) -> Iterator[bytes]:
    """The uploads that a handheld would have made of it; the first is DEMO_BATCH."""
    for number, first in enumerate(range(0, len(fixes), FIXES)):
        batch_id: UUID = uuid5(DEMO_BATCH, str(number)) if number else DEMO_BATCH
        yield msgspec.json.encode(
            {
                "batch_id": str(batch_id),
                "coord_sys": "wgs84",
                "sent_at": sent_at,
                "fixes": fixes[first : first + FIXES],
            }
        )
