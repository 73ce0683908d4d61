"""One upload in the demo's quarantine, as from a handheld that was taken out of use, to look at and release."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.examples import DEMO_LATITUDE, DEMO_LONGITUDE
from app.kit.clock import to_ms
from app.kit.ids import DEMO_COMMUNITY, DEMO_COUNTY_CODE, DEMO_QUARANTINED, DEMO_SPARE_DEVICE, demo_id
from app.patrol.arrival import read_arrival
from app.patrol.quarantine import keep, quarantine_row

FIXES = 6


async def load_quarantined(session: AsyncSession, now: datetime) -> None:
    """Puts it there: a minute of standing still, of a handheld that nobody held."""
    batch_id = demo_id("batch", "quarantined")
    begin_ms = to_ms(now - timedelta(hours=1))
    fixes = [
        {
            "recorded_at": begin_ms + n * 10_000,
            "longitude": DEMO_LONGITUDE,
            "latitude": DEMO_LATITUDE,
            "accuracy_m": 8.0,
        }
        for n in range(FIXES)
    ]
    upload = {
        "batch_id": str(batch_id),
        "coord_sys": "cgcs2000",
        "sent_at": begin_ms + 60_000,
        "fixes": fixes,
    }
    body = json.dumps(upload).encode()
    arrival = read_arrival(DEMO_COUNTY_CODE, DEMO_SPARE_DEVICE, body)
    row = quarantine_row(
        DEMO_COUNTY_CODE,
        DEMO_COMMUNITY,
        DEMO_SPARE_DEVICE,
        batch_id,
        "revoked_device",
        "",
        body,
        now,
        content=batch_id.bytes + arrival.digest,
    )
    await keep(session, [replace(row, id=DEMO_QUARANTINED)])
